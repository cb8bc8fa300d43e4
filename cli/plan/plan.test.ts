import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { decide, type Plan, type PlanFacts, type PlanOptions, type TopicFacts } from "../../engine/plan";
import type { MirrorModel } from "../../engine/model";
import { readSettings } from "../../stacks/settings";
import { testMirror } from "../../test/support/models";
import { configurationOf, yamlOf } from "./configuration";
import { planJson } from "./json";
import { planLines } from "./lines";

const mirror = testMirror({ originAlias: "prod", targetAlias: "next" });

function planOf(names: readonly string[], options: PlanOptions = {}, groups: Record<string, string[]> = {}): Plan {
  const topics = names.map(
    (name): TopicFacts => ({ name, partitions: 1, records: 1, bytes: 1000, factor: 1, targetBytes: 0 }),
  );
  const facts: PlanFacts = {
    topics,
    allTopics: [...names],
    groups: Object.entries(groups).map(([name, committed]) => ({ name, members: 0, committed })),
    allGroups: Object.keys(groups),
    leftOut: [],
    share: [],
    targetBrokers: [1],
    disks: [],
    measuredMs: 1000,
  };
  return decide(facts, options);
}

/** What the package says to a stack with the values of each wave, as a person pastes them. */
function mistakes({ waves }: Plan, model: MirrorModel = mirror): string[] {
  return waves.flatMap((wave) => {
    const pasted: Record<string, object> = parse(yamlOf(configurationOf(wave, model)).join("\n")).config;
    const side = (name: string) => ({ bootstrapServers: `${name}:9093`, cluster: name, namespace: name });
    const raw: Record<string, string> = {
      origin: JSON.stringify(side("origin")),
      target: JSON.stringify(side("target")),
    };
    for (const [key, value] of Object.entries(pasted)) {
      const own = key.replace(/^kafka-migration:/, "");
      raw[own] = JSON.stringify({ ...JSON.parse(raw[own] ?? "{}"), ...value });
    }
    try {
      readSettings(raw);
      return [];
    } catch (error) {
      return [...(error as { details: string[] }).details];
    }
  });
}

/** What must differ between the stacks: two mirrors with the same one would share state. */
function namesOf({ waves }: Plan, model: MirrorModel): string[] {
  return waves.flatMap((wave) => {
    const { origin, target, mirror: own } = configurationOf(wave, model);
    return [origin.alias, target.alias, own.name, target.offsetStorageTopic];
  });
}

describe("the proposed configuration of a wave", () => {
  const long = "customer-relationship-management-of-all-countries-and-brands";

  test("is accepted by the stack, also with topic names as long as Kafka allows", () => {
    expect(mistakes(planOf([long, "short"]))).toEqual([]);
    expect(mistakes(planOf(["a".repeat(249), "b".repeat(249)]))).toEqual([]);
  });

  test("is accepted by the stack if many waves would have the same long name", () => {
    const names = Array.from({ length: 120 }, (_, i) => `${long}.${i}`);
    const plan = planOf(["zebra", ...names], { waves: 200 });
    expect(plan.waves).toHaveLength(121);
    expect(new Set(namesOf(plan, mirror)).size).toBe(4 * 121);
    expect(mistakes({ ...plan, waves: plan.waves.slice(-15) })).toEqual([]);
  });

  test("has aliases that operators accept, and that differ, if those of the stack are long already", () => {
    const start = "kafka-of-the-old-data-centre-in-frankfurt-";
    for (const length of [67, 68, 100]) {
      const model = {
        ...mirror,
        originAlias: `${start.padEnd(length - 1, "x")}o`,
        targetAlias: `${start.padEnd(length - 1, "x")}t`,
      };
      const plan = planOf([long, `${long}s`, "short"]);
      expect(mistakes(plan, model)).toEqual([]);
      expect(new Set(namesOf(plan, model)).size).toBe(4 * plan.waves.length);
    }
  });

  test("is accepted by the stack whatever the topics are called", () => {
    const name = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/),
      fc.stringMatching(/^(a-){15,30}[a-z.-]{0,4}$/),
    );
    // MirrorMaker 2 copies no topics that end like this.
    const copied = name.filter((text) => !/[.-](internal|replica)$/.test(text));
    fc.assert(
      fc.property(
        fc.uniqueArray(copied, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 8 }),
        (names, n) => {
          const plan = planOf(names, { waves: n });
          expect(mistakes(plan)).toEqual([]);
          expect(new Set(namesOf(plan, mirror)).size).toBe(4 * plan.waves.length);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("a group that alone connects thousands of topics", () => {
  const names = Array.from({ length: 5_000 }, (_, i) => `topic-${i}`);
  const plan = planOf(names, {}, { monitoring: names });
  const line = (all: boolean) => planLines(plan, mirror, all).find((l) => l.includes('group "monitoring" reads'))!;

  test("is shown with the first pieces and the number of the others", () => {
    expect(line(false).split(" | ")).toHaveLength(10);
    expect(line(false)).toMatch(
      /\(1 KB\) and 4990 more pieces \(--all\); nothing else connects these: --split monitoring plans them apart$/,
    );
  });

  test("is shown with every piece if that is asked for, and in the JSON", () => {
    expect(line(true).split(" | ")).toHaveLength(5_000);
    expect(line(true)).not.toContain("more pieces");
    expect(planJson(plan, mirror).parts[0]!.bridges[0]!.pieces).toHaveLength(5_000);
  });

  test("has no note if all pieces fit", () => {
    const few = planLines(planOf(names.slice(0, 10), {}, { monitoring: names.slice(0, 10) }), mirror, false).join("\n");
    expect(few).toContain("nothing else connects these");
    expect(few).not.toContain("more pieces");
    const eleven = planLines(planOf(names.slice(0, 11), {}, { monitoring: names.slice(0, 11) }), mirror, false).join(
      "\n",
    );
    expect(eleven).toContain("and 1 more piece (--all);");
  });
});

describe("the configuration of the waves", () => {
  const plan = planOf(["orders", "payments", "heartbeats-of-devices", "device.heartbeats"]);
  const notes = (more: Partial<MirrorModel>) =>
    planLines(plan, { ...mirror, ...more }, false).filter((l) => l.startsWith("#") && l.includes("becomes"));

  test("warns that the copies get other names where the alias is part of them", () => {
    const policyClass = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
    const [first, ...others] = notes({ policyClass });
    expect([first, ...others]).toHaveLength(4);
    expect(notes({ policyClass })).toContain(
      "# The alias is part of the name of 1 copy: prod.orders becomes prod-orders.orders.",
    );
    expect(notes({ policyClass, separator: "_" }).join()).toContain("prod_payments becomes prod-payments_payments.");
    expect(notes({ policyClass: "com.example.OwnPolicy" }).join()).toContain(
      "# The alias may be part of the name of 1 copy",
    );
  });

  test("says nothing where copies keep their names, except of topics that Apache's policy renames all the same", () => {
    expect(notes({ policyClass: "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy" })).toEqual([]);
    expect(notes({})).toEqual([expect.stringContaining("prod.device.heartbeats becomes")]);
  });

  test("warns of copies whose names would be too long", () => {
    const policyClass = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
    const [fits, long] = ["a".repeat(249 - "prod-wave-1.".length), "b".repeat(249 - "prod.".length)];
    const lines = planLines(
      planOf([fits, long], { waves: 1 }),
      testMirror({ originAlias: "prod", policyClass }),
      false,
    );
    const note = "# The name of 1 copy is longer than Kafka allows (249 characters): prod-wave-1.bbb";
    expect(lines.filter((l) => l.includes("longer than Kafka"))).toEqual([expect.stringContaining(note)]);
  });

  test("is YAML with its notes", () => {
    const policyClass = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
    const lines = planLines(plan, { ...mirror, policyClass }, false);
    const from = lines.findIndex((l) => l.startsWith("# wave 1 "));
    const to = lines.findIndex((l) => l.startsWith("# wave 2 "));
    expect(Object.keys(parse(lines.slice(from, to).join("\n")).config)).toHaveLength(3);
  });
});

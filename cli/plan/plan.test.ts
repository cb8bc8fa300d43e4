import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { partProblems } from "../../engine/preflight/waves";
import { decide, type Plan, type PlanFacts, type PlanOptions, type TopicFacts } from "../../engine/plan";
import { readSettings } from "../../stacks/settings";
import { testMirror } from "../../test/support/models";
import { configurationOf } from "./configuration";
import { planJson } from "./json";
import { planLines } from "./lines";

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

/** What the package says about the stack with the printed values, as a person pastes them. */
function mistakes(plan: Plan): string[] {
  const lines = planLines(plan, false);
  const pasted: Record<string, object> = parse(lines.slice(lines.indexOf("config:")).join("\n")).config;
  const side = (name: string) => ({ bootstrapServers: `${name}:9093`, cluster: name, namespace: name });
  const raw: Record<string, string> = {
    origin: JSON.stringify(side("origin")),
    target: JSON.stringify(side("target")),
  };
  for (const [key, value] of Object.entries(pasted)) raw[key.replace(/^kafka-migration:/, "")] = JSON.stringify(value);
  try {
    const { waves, splitGroups } = readSettings(raw);
    expect({ waves, ...(splitGroups === undefined ? {} : { splitGroups }) }).toEqual(configurationOf(plan));
    return [];
  } catch (error) {
    return [...(error as { details: string[] }).details];
  }
}

describe("the proposed waves", () => {
  const long = "customer-relationship-management-of-all-countries-and-brands";

  test("are accepted by the stack, also with topic names as long as Kafka allows", () => {
    expect(mistakes(planOf([long, "short"]))).toEqual([]);
    expect(mistakes(planOf(["a".repeat(249), "b".repeat(249)]))).toEqual([]);
  });

  test("are accepted by the stack if many waves would have the same long name", () => {
    const names = Array.from({ length: 120 }, (_, i) => `${long}.${i}`);
    const plan = planOf(["zebra", ...names], { waves: 200 });
    expect(new Set(plan.waves.map((wave) => wave.name)).size).toBe(121);
    expect(mistakes(plan)).toEqual([]);
  });

  test("are accepted by the stack whatever the topics and groups are called", () => {
    const name = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/),
      fc.stringMatching(/^(a-){15,30}[a-z.-]{0,4}$/),
    );
    const names = fc.uniqueArray(name, { minLength: 1, maxLength: 6 });
    const groups = fc.dictionary(fc.string({ minLength: 1, unit: "binary" }), fc.array(fc.nat(5), { maxLength: 3 }), {
      maxKeys: 4,
    });
    fc.assert(
      fc.property(names, groups, fc.integer({ min: 1, max: 8 }), (topics, read, n) => {
        const reads = Object.entries(read).map(([group, of]) => [
          group,
          [...new Set(of.map((i) => topics[i % topics.length]!))],
        ]);
        expect(mistakes(planOf(topics, { waves: n, split: [] }, Object.fromEntries(reads)))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  test("are accepted by the preflight on the origin that was planned, also before an application has committed", () => {
    const name = fc.stringMatching(/^(app|app-v2|orders|x)(-(store|agg))?(-changelog|-repartition|[.]eu|_b)?$/);
    const group = fc.constantFrom("app", "app-v2", "orders", "g1", "g.3");
    const read = fc.dictionary(group, fc.array(fc.nat(11), { maxLength: 4 }), { maxKeys: 5 });
    const topics = fc.uniqueArray(name, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(topics, read, fc.integer({ min: 1, max: 5 }), fc.boolean(), (names, of, waves, apart) => {
        const reads = Object.entries(of).map(([who, at]) => [
          who,
          [...new Set(at.map((i) => names[i % names.length]!))],
        ]);
        const groups: Record<string, string[]> = Object.fromEntries(reads);
        const runs = (who: string) => names.some((t) => t.startsWith(`${who}-`) && /-(changelog|repartition)$/.test(t));
        const split = Object.keys(groups).filter((who) => apart && groups[who]!.length > 1 && !runs(who));
        const { waves: found, splitGroups = [] } = configurationOf(planOf(names, { waves, split }, groups));
        const news = { phase: "mirror" as const, waves: found, splitGroups, mirror: testMirror() };
        expect(partProblems({ topics: names, groups: new Map(Object.entries(groups)) }, news)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("select each topic and group once; a group that was split is accepted by name instead", () => {
    const groups = { audit: ["orders", "payments"], "orders-app": ["orders"], "payments-app": ["payments"] };
    const plan = planOf(["orders", "payments", "clicks"], { split: ["audit"] }, groups);
    expect(configurationOf(plan)).toEqual({
      waves: [
        { name: "clicks", topics: "clicks", phase: "mirror" },
        { name: "orders", topics: "orders", groups: "orders-app", phase: "mirror" },
        { name: "payments", topics: "payments", groups: "payments-app", phase: "mirror" },
      ],
      splitGroups: ["audit"],
    });
    expect(mistakes(plan)).toEqual([]);
    const notes = planLines(plan, false).filter((line) => line.startsWith("# Group"));
    expect(notes).toEqual([
      '# Group "audit" reads topics of several waves: each wave moves its offsets on the wave\'s topics.',
    ]);
  });

  test("are one YAML document with notes before it, and the same in the JSON", () => {
    const plan = planOf(["orders", "payments"]);
    const lines = planLines(plan, false);
    expect(lines.slice(lines.indexOf("config:"))).toEqual([
      "config:",
      "  kafka-migration:waves:",
      "    - name: orders",
      "      topics: orders",
      "      phase: mirror",
      "    - name: payments",
      "      topics: payments",
      "      phase: mirror",
    ]);
    expect(planJson(plan).configuration).toEqual(configurationOf(plan));
  });
});

describe("a group that alone connects thousands of topics", () => {
  const names = Array.from({ length: 5_000 }, (_, i) => `topic-${i}`);
  const plan = planOf(names, {}, { monitoring: names });
  const line = (all: boolean) => planLines(plan, all).find((l) => l.includes('group "monitoring" reads'))!;

  test("is shown with the first pieces and the number of the others", () => {
    expect(line(false).split(" | ")).toHaveLength(10);
    expect(line(false)).toMatch(
      /\(1 KB\) and 4990 more pieces \(--all\); nothing else connects these: --split monitoring plans them apart$/,
    );
  });

  test("is shown with every piece if that is asked for, and in the JSON", () => {
    expect(line(true).split(" | ")).toHaveLength(5_000);
    expect(line(true)).not.toContain("more pieces");
    expect(planJson(plan).parts[0]!.bridges[0]!.pieces).toHaveLength(5_000);
  });

  test("has no note if all pieces fit", () => {
    const few = planLines(planOf(names.slice(0, 10), {}, { monitoring: names.slice(0, 10) }), false).join("\n");
    expect(few).toContain("nothing else connects these");
    expect(few).not.toContain("more pieces");
    const eleven = planLines(planOf(names.slice(0, 11), {}, { monitoring: names.slice(0, 11) }), false).join("\n");
    expect(eleven).toContain("and 1 more piece (--all);");
  });
});

import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { Migration, type MigrationArgs } from "../index";
import { opened, recordingMocks } from "../test/components/support/mocks";
import { argumentMistakes, migrationMistakes } from "./migration/checks";

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});
const clusters = { origin: operated("origin"), target: operated("target") };
const WAVES = [
  { name: "orders", topics: "orders[.].*", groups: "orders-.*", phase: "cutover" },
  { name: "billing", topics: "billing,invoices", phase: "consumers" },
] as const;

/** Declares a migration and returns what it declared, and its outputs. */
async function declared(more: Partial<MigrationArgs>) {
  const mocks = recordingMocks();
  await mocks.ready;
  const migration = new Migration("m", { ...clusters, ...more });
  const summary = await new Promise<Record<string, any>>((resolve) => migration.summary.apply((s) => resolve(s)));
  await pulumi.runtime.disconnect();
  const resources = mocks.declared.map(({ type, name, inputs, after }) => {
    const { __provider: _code, trigger: _hash, ...own } = opened(inputs);
    return { type: type.split(":").at(-1)!, name, after, inputs: own as Record<string, any> };
  });
  const at = (name: string) => resources.find((r) => r.name === name && r.type !== "Migration")!;
  return { resources, at, summary };
}

const STEPS = ["access", "fence", "gate", "verification", "consumer-offsets", "replication", "guard"];
/** Scopes as the contract of the engine has them. */
const SCOPES = {
  "m-wave-orders": { wave: "orders", topics: "orders[.].*", groups: "orders-.*" },
  "m-wave-billing": { wave: "billing", topics: "billing,invoices", groups: "" },
  m: { withoutTopics: ["orders[.].*", "billing,invoices"], withoutGroups: ["orders-.*"] },
};

describe("a migration in waves", () => {
  test("has its own steps for each wave, limited to its topics and groups, and one mirror for all", async () => {
    const { resources, at } = await declared({ waves: WAVES });
    for (const [prefix, scope] of Object.entries(SCOPES))
      for (const step of STEPS) expect(at(`${prefix}-${step}`).inputs.mirror.scope, `${prefix}-${step}`).toEqual(scope);
    const scoped = resources.filter((r) => r.inputs.mirror?.scope !== undefined);
    expect(scoped).toHaveLength(3 * STEPS.length);
    expect(resources.filter((r) => r.type === "KafkaMirrorMaker2")).toHaveLength(1);
  });

  test("adds only resources: everything else keeps its name, type and inputs", async () => {
    const [without, waves] = [await declared({}), await declared({ waves: [{ name: "orders", topics: "orders" }] })];
    const ofRest = (name: string) => STEPS.some((step) => name === `m-${step}`);
    for (const { type, name, inputs } of without.resources) {
      const now = waves.resources.find((r) => r.type === type && r.name === name)!;
      const { scope: _scope, ...mirror } = now.inputs.mirror ?? {};
      const { waves: _waves, waveGates: _gates, ...rest } = now.inputs;
      expect(ofRest(name) ? { ...rest, mirror } : rest, name).toEqual(inputs);
    }
    const names = new Set(without.resources.map((r) => r.name));
    const added = waves.resources.filter((r) => !names.has(r.name)).map((r) => r.name);
    expect(added.sort()).toEqual(STEPS.map((step) => `m-wave-orders-${step}`).sort());
  });

  test("gives each wave its own phase; only the groups move in phase consumers", async () => {
    const { at } = await declared({ waves: WAVES, phase: "consumers" });
    const phases = (prefix: string) => STEPS.map((step) => at(`${prefix}-${step}`).inputs.phase);
    expect(phases("m-wave-orders")).toEqual(STEPS.map(() => "cutover"));
    const waiting = ["consumers", "mirror", "mirror", "mirror", "consumers", "mirror", "mirror"];
    expect(phases("m-wave-billing")).toEqual(waiting);
    expect(phases("m")).toEqual(waiting);
    expect(at("m-preflight").inputs).toMatchObject({
      phase: "consumers",
      waves: [
        { name: "orders", topics: "orders[.].*", groups: "orders-.*", phase: "cutover" },
        { name: "billing", topics: "billing,invoices", groups: "", phase: "consumers" },
      ],
    });
    expect(at("m-preflight").inputs).not.toHaveProperty("splitGroups");
    expect(at("m-report").inputs.phase).toBe("consumers");
    // After the cutover of one wave, a destroy removes no replicas from its topics.
    expect(at("m-replication-on-removal").inputs.phase).toBe("cutover");
  });

  test("moves groups without waves in phase consumers, while every other step waits", async () => {
    const { at } = await declared({ phase: "consumers" });
    expect(STEPS.map((step) => at(`m-${step}`).inputs.phase)).toEqual(
      STEPS.map((step) => (["access", "consumer-offsets"].includes(step) ? "consumers" : "mirror")),
    );
    expect(at("m-replication-on-removal").inputs.phase).toBe("mirror");
    expect(at("m-gate").inputs.mirror).not.toHaveProperty("scope");
  });

  test("hands over groups that were accepted in several parts", async () => {
    const { at } = await declared({ waves: WAVES, splitGroups: ["audit"] });
    for (const prefix of Object.keys(SCOPES))
      expect(at(`${prefix}-consumer-offsets`).inputs.mirror.scope.splitGroups).toEqual(["audit"]);
    expect(at("m-preflight").inputs.splitGroups).toEqual(["audit"]);
    expect(at("m-preflight").inputs).not.toHaveProperty("excludeGroups");
  });

  test("tells the preflight which groups do not move, and nothing of it without waves", async () => {
    const offsets = { excludeGroups: ["audit"] };
    expect((await declared({ waves: WAVES, offsets })).at("m-preflight").inputs.excludeGroups).toEqual(["audit"]);
    expect((await declared({ offsets })).at("m-preflight").inputs).not.toHaveProperty("excludeGroups");
  });

  test("runs one part after the other: a roll-back first, cutovers last", async () => {
    const { at } = await declared({
      waves: [{ name: "third", topics: "a", phase: "cutover" }, { name: "first", topics: "b" }, WAVES[1]],
      phase: "cutover",
    });
    expect(at("m-wave-first-fence").after).not.toContain("m-wave-third-replication");
    expect(at("m-wave-billing-fence").after).toContain("m-wave-first-replication");
    expect(at("m-wave-third-fence").after).toContain("m-wave-billing-replication");
    expect(at("m-fence").after).toContain("m-wave-third-replication");
  });

  test("is guarded as a whole: every guard comes after the steps of every part and after the report", async () => {
    const { at } = await declared({ waves: WAVES });
    const last = Object.keys(SCOPES).map((prefix) => `${prefix}-replication`);
    for (const prefix of Object.keys(SCOPES))
      expect(at(`${prefix}-guard`).after).toEqual(expect.arrayContaining([...last, "m-report"]));
    expect(at("m-report").after).toEqual(expect.arrayContaining(last));
  });

  test("keeps the gate and the guard of every part in phase cleanup", async () => {
    const waves = WAVES.map((wave) => ({ ...wave, phase: "cutover" as const }));
    const { resources } = await declared({ waves, phase: "cleanup" });
    const steps = resources.filter((r) => r.inputs.mirror?.scope !== undefined);
    expect(steps.map((r) => r.name).sort()).toEqual(
      Object.keys(SCOPES)
        .flatMap((prefix) => [`${prefix}-gate`, `${prefix}-guard`])
        .sort(),
    );
    for (const step of steps) expect(step.inputs.phase).toBe("cleanup");
  });

  test("has the results of each wave in its summary", async () => {
    const { summary } = await declared({ waves: WAVES });
    expect(Object.keys(summary)).toEqual(["gate", "verification", "offsets", "replication", "waves"]);
    expect(summary.waves).toMatchObject({
      orders: { phase: "cutover", passedAt: null, verification: null },
      billing: { phase: "consumers", passedAt: null, offsets: null },
    });
  });
});

describe("mistakes in waves are reported together, before anything is declared", () => {
  const found = (more: object) => migrationMistakes({ ...clusters, ...more } as MigrationArgs).list;

  test("names, patterns, overlaps, a clean-up too early, and groups that nothing splits", () => {
    const waves = [
      { name: "orders", topics: "orders,payments", groups: "a-.*,shared" },
      { name: "orders", topics: "pay.*", groups: "shared", phase: "cutover" },
      { name: "late", topics: "(a", groups: "b(", phase: "consumers" },
      { name: "none", topics: " , ", phase: "cutover" },
    ];
    expect(found({ phase: "cleanup", waves, splitGroups: ["x"] })).toEqual([
      'waves.1.name is "orders", as is waves.0.name: give each wave a name of its own',
      expect.stringMatching(/^phase is "cleanup", but waves\.0 \("orders"\) is in phase "mirror"/),
      expect.stringMatching(/^phase is "cleanup", but waves\.2 \("late"\) is in phase "consumers"/),
      expect.stringMatching(/^waves\.2\.topics: "\(a" /),
      expect.stringMatching(/^waves\.2\.groups: "b\(" /),
      'waves.3.topics is " , ": it names no topic',
      "waves.0.topics and waves.1.topics both select payments: a topic belongs to one wave",
      expect.stringMatching(/^waves\.0\.groups and waves\.1\.groups both select shared: .*splitGroups/),
    ]);
  });

  test("wrong keys, names and phases", () => {
    const waves = [
      { name: "Orders", topics: "a" },
      { name: "a".repeat(41), topics: "a" },
      { name: "ends-", topic: "a", topics: "a" },
      { name: "back", topics: "a", phase: "back" },
      { name: "no-topics" },
    ];
    expect(found({ waves })).toEqual([
      expect.stringMatching(/^waves\.0\.name is "Orders": it has to be at most 40 lower case letters/),
      expect.stringMatching(/^waves\.1\.name is "a{41}"/),
      expect.stringMatching(/^waves\.2\.name is "ends-"/),
      'waves.2.topic is not a setting (did you mean "topics"?)',
      expect.stringMatching(/^waves\.3\.phase is "back": it has to be one of mirror, consumers, cutover, returned$/),
      "waves.4.topics is missing: it has to be a text",
    ]);
    expect(found({ phase: "back" })).toEqual([
      'phase is "back": it has to be one of mirror, consumers, cutover, returned, cleanup',
    ]);
  });

  test("split groups without waves", () => {
    expect(found({ splitGroups: ["audit"] })).toEqual([expect.stringMatching(/^splitGroups is not used/)]);
    expect(found({ waves: [], splitGroups: ["audit"] })).toHaveLength(1);
  });

  test("MirrorMaker 2's own group sync, which would overwrite moved groups", () => {
    const mirror = { checkpointConnector: { config: { "sync.group.offsets.enabled": true } } };
    for (const phases of [{ phase: "consumers" }, { waves: WAVES }])
      expect(found({ ...phases, mirror })).toEqual([expect.stringContaining("sync.group.offsets.enabled is true")]);
  });

  test("nothing, if there is no mistake", () => {
    const waves = WAVES.map((wave) => ({ ...wave, phase: "cutover" }));
    expect(found({ waves: WAVES })).toEqual([]);
    expect(found({ waves, phase: "cleanup" })).toEqual([]);
    // A migration that was given up is cleaned up whatever its waves have done.
    expect(found({ waves: WAVES, phase: "cleanup", abandon: true })).toEqual([]);
    expect(argumentMistakes({ ...clusters, waves: [] })).toEqual([]);
    const shared = [
      { name: "a", topics: "a", groups: "audit,a" },
      { name: "b", topics: "b", groups: "audit" },
    ];
    expect(found({ waves: shared, splitGroups: ["audit"] })).toEqual([]);
  });
});

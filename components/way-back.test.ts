import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { Mistakes } from "../engine/errors";
import { Migration, type MigrationArgs } from "../index";
import { opened, recordingMocks } from "../test/components/support/mocks";
import { migrationMistakes, resolveMigration } from "./migration/checks";
import { mirrorModelOf, resolveMirror } from "./mirror/resolve";
import { returnSettings } from "./migration/return-mirror";
import { partsOf } from "./migration/waves";

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});
const clusters = { origin: operated("origin"), target: operated("target") };

async function declared(more: Partial<MigrationArgs>) {
  const mocks = recordingMocks();
  await mocks.ready;
  const migration = new Migration("m", { ...clusters, ...more });
  await new Promise((resolve) => migration.summary.apply(resolve));
  await pulumi.runtime.disconnect();
  const resources = mocks.declared.map(({ type, name, inputs, after }) => ({
    type: type.split(":").at(-1)!,
    name,
    after,
    inputs: opened(inputs) as Record<string, any>,
  }));
  const at = (name: string) =>
    resources.find((r) => r.name === name && !["Migration", "Mirror", "MirrorUser"].includes(r.type))!;
  return { resources, at, before: (name: string) => beforeIn(resources, name) };
}

/** All resources that one comes after, directly or not. */
function beforeIn(
  resources: readonly { name: string; after: string[] }[],
  name: string,
  seen = new Set<string>(),
): Set<string> {
  for (const other of resources.filter((r) => r.name === name).flatMap((r) => r.after)) {
    if (seen.has(other)) continue;
    seen.add(other);
    beforeIn(resources, other, seen);
  }
  return seen;
}

const wave = (phase: "mirror" | "consumers" | "cutover" | "returned", wayBack?: boolean) => ({
  waves: [
    {
      name: "orders",
      topics: "orders[.].*",
      groups: "orders-.*",
      phase,
      ...(wayBack === undefined ? {} : { wayBack }),
    },
    { name: "billing", topics: "billing", phase: "mirror" as const },
  ],
});

describe("a way back", () => {
  test("adds nothing before the cutover but what the steps have to know", async () => {
    const [without, waiting] = [await declared(wave("mirror")), await declared(wave("mirror", true))];
    expect(waiting.resources.map((r) => r.name).sort()).toEqual(without.resources.map((r) => r.name).sort());
    expect(waiting.at("m-wave-orders-fence").inputs.options.except).toEqual(["User:mm2-credentials-return-orders"]);
  });

  test("the topics leave the mirror after the proof, and only then the return mirror starts", async () => {
    const { at, before, resources } = await declared(wave("cutover", true));
    expect(at("m-mirror").inputs.spec.mirrors[0].topicsExcludePattern).toMatch(/,orders\[\.\]\.\*$/);
    for (const step of ["gate", "verification", "consumer-offsets", "replication", "way-back"])
      expect(before("m-mirror"), step).toContain(`m-wave-orders-${step}`);
    expect(before("m-wave-orders-fence")).not.toContain("m-mirror");
    expect(before("m-wave-billing-gate")).toContain("m-mirror");
    expect([...before("m-return-orders-start")]).toEqual(expect.arrayContaining(["m-mirror", "m-wave-orders-gate"]));
    expect(before("m-return-orders-mirror")).toContain("m-return-orders-start");
    const mirrors = resources.filter((r) => r.type === "KafkaMirrorMaker2");
    expect(mirrors.map((r) => r.inputs.metadata.name).sort()).toEqual([
      "data-migration",
      "data-migration-return-orders",
    ]);
    const { spec } = at("m-return-orders-mirror").inputs;
    expect(spec.target).toMatchObject({
      bootstrapServers: "origin:9093",
      groupId: "migration-connect-cluster-return-orders",
    });
    expect(spec.mirrors[0]).toMatchObject({
      source: { bootstrapServers: "target:9093" },
      topicsPattern: "orders[.].*",
    });
    expect(spec.mirrors[0]).not.toHaveProperty("checkpointConnector");
    expect(spec.mirrors[0].sourceConnector.config).toMatchObject({
      "sync.topic.configs.enabled": false,
      "heartbeats.replication.enabled": false,
      "replication.policy.class": "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
    });
    expect(JSON.stringify(spec)).not.toContain("auto.offset.reset");
  });

  test("the return mirror's user may write only the wave's topics on the origin", async () => {
    const { at } = await declared(wave("cutover", true));
    const user = at("m-return-orders-target-user").inputs;
    expect(user.metadata).toMatchObject({ name: "mm2-credentials-return-orders", namespace: "origin-ns" });
    const writes = user.spec.authorization.acls.filter((a: any) => a.operations.includes("Write"));
    for (const { resource } of writes)
      expect(
        (resource.patternType === "prefix" && resource.name === "orders.") ||
          /^(mm2-.*|target-cluster-)return-orders/.test(resource.name),
        JSON.stringify(resource),
      ).toBe(true);
    const reader = at("m-return-orders-origin-user").inputs;
    expect(reader.metadata).toMatchObject({ name: "mm2-credentials-return-orders", namespace: "target-ns" });
    expect(JSON.stringify(reader.spec.authorization.acls)).not.toContain("Write");
  });

  test("has names that Kubernetes takes, even for the longest wave, and the same ones in every step", async () => {
    const name = "w".repeat(40);
    const waves = (phase: "cutover" | "returned") => ({ waves: [{ name, topics: "orders", phase, wayBack: true }] });
    const [open, back] = [await declared(waves("cutover")), await declared(waves("returned"))];
    const mirror = open.at(`m-return-${name}-mirror`).inputs.metadata.name;
    expect(mirror.length).toBeLessThanOrEqual(46);
    expect(mirror).toMatch(/^[a-z0-9][-a-z0-9]*[a-z0-9]$/);
    for (const { at } of [open, back]) expect(at(`m-wave-${name}-way-back`).inputs.place.name).toBe(mirror);
    expect(open.at(`m-return-${name}-target-user`).inputs.metadata.name.length).toBeLessThanOrEqual(64);
  });

  test("a returned wave goes back before its topics are in the mirror again, and has no return mirror", async () => {
    const { at, before, resources } = await declared(wave("returned", true));
    expect(before("m-mirror")).toContain("m-wave-orders-way-back");
    expect(before("m-wave-orders-gate")).toContain("m-mirror");
    expect(at("m-wave-orders-way-back").inputs).toMatchObject({
      phase: "returned",
      place: { namespace: "migration", name: "data-migration-return-orders" },
    });
    expect(at("m-mirror").inputs.spec.mirrors[0].topicsExcludePattern ?? "").not.toContain("orders");
    expect(resources.some((r) => r.name.startsWith("m-return-"))).toBe(false);
    // A destroy does not wait for checkpoints of groups that are back on the origin.
    const checkpoints = resources.find((r) => r.type === "CheckpointsTopic")!;
    expect(checkpoints.inputs.returned).toMatchObject([{ wave: "orders", groups: "orders-.*" }]);
  });

  test("ended, it leaves the topics out of the mirror, because the origin has records that came back", async () => {
    const { at, resources } = await declared(wave("cutover", false));
    expect(at("m-mirror").inputs.spec.mirrors[0].topicsExcludePattern).toMatch(/,orders\[\.\]\.\*$/);
    expect(resources.some((r) => r.name.startsWith("m-return-"))).toBe(false);
  });

  test("ended, it is no way back any more in the report", async () => {
    const openedAt = async (wayBack: boolean) =>
      (await declared(wave("cutover", wayBack))).at("m-report").inputs.waves[0].facts.wayBack?.openedAt;
    expect(await openedAt(true)).toMatch(/^2026-/);
    expect(await openedAt(false)).toBeUndefined();
  });

  test("works without waves, too", async () => {
    const { at, before } = await declared({ phase: "cutover", wayBack: true });
    expect(at("m-mirror").inputs.spec.mirrors[0].sourceConnector).toMatchObject({ state: "stopped" });
    expect(before("m-mirror")).toContain("m-way-back");
    expect(at("m-return-mirror").inputs.metadata.name).toBe("data-migration-return");
    expect(at("m-guard").after).toContain("m-return-mirror");
  });

  test.each([
    ["a wave that can return", wave("cutover", true)],
    ["a wave whose way back has ended", wave("cutover", false)],
    ["a whole migration that can return", { phase: "cutover", wayBack: true } as const],
    ["a whole migration whose way back has ended", { phase: "cutover", wayBack: false } as const],
    ["a returned migration", { phase: "returned", wayBack: true } as const],
  ])("the guards are deleted before any mirror: %s", async (_what, more) => {
    const { resources, before } = await declared(more);
    const mirrors = resources.filter((r) => r.type === "KafkaMirrorMaker2").map((r) => r.name);
    for (const guard of resources.filter((r) => r.type === "Guard"))
      for (const mirror of mirrors) expect(before(guard.name), `${guard.name} ${mirror}`).toContain(mirror);
    expect(mirrors.length).toBeGreaterThan(0);
  });

  const way = { mirror: wave("mirror", true), out: wave("cutover", true), back: wave("returned", true) };
  const whole = (phase: "mirror" | "cutover" | "returned") => ({ phase, wayBack: true });
  test.each<[string, Partial<MigrationArgs>, Partial<MigrationArgs>]>([
    ["a wave to the target", way.mirror, way.out],
    ["a wave back", way.out, way.back],
    ["a wave to the target again", way.back, way.out],
    ["a wave whose way back ends", way.out, wave("cutover", false)],
    ["everything to the target", whole("mirror"), whole("cutover")],
    ["everything back", whole("cutover"), whole("returned")],
    ["everything to the target again", whole("returned"), whole("cutover")],
  ])("after an up that failed anywhere, a destroy asks before it deletes the mirror: %s", async (_what, from, to) => {
    const [olds, news] = [(await declared(from)).resources, (await declared(to)).resources];
    const key = ({ type, name }: (typeof olds)[number]) => `${type} ${name}`;
    const done = new Map(olds.map((one) => [key(one), one]));
    for (const one of news) {
      done.set(key(one), one);
      const state = [...done.values()];
      // A gate in phase `cutover` of a part with a way back asks nothing when it is deleted.
      const ask = state.filter(({ type, inputs }) => type === "Guard" || (type === "Gate" && inputs.hasLeft !== true));
      for (const { name } of ask)
        expect(beforeIn(state, name), `${name} when ${one.name} was the last`).toContain("m-mirror");
    }
  });

  test("is on every step secret where it has to be, and on nothing without it", async () => {
    const { resources } = await declared({ phase: "cutover" });
    expect(resources.some((r) => /return|way-back/.test(r.name))).toBe(false);
    expect(JSON.stringify(resources.map((r) => r.inputs))).not.toMatch(/leaving|hasLeft|wayBack/);
  });
});

describe("a way back that cannot be is refused, together with every other mistake", () => {
  const found = (more: object) => migrationMistakes({ ...clusters, ...more } as MigrationArgs).list;
  const waves = (...list: object[]) => ({ waves: list.map((one, i) => ({ name: `w${i}`, topics: `t${i}`, ...one })) });

  test("with an operator that cannot list and alter offsets", () => {
    const old = { dialect: "strimzi-v1beta2", operatorVersion: "0.43.0" };
    expect(found({ ...old, wayBack: true })).toEqual([
      expect.stringMatching(/^wayBack is true, but the operator 0\.43\.0/),
    ]);
    expect(found({ ...old, ...waves({}, { wayBack: true }) })).toEqual([expect.stringMatching(/^waves\.1\.wayBack/)]);
    expect(found({ ...old, ...waves({ wayBack: true }, {}, { wayBack: true }) })).toEqual([
      expect.stringMatching(/^waves\.0\.wayBack and waves\.2\.wayBack are true, but the operator 0\.43\.0/),
    ]);
    expect(found({ dialect: "strimzi-v1beta2", operatorVersion: "0.44.0", wayBack: true })).toEqual([]);
    expect(found({ ...old, wayBack: false })).toEqual([]);
  });

  test("with other names on the target", () => {
    const policy = { "replication.policy.class": "org.apache.kafka.connect.mirror.DefaultReplicationPolicy" };
    expect(found({ wayBack: true, mirror: { sourceConnector: { config: policy } } })).toEqual([
      expect.stringMatching(
        /^wayBack is true, but the mirror's replication policy \(.*DefaultReplicationPolicy\) .* replication\.policy\.class of/,
      ),
    ]);
  });

  test("with heartbeats that an old return mirror would copy", () => {
    const beating = (kafkaVersion: string) => ({ wayBack: true, mirror: { kafkaVersion, heartbeatConnector: {} } });
    expect(found(beating("4.0.0")).filter((one) => one.includes("wayBack"))).toEqual([]);
    const old = { ...beating("3.9.0"), dialect: "strimzi-v1beta2", operatorVersion: "0.45.0" };
    expect(found(old).filter((one) => one.includes("wayBack"))).toEqual([
      expect.stringMatching(/^wayBack is true, and mirror\.heartbeatConnector is set/),
    ]);
  });

  test("with a fence that would stop a return mirror whose principal is not known", () => {
    const given = { certificate: "c", key: "k" };
    const origin = { bootstrapServers: "o:9093", administrator: given, given };
    const args = { origin, fence: true, wayBack: true };
    expect(found(args)).toEqual([expect.stringMatching(/name it in fenceOptions.except/)]);
    expect(found({ ...args, fenceOptions: { except: ["User:CN=mirror"] } })).toEqual([]);
    expect(found({ ...args, fence: false })).toEqual([]);
  });

  test("in places where it has no meaning", () => {
    expect(found({ wayBack: true, ...waves({}) })).toEqual([expect.stringMatching(/^wayBack is not used/)]);
    expect(found({ phase: "returned" })).toEqual([
      expect.stringMatching(/^phase is "returned", but wayBack is not true/),
    ]);
    expect(found({ phase: "returned", ...waves({}) })).toEqual([expect.stringMatching(/only a wave can return/)]);
    expect(found(waves({ phase: "returned" }))).toEqual([expect.stringMatching(/^waves\.0\.phase is "returned"/)]);
  });
});

describe("the return mirror's resource does what the steps expect of it", () => {
  const configs: [string, Partial<MigrationArgs>][] = [
    ["of the profile least", {}],
    ["of the profile tuned", { profile: "tuned" }],
    ["of the profile guide", { profile: "guide" }],
    ["with exactly-once support", { mirror: { exactlyOnce: true } }],
    [
      "with settings of its own",
      {
        mirror: {
          topicsPattern: "orders[.].*,billing",
          topicsExcludePattern: "orders[.]secret",
          replicationFactor: 3,
          sourceConnector: { config: { "offset-syncs.topic.location": "source", "replication.factor": 3 } },
        },
        target: { ...operated("target"), config: { "offset.storage.replication.factor": 3 }, groupId: "g" },
      },
    ],
  ];
  test.each(configs)("%s", (_what, more) => {
    for (const parts of [
      { wayBack: true },
      { waves: [{ name: "orders", topics: "orders[.].*", wayBack: true }] },
    ] as Partial<MigrationArgs>[]) {
      const args = { ...clusters, ...more, ...parts } as MigrationArgs;
      const { settings, model } = resolveMigration(args);
      const { rest, waves } = partsOf(args, model);
      const part = waves[0] ?? rest;
      const found = returnSettings(args, settings, part);
      const { scope: _s, leaving: _l, replicationFactor: _r, ...expected } = found.mirror;
      const { replicationFactor: _f, ...resource } = mirrorModelOf(found.settings);
      expect(resource).toEqual(expected);
      expect(JSON.stringify(found.settings.target)).not.toContain('replication.factor":3');
    }
  });

  test.each([
    [1, 1],
    [2, 2],
    [5, 3],
    [undefined, -1],
  ])("of the profile guide, with its storage on an origin of %s broker(s)", (brokers, factor) => {
    const origin = { ...operated("origin"), ...(brokers === undefined ? {} : { brokers }) };
    const args: MigrationArgs = { ...clusters, origin, profile: "guide", phase: "cutover", wayBack: true };
    const { settings, model } = resolveMigration(args);
    const found = returnSettings(args, settings, partsOf(args, model).rest);
    const mistakes = new Mistakes();
    const { target } = resolveMirror(found.settings, mistakes);
    expect(mistakes.list).toEqual([]);
    for (const topic of ["offset", "config", "status"])
      expect(target.config[`${topic}.storage.replication.factor`]).toBe(factor);
  });
});

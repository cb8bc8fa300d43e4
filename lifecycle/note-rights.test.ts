import { describe, expect, it, vi } from "vitest";
import { MigrationError } from "../engine/errors";
import type { KafkaPort } from "../engine/kafka/port";
import { offsetsJournalTopic } from "../engine/naming";
import type { AppliedOffsets } from "../engine/offsets";
import { consumerOffsetsStep } from "./handlers/consumer-offsets";
import { preflightStep } from "./handlers/preflight";
import { testMirror } from "../test/support/models";
import { said } from "../test/lifecycle/support/said";

const mirror = testMirror();
const note = offsetsJournalTopic(mirror);
const world = { rights: [] as string[], offsets: new Map<string, bigint>(), down: false };

vi.mock("../engine/kafka/client", () => ({ openKafka: async (_connection: unknown, side: string) => open(side) }));

/** A cluster whose administrator has only `world.rights` on the journal topic. The topic does not exist. */
function open(side: string): KafkaPort {
  if (world.down)
    throw new MigrationError("KAFKA_UNREACHABLE", `the ${side} cluster cannot be reached`, { fix: "check it" });
  const unauthorized = () =>
    new MigrationError(
      "KAFKA_UNAUTHORIZED",
      `describe topic "${note}" on the ${side} cluster: TOPIC_AUTHORIZATION_FAILED`,
      { fix: "grant it" },
    );
  const port: Partial<KafkaPort> = {
    listTopics: async () => [],
    topicOperations: async (names) =>
      new Map(names.map((name) => [name, world.rights.length === 0 ? null : world.rights])),
    groupOperations: async () => new Map(),
    describeAcls: async () => [],
    describeCluster: async () =>
      ({
        clusterId: side,
        controllerId: 1,
        brokers: [{ id: 1, host: "h", port: 1, rack: null }],
        authorizedOperations: ["Alter", "AlterConfigs"],
      }) as never,
    describeTopics: async (names) => {
      // Refuse to describe the mirror's own topics, so that the mirror does not count as gone.
      if (names?.join() !== note) throw unauthorized();
      if (world.rights.length === 0) throw unauthorized();
      return [];
    },
    describeGroups: async () => [],
    groupOffsets: async (ids) =>
      new Map(
        ids.map((id) => [
          id,
          world.offsets.has(id) ? [{ topic: "t", partition: 0, offset: world.offsets.get(id)!, metadata: "" }] : [],
        ]),
      ),
    alterGroupOffsets: async (id, offsets) => offsets.forEach((o) => world.offsets.set(id, o.offset)),
    deleteGroupOffsets: async () => {},
    deleteGroups: async (ids) => ids.forEach((id) => world.offsets.delete(id)),
    close: async () => {},
  };
  return port as KafkaPort;
}

const connection = {
  bootstrapServers: "b:1",
  sasl: { mechanism: "SCRAM-SHA-512" as const, username: "admin", password: "p" },
};
const step = { originConnection: connection, targetConnection: connection, mirror, abandon: false };
const applied: AppliedOffsets = {
  version: 1,
  at: "2026-01-01T00:00:00.000Z",
  skipped: [],
  written: 1,
  inPlace: 0,
  groups: [
    {
      group: "g",
      created: false,
      offsets: [{ topic: "t", partition: 0, offset: "9", before: { offset: "4", metadata: "" } }],
    },
  ],
} as never;

describe("an administrator of the previous version, without rights on the topic of the saved offsets", () => {
  const offsets = { ...step, fence: false, options: {} };

  it("can still roll back the offsets that the previous version moved", async () => {
    Object.assign(world, { rights: [], down: false, offsets: new Map([["g", 9n]]) });
    const state = { ...offsets, phase: "cutover", appliedAt: applied.at, applied };
    const lines = await said(() =>
      consumerOffsetsStep.update("id", state as never, { ...offsets, phase: "mirror" } as never),
    );
    expect(world.offsets.get("g")).toBe(4n);
    expect(lines.match(new RegExp(`could not check whether target topic ${note} still exists`, "g"))).toHaveLength(1);
  });

  it("sees each missing right at the cutover's preview, and at its up before the fence is raised", async () => {
    const olds = { ...step, stage: "clusters", phase: "mirror", options: {} };
    const news = { ...olds, phase: "cutover" };
    const state = { ...olds, checkedAt: "2026-01-01T00:00:00.000Z", result: null };
    const failed = async () =>
      (await preflightStep.check(olds as never, news as never)).failures.map((f) => f.reason).join();
    Object.assign(world, { rights: [] });
    for (const right of ["Create", "Write", "Read", "Delete"])
      expect(await failed()).toContain(`grant the migration's administrator (User:admin) ${right} on topic ${note}`);
    Object.assign(world, { rights: ["Create", "Write", "Read", "Describe"] });
    expect(await failed()).toMatch(/lacks Delete on topic/);
    expect(await failed()).not.toMatch(/lacks Read/);
    await expect(preflightStep.update("id", state as never, news as never)).rejects.toThrow(
      /PREFLIGHT_FAILED[^]*lacks Delete on topic/,
    );
    Object.assign(world, { down: true });
    expect(await failed()).toBe("");
  });

  it("sees each missing right from the step itself if there was no preflight", async () => {
    Object.assign(world, { rights: [], down: false });
    const inputs = { ...offsets, phase: "cutover" };
    await expect(consumerOffsetsStep.create(inputs as never)).rejects.toThrow(
      `Create, Write, Read, Delete on topic ${note}`,
    );
  });

  it("passes the preview if the up itself grants the rights", async () => {
    const olds = {
      ...step,
      stage: "clusters",
      phase: "mirror",
      options: { users: { target: { principals: ["User:admin"], profile: "least" } } },
    };
    const news = { ...olds, phase: "cutover" };
    Object.assign(world, { rights: [], down: false });
    expect((await preflightStep.check(olds as never, news as never)).failures).toEqual([]);
  });

  it("passes the preview of another pattern if the up first grants the rights", async () => {
    const made = { users: { target: { principals: ["User:admin"], profile: "least" } } };
    const olds = { ...step, stage: "clusters", phase: "mirror", options: made, rights: "before" };
    const news = { ...olds, mirror: { ...olds.mirror, topicsPattern: "t,later" }, rights: "after" };
    Object.assign(world, { rights: [], down: false });
    expect((await preflightStep.check(olds as never, news as never)).failures).toEqual([]);
    // A given administrator is checked at once. These mock clusters do not implement that check.
    const checked = preflightStep.check({ ...olds, options: {} } as never, { ...news, options: {} } as never);
    await expect(checked).rejects.toThrow("is not a function");
  });
});

describe("a target that cannot be reached", () => {
  it("does not prevent the destroy of an abandoned migration", async () => {
    Object.assign(world, { down: true });
    const state = { ...step, fence: false, options: {}, phase: "cutover", appliedAt: null, applied: null };
    await expect(consumerOffsetsStep.delete("id", state as never)).rejects.toThrow("KAFKA_UNREACHABLE");
    expect(await said(() => consumerOffsetsStep.delete("id", { ...state, abandon: true } as never))).toContain(
      `abandoned: target topic ${note} may still exist`,
    );
  });
});

import { beforeEach, describe, expect, it } from "vitest";
import { deleteCheckpoints, deleteInternalTopic, deleteMirrorGroups, proveMirrorGone } from ".";
import type { OpenKafka } from "../clusters";
import type { ConfigEntry, KafkaPort } from "../kafka/port";
import { internalTopics } from "../naming";
import { silent } from "../progress";
import { model } from "../../test/engine/replication/fake-target";
import { described } from "../../test/engine/cleanup/topics";

const atTarget = { ...model, mirror: { ...model.mirror, offsetSyncsLocation: "target" as const } };
const groupId = model.mirror.groupId;

let deleted: string[];
let open: number;

/** A target with every internal topic, all without records, and Connect's empty group. */
const target: Partial<KafkaPort> = {
  side: "target",
  describeTopics: async (names = []) =>
    internalTopics(atTarget.mirror)
      .filter((t) => names.includes(t.name))
      .map(described),
  describeTopicConfigs: async (names) =>
    new Map(
      names.map((name) => [
        name,
        new Map<string, ConfigEntry>([
          ["cleanup.policy", { value: "compact", source: "dynamic-topic", sensitive: false }],
        ]),
      ]),
    ),
  listOffsets: async (partitions) => partitions.map((p) => ({ ...p, offset: 0n, timestamp: -1n, leaderEpoch: 0 })),
  describeGroups: async () => [{ groupId, state: "Empty", type: "classic", protocolType: "connect", members: [] }],
  groupOffsets: async () => new Map(),
  deleteTopics: async (names) => void deleted.push(...names),
  deleteGroups: async (names) => void deleted.push(...names),
  close: async () => void open--,
};

/** The origin no longer exists. */
const without: OpenKafka = async (_, side) => {
  if (side === "origin") throw new Error("there is no origin");
  open++;
  return target as KafkaPort;
};

beforeEach(() => {
  deleted = [];
  open = 0;
});

describe("cleanup on the target after the origin is gone", () => {
  const topic = (kind: string) => internalTopics(atTarget.mirror).find((t) => t.kind === kind)!;

  it.each(["always", "when-applied"] as const)("deletes the checkpoints topic, %s", async (mode) => {
    await deleteCheckpoints(model, { mode }, silent, without);
    expect(deleted).toEqual([topic("checkpoints").name]);
  });

  it("deletes the other internal topics and Connect's group", async () => {
    for (const kind of ["offsets", "configs", "status"]) await deleteInternalTopic(model, topic(kind), silent, without);
    await deleteMirrorGroups(model, silent, without);
    expect(deleted).toEqual([topic("offsets").name, topic("configs").name, topic("status").name, groupId]);
  });

  it("proves that the mirror is gone if the origin held none of its topics", async () => {
    expect(await proveMirrorGone(atTarget, { limitMs: 1_000, quietMs: 1 }, silent, undefined, without)).toMatchObject({
      groupState: "Empty",
    });
    await expect(proveMirrorGone(model, { limitMs: 1_000, quietMs: 1 }, silent, undefined, without)).rejects.toThrow(
      "there is no origin",
    );
  });

  it("proves that the mirror is gone with originGone if the origin held one of its topics", async () => {
    expect(
      await proveMirrorGone(model, { limitMs: 1_000, quietMs: 1, originGone: true }, silent, undefined, without),
    ).toMatchObject({ groupState: "Empty" });
  });

  it("fails for a topic on the origin, and closes every connection", async () => {
    const syncs = internalTopics(model.mirror).find((t) => t.side === "origin")!;
    await expect(deleteInternalTopic(model, syncs, silent, without)).rejects.toThrow("there is no origin");
    expect([deleted, open]).toEqual([[], 0]);
  });
});

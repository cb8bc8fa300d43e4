import { beforeEach, describe, expect, it } from "vitest";
import { deleteCheckpoints, deleteInternalTopic, deleteMirrorGroups, proveMirrorGone } from ".";
import type { OpenKafka } from "../clusters";
import type { ConfigEntry, GroupDescription, KafkaPort } from "../kafka/port";
import { internalTopics } from "../naming";
import { silent } from "../progress";
import { model as atOrigin } from "../../test/engine/replication/fake-target";
import { described } from "../../test/engine/cleanup/topics";

/** A target with every internal topic, all without records, and Connect's group. */
const model = { ...atOrigin, mirror: { ...atOrigin.mirror, offsetSyncsLocation: "target" as const } };
const { groupId } = model.mirror;
const topics = internalTopics(model.mirror);
const offsets = topics.find((t) => t.kind === "offsets")!;
const member = { memberId: "m", clientId: "worker-1", clientHost: "/10.0.0.1" };

let group: Partial<GroupDescription>;
let committed: bigint[];
let policies: Record<string, string>;
let end: bigint;
let growth: bigint;
let looked: boolean;
let deleted: string[];
beforeEach(() => {
  [group, committed, policies, end, growth, looked, deleted] = [{}, [], {}, 0n, 0n, false, []];
});

const policyOf = (name: string): Map<string, ConfigEntry> => {
  return new Map([
    ["cleanup.policy", { value: policies[name] ?? "compact", source: "dynamic-topic", sensitive: false }],
  ]);
};
const target: Partial<KafkaPort> = {
  side: "target",
  describeTopics: async (names = []) => topics.filter((t) => names.includes(t.name)).map(described),
  describeTopicConfigs: async (names) => new Map(names.map((name) => [name, policyOf(name)])),
  // All topics start where they end, so no record is read. The end grows after the group has been described.
  listOffsets: async (partitions) => {
    if (looked) end += growth;
    return partitions.map((p) => ({ ...p, offset: end, timestamp: -1n }));
  },
  describeGroups: async () =>
    (looked = true) && [{ groupId, state: "Empty", type: "classic", protocolType: "connect", members: [], ...group }],
  groupOffsets: async () =>
    new Map([[groupId, committed.map((offset) => ({ topic: "t", partition: 0, offset, metadata: "" }))]]),
  deleteTopics: async (names) => void deleted.push(...names),
  deleteGroups: async (names) => void deleted.push(...names),
  close: async () => {},
};
const open: OpenKafka = async () => target as KafkaPort;
const gone = () => proveMirrorGone(model, { limitMs: 0, quietMs: 1 }, silent, undefined, open);

describe("nothing of the mirror is deleted", () => {
  it.each<[string, Partial<GroupDescription>]>([
    ["while Connect's group has a member", { state: "Stable", members: [member] }],
    ["while the group rebalances, although no member is listed", { state: "PreparingRebalance" }],
  ])("%s", async (_what, is) => {
    group = is;
    const all = [
      () => deleteInternalTopic(model, offsets, silent, open),
      () => deleteCheckpoints(model, { mode: "always" }, silent, open),
      () => deleteCheckpoints(model, { mode: "when-applied" }, silent, open),
      () => deleteMirrorGroups(model, silent, open),
      gone,
    ];
    for (const work of all) await expect(work()).rejects.toThrow("MIRROR_STILL_RUNNING");
    expect(deleted).toEqual([]);
  });

  it("while an internal topic grows", async () => {
    expect(await gone()).toMatchObject({ groupState: "Empty" });
    [growth, looked] = [1n, false];
    await expect(gone()).rejects.toThrow(/MIRROR_STILL_RUNNING: internal topics still grow/);
  });

  it("if one internal topic does not match what MirrorMaker 2 creates", async () => {
    policies = { [offsets.name]: "compact,delete" };
    await expect(deleteInternalTopic(model, offsets, silent, open)).rejects.toThrow(
      /INTERNAL_TOPIC_FOREIGN[^]*cleanup.policy is compact,delete/,
    );
    await expect(gone()).rejects.toThrow("INTERNAL_TOPIC_FOREIGN");
    expect(deleted).toEqual([]);
  });
});

describe("Connect's group", () => {
  it("is deleted if it is empty, and skipped if it is already gone", async () => {
    expect(await deleteMirrorGroups(model, silent, open)).toEqual({ deleted: true });
    group = { state: "Dead" };
    expect(await deleteMirrorGroups(model, silent, open)).toEqual({ deleted: false });
    expect(deleted).toEqual([groupId]);
  });

  it("is kept if it holds committed offsets or belongs to an application", async () => {
    committed = [7n];
    await expect(deleteMirrorGroups(model, silent, open)).rejects.toThrow(
      /MIRROR_GROUP_FOREIGN.*holds committed offsets \(t:0\)/,
    );
    committed = [-1n];
    group = { protocolType: "consumer" };
    await expect(deleteMirrorGroups(model, silent, open)).rejects.toThrow(/MIRROR_GROUP_FOREIGN.*is a consumer group/);
    group = { protocolType: "" };
    expect(await deleteMirrorGroups(model, silent, open)).toEqual({ deleted: true });
  });
});

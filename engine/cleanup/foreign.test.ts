import { describe, expect, it } from "vitest";
import { notApplied } from "./checkpoints";
import { foreignReasons, type SampleRecord, type FoundTopic } from "./foreign";
import { possibleInternalNames } from "./residue";
import { internalTopics, type InternalTopicKind } from "../naming";
import { defined } from "../objects";
import { returnMirror } from "../way-back/model";
import { model } from "../../test/engine/replication/fake-target";
import { checkpoint, heartbeat, offsetSync } from "../../test/engine/cleanup/bytes";

const mirror = { ...model.mirror, heartbeats: true };
const source = "origin-cluster->target-cluster.MirrorSourceConnector";
const record = (key: Buffer | string | null, value: Buffer | string | null): SampleRecord => ({
  partition: 0,
  offset: 5n,
  key: key === null ? null : Buffer.from(key as string),
  value: value === null ? null : Buffer.from(value as string),
});
const offsets = (connector: string) =>
  record(`["${connector}",{"cluster":"origin-cluster","partition":0,"topic":"t"}]`, '{"offset":1}');
const point = { group: "g", topic: "orders", partition: 0, upstream: 4n, downstream: 4n, metadata: "" };
const beat = { sourceAlias: "origin-cluster", targetAlias: "target-cluster", timestamp: 1n };

const own: Record<InternalTopicKind, SampleRecord[]> = {
  offsets: [offsets(source)],
  configs: [
    record(`connector-${source}`, '{"properties":{"sasl.jaas.config":"secret"}}'),
    record("session-key", '{"key":"secret","algorithm":"x"}'),
  ],
  status: [record(`status-task-${source}-0`, '{"state":"RUNNING","worker_id":"w"}')],
  checkpoints: [record(...checkpoint(point))],
  "offset-syncs": [record(...offsetSync(point))],
  heartbeats: [record(...heartbeat(beat))],
};

function reasons(kind: InternalTopicKind, seen: Partial<FoundTopic> = {}): string[] {
  const topic = internalTopics(mirror).find((t) => t.kind === kind)!;
  return foreignReasons(
    topic,
    { cleanupPolicy: "compact", partitions: topic.partitions, records: own[kind], ...seen },
    mirror,
  );
}

const kinds = Object.keys(own) as InternalTopicKind[];

describe("an internal topic belongs to the mirror", () => {
  it.each(kinds)("%s: if it holds the records that MirrorMaker 2 writes, or none yet", (kind) => {
    expect(reasons(kind)).toEqual([]);
    expect(reasons(kind, { records: [] })).toEqual([]);
  });

  it.each(kinds)("%s: if it also holds tombstones of its entries", (kind) => {
    const tombstones = own[kind].filter((r) => r.key?.toString() !== "session-key").map((r) => ({ ...r, value: null }));
    expect(reasons(kind, { records: [...own[kind], ...tombstones] })).toEqual([]);
    const foreign = { ...record("customer-3", "x"), value: null };
    expect(reasons(kind, { records: [...own[kind], foreign] })).toHaveLength(1);
  });

  it("offsets and status: with any partition count if the records prove it", () => {
    expect(reasons("offsets", { partitions: 50 })).toEqual([]);
    expect(reasons("status", { partitions: 1 })).toEqual([]);
  });
});

describe("an internal topic is foreign", () => {
  it.each(kinds)("%s: if it has another cleanup policy", (kind) => {
    expect(reasons(kind, { cleanupPolicy: "delete" })).toEqual(["cleanup.policy is delete, not compact"]);
    expect(reasons(kind, { cleanupPolicy: "compact,delete" })).toHaveLength(1);
  });

  it.each(kinds)("%s: if it is empty and has another partition count", (kind) => {
    expect(reasons(kind, { partitions: 3, records: [] })).toEqual([
      expect.stringMatching(/^it has 3 partitions, not \d+$/),
    ]);
  });

  it.each(kinds)("%s: if it holds an application's records, and the report shows none of their values", (kind) => {
    const found = reasons(kind, {
      records: [...own[kind], record("customer-3", "credit card 4711"), record(null, "x")],
    });
    expect(found).toEqual([
      expect.stringMatching(/^2 of \d sampled records are not .* \(first: partition 0, offset 5\)$/),
    ]);
    expect(found.join()).not.toMatch(/customer|4711|secret/);
  });

  it("if it holds entries of another Connect cluster's connectors", () => {
    expect(reasons("offsets", { records: [offsets(source), offsets("jdbc-sink")] })).toEqual([
      "it holds entries of other connectors: jdbc-sink",
    ]);
    expect(reasons("configs", { records: [record("connector-jdbc-sink", '{"properties":{}}')] })).toEqual([
      "it holds entries of other connectors: jdbc-sink",
    ]);
    expect(
      reasons("status", { records: [record("status-connector-jdbc-sink", '{"state":"RUNNING","worker_id":"w"}')] }),
    ).toEqual(["it holds entries of other connectors: jdbc-sink"]);
  });

  it("if it holds another mirror's heartbeats", () => {
    expect(reasons("heartbeats", { records: [record(...heartbeat({ ...beat, sourceAlias: "elsewhere" }))] })).toEqual([
      "it holds entries of another mirror: elsewhere->target-cluster",
    ]);
  });
});

describe("checkpoints", () => {
  const committed = (topic: string, partition: number, offset: bigint) => ({ topic, partition, offset, metadata: "" });

  it("are applied if the group has an offset for the same partition", () => {
    const points = [point, { ...point, partition: 1 }, { ...point, group: "h" }];
    expect(notApplied(points, new Map([["g", [committed("orders", 0, 3n), committed("orders", 1, -1n)]]]))).toEqual(
      new Map([
        ["g", ["orders:1"]],
        ["h", ["orders:0"]],
      ]),
    );
    expect(
      notApplied(
        points,
        new Map([
          ["g", [committed("orders", 0, 0n), committed("orders", 1, 7n)]],
          ["h", [committed("orders", 0, 3n)]],
        ]),
      ),
    ).toEqual(new Map());
  });
});

it("the search for residue includes names with other separators and locations", () => {
  const names = possibleInternalNames({ ...mirror, separator: "" });
  for (const name of [
    "origin-clustercheckpointsinternal",
    "origin-cluster.checkpoints.internal",
    "mm2-offset-syncs.target-cluster.internal",
    "mm2-offset-syncs.origin-cluster.internal",
    "mm2-offset-syncstarget-clusterinternal",
    "migration-connect-cluster-offsets",
  ]) {
    expect(names).toContain(name);
  }
  expect(names).not.toContain("heartbeats");
});

it.each(["source", "target"] as const)(
  "the search for residue of a return mirror leaves the topics of its mirror alone (offset syncs: %s)",
  (offsetSyncsLocation) => {
    const forward = { ...mirror, offsetSyncsLocation };
    for (const scope of [undefined, { wave: "orders", topics: "orders" }]) {
      const back = returnMirror(defined({ ...forward, scope }));
      const names = possibleInternalNames(back);
      for (const { name } of internalTopics(back)) expect(names).toContain(name);
      for (const { name } of internalTopics(forward)) expect(names).not.toContain(name);
    }
  },
);

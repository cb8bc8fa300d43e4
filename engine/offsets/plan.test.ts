import { describe, expect, it } from "vitest";
import { planThrough } from "./plan";
import { timeWith } from "./other-ways";
import { silent } from "../progress";
import { readerOf } from "../../test/engine/offsets/logs";
import {
  apply,
  clusters,
  logs,
  mirror,
  origin,
  plan,
  target,
  useTwoClusters,
} from "../../test/engine/offsets/two-clusters";

useTwoClusters();

describe("planning offsets", () => {
  it("includes the groups of the mirror's patterns and of the explicit lists", async () => {
    for (const g of ["app", "internal-a", "internal-b", "unwanted"]) origin.group(g, { "orders:0": 15 });
    origin.group("a-connect", { "orders:0": 15 }, { protocolType: "connect" });
    origin.group("simple", { "orders:0": 15 }, { protocolType: "" });
    origin.group("streams", { "orders:0": 15 }, { protocolType: "streams", type: "streams" });
    origin.group("share", {}, { protocolType: "share", type: "share" });
    const p = await plan({ groups: ["internal-b", "gone"], excludeGroups: ["unwanted"] });
    expect(p.groups.map((g) => g.group)).toEqual(["app", "internal-b", "simple", "streams"]);
    expect(p.shareGroups).toEqual(["share"]);
    expect(p.unknown).toEqual(["gone"]);
    expect(p.summary.attention).toEqual([
      expect.stringContaining('"gone"'),
      expect.stringMatching(/^group "share" does not move: a share group/),
    ]);
    expect((await apply(p)).skipped).toEqual([{ group: "share", why: expect.stringMatching(/^a share group/) }]);
    expect((await plan({ excludeGroups: ["share"] })).shareGroups).toBeUndefined();
  });

  it("translates each committed offset, keeps the metadata, and names topics that are not migrated", async () => {
    origin.group("app", { "orders:0": [15, "written by app"], "payments:0": 30, "elsewhere:0": 3 });
    const [group] = (await plan()).groups;
    expect(group?.topics).toEqual([
      {
        topic: "orders",
        partitions: [
          {
            partition: 0,
            originOffset: "15",
            targetOffset: "5",
            exact: true,
            how: "neighbours",
            rereads: 0,
            metadata: "written by app",
          },
        ],
      },
      {
        topic: "payments",
        partitions: [{ partition: 0, originOffset: "30", targetOffset: "20", exact: true, how: "end", rereads: 0 }],
      },
    ]);
    expect(group?.notMigrated).toEqual(["elsewhere"]);
  });

  it("returns valid JSON, and lists groups without committed offsets", async () => {
    origin.group("idle");
    origin.group("app", { "orders:0": 15 });
    const p = await plan();
    expect(p.nothingCommitted).toEqual(["idle"]);
    expect(p.summary.attention).toEqual([
      "1 group has no committed offset (idle): it starts by auto.offset.reset on the target",
    ]);
    expect(JSON.parse(JSON.stringify(p))).toEqual(p);
    expect(p.summary).toMatchObject({ groups: 1, offsets: 1, exact: 1, rereads: 0, by: { neighbours: 1 } });
  });

  it("does not translate a partition that the target does not have", async () => {
    origin.group("app", { "orders:0": 15 });
    target.topics.delete("orders");
    const p = await plan();
    expect(p.groups[0]?.topics[0]?.partitions[0]).toMatchObject({ targetOffset: null, how: "incomplete" });
    await expect(apply(p)).rejects.toThrow(
      /OFFSETS_BLOCKED[^]*can't be translated on orders-0[^]*mirror.topicsExcludePattern/,
    );
  });

  it("reads the target's groups while it compares the logs, because clients wait meanwhile", async () => {
    origin.group("app", { "orders:0": 30 });
    let asked = () => {};
    const groupsAsked = new Promise<void>((resolve) => (asked = resolve));
    const ports = clusters();
    const groupOffsets = async (ids: string[]) => {
      asked();
      return ports.target.groupOffsets(ids);
    };
    const target = new Proxy(ports.target, {
      get: (port, name) => (name === "groupOffsets" ? groupOffsets : Reflect.get(port, name)),
    });
    const here = readerOf(logs.origin, false);
    const readers = {
      origin: { ...here, scan: (...args: Parameters<typeof here.scan>) => groupsAsked.then(() => here.scan(...args)) },
      target: readerOf(logs.target, false),
      isolation: "read_uncommitted" as const,
    };
    const found = await planThrough({ ...ports, target }, readers, mirror, {}, silent);
    expect(found.summary).toMatchObject({ offsets: 1, exact: 1 });
  });

  it.each(["origin", "target"] as const)(
    "trusts nothing of a topic that is deleted and created again on the %s while it is read",
    async (side) => {
      origin.group("app", { "orders:0": 15, "payments:0": 15 });
      const topics = (side === "origin" ? origin : target).topics;
      topics.get("orders")!.id = "first";
      topics.get("payments")!.id = "kept";
      const there = readerOf(logs.target, false);
      const readers = {
        origin: readerOf(logs.origin, false),
        target: {
          ...there,
          scan: (...args: Parameters<typeof there.scan>) => {
            topics.get("orders")!.id = "second";
            return there.scan(...args);
          },
        },
        isolation: "read_uncommitted" as const,
      };
      const [group] = (await planThrough(clusters(), readers, mirror, {}, silent)).groups;
      expect(group!.topics.map((t) => [t.topic, t.partitions[0]!.targetOffset])).toEqual([
        ["orders", null],
        ["payments", "5"],
      ]);
      expect(group!.topics[0]!.partitions[0]).toMatchObject({
        how: "incomplete",
        note:
          `topic orders was deleted and created again on the ${side} while it was read (its id was first and is ` +
          "second)",
      });
    },
  );

  it("reads a partition once, however many groups share it", async () => {
    for (let i = 0; i < 500; i++) origin.group(`app-${i}`, { "orders:0": 30, "payments:0": 30 });
    const reads = { scans: 0, records: 0 };
    await planThrough(
      clusters(),
      {
        origin: readerOf(logs.origin, false, reads),
        target: readerOf(logs.target, false, reads),
        isolation: "read_uncommitted",
      },
      mirror,
      {},
      silent,
    );
    expect(reads).toEqual({ scans: 2, records: 4 });
  });
});

describe("the guide's second way", () => {
  it("is shown with the records that it would skip and reread, beside the exact answer", async () => {
    origin.group("behind", { "orders:0": 12 });
    origin.group("ahead", { "orders:0": 30 });
    const exact = await plan();
    const ports = clusters();
    const listOffsets = async (partitions: { topic: string; partition: number }[], at: unknown) =>
      partitions.map((p) => ({ ...p, offset: at === "latest" ? 20n : 15n, timestamp: 0n }));
    const withTimes = {
      ...ports,
      target: new Proxy(ports.target, { get: (t, n) => (n === "listOffsets" ? listOffsets : Reflect.get(t, n)) }),
    };
    const byTime = await timeWith(withTimes, exact, 1005, silent);
    const rows = Object.fromEntries(byTime.groups.map((g) => [g.group, g.topics[0]?.partitions[0]]));
    expect(rows["behind"]).toMatchObject({
      targetOffset: "15",
      how: "time",
      exact: false,
      rereads: 0,
      compared: { exactOffset: "2", skips: 13 },
    });
    expect(rows["ahead"]).toMatchObject({
      targetOffset: "15",
      rereads: 5,
      rereadsAtMost: true,
      compared: { exactOffset: "20", skips: 0 },
    });
    expect(byTime.summary).toMatchObject({ skips: 13, rereads: 5, rereadsAtMost: true, exact: 0 });
    // The text says "up to", because markers and compacted records count in the distance between two offsets.
    expect(byTime.summary.attention.join()).toMatch(/skips up to 13 records[^]*up to 5 records will be read again/);
  });
});

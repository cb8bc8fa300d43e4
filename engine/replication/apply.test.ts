import { beforeEach, describe, expect, it } from "vitest";
import { applyReplication, cancelReplication, planReplicationFor } from ".";
import { cut, FakeCluster, model, opening } from "../../test/engine/replication/fake-target";

const RATE = "leader.replication.throttled.rate";
const RECEIVING = "follower.replication.throttled.rate";
const LIST = "follower.replication.throttled.replicas";

describe("applyReplication", () => {
  let origin: FakeCluster;
  let target: FakeCluster;
  let lines: string[];
  const progress = { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(`warning: ${line}`) };

  beforeEach(() => {
    lines = [];
    origin = new FakeCluster(3)
      .topic(
        "orders",
        [
          [1, 2, 3],
          [2, 3, 1],
        ],
        { "min.insync.replicas": "2" },
      )
      .topic("logs", [[1]])
      .topic("later", [[1]]);
    target = new FakeCluster(3)
      .topic("orders", [[2], [3]])
      .topic("logs", [[1]])
      .topic("not-ours", [[1]]);
  });

  const apply = (options = {}, signal?: AbortSignal) =>
    applyReplication(model, { limitMs: 5_000, ...options }, progress, signal, opening(origin, target));

  it("sets each topic's factor from the origin, and then min.insync.replicas", async () => {
    const result = await apply();
    expect(target.replicas("orders").map((r) => r[0])).toEqual([2, 3]);
    expect(target.replicas("orders").map((r) => [...r].sort())).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(target.replicas("logs")).toEqual([[1]]);
    expect(target.config("topic orders")).toEqual({ "min.insync.replicas": "2" });
    expect(target.calls.at(-1)).toBe("set min.insync.replicas of topic");
    expect(result).toMatchObject({
      partitions: 2,
      unchanged: 1,
      bytes: 4000,
      absent: ["later"],
      minInsync: [{ topic: "orders", from: 1, to: 2 }],
    });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect(lines.join("\n")).toMatch(
      /2 partitions of 1 topic will change, 4 KB to copy[^]*orders: 2 partitions from 1 to 3 replicas[^]*2 of 2 partitions in sync/,
    );
  });

  it("changes nothing the second time", async () => {
    await apply();
    target.calls = [];
    expect(await apply()).toMatchObject({ partitions: 0, unchanged: 3, minInsync: [] });
    expect(target.calls.filter((c) => c !== "describeTopics")).toEqual([]);
  });

  it("waits while metadata shows the old replicas, even if no reassignment is listed", async () => {
    target.staleness = 4;
    await apply();
    const set = target.calls.indexOf("set min.insync.replicas of topic");
    expect(target.calls.slice(0, set).filter((c) => c === "describeTopics").length).toBeGreaterThan(4);
    expect(
      (await target.port("target").describeTopics(["orders"]))[0]!.partitions.every((p) => p.isr.length === 3),
    ).toBe(true);
  });

  it("waits until replicas are in sync before it raises the minimum, and names them at the limit", async () => {
    target.topic("orders", [
      [1, 2, 3],
      [2, 3, 1],
    ]);
    const [lagging] = target.topics.get("orders")!;
    lagging!.isr = [1];
    await expect(apply({ limitMs: 400 })).rejects.toThrow(/REPLICATION_LIMIT: [^]*orders:0: broker 2, 3 not in sync/);
    expect(target.config("topic orders")).toEqual({});
    setTimeout(() => (lagging!.isr = [1, 2, 3]), 300);
    expect(await apply()).toMatchObject({
      partitions: 0,
      unchanged: 3,
      minInsync: [{ topic: "orders", from: 1, to: 2 }],
    });
    expect(lagging!.isr).toEqual([1, 2, 3]);
  });

  it("adds what is missing and keeps what others added, with onlyAdd", async () => {
    target.topic("logs", [[1, 2, 3]], { "min.insync.replicas": "2" });
    expect(await apply({ onlyAdd: true })).toMatchObject({
      partitions: 2,
      minInsync: [{ topic: "orders", from: 1, to: 2 }],
    });
    expect(target.replicas("logs")).toEqual([[1, 2, 3]]);
    expect(target.config("topic logs")).toEqual({ "min.insync.replicas": "2" });
    expect(target.replicas("orders").every((r) => r.length === 3)).toBe(true);
  });

  it("counts replicas on the origin as they are after a running reassignment", async () => {
    const [p] = origin.topics.get("logs")!;
    Object.assign(p!, { replicas: [2, 1], adding: [2], removing: [1] });
    origin.slowness = 1_000_000;
    expect((await planReplicationFor(model, {}, opening(origin, target))).topics.map((t) => t.topic)).toEqual([
      "orders",
    ]);
  });

  it("works in batches", async () => {
    origin.topic(
      "wide",
      Array.from({ length: 7 }, () => [1, 2]),
    );
    target.topic(
      "wide",
      Array.from({ length: 7 }, () => [1]),
    );
    await apply({ batchPartitions: 4 });
    expect(target.batches).toEqual([4, 4, 1]);
  });

  it("lowers the minimum before it removes replicas", async () => {
    target.topic("logs", [[1, 2, 3]], { "min.insync.replicas": "2" });
    await apply();
    expect(target.config("topic logs")).toEqual({ "min.insync.replicas": "1" });
    expect(target.calls.indexOf("set min.insync.replicas of topic")).toBeLessThan(
      target.calls.indexOf("alterReassignments"),
    );
  });

  it("waits for running reassignments after a failure and does not request them again", async () => {
    origin.topic(
      "wide",
      Array.from({ length: 4 }, () => [1, 2]),
    );
    target.topic(
      "wide",
      Array.from({ length: 4 }, () => [1]),
    );
    target.slowness = 4;
    target.failAt = { call: "describeTopics", after: 2, error: cut };
    await expect(apply({ batchPartitions: 3 })).rejects.toThrow("the line was cut");
    expect(target.batches).toEqual([3]);
    await apply({ batchPartitions: 3 });
    expect(target.batches).toEqual([3, 3]);
    expect(lines.join("\n")).toContain("waiting for 3 reassignments of migrated topics in progress");
    expect(target.replicas("wide").every((r) => r.length === 2)).toBe(true);
  });

  describe("throttle", () => {
    it("is set on topics and brokers, and removed afterwards", async () => {
      await apply({ throttleBytesPerSecond: 5_000_000 });
      expect(target.calls).toContain(`set ${RATE} of broker`);
      expect(target.calls).toContain(`set ${LIST} of topic`);
      expect(target.config("topic orders")).toEqual({ "min.insync.replicas": "2" });
      for (const id of [1, 2, 3]) expect(target.config(`broker ${id}`)).toEqual({});
    });

    it("is removed if the work fails, or by the next run after a kill", async () => {
      target.failAt = { call: "alterReassignments", after: 0, error: cut };
      await expect(apply({ throttleBytesPerSecond: 5_000_000 })).rejects.toThrow("the line was cut");
      expect(target.config("topic orders")).toEqual({});
      // The run was killed, so nothing was cleaned up.
      target.configs.set("topic orders", new Map([[LIST, "0:2"]]));
      target.configs.set(
        "broker 2",
        new Map([
          [RATE, "5000000"],
          [RECEIVING, "5000000"],
        ]),
      );
      await apply();
      expect(target.config("topic orders")).toEqual({ "min.insync.replicas": "2" });
      expect(target.config("broker 2")).toEqual({});
    });

    const rates = () => [1, 2, 3].map((id) => target.config(`broker ${id}`)[RATE]);
    const ways: [string, () => Promise<unknown>][] = [
      [
        "an interrupt",
        () => {
          const stop = new AbortController();
          setTimeout(() => stop.abort(), 300);
          return apply({ throttleBytesPerSecond: 1_000 }, stop.signal);
        },
      ],
      ["the limit", () => apply({ throttleBytesPerSecond: 1_000, limitMs: 400 })],
      [
        "a cluster that fails",
        () => {
          target.failAt = { call: "describeTopics", after: 3, error: cut };
          return apply({ throttleBytesPerSecond: 1_000 });
        },
      ],
    ];

    it.each(ways)("stays after %s while replicas still copy, and a later run removes it", async (_way, run) => {
      target.slowness = 1_000_000;
      await expect(run()).rejects.toThrow(/REPLICATION_INTERRUPTED|REPLICATION_LIMIT|the line was cut/);
      expect([target.config("topic orders")[LIST], ...rates()]).toEqual(["0:3,0:1,1:2,1:1", "1000", "1000", "1000"]);
      expect(lines.join("\n")).toMatch(
        /warning: the replication throttle on orders and broker 1, 2, 3 stays, because 2 partitions still copy replicas: the next run removes it/,
      );
      expect((await planReplicationFor(model, {}, opening(origin, target))).lines.join("\n")).toMatch(
        /interrupted run left a replication throttle on orders and broker 1, 2, 3/,
      );
      // Not done yet: the next run also waits under the throttle.
      await expect(apply({ limitMs: 400 })).rejects.toThrow("REPLICATION_LIMIT");
      expect(rates()).toEqual(["1000", "1000", "1000"]);
      target.slowness = 1;
      await apply();
      expect([target.config("topic orders"), ...rates()]).toEqual([
        { "min.insync.replicas": "2" },
        undefined,
        undefined,
        undefined,
      ]);
    });

    it("changes to a new rate if the next run asks for one", async () => {
      target.slowness = 1_000_000;
      await expect(apply({ throttleBytesPerSecond: 1_000, limitMs: 300 })).rejects.toThrow("REPLICATION_LIMIT");
      await expect(apply({ throttleBytesPerSecond: 2_000, limitMs: 300 })).rejects.toThrow("REPLICATION_LIMIT");
      expect(rates()).toEqual(["2000", "2000", "2000"]);
      expect(await cancelReplication(model, {}, progress, undefined, opening(origin, target))).toEqual({
        cancelled: 2,
      });
      expect([target.config("topic orders"), ...rates()]).toEqual([{}, undefined, undefined, undefined]);
    });

    it("keeps rates that others set, and removes those that a killed run left", async () => {
      target.configs.set("topic orders", new Map([[LIST, "0:2,1:3"]]));
      target.configs.set(
        "broker 1",
        new Map([
          [RATE, "777"],
          [RECEIVING, "777"],
        ]),
      );
      target.configs.set(
        "broker 2",
        new Map([
          [RATE, "5000000"],
          [RECEIVING, "5000000"],
        ]),
      );
      target.configs.set(
        "broker 3",
        new Map([
          [RATE, "777"],
          [RECEIVING, "888"],
        ]),
      );
      await apply({ throttleBytesPerSecond: 5_000_000 });
      expect([1, 2, 3].map((id) => target.config(`broker ${id}`)[RATE])).toEqual(["777", undefined, "777"]);
      expect(lines.join("\n")).toContain(
        "warning: broker 1, 3 of the target has a replication throttle that this migration did not set",
      );
    });

    it("keeps a list that throttles every replica, and sets none on that topic", async () => {
      target.configs.set("topic orders", new Map([[LIST, "*"]]));
      await apply({ throttleBytesPerSecond: 5_000_000 });
      expect(target.config("topic orders")).toEqual({ [LIST]: "*", "min.insync.replicas": "2" });
      expect(lines.join("\n")).toContain("warning: target: every replica of orders is throttled");
      for (const id of [1, 2, 3]) expect(target.config(`broker ${id}`)).toEqual({});
    });

    it("is set for parts of a topic in turn if its list is too long for Kafka", async () => {
      const count = 3_000;
      origin.topic(
        "wide",
        Array.from({ length: count }, () => [1, 2, 3]),
      );
      target.topic(
        "wide",
        Array.from({ length: count }, () => [1]),
      );
      const result = await apply({ throttleBytesPerSecond: 5_000_000, batchPartitions: count });
      expect(result.partitions).toBe(count + 2);
      expect(target.batches.length).toBe(2);
      expect(target.config("topic wide")).toEqual({});
    });

    it("keeps a rate that someone else set", async () => {
      target.configs.set("broker 2", new Map([[RATE, "777"]]));
      await apply({ throttleBytesPerSecond: 5_000_000 });
      expect(target.config("broker 2")).toEqual({ [RATE]: "777" });
      expect(target.config("broker 1")).toEqual({});
      expect(lines.join("\n")).toMatch(
        /warning: broker 2 of the target has a replication throttle that this migration did not set/,
      );
    });
  });

  it("ends at its limit and names the missing replicas of each partition", async () => {
    target.slowness = 1_000_000;
    await expect(apply({ limitMs: 700 })).rejects.toThrow(
      /REPLICATION_LIMIT: target: 2 partitions of 2 in this batch not in sync after 0.7 s[^]*orders:0: broker 3, 1 not in sync[^]*fix: /,
    );
  });

  it("stops on request and says how to continue", async () => {
    target.slowness = 1_000_000;
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    await expect(apply({}, stop.signal)).rejects.toThrow(/REPLICATION_INTERRUPTED[^]*run again/);
  });

  it("returns leadership to the first replica", async () => {
    target.topics.get("logs")![0]!.replicas = [2, 1];
    target.topics.get("logs")![0]!.isr = [1, 2];
    target.topics.get("logs")![0]!.leader = 1;
    await apply({ rules: [{ pattern: "logs", factor: 2 }] });
    expect(target.topics.get("logs")![0]!.leader).toBe(2);
  });

  it("refuses invalid options", async () => {
    await expect(apply({ throttleBytesPerSecond: 0, batchPartitions: 1.5 })).rejects.toThrow(
      /REPLICATION_OPTIONS_INVALID[^]*throttleBytesPerSecond is 0, replication.batchPartitions is 1.5/,
    );
  });

  it("plans without changing anything", async () => {
    const plan = await planReplicationFor(
      model,
      { rules: [{ pattern: "nothing", factor: 3 }] },
      opening(origin, target),
    );
    expect(plan).toMatchObject({
      partitions: 2,
      bytes: 4000,
      absent: ["later"],
      idleRules: ["nothing"],
      minInsync: [{ topic: "orders", from: 1, to: 2 }],
    });
    expect(plan.lines.join("\n")).toMatch(/rules that match no migrated topic: nothing/);
    expect(target.calls.filter((c) => c !== "describeTopics")).toEqual([]);
  });

  it("cancels without leftovers: the replicas are as before and no throttle is left", async () => {
    target.slowness = 1_000_000;
    await expect(apply({ limitMs: 400 })).rejects.toThrow("REPLICATION_LIMIT");
    target.configs.set("topic orders", new Map([[LIST, "0:1"]]));
    expect(await cancelReplication(model, {}, progress, undefined, opening(origin, target))).toEqual({ cancelled: 2 });
    expect(target.replicas("orders")).toEqual([[2], [3]]);
    expect(target.config("topic orders")).toEqual({});
    expect(await cancelReplication(model, {}, progress, undefined, opening(origin, target))).toEqual({ cancelled: 0 });
  });
});

import { beforeEach, describe, expect, it, vi } from "vitest";
import { copyEnds, evaluateGate, findRecreatedTopics, type GateOptions, originMovedOn, runGate, writtenSince } from ".";
import { Observer } from "./observe";
import { silent } from "../progress";
import { put, puts } from "../../test/engine/verify/memory-cluster";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";

/** The gate with in-memory clusters: no broker, no wait. */
let mirror: MemoryMirror;
beforeEach(() => {
  mirror = new MemoryMirror();
  mirror.topic("orders");
});

const asked = (options: GateOptions = {}) => evaluateGate(mirror.model, options, silent, undefined, mirror.open);
const waited = (options: GateOptions = {}) =>
  runGate(mirror.model, { stableForMs: 0, limitMs: 0, ...options }, silent, undefined, mirror.open);
/** The two ways to run the gate: a single check, and a wait that ends at once. */
const both = [
  ["asked once", asked],
  ["waited for", waited],
] as const;

describe.each(both)("the gate, %s,", (_what, ask) => {
  it("opens for a complete copy", async () => {
    expect(await ask()).toMatchObject({
      topics: 1,
      partitions: 1,
      lastRecordsCompared: 1,
      originEnds: { orders: [10] },
      looks: 1,
    });
  });

  it("stays closed if the origin's end moves before the second reading", async () => {
    moveAtSecondReading(() => mirror.write("origin", "orders", [put(10, "late", "1")]));
    await expect(ask()).rejects.toThrow(
      /GATE_INCOMPLETE[^]*orders-0: the origin's end moved from 10 to 11: a producer still writes there/,
    );
  });

  it("stays closed if records arrive and are deleted before they are copied", async () => {
    moveAtSecondReading(() => Object.assign(mirror.origin["orders"]!.logs[0]!, { start: 12, end: 12 }));
    await expect(ask()).rejects.toThrow(/GATE_INCOMPLETE[^]*orders-0: the origin's end moved from 10 to 12/);
  });

  it("stays closed if the second reading shows any other problem", async () => {
    const again = vi.spyOn(Observer.prototype, "readChanges");
    again.mockImplementation(
      async (look) => new Map([...look.partitions].map(([key, p]) => [key, { ...p.facts, start: 12 }])),
    );
    try {
      await expect(ask()).rejects.toThrow(
        /GATE_INCOMPLETE[^]*orders-0: offsets 10 to 11 were deleted on the origin before they were seen copied/,
      );
    } finally {
      again.mockRestore();
    }
  });

  it("stays closed if the last records differ, unless they are not compared", async () => {
    mirror.target["orders"]!.logs[0]!.records[9] = put(9, "k9", "another");
    await expect(ask()).rejects.toThrow(/orders-0: the origin ends with offset 9 .* but the target ends with offset 9/);
    expect(await ask({ compareLastRecord: false })).toMatchObject({ lastRecordsCompared: 0 });
  });

  it("stays closed if the first records differ", async () => {
    mirror.target["orders"]!.logs[0]!.records[0] = put(0, "k0", "another");
    await expect(ask()).rejects.toThrow(/GATE_(INCOMPLETE|BLOCKED)[^]*orders-0/);
  });
});

/** Applies the change just before the gate reads the origin's ends for the second time. */
function moveAtSecondReading(change: () => void): void {
  // A look reads offsets from the origin three times: earliest, latest and last-stable.
  mirror.beforeOffsets = (side, count) => void (side === "origin" && count === 3 && change());
}

describe("a partition without a leader", () => {
  it("keeps the gate closed on either side, and is not reported as behind", async () => {
    mirror.topic("payments", 10, 2);
    mirror.origin["payments"]!.logs[1]!.offline = true;
    mirror.target["orders"]!.logs[0]!.offline = true;
    const message = await asked().then(
      () => "",
      (e: Error) => e.message,
    );
    expect(message).toMatch(/^GATE_INCOMPLETE: .*2 of 2 partitions in 2 topics are complete/);
    expect(message).toContain("payments-1 has no leader on the origin: what it holds is unknown");
    expect(message).toContain("orders-0 has no leader on the target: what it holds is unknown");
    expect(message).toContain("fix: bring the partition's broker back");
    expect(message).not.toContain("not copied");
  });

  it("is left out when ends are recorded after the gate", async () => {
    mirror.topic("payments", 10, 2);
    const then = await copyEnds(mirror.model, mirror.open);
    expect(then).toMatchObject({
      orders: { originEnds: [10] },
      payments: { originEnds: [10, 10], targetEnds: [10, 10] },
    });
    mirror.target["payments"]!.logs[0]!.offline = true;
    mirror.write("target", "orders", puts(10, 12));
    expect(await copyEnds(mirror.model, mirror.open)).toEqual({
      orders: { target: "orders", originEnds: [10], targetEnds: [12] },
    });
    expect(await writtenSince(mirror.model, then, mirror.open)).toEqual([
      { topic: "orders", partition: 0, records: 2 },
    ]);
  });

  it("does not hide a recreated topic", async () => {
    mirror.topic("payments", 10, 2);
    mirror.target["payments"]!.logs[0]!.offline = true;
    mirror.target["orders"]!.logs[0]!.records[0] = put(0, "k0", "another");
    const found = await findRecreatedTopics(mirror.model, false, undefined, mirror.open);
    expect(found.map((f) => [f.kind, f.subject])).toEqual([["first record", "orders-0"]]);
  });
});

describe("a recreated topic while the mirror is behind", () => {
  const found = (passed = false) =>
    findRecreatedTopics(mirror.model, passed, undefined, mirror.open).then((all) =>
      all.map((f) => [f.kind, f.subject]),
    );

  it("is found by its first record once that is copied, and only before the gate has passed", async () => {
    mirror = new MemoryMirror();
    mirror.topic("orders", 0);
    mirror.write("origin", "orders", puts(0, 10));
    mirror.write("target", "orders", [put(0, "older", "1")]);
    expect(await found()).toEqual([]);
    mirror.copied("orders", 0);
    expect(await found()).toEqual([["first record", "orders-0"]]);
    expect(await found(true)).toEqual([]);
  });

  it("is reported once, by its ids; on the target only before the gate has passed", async () => {
    mirror.model.recorded = { orders: { origin: "origin orders", target: "the first one" } };
    mirror.target["orders"]!.logs[0]!.records[0] = put(0, "k0", "another");
    expect(await found()).toEqual([["recreated", "orders"]]);
    expect(await found(true)).toEqual([]);
    mirror.model.recorded = { orders: { origin: "the first one" } };
    expect(await found(true)).toEqual([["recreated", "orders"]]);
  });
});

describe("writes after the gate has passed", () => {
  it("are only those on the target that the mirror cannot have copied", async () => {
    mirror.topic("payments", 10, 2);
    const then = await copyEnds(mirror.model, mirror.open);
    expect(await originMovedOn(mirror.model, then, mirror.open)).toBe(false);
    mirror.write("origin", "payments", puts(10, 13), 1);
    mirror.write("target", "payments", puts(10, 13), 1);
    expect(await writtenSince(mirror.model, then, mirror.open)).toEqual([]);
    expect(await originMovedOn(mirror.model, then, mirror.open)).toBe(true);
    mirror.write("target", "payments", puts(13, 14), 1);
    expect(await writtenSince(mirror.model, then, mirror.open)).toEqual([
      { topic: "payments", partition: 1, records: 1 },
    ]);
    // Clients write to the target, so the copy cannot be proved again.
    expect(await originMovedOn(mirror.model, then, mirror.open)).toBe(false);
  });

  it("are no markers of transactions, which only an exactly-once mirror or an empty transaction leaves", async () => {
    const then = await copyEnds(mirror.model, mirror.open);
    const { logs } = mirror.target["orders"]!;
    logs[0]!.end = 11;
    expect(await writtenSince(mirror.model, then, mirror.open)).toEqual([]);
    mirror.write("origin", "orders", puts(10, 12));
    mirror.write("target", "orders", puts(10, 12));
    logs[0]!.end = 13;
    expect(await writtenSince(mirror.model, then, mirror.open)).toEqual([]);
    expect(await originMovedOn(mirror.model, then, mirror.open)).toBe(true);
    mirror.write("target", "orders", puts(13, 14));
    logs[0]!.end = 15;
    expect(await writtenSince(mirror.model, then, mirror.open)).toEqual([
      { topic: "orders", partition: 0, records: 3 },
    ]);
    expect(await originMovedOn(mirror.model, then, mirror.open)).toBe(false);
  });

  it("count from the origin's proved end, not from its current end", async () => {
    mirror.write("origin", "orders", puts(10, 12));
    const ends = await copyEnds(mirror.model, mirror.open, { orders: [10] });
    expect(ends).toEqual({ orders: { target: "orders", originEnds: [10], targetEnds: [10] } });
    expect(await originMovedOn(mirror.model, ends, mirror.open)).toBe(true);
  });

  // Every object has a `constructor`.
  it.each(["payments", "constructor"])("include records of topic %s, which is new on the origin", async (topic) => {
    mirror = new MemoryMirror({ topicsPattern: `orders|${topic}` });
    mirror.topic("orders");
    const then = await copyEnds(mirror.model, mirror.open);
    mirror.topic(topic, 0);
    expect(await originMovedOn(mirror.model, then, mirror.open)).toBe(false);
    mirror.write("origin", topic, puts(0, 1));
    expect(await originMovedOn(mirror.model, then, mirror.open)).toBe(true);
  });
});

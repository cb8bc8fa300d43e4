import { beforeEach, describe, expect, it } from "vitest";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { puts } from "../../test/engine/verify/memory-cluster";
import type { OpenKafka } from "../clusters";
import { MigrationError } from "../errors";
import { silent } from "../progress";
import { evaluateGate, type GateOptions, runGate } from ".";

/** Ten records are copied and confirmed. Five more are on the origin. */
let mirror: MemoryMirror;
const late = puts(10, 15, (offset) => 2_000 + offset);
beforeEach(() => {
  mirror = new MemoryMirror();
  mirror.topic("orders");
  mirror.write("origin", "orders", late);
});

const copy = (records = late) => mirror.write("target", "orders", records);
const ask = (options: GateOptions = { fenced: true }) =>
  evaluateGate(mirror.model, options, silent, undefined, mirror.open).then(
    ({ foundOnTarget = 0 }) => `open, ${foundOnTarget} found`,
    (e: Error) => e.message,
  );

describe("behind a fence, records that the mirror has copied but not confirmed", () => {
  it("open the gate as soon as they are on the target", async () => {
    expect(await ask()).toMatch(/orders-0: 5 offsets are not copied \(copied up to 9, the origin ends at 15\)/);
    copy();
    expect(await ask()).toBe("open, 1 found");
  });

  it("do not open it without the fence", async () => {
    copy();
    expect(await ask({})).toContain("5 offsets are not copied");
    expect(await ask({ fenced: false })).toContain("5 offsets are not copied");
  });

  it("do not open it if one of them is missing, or comes from elsewhere", async () => {
    copy(late.filter((r) => r.offset !== 12));
    expect(await ask()).toContain("5 offsets are not copied");
    copy(late);
    expect(await ask()).toContain("5 offsets are not copied");
  });

  it("do not open it if nothing was confirmed yet, because the mirror may copy everything again", async () => {
    mirror = new MemoryMirror();
    mirror.topic("orders", 0);
    mirror.write("origin", "orders", late);
    copy();
    expect(await ask()).toContain("nothing is copied yet");
  });

  it("do not open it after the task was started again, until that task has confirmed an offset", async () => {
    copy();
    mirror.status("task-0", "RUNNING");
    expect(await ask()).toContain("5 offsets are not copied");
    mirror.copied("orders", 11);
    expect(await ask()).toBe("open, 1 found");
  });

  it.each(["FAILED", "PAUSED", "UNASSIGNED"])("do not open it while the task is %s", async (state) => {
    copy();
    mirror.status("task-0", state);
    mirror.copied("orders", 9);
    expect(await ask()).toContain("5 offsets are not copied");
  });

  it("do not open it while the connector is stopped", async () => {
    copy();
    mirror.targetState("STOPPED");
    expect(await ask()).toContain("5 offsets are not copied");
  });

  it.each(["origin", "target"] as const)("do not open it if the topic is compacted on the %s", async (side) => {
    copy();
    mirror[side]["orders"]!.configs = { "cleanup.policy": "compact,delete" };
    expect(await ask()).toContain("5 offsets are not copied");
  });

  it("do not open it if a transaction is open or the partition count differs", async () => {
    copy();
    mirror.origin["orders"]!.logs[0]!.stable = 12;
    expect(await ask()).toContain("a transaction is open since offset 12");
    delete mirror.origin["orders"]!.logs[0]!.stable;
    mirror.target["orders"]!.logs.push({ records: [] });
    expect(await ask()).toContain("5 offsets are not copied");
  });

  it("count as copied even if retention deletes them on the origin afterwards", async () => {
    copy();
    const { cleared } = await evaluateGate(mirror.model, { fenced: true }, silent, undefined, mirror.open);
    expect(cleared).toEqual({ "orders:0": 15 });
    mirror.origin["orders"]!.logs[0] = { records: [], start: 15, end: 15 };
    expect(await ask({ cleared })).toBe("open, 0 found");
    expect(await ask({})).toContain("were deleted on the origin before they were seen copied");
  });

  it("are read again only if the origin's end has moved", async () => {
    copy();
    mirror.topic("payments");
    mirror.copied("orders", 9);
    mirror.copied("payments", 4);
    mirror.target["payments"]!.logs[0]!.records.splice(5);
    let reads = 0;
    const open: OpenKafka = async (connection, side) => {
      const port = await mirror.open(connection, side);
      const { fetch } = port;
      const wait: typeof fetch = async (requests, options) => {
        if (side === "target" && requests.some((r) => r.topic === "orders") && ++reads === 1)
          setTimeout(() => mirror.copied("payments", 9), 100);
        return fetch(requests, options);
      };
      return { ...port, fetch: wait };
    };
    const options = { fenced: true, stableForMs: 0, pollMs: 50, limitMs: 20_000, compareLastRecord: false };
    const { looks } = await runGate(mirror.model, options, silent, undefined, open);
    expect(looks).toBeGreaterThan(1);
    expect(reads).toBe(1);
  });

  it("only make the gate wait if they cannot be read", async () => {
    copy();
    const open: OpenKafka = async (connection, side) => {
      const port = await mirror.open(connection, side);
      const refused = async () => {
        throw new MigrationError("KAFKA_REFUSED", "not supported", { fix: "none" });
      };
      return { ...port, describeTopicConfigs: refused };
    };
    await expect(evaluateGate(mirror.model, { fenced: true }, silent, undefined, open)).rejects.toThrow(
      "5 offsets are not copied",
    );
  });
});

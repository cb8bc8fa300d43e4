import { beforeEach, describe, expect, it } from "vitest";
import { puts } from "../../test/engine/verify/memory-cluster";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { MigrationError } from "../errors";
import { type GateOptions, waitForMirror } from ".";

/** Before a fence is raised, with in-memory clusters that change between two looks. */
let mirror: MemoryMirror;
let said: string[];
beforeEach(() => {
  mirror = new MemoryMirror({ offsetFlushIntervalMs: 1 });
  mirror.topic("orders");
  said = [];
});

const progress = { info: (line: string) => void said.push(line), warn: (line: string) => void said.push(line) };
const wait = (options: GateOptions = {}) =>
  waitForMirror(mirror.model, { pollMs: 20, limitMs: 60_000, ...options }, progress, undefined, mirror.open);
/** Runs during the look with this number, from 1. A look asks the origin for offsets three times. */
function during(look: number, change: () => void): void {
  mirror.beforeOffsets = (side, count) => {
    if (side === "origin" && count === 3 * look - 1) change();
  };
}

describe("the wait before the fence", () => {
  it("is one look, and says nothing, if everything is copied", async () => {
    await wait();
    expect(said).toEqual([]);
  });

  it("lasts until the mirror is close behind, although producers still write", async () => {
    mirror.write("origin", "orders", puts(10, 20));
    during(3, () => {
      mirror.copied("orders", 19);
      mirror.write("origin", "orders", puts(20, 25));
    });
    await wait();
    expect(said).toEqual([
      "fence: not raised before the mirror is close behind the producers, who write meanwhile; to stop before that, " +
        "press Ctrl-C twice",
      expect.stringMatching(/^0 of 1 topic, 0 of 1 partition complete; 10 records left/),
      expect.stringMatching(/^fence: the mirror is 0(\.\d)? s behind the producers$/),
    ]);
  });

  it("ends at the gate's limit, says what is missing, and that nobody was stopped", async () => {
    mirror.write("origin", "orders", puts(10, 20));
    await expect(wait({ limitMs: 50 })).rejects.toThrow(
      /^GATE_INCOMPLETE: the mirror was not close behind the producers within 0\.1 s, so the fence was not raised and no producer was stopped[^]*orders-0: 10 offsets are not copied/,
    );
  });

  it("does not end before the mirror had time to report what it has copied", async () => {
    mirror = new MemoryMirror({ offsetFlushIntervalMs: 2_000 });
    mirror.topic("orders");
    mirror.write("origin", "orders", puts(10, 20));
    during(5, () => mirror.copied("orders", 19));
    await wait({ limitMs: 1 });
  });

  it("does not end before the transactions of the first look have, because the gate waits for one that hangs", async () => {
    // The mirror copies open transactions, too.
    mirror.write("origin", "orders", puts(10, 20));
    mirror.copied("orders", 19);
    mirror.origin["orders"]!.logs[0]!.stable = 10;
    await expect(wait({ limitMs: 50 })).rejects.toThrow(
      /GATE_INCOMPLETE[^]*no producer was stopped[^]*orders-0: a transaction is open since offset 10/,
    );
    said = [];
    // It has ended, and the next one has begun.
    during(3, () => void (mirror.origin["orders"]!.logs[0]!.stable = 15));
    await wait();
    expect(said.join("\n")).toContain("a transaction is open since offset 10");
  });

  it("ends after the grace period if the copy cannot become complete", async () => {
    mirror.target["orders"]!.logs.push({ records: [] });
    await expect(wait({ graceMs: 0 })).rejects.toThrow(
      /^GATE_BLOCKED: the copy cannot become complete[^]*no producer was stopped[^]*orders has 2 partitions on the target and 1/,
    );
  });

  it("does not end because of a problem that it cannot see any more while a broker restarts", async () => {
    mirror.status("task-0", "FAILED", "org.example.Broken: why");
    mirror.write("origin", "orders", puts(10, 20));
    let failures = 0;
    mirror.beforeOffsets = (side, count) => {
      if (side !== "origin" || count < 3 || failures >= 5) return;
      failures++;
      mirror.status("task-0", "RUNNING");
      mirror.copied("orders", 19);
      throw new MigrationError("KAFKA_NOT_AVAILABLE", "a broker restarts", { fix: "none" });
    };
    await wait({ graceMs: 30 });
    expect(failures).toBe(5);
  });

  it("goes on until the mirror has created every topic, also empty ones", async () => {
    mirror.origin["payments"] = { logs: [{ records: [] }] };
    during(2, () => {
      mirror.target["payments"] = { logs: [{ records: [] }] };
      mirror.assign("orders-0", "payments-0");
    });
    await wait();
    expect(said.join("\n")).toMatch(/topic payments is not on the target/);
  });

  it("does not go on because of a failed task if everything is copied", async () => {
    mirror.status("task-0", "FAILED", "org.example.Broken: why");
    await wait({ graceMs: 0 });
    mirror.write("origin", "orders", puts(10, 20));
    await expect(wait({ graceMs: 0 })).rejects.toThrow(/GATE_BLOCKED[^]*source task 0 is FAILED/);
  });

  it("does not end because of a failed task that has copied all it has to, while another one copies", async () => {
    mirror.topic("payments");
    mirror.assignTasks(["orders-0"], ["payments-0"]);
    mirror.status("task-0", "FAILED", "org.example.Broken: why");
    mirror.status("task-1", "RUNNING");
    mirror.write("origin", "payments", puts(10, 20));
    during(5, () => mirror.copied("payments", 19));
    await wait({ graceMs: 0 });
    expect(said.join("\n")).not.toContain("FAILED");
  });

  it("ends at once if the patterns select no topic", async () => {
    const { model } = new MemoryMirror({ topicsPattern: "none" });
    await expect(waitForMirror(model, { pollMs: 20, graceMs: 0 }, progress, undefined, mirror.open)).rejects.toThrow(
      /SELECTION_EMPTY/,
    );
  });
});

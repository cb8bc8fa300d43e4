import { beforeEach, describe, expect, it } from "vitest";
import type { OpenKafka } from "../clusters";
import { MigrationError } from "../errors";
import { type GateOptions, runGate, runGateAndNameWriters } from ".";
import { puts } from "../../test/engine/verify/memory-cluster";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";

/** The gate's wait with in-memory clusters that change between two looks. */
let mirror: MemoryMirror;
let said: string[];
beforeEach(() => {
  mirror = new MemoryMirror();
  mirror.topic("orders");
  said = [];
});

const progress = { info: () => {}, warn: (line: string) => void said.push(line) };
const wait = (options: GateOptions = {}) =>
  runGate(mirror.model, { stableForMs: 0, pollMs: 50, limitMs: 60_000, ...options }, progress, undefined, mirror.open);

/** Applies each change when look number n (from 1) has read the origin's ends. A look reads offsets three times. */
function after(changes: Record<number, () => void>): void {
  mirror.beforeOffsets = (side, count) => {
    if (side === "origin" && count % 3 === 2) changes[(count + 1) / 3]?.();
  };
}

const write = (from: number, to: number): void => {
  for (const side of ["origin", "target"] as const) mirror.write(side, "orders", puts(from, to));
  mirror.copied("orders", to - 1);
};

describe("the quiet window of the origin", () => {
  it("is never shortened, even if the gate's limit is shorter", async () => {
    await expect(wait({ stableForMs: 60_000, limitMs: 0 })).rejects.toThrow(
      /GATE_INCOMPLETE: the copy was not proved complete within/,
    );
  });

  it("starts again when the origin's end moves", async () => {
    after({ 1: () => write(10, 12), 2: () => write(12, 13) });
    const begun: string[] = [];
    const beforeOffsets = mirror.beforeOffsets;
    mirror.beforeOffsets = (side, count) => {
      if (side === "origin" && count % 3 === 0) begun.push(new Date().toISOString());
      beforeOffsets(side, count);
    };
    const { looks, originEnds, quietFrom, passedAt } = await wait({ stableForMs: 60 });
    expect(originEnds).toEqual({ orders: [13] });
    // Since the third look, which is the first with these ends.
    expect(quietFrom! >= begun[2]! && quietFrom! <= begun[3]! && quietFrom! < passedAt).toBe(true);
    expect(looks).toBeGreaterThanOrEqual(4);
    expect(said).toEqual(["orders-0: the origin's end moved from 10 to 12: a producer still writes there"]);
  });

  it("starts again even if the look that sees the move finds everything copied", async () => {
    mirror.copied("orders", 4);
    after({ 1: () => write(10, 11) });
    expect(await wait()).toMatchObject({ looks: 3, originEnds: { orders: [11] } });
  });

  it("begins when the writes end, not when the next look is due", async () => {
    const limit = Date.now() + 1000;
    let end = 10;
    const producer = setInterval(() => {
      if (Date.now() < limit) write(end, ++end);
      else clearInterval(producer);
    }, 100);
    const { looks, quietFrom, passedAt } = await wait({ stableForMs: 600, pollMs: 60_000 });
    expect(Date.parse(quietFrom!)).toBeGreaterThanOrEqual(limit - 150);
    expect(Date.parse(passedAt) - Date.parse(quietFrom!)).toBeGreaterThanOrEqual(600);
    expect(looks).toBeLessThan(6);
    // The look after the writes did not see them itself.
    expect(said.join()).toMatch(/a producer still writes there/);
  });

  it("starts again when a topic is added", async () => {
    after({ 1: () => mirror.topic("payments") });
    const { looks, topics } = await wait({ stableForMs: 60 });
    expect(topics).toBe(2);
    expect(looks).toBeGreaterThanOrEqual(3);
  });
});

describe("the pause between two looks", () => {
  /** The mirror copies the last records during this look. */
  const copiesIn = (look: number) => {
    mirror.write("origin", "orders", puts(10, 12));
    after({
      [look]: () => {
        mirror.write("target", "orders", puts(10, 12));
        mirror.copied("orders", 11);
      },
    });
  };

  it("is short behind a fence from the first look on, because clients wait", async () => {
    copiesIn(2);
    expect(await wait({ fenced: true, pollMs: 60_000 })).toMatchObject({ looks: 2 });
  });

  it("is `pollMs` without a fence, until the origin's ends are known not to move", async () => {
    copiesIn(1);
    const begun = Date.now();
    await wait({ pollMs: 400 });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(400);
  });
});

describe("a log that ends without a visible record", () => {
  const log = () => mirror.origin["orders"]!.logs[0]!;

  it("is read at once if the gap is short, otherwise when the mirror makes no progress there", async () => {
    log().end = 12;
    expect(await wait()).toMatchObject({ looks: 1, gapsRead: 1 });
    log().end = 5_000;
    expect(await wait()).toMatchObject({ looks: 2, gapsRead: 1 });
  });

  it("is complete even if retention deletes the gap while the gate watches", async () => {
    log().end = 12;
    after({ 1: () => Object.assign(log(), { start: 12, end: 12, records: [] }) });
    expect(await wait({ stableForMs: 60 })).toMatchObject({ recordsAtMost: 0, cleared: { "orders:0": 12 } });
  });
});

describe("a problem that waiting does not solve", () => {
  const fail = (state: string) => () =>
    mirror.status("task-0", state, state === "FAILED" ? "org.example.Broken: why" : null);

  it("ends the wait after the grace period, not earlier, and is the only reason in the error", async () => {
    mirror.copied("orders", 4);
    fail("FAILED")();
    const message = await wait({ graceMs: 0 }).then(
      () => "",
      (e: Error) => e.message,
    );
    expect(message).toMatch(
      /^GATE_BLOCKED: the copy cannot become complete as things stand[^]*source task 0 is FAILED/,
    );
    expect(message).not.toContain("not copied");
    await expect(wait({ graceMs: 60_000, limitMs: 0 })).rejects.toThrow(
      /^GATE_INCOMPLETE[^]*source task 0 is FAILED[^]*not copied/,
    );
  });

  it("gets a new grace period if it returns after it was fixed", async () => {
    mirror.copied("orders", 4);
    fail("FAILED")();
    after({ 1: fail("RUNNING"), 2: fail("FAILED"), 3: () => (fail("RUNNING")(), mirror.copied("orders", 9)) });
    // There are two pauses of at least 50 ms between the first and the third look.
    expect(await wait({ graceMs: 100 })).toMatchObject({ originEnds: { orders: [10] } });
  });
});

describe("temporary errors before the first look succeeded", () => {
  const failing = (times: number, code = "KAFKA_NOT_AVAILABLE"): OpenKafka => {
    let left = times;
    return async (connection, side) => {
      const port = await mirror.open(connection, side);
      const listTopics = async () => {
        if (side === "origin" && left-- > 0) throw new MigrationError(code, "the broker restarts", { fix: "wait" });
        return port.listTopics();
      };
      return { ...port, listTopics };
    };
  };
  const waitWith = (open: OpenKafka, options: GateOptions = {}) =>
    runGate(mirror.model, { stableForMs: 0, pollMs: 50, ...options }, progress, undefined, open);

  it.each(["KAFKA_NOT_AVAILABLE", "KAFKA_TOKEN_UNAVAILABLE"])(
    "do not end the wait, but are reported: %s",
    async (code) => {
      mirror.copied("orders", 9);
      expect(await waitWith(failing(2, code))).toMatchObject({ topics: 1 });
      expect(said).toEqual(Array(2).fill(`${code}: the broker restarts`));
    },
  );

  it("end it after the grace period, because they may not be temporary, and show at the limit", async () => {
    await expect(waitWith(failing(Infinity), { graceMs: 100 })).rejects.toThrow("KAFKA_NOT_AVAILABLE");
    await expect(waitWith(failing(Infinity), { limitMs: 100 })).rejects.toThrow(
      /^GATE_INCOMPLETE[^]*no look succeeded: KAFKA_NOT_AVAILABLE: the broker restarts/,
    );
  });
});

describe("the search for active writers", () => {
  it("does not start if the clusters cannot be reached", async () => {
    let opened = 0;
    const down: OpenKafka = async () => {
      opened++;
      throw new MigrationError("KAFKA_UNREACHABLE", "nobody answers", { fix: "look" });
    };
    await expect(runGateAndNameWriters(mirror.model, {}, progress, undefined, down)).rejects.toThrow(
      "KAFKA_UNREACHABLE",
    );
    expect(opened).toBe(2);
  });
});

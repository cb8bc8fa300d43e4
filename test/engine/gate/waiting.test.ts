import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { runGate } from "../../../engine/gate";
import { silent } from "../../../engine/progress";
import { withPorts } from "../kafka/support";
import { FakeMirror, messages } from "./fake-mirror";

const ports = withPorts("port-waiting");
const start = () => FakeMirror.start(ports);

describe("the gate's wait", () => {
  const lines = () => {
    const said: string[] = [];
    return { said, progress: { info: (l: string) => void said.push(l), warn: (l: string) => void said.push(l) } };
  };

  it("ends when the copy is complete and the origin was quiet for the window", async () => {
    const mirror = await start();
    const topic = await mirror.topic("wait");
    await mirror.send(topic, messages(10));
    await mirror.copied(topic, 3);
    const { said, progress } = lines();
    const waiting = runGate(mirror.model, { stableForMs: 1500, pollMs: 200, limitMs: 30_000 }, progress);
    await sleep(1000);
    await mirror.copied(topic, 9);
    const result = await waiting;
    expect(result.durationMs).toBeGreaterThan(1500);
    expect(result.looks).toBeGreaterThan(3);
    expect(said[0]).toMatch(
      /^0 of 1 topic, 0 of 1 partition complete; 6 records \(about \d+ bytes\) left, most: .*-0 \(6\)$/,
    );
  });

  it("looks again soon once the origin is quiet, and reports the quiet time", async () => {
    const mirror = await start();
    const topic = await mirror.topic("soon");
    await mirror.send(topic, messages(10));
    await mirror.copied(topic, 3);
    const waiting = runGate(mirror.model, { stableForMs: 0, pollMs: 4000, limitMs: 60_000 }, silent);
    // After the second look, which comes 4 s after the first one.
    await sleep(5000);
    await mirror.copied(topic, 9);
    const said = Date.now();
    const { quietMs, looks } = await waiting;
    expect(Date.now() - said).toBeLessThan(2500);
    expect({ quietMs, lookedAgain: looks > 3 }).toEqual({ quietMs: 0, lookedAgain: true });
    expect((await runGate(mirror.model, { stableForMs: 1000, pollMs: 200 }, silent)).quietMs).toBeGreaterThanOrEqual(
      1000,
    );
  });

  it("does not succeed while something still writes, and names the partition", async () => {
    const mirror = await start();
    const topic = await mirror.topic("writers");
    const { said, progress } = lines();
    let sent = 0;
    let stop = false;
    const writer = (async () => {
      while (!stop) {
        await mirror.send(topic, messages(1, sent));
        await mirror.copied(topic, sent++);
      }
    })();
    const failed = await runGate(mirror.model, { stableForMs: 3000, pollMs: 100, limitMs: 5000 }, progress).then(
      () => undefined,
      (e: Error) => e.message,
    );
    stop = true;
    await writer;
    expect(failed).toMatch(/^GATE_INCOMPLETE: the copy was not proved complete within 5 s/);
    expect(said.some((l) => l.includes(`${topic}-0: the origin's end moved from`))).toBe(true);
  });

  it("ends at its limit if the mirror never catches up, and names what is missing", async () => {
    const mirror = await start();
    const topic = await mirror.topic("slow", 2);
    await mirror.send(topic, messages(5));
    await mirror.copied(topic, 4);
    await mirror.send(topic, messages(9), 2, 1);
    await mirror.copied(topic, 1, 1);
    const started = Date.now();
    await expect(runGate(mirror.model, { stableForMs: 200, pollMs: 200, limitMs: 2_000 }, silent)).rejects.toThrow(
      new RegExp(
        "^GATE_INCOMPLETE: the copy was not proved complete within 2 s: 1 of 2 partitions in 1 topics are " +
          `complete[^]*${topic}-1: 7 offsets are not copied \\(copied up to 1, the origin ends at 9\\)[^]*fix: ` +
          "wait longer",
      ),
    );
    expect(Date.now() - started).toBeLessThan(15_000);
  });

  it("ends early if waiting does not help", async () => {
    const mirror = await start();
    const topic = await mirror.topic("hopeless");
    await mirror.send(topic, messages(2), 0);
    await mirror.status("task-0", "FAILED", "org.apache.kafka.connect.errors.ConnectException: broken");
    const started = Date.now();
    await expect(runGate(mirror.model, { limitMs: 60_000, graceMs: 1000, pollMs: 200 }, silent)).rejects.toThrow(
      /^GATE_BLOCKED: the copy cannot become complete as things stand[^]*source task 0 is FAILED: .*broken/,
    );
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it("can be interrupted", async () => {
    const mirror = await start();
    const topic = await mirror.topic("interrupted");
    await mirror.send(topic, messages(2), 0);
    const abort = new AbortController();
    const waiting = runGate(mirror.model, { pollMs: 5000 }, silent, abort.signal);
    setTimeout(() => abort.abort(), 1000);
    await expect(waiting).rejects.toThrow(/abort/i);
  });
});

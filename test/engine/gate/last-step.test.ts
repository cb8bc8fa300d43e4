import { describe, expect, it } from "vitest";
import type { OpenKafka } from "../../../engine/clusters";
import { MigrationError } from "../../../engine/errors";
import { runGate } from "../../../engine/gate";
import { openKafka } from "../../../engine/kafka/client";
import { silent } from "../../../engine/progress";
import { withPorts } from "../kafka/support";
import { FakeMirror, messages } from "./fake-mirror";

const ports = withPorts("port-gate");

/** Opens real ports, of which the origin's fails at its n-th question for offsets. */
function failingAt(n: number, code: string): { open: OpenKafka; asked: () => number } {
  let asked = 0;
  const open: OpenKafka = async (connection, side) => {
    const port = await openKafka(connection, side);
    if (side === "target") return port;
    const { listOffsets } = port;
    return Object.assign(Object.create(port) as typeof port, {
      listOffsets: async (...args: Parameters<typeof listOffsets>) => {
        if (++asked === n) throw new MigrationError(code, "the broker restarts", { fix: "wait" });
        return listOffsets.apply(port, args);
      },
    });
  };
  return { open, asked: () => asked };
}

describe("the gate's last step", () => {
  it.each(["KAFKA_NOT_AVAILABLE", "KAFKA_UNKNOWN_TOPIC"])("outlasts %s, also right after the first look", async (code) => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("restart");
    await mirror.send(topic, messages(3));
    await mirror.copied(topic, 2);
    const options = { stableForMs: 0, pollMs: 100, limitMs: 20_000 };
    const said: string[] = [];
    const progress = { info: () => {}, warn: (line: string) => void said.push(line) };
    const clean = failingAt(0, code);
    expect(await runGate(mirror.model, options, progress, undefined, clean.open)).toMatchObject({ looks: 1 });
    const { open } = failingAt(clean.asked(), code);
    expect(await runGate(mirror.model, options, progress, undefined, open)).toMatchObject({ looks: 2, lastRecordsCompared: 1 });
    expect(said).toEqual([`${code}: the broker restarts`]);
    // What the very first look meets is told at once.
    await expect(runGate(mirror.model, options, progress, undefined, failingAt(1, code).open)).rejects.toThrow(code);
  });

  it("says at the limit what the last look has found, also when a broker fails after it", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("behind");
    await mirror.send(topic, messages(3));
    await mirror.copied(topic, 0);
    let looked = false;
    const open: OpenKafka = async (connection, side) => {
      const port = await openKafka(connection, side);
      return Object.assign(Object.create(port) as typeof port, {
        listTopics: async () => {
          if (looked) throw new MigrationError("KAFKA_NOT_AVAILABLE", "the broker restarts", { fix: "wait" });
          looked = side === "origin";
          return port.listTopics();
        },
      });
    };
    const failed = await runGate(mirror.model, { stableForMs: 0, pollMs: 100, limitMs: 500 }, silent, undefined, open).then(() => "passed", (e: Error) => e.message);
    expect(failed).toMatch(/^GATE_INCOMPLETE: the copy was not proved complete within/);
    expect(failed).toContain(`${topic}-0: 2 offsets are not copied (copied up to 0, the origin ends at 3)`);
    expect(failed).toContain("a later look did not come through: KAFKA_NOT_AVAILABLE: the broker restarts");
  });
});

import { describe, expect, it } from "vitest";
import type { OpenKafka } from "../../../engine/clusters";
import { MigrationError } from "../../../engine/errors";
import { evaluateGate, findRecreatedTopics, runGate } from "../../../engine/gate";
import { openKafka } from "../../../engine/kafka/client";
import { planOffsets } from "../../../engine/offsets";
import { silent } from "../../../engine/progress";
import { compareCopy } from "../../../engine/verify";
import { deleteBelow, withPorts } from "../kafka/support";
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

/**
 * Opens real ports. When the origin is first asked for records of the topic below this offset, these are deleted. Last
 * records are read at the same time, and must not trigger it.
 */
function deleting(mirror: FakeMirror, topic: string, below: number): OpenKafka {
  let left = 1;
  return async (connection, side, options) => {
    const port = await openKafka(connection, side, options);
    if (side === "target") return port;
    const { fetch } = port;
    return Object.assign(Object.create(port) as typeof port, {
      fetch: async (...args: Parameters<typeof fetch>) => {
        if (args[0].some((r) => r.topic === topic && r.offset < below) && left-- > 0)
          await deleteBelow(mirror.origin, topic, below);
        return fetch.apply(port, args);
      },
    });
  };
}

describe("records that are deleted between a look and the read of the first record", () => {
  it("make every one-shot check look again", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("expiring");
    const group = `${mirror.prefix}-group`;
    await mirror.send(topic, messages(10));
    await mirror.copied(topic, 9);
    const { model } = mirror;
    const quick = { stableForMs: 0, pollMs: 100, limitMs: 20_000 };
    expect(await evaluateGate(model, quick, silent, undefined, deleting(mirror, topic, 1))).toMatchObject({
      lastRecordsCompared: 1,
      looks: 2,
    });
    expect(await runGate(model, quick, silent, undefined, deleting(mirror, topic, 2))).toMatchObject({
      lastRecordsCompared: 1,
    });
    expect(await findRecreatedTopics(model, false, undefined, deleting(mirror, topic, 3))).toEqual([]);
    const compared = await compareCopy(model, { mode: "tail" }, silent, undefined, deleting(mirror, topic, 4));
    expect(compared).toMatchObject({ equal: true });
    await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 5n, metadata: "" }]);
    const plan = await planOffsets(model, {}, silent, undefined, deleting(mirror, topic, 6));
    await ports.origin.deleteGroups([group]);
    expect(plan.groups[0]!.topics[0]!.partitions[0]).toMatchObject({ originOffset: "5", targetOffset: "6" });
  });
});

describe("the gate's last step", () => {
  it.each(["KAFKA_NOT_AVAILABLE", "KAFKA_UNKNOWN_TOPIC"])(
    "survives %s, even in the first look and right after it",
    async (code) => {
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
      expect(await runGate(mirror.model, options, progress, undefined, open)).toMatchObject({
        looks: 2,
        lastRecordsCompared: 1,
      });
      expect(said).toEqual([`${code}: the broker restarts`]);
      expect(await runGate(mirror.model, options, progress, undefined, failingAt(1, code).open)).toMatchObject({
        looks: 2,
      });
    },
  );

  it("reports at the limit what the last look found, even if a broker fails after it", async () => {
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
    const failed = await runGate(
      mirror.model,
      { stableForMs: 0, pollMs: 100, limitMs: 3_000 },
      silent,
      undefined,
      open,
    ).then(
      () => "passed",
      (e: Error) => e.message,
    );
    expect(failed).toMatch(/^GATE_INCOMPLETE: the copy was not proved complete within/);
    expect(failed).toContain(`${topic}-0: 2 offsets are not copied (copied up to 0, the origin ends at 3)`);
    expect(failed).toContain("a later look failed: KAFKA_NOT_AVAILABLE: the broker restarts");
  });
});

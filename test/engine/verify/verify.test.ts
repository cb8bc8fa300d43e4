import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silent } from "../../../engine/progress";
import { compareCopy, verifyCopy, type VerifyOptions } from "../../../engine/verify";
import { FakeMirror, messages, START } from "../gate/fake-mirror";
import { deleteBelow, transaction, withPorts } from "../kafka/support";

const ports = withPorts("port-verify");
const full: VerifyOptions = { mode: "full" };
const tail: VerifyOptions = { mode: "tail", tailRecords: 5 };
const compare = (mirror: FakeMirror, options: VerifyOptions) => compareCopy(mirror.model, options, silent);

describe("equal copies", () => {
  it("match in every codec and both modes, with markers on one side only", async () => {
    const mirror = await FakeMirror.start(ports, {}, { "consumer.isolation.level": "read_committed" });
    for (const codec of ["gzip", "snappy", "lz4", "zstd", "uncompressed"]) {
      const topic = await mirror.topic(codec, 2, {}, { "compression.type": codec });
      await mirror.send(topic, messages(300));
      await mirror.send(topic, messages(40), 40, 1);
    }
    const aborted = await mirror.topic("aborted");
    await mirror.send(aborted, messages(3));
    await transaction(mirror.origin, aborted, ["x", "y"], "abort");
    await mirror.send(aborted, messages(3, 3));
    const result = await compare(mirror, full);
    expect(result.differences).toEqual([]);
    expect(result).toMatchObject({ equal: true, partitions: 11 });
    const zstd = result.topics.find((t) => t.topic.endsWith("zstd"))!;
    expect(zstd).toMatchObject({ originRecords: 340, targetRecords: 340, counted: true, faulty: 0 });
    expect(result.topics.find((t) => t.topic === aborted)).toMatchObject({ originRecords: 6, targetRecords: 6 });
    expect(await compare(mirror, tail)).toMatchObject({ equal: true, differences: [] });
    expect(await compare(mirror, { mode: "none" })).toMatchObject({ equal: true, partitions: 0 });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it("match by the latest value of each key if they were compacted at different times", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("compacted", 1, { "cleanup.policy": "compact" });
    // The target has what compaction has left of it elsewhere: other offsets, older values gone, tombstones gone.
    await mirror.send(
      topic,
      [...messages(20), { key: "k3", value: null }, { key: "k4", value: "newer", timestamp: "5" }],
      0,
    );
    await mirror.only(
      "target",
      topic,
      [...messages(20).filter((_, i) => i !== 3 && i !== 4), { key: "k4", value: "newer", timestamp: "5" }],
      (i) => (i < 3 ? i : i + 2),
    );
    expect((await compare(mirror, full)).differences).toEqual([]);
    expect((await compare(mirror, { mode: "tail", tailRecords: 100 })).differences).toEqual([]);
    await mirror.only("target", topic, [{ key: "k7", value: "changed" }]);
    await mirror.only("origin", topic, [{ key: "k8", value: null }]);
    for (const options of [full, { mode: "tail", tailRecords: 100 } as const]) {
      const kinds = (await compare(mirror, options)).differences.map((d) => d.kind).sort();
      expect(kinds, options.mode).toEqual(["changed", "extra"]);
    }
  });

  it("match by content if the target uses LogAppendTime", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("stamped", 1, {}, {}, { "message.timestamp.type": "LogAppendTime" });
    await mirror.send(topic, messages(10));
    expect(await compare(mirror, full)).toMatchObject({ equal: true, differences: [] });
    expect(await compare(mirror, tail)).toMatchObject({ equal: true, differences: [] });
  });
});

describe("samples", () => {
  const large = (count: number, from: number) =>
    messages(count, from).map((m) => ({ ...m, value: `${m.value} `.padEnd(12_000) }));
  /** In batches of 10 records. */
  async function sendLarge(
    mirror: FakeMirror,
    topic: string,
    from: number,
    to: number,
    side?: "origin",
  ): Promise<void> {
    for (let at = from; at < to; at += 10)
      await (side === undefined ? mirror.send(topic, large(10, at)) : mirror.only(side, topic, large(10, at)));
  }
  const sample: VerifyOptions = { mode: "sample", tailRecords: 5, holeRecords: 40, countUpTo: 1 };

  it("read a part of a good copy, and state with which probability a hole was missed", async () => {
    const mirror = await FakeMirror.start(ports, {}, { "consumer.isolation.level": "read_committed" });
    const topic = await mirror.topic("sampled");
    await sendLarge(mirror, topic, 0, 200);
    await transaction(mirror.origin, topic, ["aborted"], "abort");
    await sendLarge(mirror, topic, 200, 400);
    const result = await compare(mirror, sample);
    expect(result).toMatchObject({ equal: true, differences: [], sample: { seed: 1, partitions: 1, holeRecords: 40 } });
    expect(result.sample!.missed).toBeLessThanOrEqual(0.05);
    expect(result.sample!.records).toBeLessThan(300);
    expect(result.bytes.origin).toBeLessThan(400 * 12_000);
    expect((await compare(mirror, sample)).sample).toEqual(result.sample);
  });

  it("find a hole, and then name exactly what is missing", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("with-a-hole");
    await sendLarge(mirror, topic, 0, 150);
    await sendLarge(mirror, topic, 150, 230, "origin");
    await sendLarge(mirror, topic, 230, 380);
    const { equal, differences } = await compare(mirror, sample);
    expect(equal).toBe(false);
    expect(differences).toMatchObject([{ kind: "missing", count: 80, originOffset: 150 }]);
  });
});

describe("differences in the copy", () => {
  it("include missing and changed records; duplicates are reported but no fault", async () => {
    const mirror = await FakeMirror.start(ports);
    const twice = await mirror.topic("twice");
    await mirror.send(twice, messages(10));
    await mirror.only("target", twice, messages(3, 7), (i) => 7 + i);
    const only = await compare(mirror, full);
    expect(only).toMatchObject({
      equal: true,
      topics: [{ duplicates: 3, faulty: 0, originRecords: 10, targetRecords: 13 }],
    });
    expect(only.differences.map((d) => d.text)).toEqual([
      `${twice}-0: 3 records are on the target twice (target offsets 10 to 12)`,
    ]);

    const short = await mirror.topic("short");
    await mirror.send(short, messages(10), 8);
    const changed = await mirror.topic("changed");
    await mirror.only("origin", changed, messages(6));
    await mirror.only(
      "target",
      changed,
      messages(6).map((m, i) => (i === 2 ? { ...m, value: "other" } : m)),
    );
    const error = await verifyCopy(mirror.model, full, silent).then(
      () => undefined,
      (e: Error) => e.message,
    );
    expect(error).toMatch(/^VERIFY_DIFFERENT: the copy differs from the origin in 2 partitions of 3/);
    expect(error).toContain(`${short}-0: 2 records of the origin are not on the target (origin offsets 8 to 9)`);
    expect(error).toContain(
      `${changed}-0: 1 record is on the target with other content (origin offset 2, target offset 2)`,
    );
    // One topic that differs is no reason to give up the others.
    expect(error!.split("fix: ")[1]).toMatch(
      new RegExp(`^leave the topics that differ \\(${changed}, ${short}\\) out with mirror.topicsExcludePattern`),
    );
    const inTail = (await compare(mirror, tail)).differences.map((d) => [d.topic, d.kind]);
    expect(inTail).toContainEqual([short, "missing"]);
    expect(inTail).toContainEqual([twice, "duplicate"]);
  });

  it("include headers, keys, timestamps and order, even in the tail", async () => {
    const mirror = await FakeMirror.start(ports);
    const base = messages(6);
    const variants = {
      headers: base.map((m, i) => (i === 5 ? { ...m, headers: { h: "else" } } : m)),
      key: base.map((m, i) => (i === 5 ? { ...m, key: null } : m)),
      timestamp: base.map((m, i) => (i === 5 ? { ...m, timestamp: "1" } : m)),
      order: [
        ...base.slice(0, 4),
        { ...base[5]!, timestamp: String(START + 5) },
        { ...base[4]!, timestamp: String(START + 4) },
      ],
    };
    for (const [name, copy] of Object.entries(variants)) {
      const topic = await mirror.topic(name);
      await mirror.only("origin", topic, base);
      await mirror.only("target", topic, copy);
    }
    for (const options of [full, tail]) {
      const kinds = (await compare(mirror, options)).differences.map((d) => [d.topic.split("-").at(-1), d.kind]).sort();
      expect(kinds, options.mode).toEqual([
        ["headers", "changed"],
        ["key", "changed"],
        ["order", "order"],
        ["timestamp", "changed"],
      ]);
    }
  });

  it("include an absent topic and what retention took from either side", async () => {
    const mirror = await FakeMirror.start(ports);
    const absent = await mirror.topic("absent");
    await ports.target.deleteTopics([absent]);
    await mirror.only("origin", absent, messages(4));
    const cut = await mirror.topic("cut");
    await mirror.send(cut, messages(10));
    await deleteBelow(mirror.origin, cut, 6);
    const old = await mirror.topic("old", 1, { "retention.ms": "3600000" });
    const now = Date.now();
    await mirror.send(
      old,
      messages(10).map((m, i) => ({ ...m, timestamp: String(i < 5 ? now - 7_000_000 : now) })),
    );
    await deleteBelow(mirror.target, old, 5);
    const lost = await mirror.topic("lost");
    await mirror.send(
      lost,
      messages(10).map((m) => ({ ...m, timestamp: String(now) })),
    );
    await deleteBelow(mirror.target, lost, 5);
    const result = await compare(mirror, full);
    expect(result.equal).toBe(false);
    expect(result.differences.map((d) => [d.topic, d.kind, d.count]).sort()).toEqual(
      [
        [absent, "missing", 4],
        [cut, "kept longer", 6],
        [lost, "missing", 5],
        [old, "expired", 5],
      ].sort(),
    );
    expect(result.notes).toContain(`topic ${absent} is not on the target`);
    expect((await compare(mirror, tail)).differences.map((d) => d.topic)).toContain(absent);
  });
});

describe("a loss that only looks like retention", () => {
  it("is not excused: young records, a distant limit, extra records before the copy", async () => {
    const mirror = await FakeMirror.start(ports);
    const now = Date.now();
    const bounded = await mirror.topic("bounded", 1, { "retention.bytes": "1000000000", "retention.ms": "-1" });
    await mirror.send(bounded, messages(10));
    await deleteBelow(mirror.target, bounded, 5);
    const filled = await mirror.topic("filled", 1, {
      "retention.bytes": "10",
      "retention.ms": "-1",
      "segment.bytes": "1073741824",
    });
    await mirror.send(filled, messages(10));
    await deleteBelow(mirror.target, filled, 5);
    const backdated = await mirror.topic("backdated", 1, { "retention.ms": "3600000" });
    await mirror.send(
      backdated,
      messages(10).map((m, i) => ({ ...m, timestamp: String(i === 4 ? now - 7_000_000 : now) })),
    );
    await deleteBelow(mirror.target, backdated, 5);
    const foreign = await mirror.topic("foreign");
    await mirror.only("target", foreign, messages(3, 100));
    await mirror.send(foreign, messages(10));
    const never = await mirror.topic("never-written");
    await mirror.only("target", never, messages(2));
    const result = await compare(mirror, full);
    expect(result.equal).toBe(false);
    expect(result.differences.map((d) => [d.topic, d.kind, d.count]).sort()).toEqual(
      [
        [backdated, "missing", 5],
        [bounded, "missing", 5],
        [filled, "expired", 5],
        [foreign, "extra", 3],
        [never, "extra", 2],
      ].sort(),
    );
  });
});

describe("long runs", () => {
  it("continue where they were interrupted if nothing has moved", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kafka-migration-verify-"));
    try {
      const resumeFile = join(folder, "verified.jsonl");
      const mirror = await FakeMirror.start(ports);
      const topic = await mirror.topic("resumed", 3);
      for (const p of [0, 1, 2]) await mirror.send(topic, messages(5), 5, p);
      expect(await compare(mirror, { ...full, resumeFile })).toMatchObject({ resumed: 0, partitions: 3 });
      await mirror.send(topic, messages(1), 1, 2);
      const again = await compare(mirror, { ...full, resumeFile });
      expect(again).toMatchObject({ resumed: 2, equal: true, topics: [{ originRecords: 16, targetRecords: 16 }] });
      expect(await readFile(resumeFile, "utf8")).not.toContain("v0");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("continue in the middle of a partition", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kafka-migration-verify-"));
    try {
      const resumeFile = join(folder, "verified.jsonl");
      const mirror = await FakeMirror.start(ports);
      const topic = await mirror.topic("long");
      for (let sent = 0; sent < 105_000; sent += 15_000) await mirror.send(topic, messages(15_000, sent));
      const first = await compare(mirror, { ...full, resumeFile });
      expect(first).toMatchObject({ resumed: 0, equal: true });
      // As a run leaves it that is killed before any partition is done.
      const lines = (await readFile(resumeFile, "utf8")).split("\n").filter((line) => !line.includes('"result"'));
      await writeFile(resumeFile, lines.join("\n"));
      const again = await compare(mirror, { ...full, resumeFile });
      expect(again).toMatchObject({
        resumed: 0,
        equal: true,
        topics: [{ originRecords: 105_000, targetRecords: 105_000 }],
      });
      for (const side of ["origin", "target"] as const) expect(again.bytes[side]).toBeLessThan(first.bytes[side] / 4);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("read no faster than verify.throttleBytesPerSecond from each cluster, and say so", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("limited", 3);
    for (let partition = 0; partition < 3; partition++)
      await mirror.send(
        topic,
        messages(60).map((m) => ({ ...m, value: `${m.value} `.padEnd(10_000) })),
        60,
        partition,
      );
    const limit = 600_000;
    const result = await compare(mirror, { ...full, throttleBytesPerSecond: limit });
    expect(result).toMatchObject({ equal: true, throttleBytesPerSecond: limit });
    expect(result.bytes.origin).toBeGreaterThan(1_700_000);
    // The last response is paid for after it was read.
    const paid = Math.max(result.bytes.origin, result.bytes.target) - limit;
    expect(result.durationMs).toBeGreaterThan((paid / limit) * 1000);
  });

  it("can be interrupted", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("stopped");
    await mirror.send(topic, messages(5));
    await expect(compareCopy(mirror.model, full, silent, AbortSignal.abort())).rejects.toThrow(/abort/i);
  });
});

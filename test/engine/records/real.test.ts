import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readLast, readRecords, scan, SequenceDigest, STOP } from "../../../engine/records";
import { application, deleteBelow, produce, transaction, withPorts } from "../kafka/support";

const ports = withPorts("port-records");
const open = async (name: string, configs: Record<string, string> = {}, partitions = 1) => {
  const topic = ports.topic(name);
  await ports.origin.createTopic(topic, { partitions, replicationFactor: 1, configs });
  return topic;
};
const texts = (records: { value: Buffer | null }[]) => records.map((r) => r.value?.toString());
const count = (n: number, from = 0) =>
  Array.from({ length: n }, (_, i) => ({ key: `k${from + i}`, value: `v${from + i}` }));

describe("reading from a broker", () => {
  it("returns what an application wrote, in every codec and any window", async () => {
    const app = application(ports.clusters.origin);
    for (const codec of ["gzip", "snappy", "lz4", "zstd", "uncompressed"]) {
      const topic = await open(codec, { "compression.type": codec });
      await produce(app, topic, [
        { key: null, value: "first", timestamp: "1234567890123", headers: { a: "1", b: "" } },
        { key: "k", value: null },
      ]);
      await produce(app, topic, count(500));
      const [first, second] = await readRecords(ports.origin, topic, 0, 0n, 2n);
      expect(first, codec).toEqual({
        offset: 0n,
        timestamp: 1234567890123n,
        key: null,
        value: Buffer.from("first"),
        headers: [
          { key: Buffer.from("a"), value: Buffer.from("1") },
          { key: Buffer.from("b"), value: Buffer.from("") },
        ],
      });
      expect(second).toMatchObject({ offset: 1n, key: Buffer.from("k"), value: null });
      expect(texts(await readRecords(ports.origin, topic, 0, 250n, 253n))).toEqual(["v248", "v249", "v250"]);
      expect(await readRecords(ports.origin, topic, 0, 0n, 502n, { limit: 7 })).toHaveLength(7);
    }
  });

  it("reads batches larger than their share of a response", async () => {
    const topic = await open("large", { "max.message.bytes": "8000000" }, 4);
    const values = [0, 1, 2, 3].map((partition) => ({ partition, value: randomBytes(3_000_000).toString("base64") }));
    for (const v of values)
      await produce(application(ports.clusters.origin), topic, [v, { partition: v.partition, value: "after" }]);
    const spans = values.map(({ partition }) => ({ topic, partition, from: 0n, to: 2n }));
    const last = await readLast(ports.origin, spans, 2, "read_committed");
    for (const v of values) expect(texts(last.get(`${topic}:${v.partition}`)!)).toEqual([v.value, "after"]);
    const seen: number[] = [];
    await scan(ports.origin, spans, {
      isolation: "read_committed",
      visit: (span, record) => void seen.push(span.partition, record.size),
    });
    expect(seen.filter((s) => s > 1_000_000)).toHaveLength(4);
  });

  it("leaves out aborted records and markers, and finds the last records before them", async () => {
    const app = application(ports.clusters.origin);
    const topic = await open("transactions");
    await produce(app, topic, count(5));
    await transaction(app, topic, ["c1", "c2"], "commit");
    for (let i = 0; i < 4; i++) await transaction(app, topic, [`a${i}`], "abort");
    const [end] = await ports.origin.listOffsets([{ topic, partition: 0 }], "latest");
    const span = { topic, partition: 0, from: 0n, to: end!.offset };
    await expect
      .poll(async () => (await ports.origin.listOffsets([span], "last-stable"))[0]!.offset, { timeout: 20_000 })
      .toBe(16n);
    const to = 16n;
    expect(texts(await readRecords(ports.origin, topic, 0, 0n, to, { isolation: "read_committed" }))).toEqual([
      "v0",
      "v1",
      "v2",
      "v3",
      "v4",
      "c1",
      "c2",
    ]);
    expect(texts(await readRecords(ports.origin, topic, 0, 0n, to))).toHaveLength(11);
    // From the middle of an aborted transaction's range, too.
    expect(texts(await readRecords(ports.origin, topic, 0, 9n, to, { isolation: "read_committed" }))).toEqual([]);
    expect(texts((await readLast(ports.origin, [{ ...span, to }], 3, "read_committed")).get(`${topic}:0`)!)).toEqual([
      "v4",
      "c1",
      "c2",
    ]);
    expect(texts((await readLast(ports.origin, [{ ...span, to }], 1, "read_uncommitted")).get(`${topic}:0`)!)).toEqual([
      "a3",
    ]);
  });

  it("scans many partitions in parallel, in order within each, and stops one on request", async () => {
    const topic = await open("many", {}, 20);
    const all = Array.from({ length: 20 }, (_, partition) => partition);
    for (let round = 0; round < 5; round++)
      await produce(
        application(ports.clusters.origin),
        topic,
        all.flatMap((partition) => count(100, round * 100).map((m) => ({ ...m, partition }))),
      );
    const spans = all.map((partition) => ({ topic, partition, from: 0n, to: 500n }));
    const last = new Map<number, number>();
    const done: number[] = [];
    const digests = new Map(all.map((p) => [p, new SequenceDigest(false)]));
    await scan(ports.origin, spans, {
      isolation: "read_committed",
      visit(span, record) {
        expect(record.offset).toBe((last.get(span.partition) ?? -1) + 1);
        last.set(span.partition, record.offset);
        digests.get(span.partition)!.add(record);
        return span.partition === 3 && record.offset === 120 ? STOP : undefined;
      },
      done: (span) => done.push(span.partition),
    });
    expect(done.sort((a, b) => a - b)).toEqual(all);
    expect(all.map((p) => last.get(p))).toEqual(all.map((p) => (p === 3 ? 120 : 499)));
    expect(new Set(all.filter((p) => p !== 3).map((p) => digests.get(p)!.hex())).size).toBe(1);
  });

  it("fails if the log start has moved past the requested offset", async () => {
    const topic = await open("gone");
    const app = application(ports.clusters.origin);
    await produce(app, topic, count(10));
    await deleteBelow(app, topic, 5);
    await expect(readRecords(ports.origin, topic, 0, 0n, 10n)).rejects.toThrow(
      new RegExp(`RECORDS_GONE: ${topic}-0 on the origin cluster no longer holds offset 0`),
    );
    await expect(
      scan(ports.origin, [{ topic, partition: 0, from: 0n, to: 10n }], {
        isolation: "read_committed",
        visit: () => {},
      }),
    ).rejects.toThrow(/RECORDS_GONE/);
  });
});

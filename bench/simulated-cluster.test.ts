import { afterEach, beforeEach, expect, it } from "vitest";
import { type CountingPort, openKafka } from "../engine/kafka/client";
import type { NewRecord } from "../engine/records/encode";
import { pickLast, readRecords } from "../engine/records/read";
import { SimulatedCluster, simulatedLog } from "./simulated-cluster";

const records = (from: number, to: number): NewRecord[] =>
  Array.from({ length: to - from }, (_, i) => ({
    key: Buffer.from(`k${from + i}`),
    value: Buffer.from(`v${from + i}`),
    timestamp: 1000 + i,
  }));

const plain = simulatedLog([records(0, 3), records(3, 5), records(5, 10)]);
const transaction = simulatedLog([records(0, 3)], true);
let cluster: SimulatedCluster;
let port: CountingPort;

beforeEach(async () => {
  const configs = { "cleanup.policy": "compact", "retention.ms": "-1" };
  const topics = new Map([
    ["t", { logs: [plain, transaction, plain], configs }],
    ["u", { logs: [plain], configs: {} }],
  ]);
  cluster = await SimulatedCluster.start(3, topics);
  port = await openKafka({ bootstrapServers: cluster.bootstrapServers }, "origin");
});
afterEach(async () => {
  await port.close();
  await cluster.stop();
});

const partitions = [0, 1, 2].map((partition) => ({ topic: "t", partition }));

it("shows its topics on all brokers, their ids and settings", async () => {
  expect(await port.listTopics()).toEqual(["t", "u"]);
  const [t, u] = await port.describeTopics(["t", "u", "unknown"]);
  expect(t!.partitions.map((p) => p.leader)).toEqual([1, 2, 3]);
  expect(new Set([t!.topicId, u!.topicId, ""]).size).toBe(3);
  const configs = await port.describeTopicConfigs(["t"], ["cleanup.policy"]);
  expect([...configs.get("t")!].map(([key, { value }]) => [key, value])).toEqual([["cleanup.policy", "compact"]]);
  expect((await port.describeTopicConfigs(["t"])).get("t")!.size).toBe(2);
});

it("returns the records of its logs, and no marker as a record", async () => {
  const ends = await port.listOffsets(partitions, "latest");
  expect(ends.map((e) => e.offset).sort()).toEqual([10n, 10n, 4n]);
  expect((await port.listOffsets(partitions, "earliest")).map((e) => e.offset)).toEqual([0n, 0n, 0n]);
  const values = async (partition: number, from: bigint, to: bigint) =>
    (await readRecords(port, "t", partition, from, to)).map((r) => r.value!.toString());
  expect(await values(0, 4n, 7n)).toEqual(["v4", "v5", "v6"]);
  expect(await values(1, 0n, 4n)).toEqual(["v0", "v1", "v2"]);
  const last = await pickLast(port, [{ topic: "t", partition: 1, from: 0n, to: 4n }], 1, "read_committed", (r) =>
    r.key()!.toString(),
  );
  expect(last.get("t:1")).toEqual(["k2"]);
});

it("keeps to the limits of a request as a broker does", async () => {
  const ask = async (offset: bigint, maxBytes: number) =>
    (await port.fetch([{ topic: "u", partition: 0, offset }], { maxBytes })).get("u:0")!;
  // The first batch is whole, whatever the limit is. A batch that does not fit after it is left out.
  const [first, second] = plain.batches;
  expect((await ask(0n, 1)).records).toEqual(first!.bytes);
  expect((await ask(0n, first!.bytes.length + 20)).records).toEqual(first!.bytes);
  expect((await ask(0n, first!.bytes.length + second!.bytes.length)).records).toEqual(
    Buffer.concat([first!.bytes, second!.bytes]),
  );
  expect(await ask(10n, 1000)).toMatchObject({ records: Buffer.alloc(0), highWatermark: 10n });
  expect(await ask(11n, 1000)).toMatchObject({ outOfRange: true });
});

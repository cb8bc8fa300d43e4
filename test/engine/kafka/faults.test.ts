import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootClusters, type RunningTestCluster } from "@kafka-migration/sandbox/testing";
import { openKafka, type CountingPort } from "../../../engine/kafka/client";
import { scan, SequenceDigest } from "../../../engine/records";
import { application, produce } from "./support";

/** Brokers that come and go; these clusters are nobody else's. */
let target: RunningTestCluster;
let stop: () => Promise<void> = async () => {};
let port: CountingPort;
const partitions = Array.from({ length: 12 }, (_, partition) => ({ topic: "moved", partition }));

beforeAll(async () => {
  const booted = await bootClusters();
  stop = () => booted.supervisor.stop();
  target = booted.target;
  port = await openKafka(target.connection, "target");
  await port.createTopic("moved", { partitions: 12, replicationFactor: 3 });
  await port.createTopic("single", { partitions: 3, replicationFactor: 1 });
  await produce(
    application(target),
    "moved",
    partitions.flatMap(({ partition }) =>
      Array.from({ length: 200 }, (_, i) => ({ partition, key: `${i}`, value: `v${i}` })),
    ),
  );
}, 300_000);

afterAll(async () => {
  await port?.close();
  await stop();
}, 120_000);

const digests = async () => {
  const ends = await port.listOffsets(partitions, "latest");
  const found = new Map<number, SequenceDigest>(partitions.map((p) => [p.partition, new SequenceDigest()]));
  await scan(
    port,
    ends.map((e) => ({ topic: e.topic, partition: e.partition, from: 0n, to: e.offset })),
    {
      isolation: "read_committed",
      visit: (span, record) => found.get(span.partition)!.add(record),
    },
  );
  return [...found.values()].map((d) => `${d.count} ${d.hex()}`);
};

describe("the port while a broker is down", () => {
  it("follows the leaders, names partitions without one, and recovers", async () => {
    const before = await digests();
    expect(before[0]).toMatch(/^200 /);
    await target.stopBroker(3);
    // The routes that were known lead to the stopped broker at first.
    expect(await digests()).toEqual(before);
    expect((await port.describeCluster()).brokers.map((b) => b.id)).toEqual([1, 2]);
    const [single] = await port.describeTopics(["single"]);
    const offline = single!.partitions.filter((p) => p.leader < 0);
    expect(offline.map((p) => p.replicas)).toEqual([[3]]);
    const started = Date.now();
    const asked = { topic: "single", partition: offline[0]!.partition };
    await expect(port.listOffsets([asked], "latest")).rejects.toThrow(
      `KAFKA_NOT_AVAILABLE: list offsets of single-${asked.partition} on the target cluster: LEADER_NOT_AVAILABLE`,
    );
    expect(Date.now() - started).toBeLessThan(40_000);
    await target.startBroker(3);
    expect(await port.listOffsets([asked], "latest")).toMatchObject([{ offset: 0n }]);
    expect(await digests()).toEqual(before);
  }, 240_000);
});

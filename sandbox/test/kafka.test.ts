import { Kafka, logLevel } from "kafkajs";
import { afterAll, describe, expect, it } from "vitest";
import { createScramUser, deleteScramUser } from "../kafka";
import type { ClusterConnection } from "../kafka/types";
import { brokersOf, withBroker } from "../kafka/wire";
import { uniqueName, withClusters } from "../testing/clusters";

const clusters = withClusters();

const client = (
  connection: ClusterConnection,
  username = connection.sasl.username,
  password = connection.sasl.password,
): Kafka =>
  new Kafka({
    brokers: connection.bootstrapServers.split(","),
    ssl: { ca: [connection.tls.ca] },
    sasl: { mechanism: "scram-sha-512", username, password },
    logLevel: logLevel.NOTHING,
    retry: { retries: 2 },
  });

const topics: { connection: () => ClusterConnection; topic: string }[] = [];
afterAll(async () => {
  for (const { connection, topic } of topics) {
    const admin = client(connection()).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  }
});

describe("a cluster of the sandbox", () => {
  it("has one broker (origin), or three brokers in three racks (target)", async () => {
    const racks = async (connection: ClusterConnection): Promise<[number, string | null | undefined][]> =>
      withBroker(connection, brokersOf(connection.bootstrapServers)[0]!, async (link, library) => {
        const answer = await library.describeClusterV0.api.async(link, false, 1);
        return answer.brokers
          .map((broker): [number, string | null | undefined] => [broker.brokerId, broker.rack])
          .sort((a, b) => a[0] - b[0]);
      });
    expect(await racks(clusters.origin.connection)).toEqual([[1, null]]);
    expect(await racks(clusters.target.connection)).toEqual([
      [1, "rack-1"],
      [2, "rack-2"],
      [3, "rack-3"],
    ]);
  });

  it("keeps an application's records, and is trusted only with its own CA", async () => {
    const topic = uniqueName("sandbox-kept");
    topics.push({ connection: () => clusters.target.connection, topic });
    const kafka = client(clusters.target.connection);
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 3 }], waitForLeaders: true });
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({
      topic,
      acks: -1,
      messages: Array.from({ length: 30 }, (_, i) => ({ key: `${i}`, value: `record ${i}` })),
    });
    await producer.disconnect();
    const offsets = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    expect(offsets.reduce((sum, partition) => sum + Number(partition.high), 0)).toBe(30);

    const other = { ...clusters.target.connection, tls: { ca: clusters.origin.ca } };
    await expect(client(other).admin().connect()).rejects.toThrow(/certificate|signature|verif/i);
  });

  it("refuses a wrong password, and shows nothing to a user without ACLs", async () => {
    const name = uniqueName("sandbox-user");
    await createScramUser(clusters.target, name, 'pass "word" \\ ü');
    await expect(client(clusters.target.connection, name, "wrong").admin().connect()).rejects.toThrow(
      /authentication/i,
    );
    const admin = client(clusters.target.connection, name, 'pass "word" \\ ü').admin();
    await admin.connect();
    expect(await admin.listTopics()).toEqual([]);
    await expect(admin.createTopics({ topics: [{ topic: `${name}-topic` }] })).rejects.toMatchObject({
      errors: [{ type: "TOPIC_AUTHORIZATION_FAILED" }],
    });
    await admin.disconnect();
    await deleteScramUser(clusters.target, name);
    await expect(client(clusters.target.connection, name, 'pass "word" \\ ü').admin().connect()).rejects.toThrow(
      /authentication/i,
    );
    await deleteScramUser(clusters.target, name);
  });
});

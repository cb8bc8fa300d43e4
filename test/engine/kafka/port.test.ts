import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { createScramUser, deleteScramUser, setManyQuotas } from "@kafka-migration/sandbox/kafka";
import { uniqueName } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../../engine";
import { ERROR_NAMES } from "../../../engine/kafka/error-codes";
import type { Acl } from "../../../engine/kafka/port";
import type { Connection } from "../../../engine/model";
import { application, produce, transaction, withPorts } from "./support";
import { kafkaReader } from "../../../engine/offsets/log-reader";

const ports = withPorts("port");
const users: string[] = [];
const groups: string[] = [];

afterAll(async () => {
  for (const user of users) await deleteScramUser(ports.clusters.target, user);
  await ports.target.deleteGroups(groups);
});

const eventually = async <T>(read: () => Promise<T>, right: (value: T) => boolean): Promise<T> => {
  for (const deadline = Date.now() + 20_000; ; await sleep(100)) {
    const value = await read();
    if (right(value) || Date.now() > deadline) return value;
  }
};

describe("the port", () => {
  it("reads brokers with racks, the cluster's id and its own rights", async () => {
    const cluster = await ports.target.describeCluster();
    expect(cluster.brokers.map((b) => [b.id, b.rack])).toEqual([
      [1, "rack-1"],
      [2, "rack-2"],
      [3, "rack-3"],
    ]);
    expect(cluster.clusterId).toBe(ports.clusters.target.clusterId);
    expect(cluster.authorizedOperations).toContain("Alter");
  });

  it("creates, describes, configures and deletes topics, and leaves out unknown ones", async () => {
    const topic = ports.topic("life");
    // A renaming policy can make a name that no topic can have.
    const unknown = ["port-no-such-topic", "x".repeat(250)];
    await ports.target.createTopic(topic, {
      partitions: 4,
      replicationFactor: 2,
      configs: { "retention.ms": "123456" },
    });
    const [found, ...rest] = await ports.target.describeTopics([topic, ...unknown]);
    expect(rest).toEqual([]);
    expect(found!.partitions.map((p) => [p.partition, p.replicas.length, p.isr.length])).toEqual(
      [0, 1, 2, 3].map((p) => [p, 2, 2]),
    );
    expect(found!.authorizedOperations).toContain("Write");
    expect(await ports.target.listTopics()).toContain(topic);
    const configs = await ports.target.describeTopicConfigs([topic, ...unknown]);
    expect([...configs.keys()]).toEqual([topic]);
    expect(configs.get(topic)!.get("retention.ms")).toEqual({
      value: "123456",
      source: "dynamic-topic",
      sensitive: false,
    });
    expect(configs.get(topic)!.get("cleanup.policy")).toMatchObject({ value: "delete", source: "default" });
    await ports.target.incrementalAlterConfigs([
      { resource: { type: "topic", name: topic }, set: { "retention.ms": null, "min.insync.replicas": "2" } },
    ]);
    const after = await eventually(
      () => ports.target.describeTopicConfigs([topic]),
      (c) => c.get(topic)!.get("min.insync.replicas")!.value === "2",
    );
    expect(after.get(topic)!.get("min.insync.replicas")!.value).toBe("2");
    expect(after.get(topic)!.get("retention.ms")!.source).not.toBe("dynamic-topic");
    await expect(ports.target.createTopic(topic, { partitions: 1, replicationFactor: 1 })).rejects.toThrow(
      /KAFKA_TOPIC_EXISTS/,
    );
    await expect(
      ports.target.createTopic(ports.topic("wide"), { partitions: 1, replicationFactor: 9 }),
    ).rejects.toThrow(/KAFKA_REFUSED: create topic .*INVALID_REPLICATION_FACTOR/);
    await ports.target.deleteTopics([topic]);
    expect(await ports.target.listTopics()).not.toContain(topic);
    // A second run finds nothing to do.
    await ports.target.deleteTopics([topic, ...unknown]);
  });

  it("reads a user's SCRAM mechanisms, and none for an unknown user", async () => {
    const user = uniqueName("scram");
    users.push(user);
    expect(await ports.target.scramMechanisms(user)).toEqual([]);
    await createScramUser(ports.clusters.target, user, "a password");
    expect(await ports.target.scramMechanisms(user)).toEqual(["SCRAM-SHA-512"]);
    const all = await ports.target.scramUsers();
    expect(all).toContainEqual({ name: user, mechanisms: ["SCRAM-SHA-512"] });
    expect(all!.map((u) => u.name)).toContain(ports.clusters.target.admin.username);
  });

  it("reads the quotas of users, client ids, IP addresses, their defaults and combinations", async () => {
    const name = uniqueName("quota");
    const quotas = [
      { entity: { user: name }, values: { producer_byte_rate: 1_048_576, consumer_byte_rate: 2 ** 40 } },
      { entity: { user: name, "client-id": name }, values: { request_percentage: 12.5 } },
      { entity: { user: name, "client-id": null }, values: { controller_mutation_rate: 3 } },
      { entity: { "client-id": name }, values: { consumer_byte_rate: 7_000_000 } },
      { entity: { "client-id": null }, values: { consumer_byte_rate: 9e12 } },
      { entity: { user: null }, values: { producer_byte_rate: 9e12 } },
      { entity: { ip: "127.0.0.9" }, values: { connection_creation_rate: 5 } },
      { entity: { ip: null }, values: { connection_creation_rate: 100_000 } },
    ];
    const cleared = quotas.map(({ entity, values }) => ({
      entity,
      values: Object.fromEntries(Object.keys(values).map((key) => [key, null])),
    }));
    const key = (entity: object) => JSON.stringify(Object.entries(entity).sort());
    const expected = new Map(
      quotas.map(({ entity: { "client-id": clientId, ...rest }, values }) => {
        return [key({ ...rest, ...(clientId === undefined ? {} : { clientId }) }), values] as const;
      }),
    );
    const read = async () => {
      const found = (await ports.target.clientQuotas())!.map(({ values, ...entity }) => [key(entity), values] as const);
      return new Map(found.filter(([entity]) => expected.has(entity)));
    };
    await setManyQuotas(ports.clusters.target, quotas);
    try {
      expect(await eventually(read, (found) => found.size === quotas.length)).toEqual(expected);
    } finally {
      await setManyQuotas(ports.clusters.target, cleared);
    }
    expect(await eventually(read, (found) => found.size === 0)).toEqual(new Map());
  });

  it("reads and changes brokers' settings", async () => {
    const configs = await ports.target.describeBrokerConfigs([1, 3]);
    expect([...configs.keys()]).toEqual([1, 3]);
    expect(configs.get(3)!.get("broker.rack")).toMatchObject({ value: "rack-3", source: "static-broker" });
    expect([...configs.get(1)!.values()].some((c) => c.sensitive && c.value === null)).toBe(true);
    const change = (value: string | null) =>
      ports.target.incrementalAlterConfigs([
        { resource: { type: "broker", name: "3" }, set: { "log.cleaner.delete.retention.ms": value } },
      ]);
    await change("77777777");
    const changed = await eventually(
      () => ports.target.describeBrokerConfigs([3]),
      (c) => c.get(3)!.get("log.cleaner.delete.retention.ms")!.value === "77777777",
    );
    expect(changed.get(3)!.get("log.cleaner.delete.retention.ms")).toMatchObject({
      value: "77777777",
      source: "dynamic-broker",
    });
    await change(null);
  });

  it("reads the principal's rights on topics and groups that do not exist", async () => {
    expect((await ports.target.topicOperations(["port-no-such-topic"])).get("port-no-such-topic")).toContain("Create");
    expect((await ports.target.groupOperations(["port-no-such-group"])).get("port-no-such-group")).toContain("Delete");
    const nobody = await as(await user(), "target");
    expect(await nobody.topicOperations(["port-no-such-topic"])).toEqual(new Map([["port-no-such-topic", null]]));
    expect(await nobody.groupOperations(["port-no-such-group"])).toEqual(new Map([["port-no-such-group", null]]));
    await nobody.close();
  });
});

describe("offsets and records", () => {
  it("reads log start, high watermark, last stable offset and offsets by time", async () => {
    const topic = ports.topic("offsets");
    await ports.target.createTopic(topic, { partitions: 3, replicationFactor: 1 });
    const app = application(ports.clusters.target);
    await produce(
      app,
      topic,
      [1000, 2000, 3000].map((timestamp) => ({ key: "k", value: "v", timestamp: String(timestamp) })),
    );
    const end = await transaction(app, topic, ["x", "y"], "open");
    const all = [0, 1, 2].map((partition) => ({ topic, partition }));
    const at = async (spec: Parameters<typeof ports.target.listOffsets>[1]) =>
      (await ports.target.listOffsets(all, spec))
        .sort((a, b) => a.partition - b.partition)
        .map((o) => Number(o.offset));
    expect(await at("earliest")).toEqual([0, 0, 0]);
    expect(await at("latest")).toEqual([5, 0, 0]);
    expect(await at("last-stable")).toEqual([3, 0, 0]);
    expect(await at(1500)).toEqual([1, -1, -1]);
    expect(await at(({ partition }) => (partition === 0 ? 2500 : 0))).toEqual([2, -1, -1]);
    // Several times in one partition, in as few requests: at 1500, at 2500 twice, and one in another partition.
    const before = ports.target.requestCount();
    const moments = [1500, 2500, 2500].map((timestamp) => ({ topic, partition: 0, timestamp }));
    expect(
      await kafkaReader(ports.target, "read_uncommitted").offsetsAt([
        ...moments,
        { topic, partition: 1, timestamp: 5 },
      ]),
    ).toEqual([1, 2, 2, undefined]);
    expect(ports.target.requestCount() - before).toBeLessThanOrEqual(3);
    expect((await ports.target.listOffsets([all[0]!], 1500))[0]!.timestamp).toBe(2000n);
    const fetched = await ports.target.fetch(
      all.map((p) => ({ ...p, offset: 0n })),
      { isolation: "read_committed" },
    );
    expect(fetched.get(`${topic}:0`)).toMatchObject({ highWatermark: 5n, lastStableOffset: 3n, logStartOffset: 0n });
    expect(fetched.get(`${topic}:1`)!.records).toHaveLength(0);
    await end();
    expect(
      await eventually(
        () => at("last-stable"),
        ([first]) => first === 6,
      ),
    ).toEqual([6, 0, 0]);
    expect((await ports.target.fetch([{ topic, partition: 0, offset: 99n }])).get(`${topic}:0`)!.outOfRange).toBe(true);
    expect((await ports.target.partitionSizes([topic])).get(`${topic}:0`)).toBeGreaterThan(100n);
    await expect(ports.target.listOffsets([{ topic, partition: 7 }], "latest")).rejects.toThrow(
      /KAFKA_UNKNOWN_TOPIC: list offsets of port-offsets.*-7 on the target/,
    );
  });

  it("sends one request per broker", async () => {
    const topic = ports.topic("batched");
    await ports.target.createTopic(topic, { partitions: 60, replicationFactor: 1 });
    const all = Array.from({ length: 60 }, (_, partition) => ({ topic, partition }));
    await ports.target.listOffsets(all, "latest");
    const before = ports.target.requestCount();
    expect(await ports.target.listOffsets(all, "latest")).toHaveLength(60);
    expect(ports.target.requestCount() - before).toBe(3);
    expect((await ports.target.fetch(all.map((p) => ({ ...p, offset: 0n })))).size).toBe(60);
    expect(ports.target.requestCount() - before).toBe(6);
  });
});

describe("consumer groups", () => {
  it("writes, reads and deletes offsets without joining", async () => {
    const topic = ports.topic("groups");
    await ports.target.createTopic(topic, { partitions: 2, replicationFactor: 1 });
    const names = Array.from({ length: 30 }, () => uniqueName("port-group"));
    groups.push(...names);
    await Promise.all(
      names.map((g, i) =>
        ports.target.alterGroupOffsets(g, [
          { topic, partition: 0, offset: BigInt(i), metadata: `m${i}` },
          { topic, partition: 1, offset: 7n, leaderEpoch: 0, metadata: "" },
        ]),
      ),
    );
    const read = await ports.target.groupOffsets([...names, "port-no-such-group"]);
    expect(read.get(names[4]!)!.sort((a, b) => a.partition - b.partition)).toEqual([
      { topic, partition: 0, offset: 4n, leaderEpoch: -1, metadata: "m4" },
      { topic, partition: 1, offset: 7n, leaderEpoch: 0, metadata: "" },
    ]);
    expect(read.get("port-no-such-group")).toEqual([]);
    expect((await ports.target.listGroups()).filter((g) => names.includes(g.groupId))).toHaveLength(30);
    const described = await ports.target.describeGroups([names[0]!, "port-no-such-group"]);
    expect(described.map((g) => [g.state, g.members.length])).toEqual([
      ["Empty", 0],
      ["Dead", 0],
    ]);
    await ports.target.deleteGroupOffsets(names[4]!, [{ topic, partition: 1 }]);
    expect((await ports.target.groupOffsets([names[4]!])).get(names[4]!)!.map((o) => o.partition)).toEqual([0]);
    await ports.target.deleteGroups([names[4]!, "port-no-such-group"]);
    expect((await ports.target.listGroups()).map((g) => g.groupId)).not.toContain(names[4]);
  });

  it("refuses to move a group with members", async () => {
    const topic = ports.topic("active");
    await ports.target.createTopic(topic, { partitions: 1, replicationFactor: 1 });
    const groupId = uniqueName("port-active");
    groups.push(groupId);
    const consumer = application(ports.clusters.target).consumer({ groupId });
    await consumer.connect();
    await consumer.subscribe({ topic });
    await consumer.run({ eachMessage: async () => {} });
    const [group] = await eventually(
      () => ports.target.describeGroups([groupId]),
      ([g]) => g!.state === "Stable",
    );
    expect(group).toMatchObject({ state: "Stable", type: "classic", protocolType: "consumer" });
    expect(group!.members).toHaveLength(1);
    expect(group!.members[0]!.clientHost).toContain("127.0.0.1");
    await expect(
      ports.target.alterGroupOffsets(groupId, [{ topic, partition: 0, offset: 0n, metadata: "" }]),
    ).rejects.toThrow(/KAFKA_GROUP_ACTIVE.*target cluster: it has members/);
    await expect(ports.target.deleteGroups([groupId])).rejects.toThrow(/KAFKA_GROUP_ACTIVE/);
    await consumer.disconnect();
  });
});

describe("replicas and ACLs", () => {
  it("moves replicas, cancels, elects leaders, and accepts repeated requests", async () => {
    const topic = ports.topic("moves");
    await ports.target.createTopic(topic, { partitions: 2, replicationFactor: 1 });
    const change = [0, 1].map((partition) => ({ topic, partition, replicas: [3, 1] }));
    await ports.target.alterReassignments(change);
    await ports.target.alterReassignments(change);
    const moved = await eventually(
      () => ports.target.describeTopics([topic]),
      ([t]) => t!.partitions.every((p) => p.isr.length === 2 && p.replicas.length === 2),
    );
    expect(moved[0]!.partitions.map((p) => p.replicas)).toEqual([
      [3, 1],
      [3, 1],
    ]);
    await eventually(
      () => ports.target.listReassignments(),
      (list) => !list.some((r) => r.topic === topic),
    );
    await ports.target.alterReassignments([{ topic, partition: 0, replicas: null }]);
    await ports.target.electPreferredLeaders([
      { topic, partition: 0 },
      { topic, partition: 1 },
    ]);
    const led = await eventually(
      () => ports.target.describeTopics([topic]),
      ([t]) => t!.partitions.every((p) => p.leader === 3),
    );
    expect(led[0]!.partitions.map((p) => p.leader)).toEqual([3, 3]);
    await expect(ports.target.alterReassignments([{ topic, partition: 0, replicas: [1, 99] }])).rejects.toThrow(
      /KAFKA_REFUSED: reassign replicas of .*INVALID_REPLICA_ASSIGNMENT/,
    );
  });

  it("creates, lists and deletes ACLs", async () => {
    const principal = `User:${uniqueName("port-user")}`;
    const acl = {
      resourceType: "topic",
      resourceName: "port-acl",
      patternType: "prefixed",
      principal,
      host: "*",
      operation: "DescribeConfigs",
      permission: "deny",
    } as const;
    await ports.target.createAcls([acl]);
    expect(
      await eventually(
        () => ports.target.describeAcls({ principal }),
        (a) => a.length === 1,
      ),
    ).toEqual([acl]);
    await ports.target.deleteAcls([acl]);
    expect(
      await eventually(
        () => ports.target.describeAcls({ principal }),
        (a) => a.length === 0,
      ),
    ).toEqual([]);
  });
});

describe("ACLs of every kind", () => {
  it("lists, creates and deletes ACLs of every resource type", async () => {
    const principal = `User:${uniqueName("port-kinds")}`;
    const acl = (resourceType: Acl["resourceType"], operation: string, resourceName = "port-kinds"): Acl => ({
      resourceType,
      resourceName,
      patternType: "literal",
      principal,
      host: "127.0.0.1",
      operation,
      permission: "allow",
    });
    const all = [
      acl("cluster", "IdempotentWrite", "kafka-cluster"),
      acl("delegationToken", "Describe"),
      acl("group", "Read"),
      acl("topic", "Read"),
      acl("transactionalId", "TwoPhaseCommit"),
      acl("user", "CreateTokens", "User:port-other"),
    ];
    const read = async () =>
      (await ports.target.describeAcls({ principal })).sort((a, b) => (a.resourceType < b.resourceType ? -1 : 1));
    await ports.target.createAcls(all);
    expect(await eventually(read, (found) => found.length === all.length)).toEqual(all);
    expect(await ports.target.describeAcls({ principal, resourceType: "user" })).toEqual([all[5]]);
    await ports.target.deleteAcls(all);
    expect(await eventually(read, (found) => found.length === 0)).toEqual([]);
  });
});

describe("errors of the port", () => {
  const fails = async (change: Partial<Connection>) => {
    const error = await openKafka({ ...ports.clusters.target.connection, ...change }, "target").then(
      () => undefined,
      (e: Error) => e,
    );
    return error?.message;
  };
  const sasl = () => ports.clusters.target.connection.sasl;

  it("report a wrong password without showing it", async () => {
    const password = "not-the-password-1";
    const message = await fails({ sasl: { ...sasl(), password } });
    expect(message).toMatch(
      /^KAFKA_AUTHENTICATION: the target cluster at 127.0.0.1:\d+ refused the credentials for user "admin" \(SCRAM-SHA-512\)/,
    );
    expect(message).not.toContain(password);
  });

  it("report a mechanism that the listener does not have", async () => {
    expect(await fails({ sasl: { ...sasl(), mechanism: "PLAIN" } })).toMatch(
      /KAFKA_AUTHENTICATION: .* does not accept SASL mechanism PLAIN/,
    );
    expect(await fails({ sasl: { mechanism: "OAUTHBEARER", token: "t" } })).toMatch(
      /KAFKA_AUTHENTICATION: .*OAUTHBEARER/,
    );
  });

  it("report unreachable, unknown and malformed addresses", async () => {
    expect(await fails({ bootstrapServers: "127.0.0.1:1" })).toMatch(
      /KAFKA_UNREACHABLE: cannot reach the target cluster at 127.0.0.1:1: .*ECONNREFUSED/,
    );
    expect(await fails({ bootstrapServers: "no-such-host.invalid:9092" })).toMatch(
      /KAFKA_UNREACHABLE: .*(ENOTFOUND|EAI_AGAIN)/,
    );
    expect(await fails({ bootstrapServers: "here,there:x" })).toMatch(
      /KAFKA_ADDRESS: target cluster: not a host:port address: here, there:x/,
    );
    expect(
      await fails({ bootstrapServers: ` 127.0.0.1:1 , ${ports.clusters.target.bootstrapServers}` }),
    ).toBeUndefined();
  });

  it("report a TLS problem: unknown authority, wrong name or missing TLS", async () => {
    expect(await fails({ tls: {} })).toMatch(/KAFKA_TLS: .*SELF_SIGNED_CERT_IN_CHAIN[^]*tls\.ca/);
    expect(await fails({ tls: { ca: ports.clusters.origin.ca } })).toMatch(/KAFKA_TLS/);
    expect(await fails({ tls: { ca: ports.clusters.target.ca, serverName: "other.example" } })).toMatch(
      /KAFKA_TLS: .*ERR_TLS_CERT_ALTNAME_INVALID[^]*tls\.serverName/,
    );
    expect(await fails({ tls: { ca: ports.clusters.target.ca, serverName: "localhost" } })).toBeUndefined();
    const started = Date.now();
    expect(await fails({ tls: undefined })).toMatch(/KAFKA_UNREACHABLE: .*does this listener require TLS\?/);
    expect(await fails({ sasl: undefined })).toMatch(/KAFKA_UNREACHABLE: .*does this listener require SASL\?/);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it("report missing privileges by resource", async () => {
    const topic = ports.topic("denied");
    await ports.target.createTopic(topic, { partitions: 1, replicationFactor: 1 });
    const nobody = await as(await user(), "target");
    await expect(nobody.describeTopics([topic])).rejects.toThrow(
      new RegExp(`KAFKA_UNAUTHORIZED: describe topic "${topic}" on the target cluster: TOPIC_AUTHORIZATION_FAILED`),
    );
    await expect(nobody.groupOffsets(["port-x"])).rejects.toThrow(
      /KAFKA_UNAUTHORIZED: read offsets of group "port-x" on the target/,
    );
    await expect(
      nobody.alterGroupOffsets("port-x", [{ topic, partition: 0, offset: 0n, metadata: "" }]),
    ).rejects.toThrow(/KAFKA_UNAUTHORIZED/);
    await expect(nobody.describeTopicConfigs([topic])).rejects.toThrow(/KAFKA_UNAUTHORIZED/);
    await expect(nobody.listReassignments()).rejects.toThrow(
      /KAFKA_UNAUTHORIZED: list reassignments on the target cluster: CLUSTER_AUTHORIZATION_FAILED/,
    );
    await expect(nobody.describeAcls()).rejects.toThrow(/KAFKA_UNAUTHORIZED/);
    await expect(nobody.deleteTopics([topic])).rejects.toThrow(/KAFKA_UNAUTHORIZED/);
    expect(await nobody.listTopics()).toEqual([]);
    expect(await nobody.partitionSizes([])).toEqual(new Map());
    await nobody.close();
  });

  it("use Kafka's names of the error codes", async () => {
    const { protocolErrorsCodesById } = await import("@platformatic/kafka");
    const independent = protocolErrorsCodesById as Record<string, string>;
    expect(ERROR_NAMES).toEqual(Object.fromEntries(Object.keys(ERROR_NAMES).map((code) => [code, independent[code]])));
  });
});

async function user(): Promise<{ username: string; password: string }> {
  const username = uniqueName("port-user");
  const password = uniqueName("password");
  users.push(username);
  await createScramUser(ports.clusters.target, username, password);
  return { username, password };
}

async function as(login: { username: string; password: string }, side: "origin" | "target") {
  const { connection } = ports.clusters[side];
  return openKafka({ ...connection, sasl: { mechanism: "SCRAM-SHA-512", ...login } }, side);
}

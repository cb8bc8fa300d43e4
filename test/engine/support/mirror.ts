import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CompressionTypes, Kafka, logLevel } from "kafkajs";
import { supervise, type Supervisor } from "@kafka-migration/sandbox";
import { type ConnectWorker, startConnectWorker } from "@kafka-migration/sandbox/kafka";
import type { TestCluster, TestClusters } from "@kafka-migration/sandbox/testing";
import { connectorNames } from "../../../engine/naming";
import type { MigrationModel, MirrorModel } from "../../../engine/model";
import { testMirror } from "../../support/models";

/** A migration of the topics and groups with this prefix; every name in it carries the prefix too. */
export function modelFor(clusters: TestClusters, prefix: string, mirror: Partial<MirrorModel> = {}): MigrationModel {
  return {
    origin: clusters.origin.connection,
    target: clusters.target.connection,
    mirror: testMirror({
      originAlias: `${prefix}-origin`,
      targetAlias: `${prefix}-target`,
      groupId: `${prefix}-connect`,
      offsetStorageTopic: `${prefix}-connect-offsets`,
      configStorageTopic: `${prefix}-connect-configs`,
      statusStorageTopic: `${prefix}-connect-status`,
      topicsPattern: `${prefix}-data.*`,
      groupsPattern: `${prefix}-group.*`,
      offsetFlushIntervalMs: 1_000,
      refreshTopicsIntervalSeconds: 2,
      ...mirror,
    }),
  };
}

export interface RunningMirror {
  worker: ConnectWorker;
  stop(): Promise<void>;
}

type Login = { username: string; password: string };

function client(cluster: TestCluster, login: Login): Record<string, string> {
  return {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.jaas.config":
      `org.apache.kafka.common.security.scram.ScramLoginModule required username="${login.username}" ` +
      `password="${login.password}";`,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": cluster.ca,
  };
}

const under = (prefix: string, config: Record<string, string>) =>
  Object.fromEntries(Object.entries(config).map(([k, v]) => [`${prefix}${k}`, v]));

const bytes = "org.apache.kafka.connect.converters.ByteArrayConverter";
const BYTES = { "key.converter": bytes, "value.converter": bytes, "header.converter": bytes };

/** Runs one Connect worker of this mirror. Several of them form one group. It has the connectors that its group has. */
export async function startWorker(
  clusters: TestClusters,
  { mirror }: Pick<MigrationModel, "mirror">,
  properties: Record<string, string> = {},
): Promise<RunningMirror> {
  const supervisor: Supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-mirror-")));
  try {
    const login = client(clusters.target, clusters.target.admin);
    const worker = await startConnectWorker({
      folder: join(supervisor.folder, "worker"),
      properties: {
        "bootstrap.servers": clusters.target.bootstrapServers,
        "group.id": mirror.groupId,
        "offset.storage.topic": mirror.offsetStorageTopic,
        "config.storage.topic": mirror.configStorageTopic,
        "status.storage.topic": mirror.statusStorageTopic,
        "offset.storage.replication.factor": "1",
        "config.storage.replication.factor": "1",
        "status.storage.replication.factor": "1",
        "offset.flush.interval.ms": String(mirror.offsetFlushIntervalMs),
        ...(mirror.exactlyOnce ? { "exactly.once.source.support": "enabled" } : {}),
        ...BYTES,
        ...login,
        ...under("admin.", login),
        ...under("producer.", login),
        ...under("consumer.", login),
        ...properties,
      },
    });
    return {
      worker,
      stop: async () => {
        await worker.stop();
        await supervisor.stop();
      },
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

function connector(clusters: TestClusters, mirror: MirrorModel): Record<string, string> {
  return {
    "source.cluster.alias": mirror.originAlias,
    "target.cluster.alias": mirror.targetAlias,
    "source.cluster.bootstrap.servers": clusters.origin.bootstrapServers,
    "target.cluster.bootstrap.servers": clusters.target.bootstrapServers,
    ...under("source.cluster.", client(clusters.origin, clusters.origin.admin)),
    ...under("target.cluster.", client(clusters.target, clusters.target.admin)),
    "replication.policy.class": mirror.policyClass,
    topics: mirror.topicsPattern,
    groups: mirror.groupsPattern,
    ...BYTES,
  };
}

/** Creates the source connector of this model, or gives it another configuration. */
export async function putSource(
  clusters: TestClusters,
  { mirror }: Pick<MigrationModel, "mirror">,
  worker: ConnectWorker,
  changes: Record<string, string> = {},
): Promise<void> {
  await put(worker, connectorNames(mirror).source, {
    ...connector(clusters, mirror),
    "connector.class": "org.apache.kafka.connect.mirror.MirrorSourceConnector",
    ...(mirror.topicsExcludePattern === undefined ? {} : { "topics.exclude": mirror.topicsExcludePattern }),
    ...(mirror.isolationLevel === "read_committed" ? { "consumer.isolation.level": "read_committed" } : {}),
    ...(mirror.exactlyOnce ? { "exactly.once.support": "required" } : {}),
    "offset-syncs.topic.location": mirror.offsetSyncsLocation,
    "replication.factor": String(mirror.replicationFactor),
    "offset-syncs.topic.replication.factor": "1",
    "refresh.topics.interval.seconds": String(mirror.refreshTopicsIntervalSeconds),
    "sync.topic.acls.enabled": "false",
    ...changes,
  });
}

/** Runs a real MirrorMaker 2 (a Connect worker with the source and the checkpoint connector) for this model. */
export async function startMirror(clusters: TestClusters, model: MigrationModel): Promise<RunningMirror> {
  const running = await startWorker(clusters, model);
  try {
    await putSource(clusters, model, running.worker);
    await put(running.worker, connectorNames(model.mirror).checkpoint, {
      ...connector(clusters, model.mirror),
      "connector.class": "org.apache.kafka.connect.mirror.MirrorCheckpointConnector",
      "checkpoints.topic.replication.factor": "1",
      "emit.checkpoints.interval.seconds": "1",
      "refresh.groups.interval.seconds": "1",
    });
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

export async function put(worker: ConnectWorker, name: string, config: Record<string, string>): Promise<void> {
  for (const until = Date.now() + 30_000; ; ) {
    const answer = await fetch(`${worker.restUrl}/connectors/${encodeURIComponent(name)}/config`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(config),
    });
    if (answer.ok) return;
    // 409: the worker is still joining its group.
    if (answer.status !== 409 || Date.now() > until)
      throw new Error(`connector ${name}: ${answer.status} ${await answer.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

interface Message {
  key?: Buffer | string | null;
  value: Buffer | string | null;
  partition?: number;
  timestamp?: number;
}

/** Writes records as an application would. */
export const produce = (
  cluster: TestCluster,
  topic: string,
  messages: Message[],
  compression?: CompressionTypes,
): Promise<void> => produceEach(cluster, topic, [messages], compression);

/** The same, with one request after the other: one batch of each for every partition. */
export async function produceEach(
  cluster: TestCluster,
  topic: string,
  requests: Message[][],
  compression?: CompressionTypes,
): Promise<void> {
  const { ca, admin, bootstrapServers } = cluster;
  const kafka = new Kafka({
    brokers: bootstrapServers.split(","),
    ssl: { ca },
    sasl: { mechanism: "scram-sha-512", ...admin },
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer();
  await producer.connect();
  try {
    for (const messages of requests)
      await producer.send({
        topic,
        ...(compression === undefined ? {} : { compression }),
        messages: messages.map(({ timestamp, ...m }) => ({
          ...m,
          ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
        })),
      });
  } finally {
    await producer.disconnect();
  }
}

/** Asks again until it is so. */
export async function eventually(what: string, so: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  for (const until = Date.now() + limitMs; !(await so()); ) {
    if (Date.now() > until) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** The topics, applications and groups that the benchmarks of a cutover use. */
import { join } from "node:path";
import {
  createScramUser,
  type ClusterConnection,
  type KafkaCluster,
  startKafkaCluster,
} from "@kafka-migration/sandbox/kafka";
import { applicationClient } from "@kafka-migration/sandbox/story";
import { runGate } from "../engine/gate";
import { type CountingPort, openKafka } from "../engine/kafka/client";
import type { MigrationModel, Profile } from "../engine/model";
import { silent } from "../engine/progress";
import { fullSpeed, inLanes, inWorkspace, progress, type Workspace } from "./common";
import { BenchMirror } from "./mirror";

export interface EstateSizes {
  /** Partitions of each topic. */
  partitions: number;
  /** Records of each partition before the benchmark begins. */
  records: number;
  groups: number;
}

const APPLICATION = { username: "bench-application", password: "bench-application-password" };
const VALUE_BYTES = 200;
const FIRST_COPY_LIMIT_MS = 10 * 60_000;

export interface Copied {
  origin: KafkaCluster;
  target: KafkaCluster;
  /** Of the origin. */
  port: CountingPort;
  model: MigrationModel;
  /** Copies all topics with the prefix. */
  mirror: BenchMirror;
  workspace: Workspace;
}

/** Runs the work on an estate that a real MirrorMaker 2 has copied once, from one broker to three, and still copies. */
export async function withCopy(
  { prefix, topics, sizes, profile }: { prefix: string; topics: string[]; sizes: EstateSizes; profile: Profile },
  work: (copied: Copied) => Promise<void>,
): Promise<void> {
  await inWorkspace(async (workspace) => {
    const start = (name: "origin" | "target", brokers: 1 | 3) =>
      startKafkaCluster({
        name,
        brokers,
        folder: join(workspace.folder, name),
        heap: "512m",
        jvmOptions: fullSpeed,
        parts: workspace.parts,
        progress,
      });
    const [origin, target] = await Promise.all([start("origin", 1), start("target", 3)]);
    const port = await openKafka(origin.connection, "origin");
    await makeApplication(origin, prefix);
    await makeTopics(origin, port, topics, sizes);
    await makeApplication(target, prefix);
    const mirror = await BenchMirror.start(workspace, {
      profile,
      origin,
      target,
      targetBootstrap: target.bootstrapServers,
      // Not the prefix itself: its storage topics must not look like topics to copy.
      name: prefix.replace(/^bench-/, ""),
      targetBrokers: 3,
    });
    try {
      await mirror.copy(`${prefix}-.*`, "1");
      const model = mirror.model(`${prefix}-.*`, "1");
      await runGate(model, { stableForMs: 0, limitMs: FIRST_COPY_LIMIT_MS }, silent);
      progress("the copy is complete for the first time");
      await work({ origin, target, port, model, mirror, workspace });
    } finally {
      await port.close();
      await mirror.stop();
    }
  });
}

/** The connection of the application that writes. An ACL cannot stop a super user, so it has its own login. */
export function asApplication({ connection }: KafkaCluster): ClusterConnection {
  return { ...connection, sasl: { ...connection.sasl, ...APPLICATION } };
}

/** Creates an application that may write to all topics with this prefix. */
async function makeApplication(cluster: KafkaCluster, prefix: string): Promise<void> {
  await createScramUser(cluster, APPLICATION.username, APPLICATION.password);
  const port = await openKafka(cluster.connection, "target");
  try {
    await port.createAcls([
      {
        resourceType: "topic",
        resourceName: prefix,
        patternType: "prefixed",
        principal: `User:${APPLICATION.username}`,
        host: "*",
        operation: "All",
        permission: "allow",
      },
    ]);
  } finally {
    await port.close();
  }
}

/** Makes the topics with records in them. */
export async function makeTopics(
  origin: KafkaCluster,
  port: CountingPort,
  topics: readonly string[],
  { partitions, records }: EstateSizes,
): Promise<void> {
  await inLanes(topics, 4, (topic) => port.createTopic(topic, { partitions, replicationFactor: 1 }));
  const producer = applicationClient(origin.connection, "bench").producer();
  await producer.connect();
  try {
    await inLanes(topics, 4, async (topic) => {
      const messages = Array.from({ length: records * partitions }, (_, i) => ({
        partition: i % partitions,
        key: `key-${i}`,
        value: `${topic} ${i} `.padEnd(VALUE_BYTES, "x"),
      }));
      await producer.send({ topic, messages });
    });
  } finally {
    await producer.disconnect();
  }
}

/** Commits the groups' offsets, as consumers that have read everything do. One group in ten stays behind. */
export async function commitGroups(
  port: CountingPort,
  name: string,
  topics: readonly string[],
  { partitions, groups }: EstateSizes,
): Promise<void> {
  const ends = await port.listOffsets(
    topics.flatMap((topic) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))),
    "latest",
  );
  const all = Array.from({ length: groups }, (_, i) => i);
  await inLanes(all, 16, async (i) => {
    const topic = topics[i % topics.length]!;
    const at = (end: bigint): bigint => (i % 10 === 0 ? end / 2n : end);
    const own = ends.filter((e) => e.topic === topic);
    await port.alterGroupOffsets(
      `${name}-${i}`,
      own.map((e) => ({ topic, partition: e.partition, offset: at(e.offset), metadata: "" })),
    );
  });
}

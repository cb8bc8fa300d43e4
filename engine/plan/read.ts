import { setTimeout as sleep } from "node:timers/promises";
import type { Clusters } from "../clusters";
import { isMigrationError } from "../errors";
import type { KafkaPort, TopicDescription } from "../kafka/port";
import { readOffsets } from "../log/bounds";
import { partitionKey, type TopicPartition } from "../log/partition";
import type { MirrorModel } from "../model";
import { targetTopicName } from "../naming";
import type { OffsetOptions } from "../offsets";
import type { Progress } from "../progress";
import type { ReplicationRule } from "../replication";
import { isHeartbeats, nothingSelected, selectTopics } from "../selection";
import { countText, durationText } from "../units";
import { type Age, readGroups } from "./groups";
import { Ends } from "./ends";
import { readFactors, readRetention, readTargetBytes } from "./settings";
import { readTransactions } from "./transactions";
import type { PlanFacts, TopicFacts } from "./types";

export interface ReadOptions {
  measureMs: number;
  idleMs: number;
  offsets: OffsetOptions;
  rules: readonly ReplicationRule[];
}

const BETWEEN_LINES_MS = 5_000;

/** Errors after which one part of the plan is unknown. After any other error there is no plan. */
const REFUSED = [
  "KAFKA_UNAUTHORIZED",
  "KAFKA_REFUSED",
  "KAFKA_UNSUPPORTED",
  "KAFKA_NOT_AVAILABLE",
  "KAFKA_UNKNOWN_TOPIC",
];

/** Reads part of the facts. If the brokers refuse it, notes that it is unknown. */
export type Optional = <T>(what: string, read: () => Promise<T>) => Promise<T | undefined>;

/**
 * Reads everything that a plan is made of. Changes nothing.
 * @returns the facts, and what could not be read
 * @throws MigrationError SELECTION_EMPTY if the patterns select nothing
 */
export async function readFacts(
  clusters: Clusters,
  mirror: MirrorModel,
  options: ReadOptions,
  progress: Progress,
  signal?: AbortSignal,
): Promise<{ facts: PlanFacts; unknown: string[] }> {
  const { origin, target } = clusters;
  const unknown: string[] = [];
  const optional: Optional = async (what, read) => {
    try {
      return await read();
    } catch (error) {
      if (!isMigrationError(error) || !REFUSED.includes(error.code)) throw error;
      unknown.push(`${what}: ${error.seen}`);
      return undefined;
    }
  };
  progress.info("plan: reading the topics of both clusters");
  const all = await origin.describeTopics();
  const allTopics = all.map((t) => t.name);
  // Every mirror copies heartbeats topics, whatever its patterns are.
  const names = new Set(selectTopics(allTopics, mirror).filter((topic) => !isHeartbeats(mirror, topic)));
  if (names.size === 0) throw nothingSelected(allTopics, mirror);
  const topics = all.filter((t) => names.has(t.name));
  const onTarget = await describeCopies(target, topics, mirror);

  const [here, there] = [new Ends(origin, topics), new Ends(target, [...onTarget.values()])];
  await Promise.all([here.first(), there.first()]);
  const startedAt = Date.now();
  // At the same time as the ends, because the average size of a record comes from both.
  const sizes = await optional("the sizes of the topics", () => origin.partitionSizes([...names]));
  progress.info(`plan: reading ${countText(here.partitions.length, "partition")}`);
  const ages = await readAges(origin, here, options.idleMs);
  const groups = await readGroups(origin, mirror, options.offsets, ages, options.idleMs, progress);
  const transactions = await optional("which producers write topics together", () =>
    readTransactions(origin, here.partitions, progress),
  );
  progress.info("plan: reading settings and disks");
  const retention = await optional("the retention of the topics", () => readRetention(origin, [...names]));
  const factors = await optional("the wanted replication", () => readFactors(clusters, mirror, topics, options.rules));
  const targetBytes = await optional("the sizes on the target", () => readTargetBytes(target, [...onTarget.values()]));
  const disks = await optional("the disks of the target", () => target.diskSpace());
  const targetBrokers = (await target.describeCluster()).brokers.map((b) => b.id);

  await waitWith(progress, startedAt + options.measureMs, signal);
  await optional("how much is written", () => Promise.all([here.second(), there.second()]));
  const quiet = here.partitions.filter((p) => !here.moved(p) && here.records(p) > 0);
  const newest = await optional("when the last records were written", () => newestByTopic(origin, quiet));

  const facts = topics.map((topic): TopicFacts => {
    const copy = onTarget.get(topic.name);
    const bytes = sumSizes(topic, sizes);
    const rate = here.perSecond(topic);
    const idle = isIdle(topic, here, ages);
    const lastRecordAt = here.movedIn(topic) ? Date.now() : newest?.get(topic.name);
    const factor = factors?.get(topic.name);
    return {
      name: topic.name,
      partitions: topic.partitions.length,
      records: here.recordsOf(topic),
      ...(bytes === undefined ? {} : { bytes }),
      ...(rate === undefined ? {} : { recordsPerSecond: rate }),
      ...(lastRecordAt === undefined ? {} : { lastRecordAt }),
      ...(idle === undefined ? {} : { idle }),
      ...retention?.get(topic.name),
      ...(factor === undefined ? {} : { factor }),
      targetBytes: (copy && targetBytes?.get(copy.name)) ?? 0,
      ...(copy === undefined ? {} : copyOf(copy, there)),
    };
  });
  return {
    facts: {
      topics: facts,
      allTopics,
      ...groups,
      ...(transactions === undefined ? {} : { transactions }),
      targetBrokers,
      disks: disks ?? [],
      measuredMs: here.elapsedMs,
    },
    unknown,
  };
}

/** The topics' copies on the target, by the name on the origin. Their shape is that of the target. */
async function describeCopies(
  target: KafkaPort,
  topics: readonly TopicDescription[],
  mirror: MirrorModel,
): Promise<Map<string, TopicDescription>> {
  const there = new Map((await target.describeTopics()).map((t) => [t.name, t]));
  return new Map(
    topics.flatMap((t) => {
      const copy = there.get(targetTopicName(mirror, t.name));
      return copy === undefined ? [] : [[t.name, copy]];
    }),
  );
}

function copyOf(copy: TopicDescription, there: Ends): Partial<TopicFacts> {
  const rate = there.perSecond(copy);
  return {
    targetRecords: there.recordsOf(copy),
    ...(rate === undefined ? {} : { targetRecordsPerSecond: rate }),
  };
}

/** Where the records of the last `idleMs` begin. One request for each broker, also on old brokers. */
async function readAges(origin: KafkaPort, here: Ends, idleMs: number): Promise<Map<string, Age>> {
  const fresh = await readOffsets(origin, here.partitions, Date.now() - idleMs);
  return new Map(
    here.partitions.map((p) => {
      const key = partitionKey(p);
      const at = fresh.get(key) ?? -1n;
      return [key, { start: here.start(p), fresh: at >= 0n ? at : here.end(p) }];
    }),
  );
}

function isIdle(topic: TopicDescription, here: Ends, ages: ReadonlyMap<string, Age>): boolean | undefined {
  if (here.movedIn(topic)) return false;
  let known = true;
  for (const { partition } of topic.partitions) {
    const at = { topic: topic.name, partition };
    const age = ages.get(partitionKey(at));
    if (age === undefined) known = false;
    else if (age.fresh < here.end(at)) return false;
  }
  return known ? true : undefined;
}

function sumSizes(topic: TopicDescription, sizes: ReadonlyMap<string, bigint> | undefined): number | undefined {
  let sum = 0;
  for (const { partition } of topic.partitions) {
    const size = sizes?.get(partitionKey({ topic: topic.name, partition }));
    if (size === undefined) return undefined;
    sum += Number(size);
  }
  return sum;
}

async function newestByTopic(origin: KafkaPort, partitions: readonly TopicPartition[]): Promise<Map<string, number>> {
  const newest = new Map<string, number>();
  for (const { topic, timestamp } of await origin.newestRecords(partitions)) {
    const at = Number(timestamp);
    if (at > 0 && at > (newest.get(topic) ?? 0)) newest.set(topic, at);
  }
  return newest;
}

/** Waits until this time, ms since the epoch, and shows how long it still takes. */
async function waitWith(progress: Progress, until: number, signal: AbortSignal | undefined): Promise<void> {
  for (let left = until - Date.now(); left > 0; left = until - Date.now()) {
    progress.info(`plan: measuring how much is written, another ${durationText(left)}`);
    await sleep(Math.min(left, BETWEEN_LINES_MS), undefined, signal === undefined ? {} : { signal });
  }
}

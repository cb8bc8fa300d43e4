import type { Kafka } from "kafkajs";
import type { JavaTask } from "./java";
import type { Client, Goal, ReadTask } from "./types";

/** A topic whose records carry their number, counted for each partition on its own. */
export interface WitnessTopic {
  name: string;
  partitions: number;
  /** Records of each partition before the mirror runs. */
  records: number;
  codec: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  /** More than 0: compacted, with so many keys. */
  keys: number;
  /** Some records have no value; in a topic with keys they always do. */
  tombstones: boolean;
  /** Its broker stamps the records (LogAppendTime). */
  stamped: boolean;
  /** More than 0: written in transactions of so many records in each partition, some of them aborted. */
  each: number;
}

const topic = (name: string, more: Partial<WitnessTopic> = {}): WitnessTopic => ({
  name,
  partitions: 2,
  records: 200,
  codec: "none",
  keys: 0,
  tombstones: false,
  stamped: false,
  each: 0,
  ...more,
});

/** The topic that applications go on writing to while the mirror runs, while it is down, and on the target. */
export const LIVE = "clicks";
/** Its first records are deleted after the groups have read. */
export const TRIMMED = "audit";
export const COMPACTED = "prices";
export const BACKLOG = "backlog";

export const TOPICS: readonly WitnessTopic[] = [
  topic("plain"),
  topic("press.gzip", { codec: "gzip" }),
  topic("press.snappy", { codec: "snappy" }),
  topic("press.lz4", { codec: "lz4" }),
  topic("press.zstd", { codec: "zstd" }),
  topic("removals", { tombstones: true }),
  topic("stamped", { stamped: true, codec: "gzip" }),
  topic("payments", { each: 10, records: 150 }),
  topic(COMPACTED, { keys: 23, codec: "lz4" }),
  topic(TRIMMED, { records: 100 }),
  topic(LIVE, { records: 60 }),
  topic(BACKLOG, { partitions: 1, records: 20_000, codec: "zstd" }),
];

/** Records of each partition of the live topic that come while the mirror runs; more follow until the gate asks for silence. */
export const WHILE_MIRRORED = 20;
/** Numbers below this one are deleted. */
export const DELETED_BELOW = 50;
const LAGGING_AT = 50;
/** Records of each partition of the compacted topic that come while the mirror runs. */
const LATER = 50;

export const CLIENTS: readonly Client[] = ["kafkajs", "classic", "consumer"];

export async function createTopics(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const compacted = {
      "cleanup.policy": "compact",
      "segment.ms": "1000",
      "min.cleanable.dirty.ratio": "0.01",
      "max.compaction.lag.ms": "1000",
    };
    await admin.createTopics({
      waitForLeaders: true,
      topics: TOPICS.map((t) => ({
        topic: t.name,
        numPartitions: t.partitions,
        replicationFactor: 1,
        configEntries: Object.entries({
          ...(t.keys > 0 ? compacted : {}),
          ...(t.stamped ? { "message.timestamp.type": "LogAppendTime" } : {}),
        }).map(([name, value]) => ({ name, value })),
      })),
    });
  } finally {
    await admin.disconnect();
  }
}

/** Writes what is there before the mirror starts. */
export function firstRecords(): JavaTask[] {
  return TOPICS.flatMap((t): JavaTask[] => {
    if (t.each > 0) return [["transact", t.name, `${t.partitions}`, "0", `${t.each}`, `${t.records / t.each}`]];
    return each(t, 0, t.keys > 0 ? t.records - LATER : t.records);
  });
}

/** Writes the rest of the compacted topic: a broker cleans a segment only once there is a newer one. */
export function restOfCompacted(): JavaTask[] {
  const compacted = TOPICS.find((t) => t.name === COMPACTED)!;
  return each(compacted, compacted.records - LATER, LATER);
}

/** Writes to the live topic while the mirror runs. */
export function recordsWhileMirrored(): JavaTask[] {
  const live = TOPICS.find((t) => t.name === LIVE)!;
  return each(live, live.records, WHILE_MIRRORED);
}

function each(t: WitnessTopic, from: number, count: number): JavaTask[] {
  return Array.from({ length: t.partitions }, (_, p) => [
    "write",
    t.name,
    `${p}`,
    `${from}`,
    `${count}`,
    t.codec,
    t.tombstones ? "-1" : `${t.keys}`,
  ]);
}

/**
 * The numbers of the first `count` records of each partition that were committed; every partition of a topic has the same.
 * @param count default: all that are written before the mirror runs
 */
export function writtenTo(t: WitnessTopic, count = t.records): number[] {
  const transactions = t.records / t.each;
  const aborted = (n: number) => {
    const transaction = Math.floor(n / t.each);
    return t.each > 0 && (transaction % 3 === 2 || transaction === transactions - 1);
  };
  return Array.from({ length: count }, (_, n) => n).filter((n) => !aborted(n));
}

/** Those of the numbers whose records have no value, as the Java witness writes them. */
export function tombstonesOf(t: WitnessTopic, numbers: readonly number[]): number[] {
  return t.tombstones || t.keys > 0 ? numbers.filter((n) => n % 41 === 40) : [];
}

/** The last number of each key: compaction keeps it, as long as tombstones are kept. */
export function latestOfKeys(t: WitnessTopic): number[] {
  return Array.from({ length: t.records }, (_, n) => n).slice(-t.keys);
}

/**
 * The groups as they stand on the origin before the cutover: at the start, in the middle, at the end, without a commit on
 * some partitions, and with a large lag.
 */
export function groupsOf(client: Client): ReadTask[] {
  const share = { kafkajs: 0.37, classic: 0.41, consumer: 0.63 }[client];
  const rest = TOPICS.filter((t) => t.name !== BACKLOG);
  const standing = (name: string, upTo: (t: WitnessTopic) => Goal["upTo"] | undefined, topics = rest): ReadTask => ({
    group: `${client}-${name}`,
    client,
    metadata: `${client}:${name}`,
    goals: topics.flatMap((t) =>
      Array.from({ length: t.partitions }, (_, partition) => partition).flatMap((partition): Goal[] => {
        const goal = upTo(t);
        return goal === undefined || (name === "partial" && partition > 0)
          ? []
          : [{ topic: t.name, partition, upTo: goal }];
      }),
    ),
  });
  return [
    standing("start", () => -1),
    standing("middle", (t) => Math.floor(t.records * share)),
    // kafkajs commits the place after the last record; Kafka's client its position, which is after the marker.
    standing("end", (t) => (client === "kafkajs" ? lastBefore(t) : "end")),
    standing("partial", (t) => Math.floor(t.records * 0.7)),
    standing(
      "lagging",
      () => LAGGING_AT,
      TOPICS.filter((t) => t.name === BACKLOG),
    ),
  ];
}

/** The last number that is there when the groups read on the origin. */
function lastBefore(t: WitnessTopic): number {
  return t.name === LIVE ? t.records + WHILE_MIRRORED - 1 : writtenTo(t).at(-1)!;
}

/** The same group later: it reads everything from where it stands. */
export function resumed(task: ReadTask): ReadTask {
  const topics = new Set(task.goals.map((g) => g.topic));
  const goals = TOPICS.filter((t) => topics.has(t.name)).flatMap((t) =>
    Array.from({ length: t.partitions }, (_, partition): Goal => ({ topic: t.name, partition, upTo: "end" })),
  );
  return { group: task.group, client: task.client, goals };
}

/** A reader of the whole log that is no application's group. */
export function wholeLog(): ReadTask {
  const goals = TOPICS.flatMap((t) =>
    Array.from({ length: t.partitions }, (_, partition): Goal => ({ topic: t.name, partition, upTo: "end" })),
  );
  return { group: "console-consumer-witness", client: "classic", goals };
}

import type { Kafka } from "kafkajs";
import type { JavaTask } from "./java";
import type { Client, Goal, ReadTask } from "./types";

/** A topic whose records carry their number. Each partition counts separately. */
export interface WitnessTopic {
  name: string;
  partitions: number;
  /** Number of records per partition before the mirror runs. */
  records: number;
  codec: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  /** If greater than 0, the topic is compacted and has this many keys. */
  keys: number;
  /** True: some records have no value. A topic with keys always has such records. */
  tombstones: boolean;
  /** True: the broker sets the timestamps of the records (LogAppendTime). */
  stamped: boolean;
  /**
   * If greater than 0, the records are written in transactions of this many records per partition. Some transactions
   * are aborted.
   */
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

/** The topic to which applications keep writing while the mirror runs, while it is down, and on the target. */
export const LIVE = "clicks";
/** The first records of this topic are deleted after the groups have read. */
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

/**
 * Records per partition of the live topic that arrive while the mirror runs. More follow until the gate requires that
 * writing stops.
 */
export const WHILE_MIRRORED = 20;
/** Records with lower numbers are deleted. */
export const DELETED_BELOW = 50;
const LAGGING_AT = 50;
/** Records per partition of the compacted topic that arrive while the mirror runs. */
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

/** Tasks that write the records that exist before the mirror starts. */
export function firstRecords(): JavaTask[] {
  return TOPICS.flatMap((t): JavaTask[] => {
    if (t.each > 0) return [["transact", t.name, `${t.partitions}`, "0", `${t.each}`, `${t.records / t.each}`]];
    return each(t, 0, t.keys > 0 ? t.records - LATER : t.records);
  });
}

/** Tasks that write the rest of the compacted topic. A broker cleans a segment only when a newer one exists. */
export function restOfCompacted(): JavaTask[] {
  const compacted = TOPICS.find((t) => t.name === COMPACTED)!;
  return each(compacted, compacted.records - LATER, LATER);
}

/** Tasks that write to the live topic while the mirror runs. */
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
 * The committed numbers among the first `count` records of each partition. All partitions of a topic have the same
 * numbers.
 * @param count default: all records that are written before the mirror runs
 */
export function writtenTo(t: WitnessTopic, count = t.records): number[] {
  const transactions = t.records / t.each;
  const aborted = (n: number) => {
    const transaction = Math.floor(n / t.each);
    return t.each > 0 && (transaction % 3 === 2 || transaction === transactions - 1);
  };
  return Array.from({ length: count }, (_, n) => n).filter((n) => !aborted(n));
}

/** Those of the numbers whose records have no value. The Java witness uses the same rule. */
export function tombstonesOf(t: WitnessTopic, numbers: readonly number[]): number[] {
  return t.tombstones || t.keys > 0 ? numbers.filter((n) => n % 41 === 40) : [];
}

/** The last number of each key. Compaction keeps these records, as long as it keeps tombstones. */
export function latestOfKeys(t: WitnessTopic): number[] {
  return Array.from({ length: t.records }, (_, n) => n).slice(-t.keys);
}

/**
 * The groups before the cutover, as they are on the origin: at the start, in the middle, at the end, without a commit
 * on some partitions, and with a large lag.
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
    // kafkajs commits the offset after the last record. Kafka's own client commits its position, which is after the
    // marker.
    standing("end", (t) => (client === "kafkajs" ? lastBefore(t) : "end")),
    standing("partial", (t) => Math.floor(t.records * 0.7)),
    standing(
      "lagging",
      () => LAGGING_AT,
      TOPICS.filter((t) => t.name === BACKLOG),
    ),
  ];
}

/** The last number that exists when the groups read on the origin. */
function lastBefore(t: WitnessTopic): number {
  return t.name === LIVE ? t.records + WHILE_MIRRORED - 1 : writtenTo(t).at(-1)!;
}

/** The same group later: it reads everything from its current position. */
export function resumed(task: ReadTask): ReadTask {
  const topics = new Set(task.goals.map((g) => g.topic));
  const goals = TOPICS.filter((t) => topics.has(t.name)).flatMap((t) =>
    Array.from({ length: t.partitions }, (_, partition): Goal => ({ topic: t.name, partition, upTo: "end" })),
  );
  return { group: task.group, client: task.client, goals };
}

/** Reads the whole log. It is not a group of an application. */
export function wholeLog(): ReadTask {
  const goals = TOPICS.flatMap((t) =>
    Array.from({ length: t.partitions }, (_, partition): Goal => ({ topic: t.name, partition, upTo: "end" })),
  );
  return { group: "console-consumer-witness", client: "classic", goals };
}

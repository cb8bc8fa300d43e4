import { setTimeout as sleep } from "node:timers/promises";
import { type OpenKafka, withCluster } from "../clusters";
import type { KafkaPort, TopicPartition } from "../kafka/port";
import { readOffsets } from "../log/bounds";
import { partitionKey } from "../log/partition";
import type { MigrationModel, MirrorModel } from "../model";
import type { Progress } from "../progress";
import { countText, durationText, someOf } from "../units";
import { endsOf, movements, partitionsOf } from "./movement";
import { fencedTopics } from "./acls";
import type { Movement } from "./types";

/** A producer, as far as the brokers report it. */
export interface Writer {
  /** Decimal string. Producers without idempotence have no id and are not listed. */
  producerId: string;
  /** The transactional id, if the producer has one that this principal may see. */
  transactionalId?: string;
  /** ISO time of its last batch on any of the partitions. */
  lastWrite: string;
  partitions: string[];
}

export interface OpenTransactionAt {
  topic: string;
  partition: number;
  /** Last stable offset and high watermark, decimal strings. */
  stable: string;
  end: string;
}

export interface ProducerReport {
  /** Length of the observation, ms. */
  windowMs: number;
  /** True if no end offset changed and no transaction is open. */
  quiet: boolean;
  moving: Movement[];
  open: OpenTransactionAt[];
  /** Producers that wrote to those partitions in the window, or have an open transaction there. */
  writers: Writer[];
}

/**
 * Watches the migrated topics of the origin for `windowMs`. Reports end offsets that change, open transactions (the
 * last stable offset is behind the end), and their producers if the brokers report them (KIP-664).
 */
export async function observeProducers(
  model: MigrationModel,
  windowMs: number,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<ProducerReport> {
  return withCluster(model, "origin", (origin) => observeOn(origin, model.mirror, windowMs, progress, signal), open, {
    progress,
    signal,
  });
}

export async function observeOn(
  origin: KafkaPort,
  mirror: MirrorModel,
  windowMs: number,
  progress: Progress,
  signal?: AbortSignal,
): Promise<ProducerReport> {
  const topics = fencedTopics(await origin.listTopics(), mirror);
  const before = await endsOf(origin, topics);
  const watchedFrom = Date.now();
  await sleep(windowMs, undefined, signal === undefined ? {} : { signal });
  const [after, open] = [
    await endsOf(origin, topics),
    await openTransactions(origin, await partitionsOf(origin, topics)),
  ];
  const moving = movements(before, after);
  const writers = await writersOf(origin, moving, open, watchedFrom);
  const report: ProducerReport = { windowMs, quiet: moving.length === 0 && open.length === 0, moving, open, writers };
  tell(report, topics.length, progress);
  return report;
}

async function openTransactions(
  origin: KafkaPort,
  partitions: readonly TopicPartition[],
): Promise<OpenTransactionAt[]> {
  // Read the stable offset first. Otherwise a transaction that ends between the two reads would look open.
  const stable = await readOffsets(origin, partitions, "last-stable");
  const ends = await origin.listOffsets(
    partitions.filter((p) => stable.has(partitionKey(p))),
    "latest",
  );
  const suspects = ends.filter((o) => stable.get(partitionKey(o))! < o.offset);
  if (suspects.length === 0) return [];
  // Non-transactional writes between the reads move only the end. An open transaction keeps the stable offset at its
  // place.
  const again = await readOffsets(origin, suspects, "last-stable");
  return suspects.flatMap(({ topic, partition, offset: end }) => {
    const now = again.get(partitionKey({ topic, partition }))!;
    return now < end ? [{ topic, partition, stable: String(now), end: String(end) }] : [];
  });
}

async function writersOf(
  origin: KafkaPort,
  moving: readonly Movement[],
  open: readonly OpenTransactionAt[],
  watchedFrom: number,
): Promise<Writer[]> {
  const suspects = new Map(
    [...moving, ...open].map((p) => [partitionKey(p), { topic: p.topic, partition: p.partition }]),
  );
  if (suspects.size === 0) return [];
  const states = (await origin.activeProducers([...suspects.values()])) ?? [];
  const active = states.filter((s) => s.transactionStart >= 0n || Number(s.lastTimestamp) >= watchedFrom);
  const names = new Map(
    (await origin.transactionsOf([...new Set(active.map((s) => s.producerId))])).map((t) => [
      t.producerId,
      t.transactionalId,
    ]),
  );
  const writers = new Map<bigint, Writer>();
  for (const s of active) {
    const name = names.get(s.producerId);
    const at = new Date(Number(s.lastTimestamp)).toISOString();
    const writer = writers.get(s.producerId) ?? {
      producerId: String(s.producerId),
      ...(name === undefined ? {} : { transactionalId: name }),
      lastWrite: at,
      partitions: [],
    };
    writer.partitions.push(`${s.topic}-${s.partition}`);
    if (at > writer.lastWrite) writer.lastWrite = at;
    writers.set(s.producerId, writer);
  }
  return [...writers.values()];
}

function tell(report: ProducerReport, topics: number, progress: Progress): void {
  const window = durationText(report.windowMs);
  if (report.quiet) {
    progress.info(
      `producers: no writes to ${countText(topics, "topic")} of the origin in ${window}, and no open transactions`,
    );
    return;
  }
  if (report.moving.length > 0)
    progress.warn(
      `producers: still writing to ${someOf(
        report.moving.map((m) => `${m.topic}-${m.partition} (${m.from} -> ${m.to})`),
        10,
      )} in ${window}`,
    );
  if (report.open.length > 0)
    progress.warn(
      `producers: open transactions on ${someOf(
        report.open.map((o) => `${o.topic}-${o.partition} (stable ${o.stable}, end ${o.end})`),
        10,
      )}`,
    );
  for (const w of report.writers.slice(0, 10)) {
    progress.warn(
      "producers: " +
        `${w.transactionalId === undefined ? `producer ${w.producerId}` : `transactional id "${w.transactionalId}"`} ` +
        `wrote to ${someOf(w.partitions, 5)}, last at ${w.lastWrite}`,
    );
  }
}

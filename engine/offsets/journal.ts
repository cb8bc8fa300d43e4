import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { readWhole } from "../cleanup/read";
import { MigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import type { MirrorModel } from "../model";
import { offsetsJournalTopic } from "../naming";
import { requireSameTarget } from "./applied";
import type { AppliedOffsets } from "./types";

/**
 * A journal entry: the offsets that a cutover is about to write, and the offsets that were there before. It contains
 * only group names and offsets. The journal is a separate topic on the target, because that is the only place that a
 * killed `up` on a build machine does not lose.
 *
 * An entry is JSON text, compressed and split into chunks. Each chunk is one record with the key `run number count`.
 * The last complete entry counts. An incomplete one is from an `up` that was killed before it wrote its first offset.
 */
interface Entry {
  version: 1;
  groupId: string;
  applied: AppliedOffsets;
}

const CHUNK_BYTES = 250_000;
const KEY = /^([0-9a-f]{16}) (\d+) (\d+)$/;
const CONFIGS = { "cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1" };
const MOST_REPLICAS = 3;

/** Writes the entry and returns when all in-sync replicas have it. Creates the topic if it does not exist. */
export async function writeJournal(target: KafkaPort, mirror: MirrorModel, applied: AppliedOffsets): Promise<void> {
  const topic = offsetsJournalTopic(mirror);
  const entry: Entry = { version: 1, groupId: mirror.groupId, applied };
  const bytes = gzipSync(JSON.stringify(entry));
  const run = createHash("sha256").update(`${applied.at} ${process.pid} `).update(bytes).digest("hex").slice(0, 16);
  const count = Math.ceil(bytes.length / CHUNK_BYTES);
  const chunks = Array.from({ length: count }, (_, i) => ({
    key: Buffer.from(`${run} ${i} ${count}`),
    value: bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  }));
  if ((await target.describeTopics([topic])).length === 0) {
    const { brokers } = await target.describeCluster();
    await target.createTopic(topic, {
      partitions: 1,
      replicationFactor: Math.min(MOST_REPLICAS, brokers.length),
      configs: CONFIGS,
    });
  }
  await target.append(topic, chunks);
}

/**
 * Returns the last complete entry, or undefined if there is none.
 * @throws MigrationError OFFSETS_JOURNAL_UNREADABLE if the topic holds anything else; OFFSETS_OTHER_CLUSTER if the
 *   entry was written on another target
 */
export async function readJournal(target: KafkaPort, mirror: MirrorModel): Promise<AppliedOffsets | undefined> {
  const topic = offsetsJournalTopic(mirror);
  if ((await target.describeTopics([topic])).length === 0) return undefined;
  const open = new Map<string, Map<number, Buffer>>();
  let last: Buffer | undefined;
  await readWhole(target, topic, (key, value) => {
    const [, run, number, count] = KEY.exec(key?.toString("latin1") ?? "") ?? [];
    if (run === undefined || value === null)
      throw unreadable(topic, "it holds a record that is not a note of moved offsets");
    const chunks = open.get(run) ?? new Map<number, Buffer>();
    open.set(run, chunks.set(Number(number), value));
    if (chunks.size !== Number(count)) return;
    // A complete entry replaces everything before it.
    open.clear();
    last = Buffer.concat([...chunks].sort(([a], [b]) => a - b).map(([, chunk]) => chunk));
  });
  await requireWhole(target, topic, [...open.values()], last !== undefined);
  if (last === undefined) return undefined;
  const { groupId, applied } = entryOf(last, topic);
  if (groupId !== mirror.groupId) throw unreadable(topic, `it is of the mirror with group ${groupId}`);
  await requireSameTarget(target, applied);
  return applied;
}

/**
 * A killed `up` can only leave an entry without its end. If the beginning of an entry or of the log is missing, records
 * were deleted (DeleteRecords, retention) that existed when offsets were written.
 * @param cutOff chunks by their number, one map for each incomplete entry after the last complete one
 */
async function requireWhole(
  target: KafkaPort,
  topic: string,
  cutOff: readonly ReadonlyMap<number, Buffer>[],
  found: boolean,
): Promise<void> {
  const holes = cutOff.some((chunks) => [...chunks.keys()].some((number) => number >= chunks.size));
  if (holes) throw unreadable(topic, "a part of its last note is gone");
  if (found) return;
  const [start] = await target.listOffsets([{ topic, partition: 0 }], "earliest");
  if ((start?.offset ?? 0n) > 0n) throw unreadable(topic, `its records before offset ${start!.offset} were deleted`);
}

/**
 * Deletes the topic when it is no longer needed. Does nothing if it does not exist. A topic that cannot be read is
 * kept, and the errors of {@link readJournal} are thrown.
 */
export async function deleteJournal(target: KafkaPort, mirror: MirrorModel): Promise<void> {
  const topic = offsetsJournalTopic(mirror);
  if ((await target.describeTopics([topic])).length === 0) return;
  await readJournal(target, mirror);
  await target.deleteTopics([topic]);
}

function entryOf(bytes: Buffer, topic: string): Entry {
  try {
    const entry = JSON.parse(gunzipSync(bytes).toString("utf8")) as Partial<Entry>;
    if (entry.version === 1 && typeof entry.groupId === "string" && isApplied(entry.applied)) return entry as Entry;
  } catch {
    // The error is thrown below.
  }
  throw unreadable(topic, "its last note can't be read");
}

/** Returns true if the value has the form of the `AppliedOffsets` that an apply stores. */
export function isApplied(value: unknown): value is AppliedOffsets {
  const { version, at, groups } = (value ?? {}) as Partial<AppliedOffsets>;
  return version === 1 && typeof at === "string" && Array.isArray(groups) && groups.every(isGroup);
}

function isGroup(value: unknown): boolean {
  const { group, offsets } = (value ?? {}) as { group?: unknown; offsets?: unknown };
  return typeof group === "string" && Array.isArray(offsets) && offsets.every(isOffset);
}

function isOffset(value: unknown): boolean {
  const { topic, partition, offset, before } = (value ?? {}) as Record<
    "topic" | "partition" | "offset" | "before",
    unknown
  >;
  const isNumber = (text: unknown) => typeof text === "string" && /^\d+$/.test(text);
  const knowsBefore = before === undefined || isNumber((before as { offset?: unknown } | null)?.offset);
  return typeof topic === "string" && Number.isInteger(partition) && isNumber(offset) && knowsBefore;
}

function unreadable(topic: string, why: string): MigrationError {
  return new MigrationError(
    "OFFSETS_JOURNAL_UNREADABLE",
    `target topic ${topic} should say what the groups' offsets were before the cutover, but ${why}; it was kept`,
    {
      fix: `look at the topic (kafka-console-consumer --from-beginning --topic ${topic}) and at the groups' offsets on the target; when no offset has to be taken back, delete the topic by hand and run again`,
    },
  );
}

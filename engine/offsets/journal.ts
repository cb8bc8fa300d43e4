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
 * What a cutover is about to write, and what stood there before, in a topic of its own on the target: that is the one
 * place that a killed `up` on a build machine does not lose. Group names and offsets only.
 *
 * One entry is the JSON text, compressed, in chunks of one record each. Key: `run number count`. The last entry whose
 * chunks are all there counts. A cut-off entry belongs to an `up` that was killed before it wrote its first offset.
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

/** Keeps the entry: returns when all in-sync replicas have it. Makes the topic where it is absent. */
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
 * The last entry; undefined when there is none.
 * @throws MigrationError OFFSETS_JOURNAL_UNREADABLE when the topic holds anything else; OFFSETS_OTHER_CLUSTER
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
    // What came before it does not matter any more.
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
 * A kill leaves out the end of a note. A note without its beginning, or a log without its beginning, has lost records
 * that were there when offsets were written (DeleteRecords, retention).
 * @param cutOff chunks, by their number, of the notes after the last whole one
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

/** Deletes the topic once nothing needs it; absent is fine. What can't be read is kept: see {@link readJournal}. */
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
    // Said below.
  }
  throw unreadable(topic, "its last note can't be read");
}

/** Is this what an apply keeps? */
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

import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { readWhole } from "../cleanup/read";
import { isMigrationError, MigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import type { MirrorModel } from "../model";
import { offsetsJournalTopic } from "../naming";
import { waveOf } from "../parts";
import { inTurn } from "../side-by-side";
import { requireOrigin, requireSameTarget } from "./applied";
import type { AppliedOffsets } from "./types";

/**
 * A journal entry: the offsets that a cutover is about to write, and the offsets that were there before. It contains
 * only group names and offsets. The journal is a separate topic on the target, because that is the only place that a
 * killed `up` on a build machine does not lose.
 *
 * An entry is JSON text, compressed and split into chunks. Each chunk is one record with the key `run number count`, or
 * `run number count wave` for a wave. All waves share the topic. Each wave, and what is outside the waves, has its own
 * entries. The last complete entry counts. An incomplete one is from an `up` that was killed before it wrote its first
 * offset.
 */
interface Entry {
  version: 1;
  groupId: string;
  /** Null: the wave no longer needs its earlier entries. Other waves still need theirs, so the topic stays. */
  applied: AppliedOffsets | null;
}

const CHUNK_BYTES = 250_000;
const KEY = /^([0-9a-f]{16}) (\d+) (\d+)(?: (\S+))?$/;
const CONFIGS = { "cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1" };
const MOST_REPLICAS = 3;

/** What the topic holds about one wave, or about what is outside the waves. */
interface Notes {
  /** The last complete entry. */
  last?: Buffer;
  /** Chunks by their number, for each incomplete entry after the last complete one. */
  open: Map<string, Map<number, Buffer>>;
}

/** Notes of what is outside the waves, and of a migration without waves. */
const OUTSIDE = "";

const partOf = (mirror: MirrorModel): string => waveOf(mirror) ?? OUTSIDE;

/** Writes the entry and returns when all in-sync replicas have it. Creates the topic if it does not exist. */
export async function writeJournal(target: KafkaPort, mirror: MirrorModel, applied: AppliedOffsets): Promise<void> {
  const topic = offsetsJournalTopic(mirror);
  await inTurn(topic, async () => {
    if (!(await exists(target, topic))) {
      const { brokers } = await target.describeCluster();
      await target.createTopic(topic, {
        partitions: 1,
        replicationFactor: Math.min(MOST_REPLICAS, brokers.length),
        configs: CONFIGS,
      });
    }
    await append(target, topic, mirror, applied);
  });
}

const exists = async (target: KafkaPort, topic: string): Promise<boolean> =>
  (await target.describeTopics([topic])).length > 0;

async function append(
  target: KafkaPort,
  topic: string,
  mirror: MirrorModel,
  applied: AppliedOffsets | null,
): Promise<void> {
  const entry: Entry = { version: 1, groupId: mirror.groupId, applied };
  const bytes = gzipSync(JSON.stringify(entry));
  const part = partOf(mirror);
  const at = applied?.at ?? new Date().toISOString();
  const run = createHash("sha256").update(`${at} ${process.pid} ${part} `).update(bytes).digest("hex").slice(0, 16);
  const count = Math.ceil(bytes.length / CHUNK_BYTES);
  const chunks = Array.from({ length: count }, (_, i) => ({
    key: Buffer.from(`${run} ${i} ${count}${part === OUTSIDE ? "" : ` ${part}`}`),
    value: bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  }));
  await target.append(topic, chunks);
}

/**
 * Returns the origin's cluster id. Undefined if it cannot be found out: an origin may be gone by now. Called only if
 * there is an entry to compare it with.
 */
export type OriginId = () => Promise<string | undefined>;

/**
 * Returns the last complete entry of this part of the mirror, or undefined if there is none.
 * @throws MigrationError OFFSETS_JOURNAL_UNREADABLE if the topic holds anything else, or if only the right to read it
 *   is missing; OFFSETS_OTHER_CLUSTER if the entry was written on another target, or for another origin
 */
export async function readJournal(
  target: KafkaPort,
  mirror: MirrorModel,
  originId?: OriginId,
): Promise<AppliedOffsets | undefined> {
  const topic = offsetsJournalTopic(mirror);
  if (!(await exists(target, topic))) return undefined;
  return appliedIn(target, mirror, await readNotes(target, topic), originId);
}

/** All notes in the topic, by wave. */
async function readNotes(target: KafkaPort, topic: string): Promise<Map<string, Notes>> {
  try {
    return await notesIn(target, topic);
  } catch (error) {
    // The topic can be seen, so it is there. Without a right to see it, that is not known.
    if (!isMigrationError(error) || error.code !== "KAFKA_UNAUTHORIZED") throw error;
    throw unreadable(
      topic,
      `the migration's administrator may not read it (${error.seen})`,
      `grant the migration's administrator Create, Write, Read, Delete on topic ${topic} of the target (docs/acls.md), ` +
        "and run again",
    );
  }
}

async function notesIn(target: KafkaPort, topic: string): Promise<Map<string, Notes>> {
  const found = new Map<string, Notes>();
  await readWhole(target, topic, (key, value) => {
    const [, run, number, count, part = OUTSIDE] = KEY.exec(key?.toString("latin1") ?? "") ?? [];
    if (run === undefined || value === null || Number(number) >= Number(count))
      throw unreadable(topic, "it holds a record that is not a note of moved offsets");
    const notes = found.get(part) ?? { open: new Map<string, Map<number, Buffer>>() };
    found.set(part, notes);
    const chunks = notes.open.get(run) ?? new Map<number, Buffer>();
    notes.open.set(run, chunks.set(Number(number), value));
    if (chunks.size !== Number(count)) return;
    // A complete entry replaces everything before it.
    notes.open.clear();
    notes.last = Buffer.concat([...chunks].sort(([a], [b]) => a - b).map(([, chunk]) => chunk));
  });
  return found;
}

async function appliedIn(
  target: KafkaPort,
  mirror: MirrorModel,
  all: ReadonlyMap<string, Notes>,
  originId?: OriginId,
): Promise<AppliedOffsets | undefined> {
  const topic = offsetsJournalTopic(mirror);
  const { open, last } = all.get(partOf(mirror)) ?? { open: new Map<string, Map<number, Buffer>>() };
  await requireWhole(target, topic, [...open.values()], last !== undefined);
  if (last === undefined) return undefined;
  const { groupId, applied } = entryOf(last, topic);
  if (groupId !== mirror.groupId) throw unreadable(topic, `it is of the mirror with group ${groupId}`);
  if (applied === null) return undefined;
  await requireSameTarget(target, applied);
  // Two migrations with the same group have the same topic, one after the other.
  if (applied.clusters?.origin !== undefined) requireOrigin(applied, await originId?.(), topic);
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
  const start = await startOf(target, topic);
  if (start > 0n) throw unreadable(topic, `its records before offset ${start} were deleted`);
}

async function startOf(target: KafkaPort, topic: string): Promise<bigint> {
  const [start] = await target.listOffsets([{ topic, partition: 0 }], "earliest");
  return start?.offset ?? 0n;
}

/**
 * Forgets the notes of this part of the mirror. Deletes the topic if no other part needs it. Does nothing if it does
 * not exist. A topic that cannot be read is kept, and the errors of {@link readJournal} are thrown.
 */
export async function deleteJournal(target: KafkaPort, mirror: MirrorModel, originId?: OriginId): Promise<void> {
  const topic = offsetsJournalTopic(mirror);
  await inTurn(topic, async () => {
    const left = await leftIn(target, topic, mirror, originId);
    if (left === "topic") await target.deleteTopics([topic]);
    else if (left === "notes") await append(target, topic, mirror, null);
  });
}

/**
 * Returns true if {@link deleteJournal} has something to do. This may be a topic without a complete entry: the `up` was
 * killed before it wrote its first offset.
 * @throws MigrationError as {@link readJournal}
 */
export const isJournalLeft = async (target: KafkaPort, mirror: MirrorModel): Promise<boolean> =>
  (await leftIn(target, offsetsJournalTopic(mirror), mirror)) !== undefined;

/** What has to go when this part of the mirror no longer needs its notes. */
async function leftIn(
  target: KafkaPort,
  topic: string,
  mirror: MirrorModel,
  originId?: OriginId,
): Promise<"topic" | "notes" | undefined> {
  if (!(await exists(target, topic))) return undefined;
  const all = await readNotes(target, topic);
  const applied = await appliedIn(target, mirror, all, originId);
  const others = [...all].filter(([part, notes]) => part !== partOf(mirror) && isNeeded(notes));
  // Records that were deleted may have been notes of other waves, which still need them.
  const isWhole = mirror.scope === undefined || (await startOf(target, topic)) === 0n;
  if (others.length === 0 && isWhole) return "topic";
  return applied !== undefined || all.get(partOf(mirror))?.open.size ? "notes" : undefined;
}

/** False only if the part has said that it needs its notes no longer. */
function isNeeded({ last, open }: Notes): boolean {
  return last === undefined || open.size > 0 || parse(last)?.applied !== null;
}

function entryOf(bytes: Buffer, topic: string): Entry {
  const entry = parse(bytes);
  if (entry === undefined) throw unreadable(topic, "its last note can't be read");
  return entry;
}

function parse(bytes: Buffer): Entry | undefined {
  try {
    const entry = JSON.parse(gunzipSync(bytes).toString("utf8")) as Partial<Entry>;
    const known = entry.applied === null || isApplied(entry.applied);
    return entry.version === 1 && typeof entry.groupId === "string" && known ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
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

function unreadable(topic: string, why: string, way?: string): MigrationError {
  return new MigrationError(
    "OFFSETS_JOURNAL_UNREADABLE",
    `target topic ${topic} should say what the groups' offsets were before the cutover, but ${why}; it was kept`,
    {
      fix:
        way ??
        `look at the topic (kafka-console-consumer --from-beginning --topic ${topic}) and at the groups' offsets ` +
          "on the target; when no offset has to be taken back, delete the topic by hand and run again",
    },
  );
}

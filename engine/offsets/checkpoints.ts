import type { KafkaPort } from "../kafka/port";
import type { MirrorModel } from "../model";
import { internalTopics } from "../naming";
import { kafkaReader } from "./kafka-reader";

/** One entry of the checkpoints topic. */
export interface Checkpoint {
  group: string;
  /** As it is called on the target. */
  topic: string;
  partition: number;
  /** The offset that the group had committed on the origin when it was written. */
  upstream: bigint;
  /** Its translation. */
  downstream: bigint;
  metadata: string;
}

/** Latest checkpoint by group, then by `topic:partition`. */
export type Checkpoints = Map<string, Map<string, Checkpoint>>;

/** Reads the strings and integers of MirrorMaker 2's records: big-endian, strings with an int16 length. */
class Fields {
  private at = 0;
  constructor(private readonly bytes: Buffer) {}

  string(): string {
    const length = this.bytes.readInt16BE(this.at);
    const start = this.at + 2;
    if (length < 0 || start + length > this.bytes.length) throw new RangeError("a string ends after the record");
    this.at = start + length;
    return this.bytes.toString("utf8", start, this.at);
  }

  int16(): number {
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  int64(): bigint {
    this.at += 8;
    return this.bytes.readBigInt64BE(this.at - 8);
  }
}

/**
 * Decodes one record of the checkpoints topic (org.apache.kafka.connect.mirror.Checkpoint, version 0). A null value takes
 * the entry away.
 * @throws RangeError when the bytes are not a checkpoint.
 */
export function decodeCheckpoint(key: Buffer, value: Buffer | null): Checkpoint | Omit<Checkpoint, "upstream" | "downstream" | "metadata"> {
  const k = new Fields(key);
  const place = { group: k.string(), topic: k.string(), partition: k.int32() };
  if (value === null) return place;
  const v = new Fields(value);
  const version = v.int16();
  if (version !== 0) throw new RangeError(`a checkpoint of version ${version}; only version 0 is known`);
  return { ...place, upstream: v.int64(), downstream: v.int64(), metadata: v.string() };
}

/** What the checkpoints topic is called on the target. */
export function checkpointsTopic(mirror: MirrorModel): string {
  const topic = internalTopics(mirror).find((t) => t.kind === "checkpoints");
  return (topic as { name: string }).name;
}

/**
 * Reads the checkpoints topic from its start to its end, as RemoteClusterUtils.translateOffsets does, but to the end: that
 * one returns what it has when its time is up and does not say so.
 * @returns undefined when there is no such topic.
 */
export async function readCheckpoints(target: KafkaPort, mirror: MirrorModel, signal?: AbortSignal): Promise<Checkpoints | undefined> {
  const topic = checkpointsTopic(mirror);
  if ((await target.describeTopics([topic])).length === 0) return undefined;
  const partition = { topic, partition: 0 };
  const [start, end] = await Promise.all([target.listOffsets([partition], "earliest"), target.listOffsets([partition], "latest")]);
  const latest: Checkpoints = new Map();
  const reader = kafkaReader(target, mirror.exactlyOnce ? "read_committed" : "read_uncommitted");
  const stretch = { ...partition, from: Number(start[0]?.offset), to: Number(end[0]?.offset) };
  await reader.scan([{ ...stretch, see: (cursor) => remember(latest, cursor.key(), cursor.value()) }], signal);
  return latest;
}

function remember(latest: Checkpoints, key: Buffer | null, value: Buffer | null): void {
  if (key === null) return;
  const entry = decodeCheckpoint(key, value);
  const place = `${entry.topic}:${entry.partition}`;
  const group = latest.get(entry.group) ?? new Map<string, Checkpoint>();
  latest.set(entry.group, group);
  if ("downstream" in entry) group.set(place, entry);
  else group.delete(place);
}

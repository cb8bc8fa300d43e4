/**
 * Strict decoders for the records that MirrorMaker 2 writes into its own topics. They return undefined for anything
 * else. Formats: Checkpoint, OffsetSync and Heartbeat of connect-mirror-client and connect-mirror (Kafka 4.3). STRING
 * is an int16 length and UTF-8. All numbers are big-endian.
 */

export interface Checkpoint {
  group: string;
  /** The topic's name on the target. */
  topic: string;
  partition: number;
  upstream: bigint;
  downstream: bigint;
  metadata: string;
}

export interface OffsetSync {
  /** The topic's name on the origin. */
  topic: string;
  partition: number;
  upstream: bigint;
  downstream: bigint;
}

export interface Heartbeat {
  sourceAlias: string;
  targetAlias: string;
  timestamp: bigint;
}

class NotThis extends Error {}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads forward. Throws NotThis if the bytes cannot hold the requested field. */
class Cursor {
  private at = 0;
  constructor(private readonly bytes: Buffer) {}

  private take(length: number): Buffer {
    if (length < 0 || this.at + length > this.bytes.length) throw new NotThis();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  int16 = (): number => this.take(2).readInt16BE();
  int32 = (): number => this.take(4).readInt32BE();
  int64 = (): bigint => this.take(8).readBigInt64BE();

  string(): string {
    try {
      return utf8.decode(this.take(this.int16()));
    } catch {
      throw new NotThis();
    }
  }

  end(): void {
    if (this.at !== this.bytes.length) throw new NotThis();
  }
}

function strictly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotThis) return undefined;
    throw error;
  }
}

const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/;

function never(): never {
  throw new NotThis();
}

function demand(condition: boolean): void {
  if (!condition) throw new NotThis();
}

/** Reads the key only. A tombstone has nothing else. */
export function decodeCheckpointKey(key: Buffer): Pick<Checkpoint, "group" | "topic" | "partition"> | undefined {
  return strictly(() => {
    const k = new Cursor(key);
    const [group, topic, partition] = [k.string(), k.string(), k.int32()];
    k.end();
    demand(TOPIC_NAME.test(topic) && partition >= 0);
    return { group, topic, partition };
  });
}

export function decodeOffsetSyncKey(key: Buffer): Pick<OffsetSync, "topic" | "partition"> | undefined {
  return strictly(() => {
    const k = new Cursor(key);
    const [topic, partition] = [k.string(), k.int32()];
    k.end();
    demand(TOPIC_NAME.test(topic) && partition >= 0);
    return { topic, partition };
  });
}

export function decodeHeartbeatKey(key: Buffer): Pick<Heartbeat, "sourceAlias" | "targetAlias"> | undefined {
  return strictly(() => {
    const k = new Cursor(key);
    const [sourceAlias, targetAlias] = [k.string(), k.string()];
    k.end();
    return { sourceAlias, targetAlias };
  });
}

/** Key: group, topic STRING, partition int32. Value: version int16 = 0, upstream, downstream int64, metadata STRING. */
export function decodeCheckpoint(key: Buffer, value: Buffer): Checkpoint | undefined {
  return strictly(() => {
    const about = decodeCheckpointKey(key) ?? never();
    const v = new Cursor(value);
    demand(v.int16() === 0);
    const [upstream, downstream, metadata] = [v.int64(), v.int64(), v.string()];
    v.end();
    demand(upstream >= -1n && downstream >= -1n);
    return { ...about, upstream, downstream, metadata };
  });
}

/** Key: topic STRING, partition int32. Value: upstream, downstream int64, no version. */
export function decodeOffsetSync(key: Buffer, value: Buffer): OffsetSync | undefined {
  return strictly(() => {
    const about = decodeOffsetSyncKey(key) ?? never();
    const v = new Cursor(value);
    const [upstream, downstream] = [v.int64(), v.int64()];
    v.end();
    demand(upstream >= -1n && downstream >= -1n);
    return { ...about, upstream, downstream };
  });
}

/** Key: source alias, target alias STRING. Value: version int16 = 0, timestamp int64. */
export function decodeHeartbeat(key: Buffer, value: Buffer): Heartbeat | undefined {
  return strictly(() => {
    const about = decodeHeartbeatKey(key) ?? never();
    const v = new Cursor(value);
    demand(v.int16() === 0);
    const timestamp = v.int64();
    v.end();
    demand(timestamp > 0n);
    return { ...about, timestamp };
  });
}

/**
 * Keeps the last checkpoint of each group, topic and partition of the checkpoints topic. A null value removes the
 * checkpoint.
 */
export class LatestCheckpoints {
  private readonly latest = new Map<string, Checkpoint>();

  /** @returns false for a record that is not a checkpoint; such a record is ignored */
  add(key: Buffer | null, value: Buffer | null): boolean {
    if (key === null) return false;
    if (value === null) {
      this.latest.delete(key.toString("base64"));
      return decodeCheckpointKey(key) !== undefined;
    }
    const checkpoint = decodeCheckpoint(key, value);
    if (checkpoint !== undefined) this.latest.set(key.toString("base64"), checkpoint);
    return checkpoint !== undefined;
  }

  list(): Checkpoint[] {
    return [...this.latest.values()];
  }
}

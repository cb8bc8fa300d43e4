/**
 * What MirrorMaker 2 and Connect write into their own topics, read strictly: undefined for anything else. Kafka 4.3:
 * Checkpoint, OffsetSync and Heartbeat of connect-mirror-client and connect-mirror; KafkaConfigBackingStore and
 * KafkaStatusBackingStore of connect-runtime. STRING is int16 length and UTF-8, all numbers big-endian.
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

/** Reads forward; throws NotThis where the bytes can't be what is asked for. */
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

function demand(condition: boolean): void {
  if (!condition) throw new NotThis();
}

/** Key: group, topic STRING, partition int32. Value: version int16 = 0, upstream, downstream int64, metadata STRING. */
export function decodeCheckpoint(key: Buffer, value: Buffer): Checkpoint | undefined {
  return strictly(() => {
    const k = new Cursor(key);
    const [group, topic, partition] = [k.string(), k.string(), k.int32()];
    k.end();
    const v = new Cursor(value);
    demand(v.int16() === 0);
    const [upstream, downstream, metadata] = [v.int64(), v.int64(), v.string()];
    v.end();
    demand(TOPIC_NAME.test(topic) && partition >= 0 && upstream >= -1n && downstream >= -1n);
    return { group, topic, partition, upstream, downstream, metadata };
  });
}

/** Key: topic STRING, partition int32. Value: upstream, downstream int64, no version. */
export function decodeOffsetSync(key: Buffer, value: Buffer): OffsetSync | undefined {
  return strictly(() => {
    const k = new Cursor(key);
    const [topic, partition] = [k.string(), k.int32()];
    k.end();
    const v = new Cursor(value);
    const [upstream, downstream] = [v.int64(), v.int64()];
    v.end();
    demand(TOPIC_NAME.test(topic) && partition >= 0 && upstream >= -1n && downstream >= -1n);
    return { topic, partition, upstream, downstream };
  });
}

/** Key: source alias, target alias STRING. Value: version int16 = 0, timestamp int64. */
export function decodeHeartbeat(key: Buffer, value: Buffer): Heartbeat | undefined {
  return strictly(() => {
    const k = new Cursor(key);
    const [sourceAlias, targetAlias] = [k.string(), k.string()];
    k.end();
    const v = new Cursor(value);
    demand(v.int16() === 0);
    const timestamp = v.int64();
    v.end();
    demand(timestamp > 0n);
    return { sourceAlias, targetAlias, timestamp };
  });
}

/** What a record in one of Connect's storage topics belongs to. */
export interface ConnectEntry {
  /** Undefined: it concerns the whole Connect cluster (session keys, log levels). */
  connector?: string;
}

/** Key: `["<connector>", {...partition...}]`, value: an object or null, JSON without schemas. */
export function readOffsetEntry(key: Buffer, value: Buffer | null): ConnectEntry | undefined {
  const parsed = json(key);
  if (!Array.isArray(parsed) || parsed.length !== 2 || typeof parsed[0] !== "string" || !isObject(parsed[1])) return undefined;
  return value === null || isObject(json(value)) ? { connector: parsed[0] } : undefined;
}

const CONFIG_KEYS: { key: RegExp; fields: readonly string[] }[] = [
  { key: /^target-state-(.+)$/, fields: ["state"] },
  { key: /^connector-(.+)$/, fields: ["properties"] },
  { key: /^task-(.+)-\d+$/, fields: ["properties"] },
  { key: /^commit-(.+)$/, fields: ["tasks"] },
  { key: /^tasks-fencing-(.+)$/, fields: ["task-count"] },
  { key: /^restart-connector-(.+)$/, fields: ["only-failed", "include-tasks"] },
  { key: /^session-key$/, fields: ["key", "algorithm"] },
  { key: /^logger-cluster-.*$/, fields: ["level"] },
];

/** A record of the configs topic. Values hold credentials: they are looked at here and go nowhere. */
export function readConfigEntry(key: Buffer, value: Buffer | null): ConnectEntry | undefined {
  const name = text(key);
  for (const { key: form, fields } of CONFIG_KEYS) {
    const match = name === undefined ? null : form.exec(name);
    if (match === null) continue;
    return value === null || hasFields(json(value), fields) ? entry(match[1]) : undefined;
  }
  return undefined;
}

/** A record of the status topic. */
export function readStatusEntry(key: Buffer, value: Buffer | null): ConnectEntry | undefined {
  const name = text(key) ?? "";
  const state = /^status-connector-(.+)$/.exec(name) ?? /^status-task-(.+)-\d+$/.exec(name);
  if (state !== null) return value === null || hasFields(json(value), ["state", "worker_id"]) ? entry(state[1]) : undefined;
  const topic = /^status-topic-.+?:connector-(.+)$/.exec(name);
  if (topic !== null) return value === null || hasFields(json(value), ["topic"]) ? entry(topic[1]) : undefined;
  return undefined;
}

function entry(connector: string | undefined): ConnectEntry {
  return connector === undefined ? {} : { connector };
}

function text(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(text(bytes) ?? "") as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasFields(value: unknown, fields: readonly string[]): boolean {
  return isObject(value) && fields.every((field) => field in value);
}

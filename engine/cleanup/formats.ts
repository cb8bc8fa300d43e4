/**
 * Strict parsers for the records that Connect writes into its storage topics. They return undefined for anything else.
 * Formats: KafkaConfigBackingStore, KafkaStatusBackingStore and the offset store of connect-runtime (Kafka 4.3).
 */

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The owner of a record in one of Connect's storage topics. */
export interface ConnectEntry {
  /** Undefined: the record belongs to the whole Connect cluster (session keys, log levels). */
  connector?: string;
}

/** Key: `["<connector>", {...partition...}]`, value: an object or null, JSON without schemas. */
export function readOffsetEntry(key: Buffer, value: Buffer | null): ConnectEntry | undefined {
  const parsed = json(key);
  if (!Array.isArray(parsed) || parsed.length !== 2 || typeof parsed[0] !== "string" || !isObject(parsed[1]))
    return undefined;
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

/** Reads a record of the configs topic. Values contain credentials. They are checked here and never returned. */
export function readConfigEntry(key: Buffer, value: Buffer | null): ConnectEntry | undefined {
  const name = text(key);
  for (const { key: form, fields } of CONFIG_KEYS) {
    const match = name === undefined ? null : form.exec(name);
    if (match === null) continue;
    return value === null || hasFields(json(value), fields) ? entry(match[1]) : undefined;
  }
  return undefined;
}

/** Reads a record of the status topic. */
export function readStatusEntry(key: Buffer, value: Buffer | null): ConnectEntry | undefined {
  const name = text(key) ?? "";
  const state = /^status-connector-(.+)$/.exec(name) ?? /^status-task-(.+)-\d+$/.exec(name);
  if (state !== null)
    return value === null || hasFields(json(value), ["state", "worker_id"]) ? entry(state[1]) : undefined;
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

import { readConfigEntry, readOffsetEntry, readStatusEntry } from "../cleanup/formats";
import { decodeCheckpoint, decodeHeartbeat, decodeOffsetSync, type Heartbeat } from "../mirror-records";

/** What a compacted topic holds, as its first records show. */
export type Content =
  | { kind: "configs" | "offsets" | "status" | "schemas" }
  | { kind: "offset-syncs" | "checkpoints" }
  | { kind: "heartbeats"; beat: Heartbeat };

/** One record as raw bytes. */
export interface Sample {
  key: Buffer | null;
  value: Buffer | null;
}

/**
 * Recognizes the topics of services around Kafka by their records. All sampled records must have the format.
 * @returns undefined for anything else, and for a topic without records
 */
export function contentOf(topic: string, samples: readonly Sample[]): Content | undefined {
  const keyed = samples.filter((s): s is { key: Buffer; value: Buffer | null } => s.key !== null);
  if (keyed.length === 0 || keyed.length < samples.length) return undefined;
  const all = (fits: (key: Buffer, value: Buffer | null) => boolean) => keyed.every((s) => fits(s.key, s.value));
  if (all((key, value) => readConfigEntry(key, value) !== undefined)) return { kind: "configs" };
  if (all((key, value) => readStatusEntry(key, value) !== undefined)) return { kind: "status" };
  if (all((key, value) => readOffsetEntry(key, value) !== undefined)) return { kind: "offsets" };
  if (all(isSchemaEntry)) return { kind: "schemas" };
  // The formats of MirrorMaker 2 are short. Other binary records could fit by chance, so the names count, too.
  const valued = keyed.filter((s): s is { key: Buffer; value: Buffer } => s.value !== null);
  if (valued.length === 0) return undefined;
  const decoded = <T>(decode: (key: Buffer, value: Buffer) => T | undefined) => {
    const found = valued.map((s) => decode(s.key, s.value));
    return found.every((one) => one !== undefined) ? found : undefined;
  };
  if (/^mm2-offset-syncs.*internal$/.test(topic) && decoded(decodeOffsetSync)) return { kind: "offset-syncs" };
  if (/checkpoints.internal$/.test(topic) && decoded(decodeCheckpoint)) return { kind: "checkpoints" };
  const beat = /heartbeats$/.test(topic) ? decoded(decodeHeartbeat)?.at(-1) : undefined;
  return beat === undefined ? undefined : { kind: "heartbeats", beat };
}

/** Keys of Confluent's Schema Registry: `{"keytype":"SCHEMA","subject":"orders-value","version":1,"magic":1}`. */
function isSchemaEntry(key: Buffer): boolean {
  try {
    const parsed = JSON.parse(key.toString("utf8")) as { keytype?: unknown; magic?: unknown } | null;
    return typeof parsed?.keytype === "string" && typeof parsed.magic === "number";
  } catch {
    return false;
  }
}

/**
 * Storage of Apicurio Registry (2.x: `kafkasql-journal`, 1.x: `storage-topic` and `global-id-topic`) and of the one in
 * Event Streams (`eventstreams-apicurio-registry-kafkasql-topic`). By name: its keys are binary.
 */
export function isApicurio(topic: string): boolean {
  return /^kafkasql-(journal|snapshots)$|(^|-)apicurio-registry-(kafkasql|storage|global-id)-topic$/.test(topic);
}

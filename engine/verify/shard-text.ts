import { createHash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { parseJson } from "../plain";
import { isFault, type TopicResult } from "./types";
import type { ShardResult, ShardTopic } from "./shards";

/**
 * Longest short form, in bytes. Kubernetes keeps 4,096 bytes of a container's termination message
 * (`terminationMessagePath`).
 */
export const SHORT_BYTES = 3_999;

const FORMAT = "kafka-migration shard 1";
/** An unpacked result is at most this long. A larger one was not written by this package. */
const LARGEST = 256 * 1024 * 1024;

type Lists = Pick<ShardResult, "differences" | "remarks"> & { topics: Row[] };
/** Topic, target (0: the same name), partitions, of, compared, origin and target records, then the rest if not 0. */
type Row = (string | number)[];

interface Document extends Omit<ShardResult, keyof Lists> {
  format: string;
  lists?: Lists;
  /** `lists` as JSON, compressed (raw deflate) and in base64. */
  packed?: string;
  /** SHA-256 of the document without this field, in hex. */
  digest: string;
}

/** The result as text: what `readShard` reads. */
export function shardFile(result: ShardResult): string {
  return `${JSON.stringify(document(result, false))}\n`;
}

/**
 * The result in a few bytes, for a pod's termination message. First it leaves out differences, then remarks, then rows
 * of topics, those without differences first. Verdict and totals stay complete, so it can be merged.
 * @param limit largest number of bytes. Default: 3,999
 */
export function shortShard(result: ShardResult, limit = SHORT_BYTES): string {
  const rows = [...result.topics].sort((a, b) => weightOf(b) - weightOf(a));
  let text = "";
  for (const { topics, differences, remarks } of cuts(result)) {
    text = JSON.stringify(document(cut(result, rows, topics, differences, remarks), true));
    if (Buffer.byteLength(text) <= limit) return text;
  }
  return text;
}

/** How much a row has to say. */
function weightOf({ faulty, duplicates, oneSided = 0 }: TopicResult): number {
  return faulty > 0 ? 2 : duplicates + oneSided > 0 ? 1 : 0;
}

function* cuts({ topics, differences }: ShardResult): Iterable<{
  topics: number;
  differences: number;
  remarks: number;
}> {
  for (const some of [Infinity, 100, 20, 10, 5])
    if (some === Infinity || some < differences.length || some === 20)
      yield { topics: Infinity, differences: some, remarks: some };
  for (let rows = topics.length; rows > 0; rows = Math.floor(rows * 0.8))
    yield { topics: rows, differences: 5, remarks: 2 };
  for (const few of [5, 3, 2, 1, 0]) yield { topics: 0, differences: few, remarks: Math.min(few, 1) };
}

function cut(
  result: ShardResult,
  rows: readonly ShardTopic[],
  topics: number,
  differences: number,
  remarks: number,
): ShardResult {
  const kept = new Set(rows.slice(0, topics));
  const all = result.remarks;
  const some = {
    ...all,
    topics: all.topics.slice(0, remarks),
    recreated: all.recreated.slice(0, remarks),
    run: all.run.slice(0, remarks),
    unsure: all.unsure.map((one) => ({ ...one, named: one.named.slice(0, remarks) })),
  };
  const lost = (["topics", "recreated", "run"] as const).reduce((sum, of) => sum + all[of].length - some[of].length, 0);
  const before = result.cut ?? { topics: 0, remarks: 0 };
  const left = { topics: before.topics + rows.length - kept.size, remarks: before.remarks + lost };
  return {
    ...result,
    topics: result.topics.filter((topic) => kept.has(topic)),
    differences: result.differences.slice(0, differences),
    remarks: some,
    ...(left.topics + left.remarks === 0 ? {} : { cut: left }),
  };
}

function document({ topics, differences, remarks, ...head }: ShardResult, packed: boolean): Document {
  const lists: Lists = { topics: topics.map(rowOf), differences, remarks };
  const body = packed ? { packed: deflateRawSync(JSON.stringify(lists), { level: 9 }).toString("base64") } : { lists };
  const rest = { format: FORMAT, ...head, ...body };
  return { ...rest, digest: digestOf(rest) };
}

const digestOf = (rest: object): string => createHash("sha256").update(JSON.stringify(rest)).digest("hex");

function rowOf(t: ShardTopic): Row {
  const flags = (t.compacted ? 1 : 0) + (t.counted ? 2 : 0);
  const row: Row = [
    t.topic,
    t.target === t.topic ? 0 : t.target,
    t.partitions,
    t.of,
    rangesText(t.compared),
    t.originRecords,
    t.targetRecords,
    flags,
    t.duplicates,
    t.oneSided ?? 0,
    t.faulty,
  ];
  while (row.at(-1) === 0) row.pop();
  return row;
}

function topicOf(row: Row): ShardTopic {
  const number = (at: number): number => {
    const value = row[at] ?? 0;
    if (typeof value !== "number" || !Number.isFinite(value) || value < 0) throw new Error("a row of a topic");
    return value;
  };
  const [topic, target, , , compared] = row;
  if (typeof topic !== "string" || typeof compared !== "string") throw new Error("a row of a topic");
  const oneSided = number(9);
  return {
    topic,
    target: typeof target === "string" ? target : topic,
    partitions: number(2),
    compacted: (number(7) & 1) !== 0,
    originRecords: number(5),
    targetRecords: number(6),
    counted: (number(7) & 2) !== 0,
    duplicates: number(8),
    ...(oneSided === 0 ? {} : { oneSided }),
    faulty: number(10),
    of: number(3),
    compared: rangesOf(compared),
  };
}

/** `0-3,7`. */
function rangesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const n of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

function rangesOf(text: string): number[] {
  return text.split(",").flatMap((range) => {
    const [from, to = from] = range.split("-").map(Number);
    if (from === undefined || !(to! >= from && to! - from < 1e6)) throw new Error("a list of partitions");
    return Array.from({ length: to! - from + 1 }, (_, i) => from + i);
  });
}

/** True if the text begins like a result, whether or not it is complete or of this version. */
export const isShardText = (text: string): boolean => /^\uFEFF?\s*\{\s*"format":\s*"kafka-migration shard /.test(text);

/**
 * Reads a result in either form.
 * @returns a text that says why it cannot be used
 */
export function readShard(text: string): ShardResult | string {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch {
    return text.trim() === "" ? "it is empty" : "it is damaged or was not written completely";
  }
  if (
    typeof parsed !== "object" ||
    parsed === null ||
    !String((parsed as Partial<Document>).format).startsWith("kafka-migration shard ")
  )
    return "it is not a result of verify --shard";
  const { digest, ...rest } = parsed as Document;
  if (rest.format !== FORMAT)
    return `it was written by another version of this package (${rest.version ?? rest.format}): use one version for all`;
  if (digest !== digestOf(rest)) return "it is damaged: its checksum does not match";
  try {
    const { format: _format, lists, packed, ...head } = rest;
    const unpack = () => inflateRawSync(Buffer.from(packed!, "base64"), { maxOutputLength: LARGEST }).toString();
    const { topics, differences, remarks } = lists ?? (JSON.parse(unpack()) as Lists);
    const result = { ...head, topics: topics.map(topicOf), differences, remarks };
    return isConsistent(result) ? result : "it contradicts itself";
  } catch (error) {
    return `it is damaged: ${(error as Error).message}`;
  }
}

/** True if the totals of a result agree with its lists. */
function isConsistent({ shard, equal, found, faulty, differences, partitions, topics, cut }: ShardResult): boolean {
  const faults = differences.filter(isFault).length;
  const rows = topics.reduce((sum, { compared }) => sum + compared.length, 0);
  return (
    Number.isInteger(shard.index) &&
    shard.index >= 1 &&
    shard.index <= shard.of &&
    equal === (found.faults === 0) &&
    (faulty === 0) === (found.faults === 0) &&
    faults <= found.faults &&
    differences.length - faults <= found.others &&
    (cut === undefined || cut.topics === 0 ? rows === partitions : rows <= partitions)
  );
}

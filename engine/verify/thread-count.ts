import { partitionKey } from "../log/partition";
import { usableCores, usableMemory } from "./cores";
import type { Pair } from "./pairs";
import type { VerifyOptions } from "./types";

/** The default is at most this many. More read faster than most networks and brokers answer. */
export const DEFAULT_THREADS = 8;
/** A thread needs about 0.3 s to start, and then it connects. One thread compares as many bytes in about a second. */
const BYTES_PER_THREAD = 256 * 1024 * 1024;
/** Mode `sample` reads a small part of a partition, so a thread is worth it for so many times the bytes. */
const SAMPLED = 4;
/** Memory of a thread, and of the rest of the process, in a container with a limit. */
const MEMORY_PER_THREAD = 128 * 1024 * 1024;
/** One thread compares at least so many bytes per second of each cluster. */
const BYTES_PER_SECOND = 100 * 1024 * 1024;
/** Size of a record, if the brokers return no sizes. */
const RECORD_BYTES = 1024;

/** Bytes on disk of each partition. Key: `topic:partition`. */
export type Sizes = Record<"origin" | "target", ReadonlyMap<string, bigint>>;

/**
 * Bytes of a pair on both sides. An estimate from the number of offsets, if the brokers return no size or if only a
 * part of the partition is compared.
 */
export function bytesOfPair({ origin, target, begin }: Pair, sizes?: Sizes): number {
  const bytes = (side: "origin" | "target", range: Pair["origin"]) => {
    const size = begin === undefined ? sizes?.[side].get(partitionKey(range)) : undefined;
    return Number(size ?? (range.to - range.from) * BigInt(RECORD_BYTES));
  };
  return bytes("origin", origin) + bytes("target", target);
}

/**
 * Returns how many threads compare. By default one thread for each core, as far as there is enough to read and memory
 * for them. Mode `tail` reads little, so its default is one thread.
 * @param bytes expected number of bytes on both sides together
 */
export function threadCount(
  { mode, threads, throttleBytesPerSecond: limit }: VerifyOptions,
  bytes: number,
  cores = usableCores(),
  memory = usableMemory(),
): number {
  if (threads !== undefined) return threads;
  if (mode === "tail" || mode === "none") return 1;
  const most = [
    cores,
    DEFAULT_THREADS,
    bytes / BYTES_PER_THREAD / (mode === "sample" ? SAMPLED : 1),
    limit === undefined ? Infinity : Math.ceil(limit / BYTES_PER_SECOND),
    memory / MEMORY_PER_THREAD - 1,
  ];
  return Math.max(1, Math.floor(Math.min(...most)));
}

import { createHash } from "node:crypto";
import { partitionKey } from "../log/partition";
import { defined } from "../objects";
import type { Isolation } from "../records/read";
import { divide, type Shard } from "./divide";
import type { Pair, Pairs, TopicPair } from "./pairs";
import type { Remarks } from "./remarks";
import { resultOf, samplesOf } from "./result";
import {
  comparedBy,
  isFault,
  type PartitionResult,
  type TopicResult,
  type VerifyOptions,
  type VerifyResult,
} from "./types";

/** What a machine saw of both clusters when it started. All machines of one comparison must see the same. */
export interface Look {
  /** Cluster ids. */
  clusters: { origin: string; target: string };
  /** The wave. Absent: everything outside the waves, or there are none. */
  wave?: string;
  /** When the gate passed, ISO 8601. Absent: not known (a model file). */
  gatePassedAt?: string;
  /** How the mirror reads the origin. */
  isolation: Isolation;
  topics: number;
  /** Number of partitions of all machines. */
  partitions: number;
  /** Sums of the end offsets. They show people what changed. The digest decides. */
  ends: { origin: number; target: number };
  /** SHA-256 of the names, ids and end offsets of all topics on both sides, in hex. Log starts are not part of it. */
  digest: string;
}

/** The result of one topic on one machine. */
export interface ShardTopic extends TopicResult {
  /** Number of partitions of this topic that all machines together compare. */
  of: number;
  /** Numbers of the partitions that this machine compared, in the order of `Pairs`: ascending. */
  compared: number[];
}

/** What one machine found in its share of the partitions. */
export interface ShardResult {
  /** Version of the package that compared. */
  version: string;
  shard: Shard;
  look: Look;
  /** The options that decide what is compared, with their defaults. */
  options: VerifyOptions;
  /** True if this machine found no fault. */
  equal: boolean;
  /** Number of partitions that this machine compared. */
  partitions: number;
  /** Number of these partitions with a fault. */
  faulty: number;
  /** Number of differences, also of those that are not listed. */
  found: { faults: number; others: number };
  /** The topics of these partitions. */
  topics: ShardTopic[];
  /** At most 1,000 differences, faults first. */
  differences: VerifyResult["differences"];
  remarks: Remarks;
  resumed: number;
  bytes: VerifyResult["bytes"];
  sample?: VerifyResult["sample"];
  durationMs: number;
  requests: number;
  /** The limit of all machines together, in bytes per second from each cluster. Absent: none. */
  throttleBytesPerSecond?: number;
  /** Set if a short form left something out: numbers of topics and remarks. Its totals are complete. */
  cut?: { topics: number; remarks: number };
}

/**
 * The pairs of one machine. The weight of a partition is its end offset. Behind a passed gate this number does not
 * change, while retention can move the start of a log and shrink its size at any time. So every machine finds the same
 * division, whenever it starts. If an end changes nevertheless, the results are not merged (`lookOf`).
 */
export function pairsOf(pairs: readonly Pair[], { index, of }: Shard): Pair[] {
  const weights = pairs.map(({ origin, target }) => ({
    topic: origin.topic,
    partition: origin.partition,
    // A partition that only one side has ends at 0 on the other.
    weight: Math.max(Number(origin.to), Number(target.to)),
  }));
  const shares = divide(weights, of);
  return pairs.filter((_, i) => shares[i] === index);
}

/** Summarizes what a machine saw when it started. */
export function lookOf(
  { topics, pairs }: Pairs,
  seen: Pick<Look, "clusters" | "wave" | "gatePassedAt" | "isolation">,
): Look {
  const hash = createHash("sha256");
  const say = (...fields: unknown[]) => hash.update(`${JSON.stringify(fields)}\n`);
  for (const { origin, target, ids, partitions, compacted } of topics)
    say(origin, target, ids.origin ?? "", ids.target ?? "", partitions, compacted);
  const ends = { origin: 0, target: 0 };
  for (const { origin, target, timestamps } of pairs) {
    say(partitionKey(origin), String(origin.to), partitionKey(target), String(target.to), timestamps);
    ends.origin += Number(origin.to);
    ends.target += Number(target.to);
  }
  return { ...seen, topics: topics.length, partitions: pairs.length, ends, digest: hash.digest("hex") };
}

/** Everything that one machine found. `results` has a result for each of `own`. */
export interface Compared {
  version: string;
  shard: Shard;
  look: Look;
  options: VerifyOptions;
  topics: readonly TopicPair[];
  /** All partitions of the comparison. */
  pairs: readonly Pair[];
  /** The partitions of this machine. */
  own: readonly Pair[];
  results: ReadonlyMap<Pair, PartitionResult>;
  remarks: Remarks;
  resumed: number;
  bytes: VerifyResult["bytes"];
  durationMs: number;
  requests: number;
}

/** The result of one machine, in the form that is merged with the others. */
export function shardResult(compared: Compared): ShardResult {
  const { version, shard, look, options, topics, pairs, own, results, remarks, resumed, bytes } = compared;
  const numbers = new Map<string, number[]>();
  for (const { origin } of own) {
    const list = numbers.get(origin.topic);
    if (list === undefined) numbers.set(origin.topic, [origin.partition]);
    else list.push(origin.partition);
  }
  const counts = new Map<string, number>();
  for (const { origin } of pairs) counts.set(origin.topic, (counts.get(origin.topic) ?? 0) + 1);
  const mine = topics.filter((t) => numbers.has(t.origin));
  const mode = options.mode;
  const result = resultOf({ topics: mine, pairs: [...own], notes: [] }, results, { mode, notes: [], resumed, bytes });
  const all = own.flatMap((pair) => results.get(pair)!.differences);
  const faults = all.filter(isFault).length;
  return {
    version,
    shard,
    look,
    options: comparedBy(options),
    equal: result.equal,
    partitions: own.length,
    faulty: result.topics.reduce((sum, { faulty }) => sum + faulty, 0),
    found: { faults, others: all.length - faults },
    topics: result.topics.map((t) => ({ ...t, of: counts.get(t.topic)!, compared: numbers.get(t.topic)! })),
    differences: result.differences,
    remarks,
    resumed,
    bytes,
    ...(mode === "sample" ? { sample: samplesOf([...results.values()], comparedBy(options)) } : {}),
    durationMs: compared.durationMs,
    requests: compared.requests,
    ...defined({ throttleBytesPerSecond: options.throttleBytesPerSecond }),
  };
}

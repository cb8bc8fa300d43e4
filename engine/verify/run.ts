import { type Clusters, type OpenKafka, requestCount, withClusters } from "../clusters";
import { ConnectStateReader, effectiveIsolation } from "../connect-state";
import { isMigrationError, MigrationError } from "../errors";
import type { MigrationModel } from "../model";
import { defined } from "../objects";
import { waveOf } from "../parts";
import type { Progress } from "../progress";
import type { Isolation } from "../records/read";
import { retryIfRecordsGone } from "../records/retry";
import { changedTopics } from "../topic-ids";
import { countText } from "../units";
import { type Shard, shardName } from "./divide";
import { budgetsOf, limited, limitOfOne, lowLimitText } from "./limited";
import { packageVersion } from "./package-version";
import { type Pairs, readPairs, type TopicPair } from "./pairs";
import { remarkTexts } from "./remarks";
import { resultOf, samplesOf, waysOut } from "./result";
import { Memory } from "./resume";
import { lookOf, pairsOf, shardResult, type ShardResult } from "./shards";
import { packageThread, type StartThread } from "./thread-start";
import { Threads } from "./threads";
import { comparedBy, isFault, TAIL_RECORDS, type VerifyOptions, type VerifyResult } from "./types";
import { Verification } from "./verification";

const NAMED = 20;

/**
 * Proves that both sides have the same records. Throws if they differ. Call this after the gate has passed.
 * @param open replaces the real port in unit tests
 * @param start replaces the threads of the package. Default: these, or none with `open`
 * @throws MigrationError VERIFY_DIFFERENT with topics, partitions and offsets
 */
export async function verifyCopy(
  model: MigrationModel,
  options: VerifyOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
  start?: StartThread,
): Promise<VerifyResult> {
  return requireEqual(await compareCopy(model, options, progress, signal, open, start));
}

/**
 * Returns the result if no fault was found.
 * @throws MigrationError VERIFY_DIFFERENT with topics, partitions and offsets
 */
export function requireEqual(result: VerifyResult): VerifyResult {
  if (result.equal) return result;
  const faults = result.differences.filter(isFault);
  const partitions = result.faulty ?? result.topics.reduce((sum, t) => sum + t.faulty, 0);
  throw new MigrationError(
    "VERIFY_DIFFERENT",
    `the copy differs from the origin in ${countText(partitions, "partition")} of ${result.partitions}`,
    {
      details: listed(faults.map((f) => f.text)),
      fix: waysOut(result),
    },
  );
}

const listed = (texts: readonly string[]): string[] => [
  ...texts.slice(0, NAMED),
  ...(texts.length > NAMED ? [`${texts.length - NAMED} more`] : []),
];

/** Same as `verifyCopy`, but returns the differences in the result instead of throwing. */
export async function compareCopy(
  model: MigrationModel,
  options: VerifyOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
  start?: StartThread,
): Promise<VerifyResult> {
  const started = Date.now();
  return comparing(model, options, { progress, signal, open, start }, async (clusters, memory, threads) => {
    const { run, pairs } = await compared(clusters, model, options, { progress, signal, memory, threads });
    const forgotten = await memory.flushed();
    const notes = [...remarkTexts(run.remarks)];
    const { results, resumed, bytes } = run;
    const result = resultOf(pairs, results, { mode: options.mode, notes, resumed, bytes });
    if (forgotten !== undefined) result.notes.push(forgotten);
    const sample = options.mode === "sample" ? { sample: samplesOf([...results.values()], comparedBy(options)) } : {};
    const cost = { durationMs: Date.now() - started, requests: requestsOf(clusters, threads) };
    return { ...result, ...sample, ...cost, ...defined({ throttleBytesPerSecond: options.throttleBytesPerSecond }) };
  });
}

/** What identifies the share of one machine. */
export interface ShardOptions {
  shard: Shard;
  /** When the gate passed, ISO 8601. Results of different passes are not merged. Absent: not known. */
  gatePassedAt?: string;
}

/**
 * Compares one share of the partitions, for `mergeResults`. Every machine finds the same division (`pairsOf`).
 * @throws MigrationError SELECTION_EMPTY, RECORDS_GONE, and what the clusters refuse
 */
export async function compareShard(
  model: MigrationModel,
  options: VerifyOptions,
  { shard, gatePassedAt }: ShardOptions,
  progress: Progress,
  signal?: AbortSignal,
  open?: OpenKafka,
  start?: StartThread,
): Promise<ShardResult> {
  const started = Date.now();
  const throttleBytesPerSecond = limitOfOne(options.throttleBytesPerSecond, shard.of);
  const mine = { ...options, ...defined({ throttleBytesPerSecond }) };
  return comparing(model, mine, { progress, signal, open, start }, async (clusters, memory, threads) => {
    const [origin, target] = await Promise.all([clusters.origin.describeCluster(), clusters.target.describeCluster()]);
    const wave = waveOf(model.mirror);
    const seen = {
      clusters: { origin: origin.clusterId, target: target.clusterId },
      ...(wave === undefined ? {} : { wave }),
      ...(gatePassedAt === undefined ? {} : { gatePassedAt }),
    };
    const { run, pairs, own, isolation } = await compared(clusters, model, mine, {
      progress,
      signal,
      memory,
      shard,
      threads,
    });
    const forgotten = await memory.flushed();
    if (forgotten !== undefined) run.remarks.run.push(`machine ${shardName(shard)}: ${forgotten}`);
    return shardResult({
      version: packageVersion(),
      shard,
      look: lookOf(pairs, { ...seen, isolation }),
      options,
      topics: pairs.topics,
      pairs: pairs.pairs,
      own,
      results: run.results,
      remarks: run.remarks,
      resumed: run.resumed,
      bytes: run.bytes,
      durationMs: Date.now() - started,
      requests: requestsOf(clusters, threads),
    });
  });
}

interface Around {
  progress: Progress;
  signal?: AbortSignal | undefined;
}

const requestsOf = (clusters: Clusters, threads: Threads | undefined): number =>
  requestCount(clusters) + (threads?.requests ?? 0);

async function comparing<T>(
  model: MigrationModel,
  options: VerifyOptions,
  { progress, signal, open, start }: Around & { open?: OpenKafka | undefined; start?: StartThread | undefined },
  work: (clusters: Clusters, memory: Memory, threads: Threads | undefined) => Promise<T>,
): Promise<T> {
  const memory = await Memory.open(options.resumeFile, modeText(options));
  const { throttleBytesPerSecond } = options;
  const low = lowLimitText(throttleBytesPerSecond);
  if (low !== undefined) progress.warn(low);
  const budgets = budgetsOf(throttleBytesPerSecond, signal);
  const starter = start ?? (open === undefined ? packageThread() : undefined);
  const threads = starter && new Threads({ model, throttleBytesPerSecond, budgets, progress, start: starter });
  if (threads === undefined && open === undefined && (options.threads ?? 1) > 1)
    progress.warn("reading with one thread: the compiled package has no program for threads");
  try {
    return await withClusters(
      model,
      (clusters) => work(limited(clusters, throttleBytesPerSecond, budgets), memory, threads),
      open,
      { progress, signal },
    );
  } finally {
    threads?.end();
  }
}

/** Compares all partitions, or the share of one machine. */
async function compared(
  clusters: Clusters,
  model: MigrationModel,
  options: VerifyOptions,
  {
    progress,
    signal,
    memory,
    shard,
    threads,
  }: Around & {
    memory: Memory;
    shard?: Shard;
    threads: Threads | undefined;
  },
): Promise<{ run: Verification; pairs: Pairs; own: Pairs["pairs"]; isolation: Isolation }> {
  let seen: readonly TopicPair[] = [];
  const compare = async () => {
    const run = new Verification(clusters, model, options, progress, memory, signal, threads);
    const [pairs, isolation] =
      options.mode === "none"
        ? [{ topics: [], pairs: [], notes: [] }, model.mirror.isolationLevel]
        : await Promise.all([readPairs(clusters, model.mirror, model.proved), isolationOf(clusters, model, signal)]);
    const own = shard === undefined ? pairs.pairs : pairsOf(pairs.pairs, shard);
    if (shard !== undefined)
      progress.info(`machine ${shardName(shard)}: ${own.length} of ${countText(pairs.pairs.length, "partition")}`);
    seen = pairs.topics;
    await run.compare(pairs, isolation, own);
    run.changed(await changedTopics(clusters, seen), own);
    return { run, pairs, own, isolation };
  };
  // Reading the ends and beginnings is fast. Whole logs are not read again automatically.
  const whole = options.mode === "tail" ? retryIfRecordsGone(compare, progress) : compare();
  return whole.catch(async (error: unknown) => {
    throw (await overtaken(clusters, seen, error)) ?? error;
  });
}

/** What brokers answer to a reader whose topic was deleted, or deleted and created again with fewer records. */
const TOPIC_CHANGED = new Set(["RECORDS_GONE", "KAFKA_NOT_AVAILABLE", "KAFKA_UNKNOWN_TOPIC"]);

/** The reason why these topics could not be read, if somebody deleted them meanwhile. */
async function overtaken(
  clusters: Clusters,
  topics: readonly TopicPair[],
  error: unknown,
): Promise<MigrationError | undefined> {
  if (!isMigrationError(error) || !TOPIC_CHANGED.has(error.code)) return undefined;
  const changed = await changedTopics(clusters, topics).catch(() => new Map<string, string>());
  if (changed.size === 0) return undefined;
  return new MigrationError("VERIFY_OVERTAKEN", "topics were deleted while their records were compared", {
    details: listed([...changed.values()]),
    fix: "find out who deletes these topics, and leave them out with mirror.topicsExcludePattern; then run again",
    cause: error,
  });
}

/** The isolation level with which the mirror's consumer reads the origin. */
async function isolationOf(
  { target }: Clusters,
  { mirror }: MigrationModel,
  signal: AbortSignal | undefined,
): Promise<Isolation> {
  const reader = new ConnectStateReader(target, mirror);
  const view = await reader.read(signal);
  reader.keep();
  return effectiveIsolation(view, mirror);
}

/** Names the comparison in the file of an interrupted run. Another comparison does not continue it. */
function modeText(options: VerifyOptions): string {
  const { mode, tailRecords = TAIL_RECORDS } = options;
  const { holeRecords, missProbability, seed } = comparedBy(options);
  return `${mode} ${tailRecords}${mode === "sample" ? ` ${holeRecords} ${missProbability} ${seed}` : ""}`;
}

import { isDeepStrictEqual } from "node:util";
import { MigrationError } from "../errors";
import { defined } from "../objects";
import { byName, byPlace } from "../log/order";
import { countText, durationText, listText, someOf } from "../units";
import { packageVersion } from "./package-version";
import { joinRemarks, remarkTexts } from "./remarks";
import { beyond, LISTED } from "./result";
import { shardName } from "./divide";
import type { ShardResult, ShardTopic } from "./shards";
import { isFault, type TopicResult, type VerifyResult } from "./types";

/** A result of one machine, with the name by which a person knows it, e.g. its file. */
export interface NamedShard {
  name: string;
  /** A text says why it cannot be used. */
  result: ShardResult | string;
}

/**
 * Joins the results of all machines into the result that one machine would have. `durationMs` is that of the slowest
 * machine; bytes and requests are sums. A result that is there twice counts once.
 * @throws MigrationError VERIFY_SHARDS with every reason why they do not belong together or are not complete
 */
export function mergeResults(given: readonly NamedShard[]): VerifyResult {
  const problems = shardProblems(given);
  if (problems.length > 0)
    throw new MigrationError("VERIFY_SHARDS", "the results of the machines cannot be merged", {
      details: problems,
      fix:
        "run each machine that is named here again, with the same options and the same N, while nothing writes to " +
        "either side; then merge all N results",
    });
  const all = once(usable(given))
    .map(({ result }) => result)
    .sort((a, b) => a.shard.index - b.shard.index);
  const topics = mergedTopics(all);
  const differences = all.flatMap((one) => one.differences).sort(byPlace);
  const listed = [...differences.filter(isFault), ...differences.filter((d) => !isFault(d))].slice(0, LISTED);
  const sum = (of: (one: ShardResult) => number) => all.reduce((total, one) => total + of(one), 0);
  const remarks = joinRemarks(all.map((one) => one.remarks));
  const { mode } = all[0]!.options;
  const hidden = all[0]!.look.topics - topics.length;
  return {
    mode,
    equal: all.every(({ equal }) => equal),
    topics,
    differences: listed,
    notes: [
      ...remarkTexts(remarks),
      ...shortened(
        hidden,
        sum(({ cut }) => cut?.remarks ?? 0),
      ),
      ...beyond(sum(({ found }) => found.faults + found.others) - listed.length),
      ...remarks.run,
    ],
    partitions: all[0]!.look.partitions,
    ...(hidden === 0 ? {} : { faulty: sum(({ faulty }) => faulty) }),
    resumed: sum(({ resumed }) => resumed),
    bytes: { origin: sum(({ bytes }) => bytes.origin), target: sum(({ bytes }) => bytes.target) },
    ...(mode === "sample" ? { sample: mergedSample(all) } : {}),
    durationMs: Math.max(...all.map(({ durationMs }) => durationMs)),
    requests: sum(({ requests }) => requests),
    ...defined({ throttleBytesPerSecond: limitOfAll(all) }),
  };
}

/** Each machine read with its part of its limit. Undefined: one of them had none. */
function limitOfAll(all: readonly ShardResult[]): number | undefined {
  const limits = all.flatMap(({ throttleBytesPerSecond: limit }) => (limit === undefined ? [] : [limit]));
  if (limits.length < all.length) return undefined;
  return Math.round(limits.reduce((sum, limit) => sum + limit, 0) / all.length);
}

function shortened(topics: number, remarks: number): string[] {
  const left = [
    ...(topics === 0 ? [] : [countText(topics, "topic")]),
    ...(remarks === 0 ? [] : [countText(remarks, "remark")]),
  ];
  return left.length === 0 ? [] : [`${listText(left)} not listed: the results of the machines were shortened`];
}

function mergedTopics(all: readonly ShardResult[]): TopicResult[] {
  const topics = new Map<string, TopicResult>();
  for (const { of: _of, compared: _compared, ...topic } of all.flatMap((one) => one.topics)) {
    const before = topics.get(topic.topic);
    topics.set(topic.topic, before === undefined ? topic : joined(before, topic));
  }
  return [...topics.values()].sort((a, b) => byName(a.topic, b.topic));
}

function joined(a: TopicResult, b: TopicResult): TopicResult {
  const { oneSided: mine = 0, faulty, ...first } = a;
  const oneSided = mine + (b.oneSided ?? 0);
  return {
    ...first,
    originRecords: a.originRecords + b.originRecords,
    targetRecords: a.targetRecords + b.targetRecords,
    counted: a.counted && b.counted,
    duplicates: a.duplicates + b.duplicates,
    ...(oneSided === 0 ? {} : { oneSided }),
    faulty: faulty + b.faulty,
  };
}

function mergedSample(all: readonly ShardResult[]): NonNullable<VerifyResult["sample"]> {
  const samples = all.map(({ sample }) => sample!);
  const sum = (of: "partitions" | "windows" | "records") => samples.reduce((total, sample) => total + sample[of], 0);
  const { seed, holeRecords } = samples[0]!;
  return {
    seed,
    partitions: sum("partitions"),
    windows: sum("windows"),
    records: sum("records"),
    holeRecords,
    missed: Math.max(...samples.map(({ missed }) => missed)),
  };
}

interface Usable {
  name: string;
  result: ShardResult;
}

const usable = (given: readonly NamedShard[]): Usable[] =>
  given.flatMap(({ name, result }) => (typeof result === "string" ? [] : [{ name, result }]));

/** Every reason why these results do not belong together, or are not complete. */
export function shardProblems(given: readonly NamedShard[]): string[] {
  const unusable = given.flatMap(({ name, result }) => (typeof result === "string" ? [`${name}: ${result}`] : []));
  const shards = usable(given);
  if (shards.length === 0) return [...unusable, "no result of a machine is left"];
  const foreign = [
    ...ofOtherVersions(shards),
    ...ASPECTS.flatMap(({ what, of, text }) => disagreement(shards, what, of, text)),
  ];
  const { missing, twice } = completeness(shards);
  // Without one machine its partitions are missing, which is not a separate problem.
  const coverage = missing.length > 0 ? comparedTwice(shards) : [...comparedTwice(shards), ...notCompared(shards)];
  return [...unusable, ...foreign, ...missing, ...twice, ...(foreign.length > 0 ? [] : coverage)];
}

interface Aspect {
  what: string;
  of(result: ShardResult): unknown;
  text(result: ShardResult): string;
}

/** What all machines of one comparison have in common. */
const ASPECTS: readonly Aspect[] = [
  { what: "numbers of machines", of: ({ shard }) => shard.of, text: ({ shard }) => `N = ${shard.of}` },
  {
    what: "clusters",
    of: ({ look }) => look.clusters,
    text: ({ look: { clusters } }) => `origin ${clusters.origin}, target ${clusters.target}`,
  },
  { what: "waves", of: ({ look }) => look.wave, text: ({ look }) => look.wave ?? "outside the waves" },
  {
    what: "options",
    of: ({ options }) => options,
    text: ({ options }) =>
      Object.entries(options)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
  },
  { what: "isolation levels", of: ({ look }) => look.isolation, text: ({ look }) => look.isolation },
  {
    what: "gate passes",
    of: ({ look }) => look.gatePassedAt,
    text: ({ look }) => `passed at ${look.gatePassedAt ?? "an unknown time"}`,
  },
  {
    what: "topics or end offsets, so something was written or changed between them",
    of: ({ look: { topics, partitions, ends, digest } }) => ({ topics, partitions, ends, digest }),
    text: ({ look: { topics, partitions, ends, digest } }) =>
      `${countText(topics, "topic")}, ${countText(partitions, "partition")}, ends in total ${ends.origin} on the ` +
      `origin and ${ends.target} on the target, digest ${digest.slice(0, 8)}`,
  },
];

/** One line if the results differ in this aspect, with the names for each value. */
function disagreement(shards: readonly Usable[], what: string, of: Aspect["of"], text: Aspect["text"]): string[] {
  const groups: { value: unknown; text: string; names: string[] }[] = [];
  for (const { name, result } of shards) {
    const value = of(result);
    const group = groups.find((g) => isDeepStrictEqual(g.value, value));
    if (group === undefined) groups.push({ value, text: text(result), names: [name] });
    else group.names.push(name);
  }
  const each = groups.map((group) => `${someOf(group.names, 5)} (${group.text})`);
  return groups.length < 2 ? [] : [`they are of different ${what}: ${each.join("; ")}`];
}

/** Also if all of them are of the same other version: it may have compared in another way. */
function ofOtherVersions(shards: readonly Usable[]): string[] {
  const own = packageVersion();
  const others = shards.filter(({ result }) => result.version !== own);
  const named = someOf(
    others.map(({ name, result }) => `${name} (${result.version})`),
    5,
  );
  return others.length === 0 ? [] : [`they are of other versions of this package than this one, ${own}: ${named}`];
}

function completeness(shards: readonly Usable[]): { missing: string[]; twice: string[] } {
  const most = mostFrequent(shards.map(({ result }) => result.shard.of));
  const byIndex = new Map<number, Usable[]>();
  for (const one of shards.filter(({ result }) => result.shard.of === most))
    byIndex.set(one.result.shard.index, [...(byIndex.get(one.result.shard.index) ?? []), one]);
  const absent = Array.from({ length: most }, (_, i) => i + 1).filter((index) => !byIndex.has(index));
  const missing =
    absent.length === 0
      ? []
      : [
          `${countText(absent.length, "result")} of ${most} ${absent.length === 1 ? "is" : "are"} missing: ` +
            someOf(absent.map((index) => shardName({ index, of: most }))),
        ];
  const twice = [...byIndex].flatMap(([index, same]) => {
    if (same.every(({ result }) => isDeepStrictEqual(findings(result), findings(same[0]!.result)))) return [];
    const names = listText(same.map(({ name }) => name));
    return [`${names} are all of machine ${shardName({ index, of: most })}, but differ: leave out the wrong one`];
  });
  return { missing, twice };
}

/** What a machine found, without what it cost. A machine that ran twice finds the same. */
function findings(result: ShardResult): object {
  const { bytes: _bytes, durationMs: _duration, requests: _requests, resumed: _resumed, ...rest } = result;
  const { throttleBytesPerSecond: _limit, ...found } = rest;
  return { ...found, remarks: { ...found.remarks, run: [] } };
}

function mostFrequent(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const n of numbers) counts.set(n, (counts.get(n) ?? 0) + 1);
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

/** The first result of each machine. */
function once(shards: readonly Usable[]): Usable[] {
  return [...new Map(shards.toReversed().map((one) => [one.result.shard.index, one])).values()].toReversed();
}

function comparedTwice(shards: readonly Usable[]): string[] {
  const byPartition = new Map<string, string[]>();
  for (const { name, result } of once(shards))
    for (const { topic, compared } of result.topics)
      for (const partition of compared) {
        const key = `${topic}-${partition}`;
        byPartition.set(key, [...(byPartition.get(key) ?? []), name]);
      }
  const several = [...byPartition].filter(([, names]) => names.length > 1);
  const named = several.map(([partition, names]) => `${partition} (${listText(names)})`);
  return named.length === 0
    ? []
    : [`${countText(named.length, "partition")} compared by several machines: ${someOf(named, 5)}`];
}

function notCompared(shards: readonly Usable[]): string[] {
  const all = once(shards);
  const { partitions } = all[0]!.result.look;
  const compared = all.reduce((sum, { result }) => sum + result.partitions, 0);
  const topics = new Map<string, ShardTopic[]>();
  for (const topic of all.flatMap(({ result }) => result.topics))
    topics.set(topic.topic, [...(topics.get(topic.topic) ?? []), topic]);
  const short = all.some(({ result }) => result.cut !== undefined);
  const gaps = [...topics].flatMap(([topic, rows]) => {
    const left = rows[0]!.of - rows.reduce((sum, row) => sum + row.compared.length, 0);
    return left > 0 ? [`${left} of ${topic}`] : [];
  });
  // Short results list some topics only. Their totals are complete.
  if (compared === partitions && (short || gaps.length === 0)) return [];
  const where = short || gaps.length === 0 ? "" : ` (not compared: ${someOf(gaps, 5)})`;
  return [`the machines compared ${countText(compared, "partition")}, but there are ${partitions}${where}`];
}

/** What one machine found, in one line. */
export function shardText({ shard, partitions, look, equal, faulty, durationMs }: ShardResult): string {
  const verdict = equal ? "equal" : `DIFFERENT in ${countText(faulty, "partition")}`;
  return (
    `machine ${shardName(shard)}: ${partitions} of ${countText(look.partitions, "partition")} compared in ` +
    `${durationText(durationMs)}: ${verdict}`
  );
}

import { countText, someOf } from "../units";
import { COPY_ALL_AGAIN } from "../ways-out";
import {
  isFault,
  type DifferenceKind,
  type PartitionResult,
  type SampleResult,
  type TopicResult,
  type VerifyOptions,
  type VerifyResult,
} from "./types";
import type { Pair, Pairs } from "./pairs";

/** At most this many differences are listed. */
export const LISTED = 1000;

/** The result of a comparison: counts by topic, and the differences, faults first. */
export function resultOf(
  { topics, pairs }: Pairs,
  results: ReadonlyMap<Pair, PartitionResult>,
  { mode, notes, ...rest }: Pick<VerifyResult, "mode" | "notes" | "resumed" | "bytes">,
): Omit<VerifyResult, "durationMs" | "requests"> {
  const byTopic = new Map<string, Pair[]>(topics.map((t) => [t.origin, []]));
  for (const pair of pairs) byTopic.get(pair.origin.topic)!.push(pair);
  const all = pairs.flatMap((p) => results.get(p)?.differences ?? []);
  const faults = all.filter(isFault);
  const others = all.filter((d) => !isFault(d));
  return {
    mode,
    equal: faults.length === 0,
    topics: topics.map((t): TopicResult => {
      const compared = byTopic.get(t.origin)!.map((p) => ({ pair: p, result: results.get(p)! }));
      const counted = (...kinds: DifferenceKind[]) =>
        compared
          .flatMap(({ result }) => result.differences)
          .filter((d) => kinds.includes(d.kind))
          .reduce((sum, d) => sum + d.count, 0);
      const oneSided = counted("kept longer", "expired");
      const records = (side: "origin" | "target") =>
        compared.reduce(
          (sum, { pair, result }) => sum + (result[`${side}Records`] ?? Number(pair[side].to - pair[side].from)),
          0,
        );
      return {
        topic: t.origin,
        target: t.target,
        partitions: t.partitions,
        compacted: t.compacted,
        originRecords: records("origin"),
        targetRecords: records("target"),
        counted: compared.every(
          ({ result }) => result.originRecords !== undefined && result.targetRecords !== undefined,
        ),
        duplicates: counted("duplicate"),
        ...(oneSided === 0 ? {} : { oneSided }),
        faulty: compared.filter(({ result }) => result.differences.some(isFault)).length,
      };
    }),
    differences: [...faults, ...others].slice(0, LISTED),
    notes: [...notes, ...beyond(all.length - LISTED)],
    partitions: pairs.length,
    ...rest,
  };
}

/** What was read of the partitions that were compared by samples. */
export function samplesOf(results: readonly PartitionResult[], options: VerifyOptions): SampleResult {
  const { seed, holeRecords } = options as Required<VerifyOptions>;
  const all = results.flatMap(({ sample }) => (sample === undefined ? [] : [sample]));
  return {
    seed,
    partitions: all.length,
    windows: all.reduce((sum, { windows }) => sum + windows, 0),
    records: all.reduce((sum, { records }) => sum + records, 0),
    holeRecords,
    missed: all.reduce((most, { missed }) => Math.max(most, missed), 0),
  };
}

/** What the samples prove, in one line. */
export function sampleText({ seed, partitions, windows, records, holeRecords, missed }: SampleResult): string {
  if (partitions === 0)
    return `no samples (seed ${seed}): short partitions were compared completely, compacted ones at least at their ends`;
  const probability = missed === 0 ? "0" : missed.toPrecision(2);
  return (
    `samples (seed ${seed}): ${countText(windows, "window")} with ${countText(records, "record")} of ` +
    `${countText(partitions, "partition")}; a hole of ${countText(holeRecords, "record")} in one of them would be ` +
    `missed with probability ${probability}`
  );
}

/** @param count number of differences that are not listed */
export function beyond(count: number): string[] {
  return count > 0 ? [`${count} more differences are not listed`] : [];
}

/** Suggests how to continue. If one topic was deleted and created again, the others do not have to be copied again. */
export function waysOut({ topics }: VerifyResult): string {
  const different = topics.filter((t) => t.faulty > 0).map((t) => t.topic);
  const names = `the topics that differ (${someOf(different, 5)})`;
  return (
    `leave ${names} out with mirror.topicsExcludePattern, let the others go on, and copy these by themselves; or ` +
    "find out " +
    `what else writes to them or deletes from them on the target, and copy everything again: ${COPY_ALL_AGAIN}; ` +
    "or go on without this proof (verify.mode: none)"
  );
}

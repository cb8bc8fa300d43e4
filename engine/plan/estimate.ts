import type { DiskSpace } from "../kafka/port";
import { bytesText, durationText, someOf } from "../units";
import type { CopyEstimate, PlanFacts, TopicFacts } from "./types";
import { bytesPerSecond, sumOf } from "./waves";

/** A mirror is catching up if it adds this many times what is written on the origin. */
const CATCHING_UP = 1.2;
/** Topics named in one problem. */
const NAMED = 5;

/** Estimates how long the copy of these topics takes. */
export function estimateCopy(topics: readonly TopicFacts[], given: number | undefined): CopyEstimate {
  const leftBytes = sumOf(topics, leftOf);
  const writtenPerSecond = sumOf(topics, bytesPerSecond);
  const measured = given === undefined ? measuredRate(topics) : undefined;
  const rate =
    given !== undefined
      ? { bytesPerSecond: given, from: "given" as const }
      : measured === undefined
        ? undefined
        : { bytesPerSecond: measured, from: "measured" as const };
  const known = {
    ...(leftBytes === undefined ? {} : { leftBytes }),
    ...(writtenPerSecond === undefined ? {} : { writtenPerSecond }),
    ...(rate === undefined ? {} : { rate }),
  };
  if (leftBytes === undefined) return { ...known, text: "unknown: the origin does not report sizes to this user" };
  const left = `about ${bytesText(leftBytes)} to copy`;
  if (rate === undefined)
    return { ...known, text: `${left}; how long is unknown: no mirror is catching up, and --rate gives no rate` };
  const from = rate.from === "given" ? "--rate" : "measured from the running mirror";
  const speed = `${bytesText(rate.bytesPerSecond)}/s (${from})`;
  const writing = writtenPerSecond ?? 0;
  if (leftBytes > 0 && rate.bytesPerSecond <= writing)
    return { ...known, text: `${left} at ${speed}: never, because ${bytesText(writing)}/s are written on the origin` };
  const ms = leftBytes === 0 ? 0 : (leftBytes / (rate.bytesPerSecond - writing)) * 1000;
  const minus = writing >= 1 ? `, less ${bytesText(writing)}/s that are written meanwhile` : "";
  return { ...known, ms, text: `${left} at ${speed}${minus}: about ${durationText(ms)}` };
}

/** Bytes that the target does not have yet, from the number of offsets that both logs hold. */
function leftOf({ bytes, records, targetRecords }: TopicFacts): number | undefined {
  if (bytes === undefined || records === 0) return bytes;
  return bytes * Math.max(0, 1 - (targetRecords ?? 0) / records);
}

/** Bytes per second that the running mirror adds, if a topic is catching up. Otherwise it follows the producers. */
function measuredRate(topics: readonly TopicFacts[]): number | undefined {
  const catchesUp = topics.some(
    (t) =>
      (t.targetRecords ?? t.records) < t.records &&
      (t.targetRecordsPerSecond ?? 0) > CATCHING_UP * (t.recordsPerSecond ?? Infinity),
  );
  if (!catchesUp) return undefined;
  const copied = topics.filter((t) => (t.targetRecordsPerSecond ?? 0) > 0 && t.records > 0);
  return sumOf(copied, (t) => (t.bytes === undefined ? undefined : (t.bytes / t.records) * t.targetRecordsPerSecond!));
}

/** Topics whose records the origin deletes before they are copied. */
export function retentionProblems(topics: readonly TopicFacts[], copy: CopyEstimate): string[] {
  if (copy.rate === undefined || copy.leftBytes === undefined || copy.leftBytes === 0) return [];
  const takes = copy.ms ?? Infinity;
  const how = copy.ms === undefined ? "the copy never catches up" : `the copy takes about ${durationText(copy.ms)}`;
  const open = topics.filter((t) => leftOf(t) !== 0 && t.records > 0);
  const byTime = open
    .filter((t) => t.retentionMs !== undefined && t.retentionMs < takes)
    .map((t) => `${t.name} (${durationText(t.retentionMs!)})`);
  const bySize = open.flatMap((t) => {
    const kept = keptMs(t);
    return kept !== undefined && kept < takes ? [`${t.name} (full again after ${durationText(kept)})`] : [];
  });
  const problem = (key: string, is: string, found: readonly string[]) =>
    `${how}, but ${key} is ${is}: ${someOf(found, NAMED)}; the origin deletes records before the mirror has copied ` +
    `them. Raise ${key} on the origin until the cutover, or copy these topics first`;
  return [
    ...(byTime.length === 0 ? [] : [problem("retention.ms", "shorter", byTime)]),
    ...(bySize.length === 0 ? [] : [problem("retention.bytes", "used up earlier at the current rate", bySize)]),
  ];
}

/** Time in which producers write `retention.bytes` to a partition. undefined: no such limit, or nothing is written. */
function keptMs(topic: TopicFacts): number | undefined {
  const rate = bytesPerSecond(topic);
  if (topic.retentionBytes === undefined || rate === undefined || rate <= 0) return undefined;
  return (topic.retentionBytes / (rate / topic.partitions)) * 1000;
}

/** The disks' part of the plan: what the target still needs for the wanted replication, and whether it has it. */
export function diskProblems(facts: Pick<PlanFacts, "topics" | "targetBrokers" | "disks">): {
  problems: string[];
  unknown: string[];
  neededBytes?: number;
} {
  const needed = sumOf(facts.topics, (t) =>
    t.bytes === undefined || t.factor === undefined ? undefined : Math.max(0, t.bytes * t.factor - t.targetBytes),
  );
  if (needed === undefined)
    return { problems: [], unknown: ["whether the target's disks are large enough: sizes or replication are unknown"] };
  const unknown = whatDisksHide(facts.disks, facts.targetBrokers);
  if (unknown !== undefined) return { problems: [], unknown: [unknown], neededBytes: needed };
  const share = needed / facts.targetBrokers.length;
  const usable = facts.disks.reduce((sum, d) => sum + d.usableBytes, 0);
  const small = facts.disks.filter((d) => d.usableBytes < share);
  const what = `the target needs another ${bytesText(needed)} for these topics with the wanted replication`;
  const problems =
    needed > usable
      ? [`${what}, but its disks have ${bytesText(usable)} left: add disks or brokers, or shorten retention first`]
      : small.length > 0
        ? [
            `${what}, ${bytesText(share)} on each broker, but there is less on ${someOf(
              small.map((d) => `broker ${d.broker} (${bytesText(d.usableBytes)})`),
              NAMED,
            )}: add disks there`,
          ]
        : [];
  return { problems, unknown: [], neededBytes: needed };
}

function whatDisksHide(disks: readonly DiskSpace[], brokers: readonly number[]): string | undefined {
  const known = new Map(disks.map((d) => [d.broker, d]));
  const silent = brokers.filter((id) => !known.has(id));
  if (silent.length > 0)
    return `whether the target's disks are large enough: ${someOf(
      silent.map((id) => `broker ${id}`),
      NAMED,
    )} did not report its disks (needs Kafka 3.3 and Describe on the cluster)`;
  const partly = disks.filter((d) => d.unknownDirectories > 0);
  return partly.length === 0
    ? undefined
    : `whether the target's disks are large enough: ${someOf(
        partly.map((d) => `broker ${d.broker}`),
        NAMED,
      )} has directories that are offline or of unknown size`;
}

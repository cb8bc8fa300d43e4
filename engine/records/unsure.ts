import { byPlace } from "../log/order";
import type { PartitionRange, TopicPartition } from "../log/partition";
import { countText } from "../units";

const REASONS = {
  "too large": "too many records would have to be read",
  deleted: "the target has deleted its oldest records",
  foreign: "the target holds keys that the origin does not hold",
};
export type UnsureReason = keyof typeof REASONS;

/** A partition whose records do not show whether the target is a copy. */
interface Unsure {
  pair: { origin: PartitionRange };
  why: UnsureReason;
}

/** The partitions that are unsure for one reason. */
export interface UnsureSummary {
  why: UnsureReason;
  partitions: number;
  /** The first of them. */
  named: TopicPartition[];
}

const NAMED = 5;

/** Counts the partitions of each reason, in the order of `REASONS`, and keeps the names of the first ones. */
export function summarizeUnsure(unsure: readonly Unsure[]): UnsureSummary[] {
  return joinUnsure(
    unsure.map(({ pair: { origin }, why }) => ({
      why,
      partitions: 1,
      named: [{ topic: origin.topic, partition: origin.partition }],
    })),
  );
}

/** Adds summaries of different partitions together. */
export function joinUnsure(summaries: readonly UnsureSummary[]): UnsureSummary[] {
  return (Object.keys(REASONS) as UnsureReason[]).flatMap((why) => {
    const of = summaries.filter((summary) => summary.why === why);
    if (of.length === 0) return [];
    const named = of.flatMap((summary) => summary.named).sort(byPlace);
    return [{ why, partitions: of.reduce((sum, { partitions }) => sum + partitions, 0), named: named.slice(0, NAMED) }];
  });
}

/** One line, with the number of partitions and the names of a few. */
export function unsureText({ why, partitions, named }: UnsureSummary): string {
  const names = named.map(({ topic, partition }) => `${topic}-${partition}`);
  const more = partitions > named.length ? ` and ${partitions - named.length} more` : "";
  const which = names.length === 0 ? "" : ` (${names.join(", ")}${more})`;
  return (
    `the first records of ${countText(partitions, "partition")} do not show whether the target holds ` +
    `everything${which}: ${REASONS[why]}; verify.mode full compares them`
  );
}

/** One line for each reason. */
export function unsureTexts(unsure: readonly Unsure[]): string[] {
  return summarizeUnsure(unsure).map(unsureText);
}

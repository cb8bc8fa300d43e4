import { countText, recordsText, someOf } from "../units";
import { WHY_NOT_SHARE } from "./commitments";
import type { GroupPlan, OffsetPlan, OffsetSummary, PartitionPlan } from "./types";

const MOST_LINES = 100;

/** True if the target already has this offset with this metadata. */
export function isInPlace(p: PartitionPlan): boolean {
  return p.found !== undefined && p.found.offset === p.targetOffset && p.found.metadata === (p.metadata ?? "");
}

/** True if writing would replace a different offset on the target. Offsets of the mirror's group sync do not count. */
export function isConflict(p: PartitionPlan): boolean {
  return p.found !== undefined && p.targetOffset !== null && !p.found.mirrors && !isInPlace(p);
}

export const partitionsOf = (group: GroupPlan): { topic: string; p: PartitionPlan }[] =>
  group.topics.flatMap((t) => t.partitions.map((p) => ({ topic: t.targetTopic ?? t.topic, p })));

/** The beginning of each line of `attention` that is about one group. */
export const aboutGroup = (group: string): string => `group "${group}"`;

/** Summarizes the plan. `attention` lists what people should check, most serious first. */
export function summarize(plan: Omit<OffsetPlan, "summary">): OffsetSummary {
  const summary: OffsetSummary = {
    groups: plan.groups.length,
    offsets: 0,
    exact: 0,
    by: {},
    rereads: 0,
    inPlace: 0,
    attention: [],
  };
  const lines: { weight: number; line: string }[] = plan.unknown.map((g) => ({
    weight: 0,
    line: `group "${g}" was asked for and does not exist on the origin`,
  }));
  if (plan.nothingCommitted.length > 0) lines.push({ weight: 0, line: nothingCommitted(plan.nothingCommitted) });
  for (const group of plan.shareGroups ?? [])
    lines.push({ weight: 1, line: `group "${group}" does not move: ${WHY_NOT_SHARE}` });
  for (const group of plan.groups) {
    if (group.targetMembers.length > 0)
      lines.push({
        weight: 1,
        line: `${aboutGroup(group.group)} is active on the target: ${group.targetMembers.join(", ")}`,
      });
    if (group.originMembers > 0)
      lines.push({
        weight: 4,
        line:
          `${aboutGroup(group.group)} still has ${countText(group.originMembers, "member")} on the origin: its offsets ` +
          "may move",
      });
    if (group.notMigrated !== undefined)
      lines.push({
        weight: 6,
        line: `${aboutGroup(group.group)} has offsets on topics that are not migrated: ${group.notMigrated.join(", ")}`,
      });
    for (const { topic, p } of partitionsOf(group)) {
      summary.offsets++;
      summary.by[p.how] = (summary.by[p.how] ?? 0) + 1;
      summary.rereads += p.rereads;
      if (p.rereadsAtMost === true) summary.rereadsAtMost = true;
      if (p.compared !== undefined) summary.skips = (summary.skips ?? 0) + p.compared.skips;
      if (p.exact) summary.exact++;
      if (isInPlace(p)) summary.inPlace++;
      const line = attention(p);
      if (line !== undefined)
        lines.push({ weight: line.weight, line: `${aboutGroup(group.group)}, ${topic}-${p.partition}: ${line.text}` });
    }
  }
  lines.sort((a, b) => a.weight - b.weight);
  summary.attention = lines.slice(0, MOST_LINES).map((l) => l.line);
  if (lines.length > MOST_LINES) summary.attention.push(`and ${lines.length - MOST_LINES} more`);
  return summary;
}

function nothingCommitted(groups: readonly string[]): string {
  const [have, they] = groups.length === 1 ? ["has", "it starts"] : ["have", "they start"];
  return (
    `${countText(groups.length, "group")} ${have} no committed offset (${someOf(groups, 5)}): ${they} by ` +
    "auto.offset.reset on the target"
  );
}

function attention(p: PartitionPlan): { weight: number; text: string } | undefined {
  const note = p.note === undefined ? "" : ` (${p.note})`;
  if (p.targetOffset === null) return { weight: 1, text: `offset ${p.originOffset} can't be translated${note}` };
  const move = `${p.originOffset} -> ${p.targetOffset}`;
  const long = isInPlace(p) ? undefined : tooLong(p);
  if (long !== undefined) return { weight: 1, text: `${move} can't be written: ${long}` };
  if (p.compared !== undefined && p.compared.skips > 0)
    return {
      weight: 2,
      text: `${move} skips ${recordsText(p.compared.skips, true)}; exact is ${p.compared.exactOffset}${note}`,
    };
  if (isConflict(p))
    return { weight: 3, text: `${move}, but the group is at ${p.found?.offset} on the target already` };
  if (!p.exact && p.rereads === 0) return { weight: 6, text: `${move} is not proved${note}` };
  if (!p.exact)
    return {
      weight: 5,
      text: `${move} is not exact, ${recordsText(p.rereads, p.rereadsAtMost)} will be read again${note}`,
    };
  if (p.rereads > 0)
    return {
      weight: 5,
      text:
        `${move}, the target holds ${countText(p.rereads, "record")} more from there on than the origin: ` +
        `the mirror copied records twice, or only the origin has compacted them${note}`,
    };
  return p.note === undefined ? undefined : { weight: 7, text: `${move}${note}` };
}

/**
 * Why the target refuses the metadata of the commit. Undefined if it fits.
 * @example its commit has metadata of 5000 characters, the target takes 4096 (offset.metadata.max.bytes)
 */
export function tooLong(p: PartitionPlan): string | undefined {
  if (p.metadataLimit === undefined) return undefined;
  return (
    `its commit has metadata of ${p.metadata?.length ?? 0} characters, the target takes ${p.metadataLimit} ` +
    "(offset.metadata.max.bytes)"
  );
}

import type { Phase } from "../model";
import { defined } from "../objects";
import type { AppliedGroup } from "../offsets";
import { WHY_NOT_SHARE } from "../offsets/commitments";
import { countText, recordsText } from "../units";
import type { ReplicationPreview } from "../replication";
import type { TopicResult } from "../verify";
import { didNotStop, groupPause } from "./pause";
import type { GroupCount, GroupRow, PartFacts, ReportInput, Tone, TopicCopy, TopicRow, WaveFacts } from "./types";

const BY_TONE: Record<Tone, number> = { bad: 0, waiting: 1, good: 2 };

/** One row for each topic that a check or the verification knows. Rows with problems come first. */
export function topicRows(input: ReportInput): TopicRow[] {
  const copies = new Map((input.look?.topics ?? []).map((t) => [t.topic, t]));
  const verified = new Map((input.verification?.result.topics ?? []).map((t) => [t.topic, t]));
  const factors = replicationByTopic(input);
  const blocked = blockedSubjects(input);
  const rows = [...new Set([...copies.keys(), ...verified.keys()])].map((topic): TopicRow => {
    const copy = copies.get(topic);
    const result = verified.get(topic);
    const target = copy?.target ?? result!.target;
    const replication = factors.get(target);
    return {
      topic,
      ...(target === topic ? {} : { target }),
      partitions: copy?.partitions ?? result!.partitions,
      records: result?.counted === true ? result.originRecords : (copy?.records ?? result!.originRecords),
      ...(result?.counted === true ? {} : { recordsAtMost: true as const }),
      ...(copy === undefined ? {} : { left: copy.left }),
      ...proofOf(copy, result, input, blocked),
      ...(replication === undefined ? {} : { replication }),
    };
  });
  return rows.sort((a, b) => BY_TONE[a.tone] - BY_TONE[b.tone] || a.topic.localeCompare(b.topic));
}

function proofOf(
  copy: TopicCopy | undefined,
  result: TopicResult | undefined,
  input: ReportInput,
  blocked: ReadonlySet<string>,
): { proof: string; tone: Tone } {
  if (result !== undefined) {
    if (result.faulty > 0)
      return { proof: `${countText(result.faulty, "partition")} differ${result.faulty === 1 ? "s" : ""}`, tone: "bad" };
    const full = input.verification!.result.mode === "full";
    // A compacted topic that was counted was read completely on both sides.
    const how = result.compacted
      ? full || result.counted
        ? "latest value of each key is equal"
        : "latest values of the last keys are equal"
      : full
        ? "every record is equal"
        : result.counted
          ? "record counts and last records are equal"
          : input.verification!.result.mode === "sample"
            ? "samples and last records are equal"
            : "last records are equal";
    const twice = result.duplicates > 0 ? [`${countText(result.duplicates, "duplicate record")}`] : [];
    const deleted =
      result.oneSided !== undefined ? [`${countText(result.oneSided, "record")} deleted on one side`] : [];
    return { proof: [how, ...twice, ...deleted].join("; "), tone: "good" };
  }
  if (copy === undefined) return { proof: "not checked", tone: "waiting" };
  if ((blocked.has(copy.topic) || blocked.has(copy.target)) && copy.complete < copy.partitions)
    return { proof: "blocked", tone: "bad" };
  if (copy.complete < copy.partitions)
    return { proof: `${copy.complete} of ${copy.partitions} complete`, tone: "waiting" };
  return { proof: "complete according to the mirror's offsets", tone: "good" };
}

/** Topics whose copy can never complete. A finding names a topic or a partition of one. */
function blockedSubjects({ look }: ReportInput): Set<string> {
  const hopeless = (look?.against ?? []).filter((f) => f.hopeless).map((f) => f.subject);
  return new Set(hopeless.flatMap((subject) => [subject, subject.replace(/-\d+$/, "")]));
}

function replicationByTopic(input: ReportInput): Map<string, string> {
  const { replication, replicationPlan } = input;
  const entries = (changes: ReplicationPreview["topics"], verb: string) =>
    changes.map((c): [string, string] => [c.topic, `${c.from.join("/")} ${"\u2192"} ${verb}${c.to}`]);
  return new Map([
    ...entries(replicationPlan?.topics ?? [], "to become "),
    ...entries(replication?.result.topics ?? [], ""),
  ]);
}

/** One row for each group: what was written, otherwise what would be written. */
export function groupRows(input: ReportInput, waves: readonly WaveFacts[] = []): GroupRow[] {
  const { offsets, offsetPlan, groups = [] } = input;
  // In waves, the groups of some may have moved, and those of others not.
  const others = offsetPlan === undefined ? waiting(groups) : planned(offsetPlan);
  const rows = [...(offsets === undefined ? [] : applied(offsets)), ...others];
  const back = returned([input, ...waves]);
  return rows
    .map((row) => ({ ...row, ...back.get(row.group) }))
    .sort((a, b) => BY_TONE[a.tone] - BY_TONE[b.tone] || a.group.localeCompare(b.group));
}

/** The pauses of the groups that went back to the origin. */
function returned(parts: readonly (PartFacts & { phase?: Phase })[]): Map<string, Partial<GroupRow>> {
  const groups = parts.flatMap(({ phase, wayBack }) =>
    phase === "returned" && wayBack?.returnedAt !== undefined ? (wayBack.pause?.groups ?? []) : [],
  );
  return new Map(groups.map((group) => [group.group, waitedOf(group)]));
}

const waitedOf = (group: AppliedGroup | GroupCount): Partial<GroupRow> =>
  defined({ waited: groupPause(group), notStopped: didNotStop(group) || undefined });

function applied(offsets: NonNullable<ReportInput["offsets"]>): GroupRow[] {
  const skipped = offsets.skipped.map(
    (s): GroupRow => ({ group: s.group, offsets: 0, proof: `skipped: ${s.why}`, tone: "bad" }),
  );
  const left = new Set(offsets.skipped.map((s) => s.group));
  const done = offsets.groups
    .filter((g) => !left.has(g.group))
    .map((g): GroupRow => {
      const { offsets: all, inPlace: there = 0, unproved = 0, rereads, rereadsAtMost } = countsOf(g);
      const waited = waitedOf(g);
      const written =
        there === all
          ? "already correct"
          : there === 0
            ? "written and read back"
            : `written and read back, ${there} already correct`;
      const how = unproved === 0 ? written : `${written}; ${countText(unproved, "offset")} without proof`;
      const tone = unproved === 0 ? "good" : "waiting";
      if (rereads === undefined) return { group: g.group, offsets: all, ...waited, proof: how, tone };
      return {
        group: g.group,
        offsets: all,
        rereads,
        ...(rereadsAtMost === true ? { rereadsAtMost } : {}),
        ...waited,
        proof: `${how}; ${recordsText(rereads, rereadsAtMost)} will be read again`,
        tone,
      };
    });
  return [...skipped, ...done];
}

/** A group with counts instead of its single offsets. */
export function countsOf(group: AppliedGroup | GroupCount): GroupCount {
  if (!Array.isArray(group.offsets)) return group as GroupCount;
  const inPlace = group.offsets.filter((o) => o.inPlace === true).length;
  const unproved = group.offsets.filter((o) => o.unproved === true).length;
  const rereads = group.offsets.reduce((sum, o) => sum + (o.rereads ?? 0), 0);
  return {
    group: group.group,
    offsets: group.offsets.length,
    ...(inPlace === 0 ? {} : { inPlace }),
    ...(unproved === 0 ? {} : { unproved }),
    ...(rereads === 0 ? {} : { rereads }),
    ...(group.offsets.some((o) => o.rereadsAtMost) ? { rereadsAtMost: true as const } : {}),
    ...(group.early === true ? { early: true as const } : {}),
    ...defined({ idleSince: group.idleSince, readBackAt: group.readBackAt }),
  };
}

function waiting(groups: readonly GroupCount[]): GroupRow[] {
  return groups.map(
    (g): GroupRow =>
      g.leftAlone !== undefined
        ? { group: g.group, offsets: g.offsets, proof: `will be skipped: ${g.leftAlone}`, tone: "bad" }
        : { group: g.group, offsets: g.offsets, proof: "still on the origin; the cutover moves it", tone: "waiting" },
  );
}

function planned(plan: NonNullable<ReportInput["offsetPlan"]>): GroupRow[] {
  const share = (plan.shareGroups ?? []).map(
    (group): GroupRow => ({ group, offsets: 0, proof: `will be skipped: ${WHY_NOT_SHARE}`, tone: "bad" }),
  );
  const moving = plan.groups.map((g): GroupRow => {
    const all = g.topics.flatMap((t) => t.partitions);
    const exact = all.filter((p) => p.exact).length;
    const lost = all.filter((p) => p.targetOffset === null).length;
    const rereads = all.reduce((n, p) => n + p.rereads, 0);
    const proof =
      lost > 0
        ? `${countText(lost, "offset")} cannot be translated yet`
        : exact === all.length
          ? "every offset exact"
          : `${countText(all.length - exact, "offset")} earlier than the exact offset`;
    return {
      group: g.group,
      offsets: all.length,
      exact,
      rereads,
      ...(all.some((p) => p.rereadsAtMost) ? { rereadsAtMost: true as const } : {}),
      proof,
      tone: lost > 0 ? "bad" : exact === all.length ? "good" : "waiting",
    };
  });
  return [...share, ...moving];
}

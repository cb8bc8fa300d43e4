import { bytesPerSecond, type Plan } from "../../engine/plan";
import { configurationOf } from "./configuration";

/** The plan for a script. Lists are complete. Unknown values are null. */
export function planJson(plan: Plan) {
  const { facts, parts, waves, splitGroups, copy, problems, unknown } = plan;
  return {
    ok: problems.length === 0,
    measuredMs: facts.measuredMs,
    topics: facts.topics.map((t) => ({
      topic: t.name,
      partitions: t.partitions,
      records: t.records,
      bytes: t.bytes ?? null,
      recordsPerSecond: t.recordsPerSecond ?? null,
      bytesPerSecond: bytesPerSecond(t) ?? null,
      lastRecordAt: t.lastRecordAt === undefined ? null : new Date(t.lastRecordAt).toISOString(),
      idle: t.idle ?? null,
      retentionMs: t.retentionMs ?? null,
      retentionBytes: t.retentionBytes ?? null,
    })),
    groups: facts.groups.map((g) => ({
      group: g.name,
      members: g.members,
      committed: g.committed,
      reads: g.reads ?? null,
      unused: g.unused ?? null,
    })),
    groupsLeftOut: facts.leftOut,
    shareGroups: facts.share,
    transactions: facts.transactions ?? null,
    parts,
    waves,
    splitGroups,
    configuration: configurationOf(plan),
    copy,
    problems,
    unknown,
  };
}

import { isMigrationError } from "../../engine/errors";
import {
  applyOffsets,
  blockedGroups,
  type OffsetPlan,
  type PartitionPlan,
  planFromCheckpoints,
  planOffsets,
  planRevert,
  planToTime,
  revertOffsets,
} from "../../engine/offsets";
import { atMost, countText, recordsText } from "../../engine/units";
import type { Command, CommandContext, Outcome } from "../command";
import { EXIT } from "../exit";
import { OutFile, readKept } from "../out-file";
import { table } from "../table";
import { Reader } from "../values";

const WAYS = ["exact", "checkpoints", "time"] as const;
type Way = (typeof WAYS)[number];
/** Number of partitions that are listed without --all. */
const SHOWN = 50;
type Plans = Partial<Record<Way, OffsetPlan>>;

/** Where each group continues: the exact way beside the two ways of the guide. */
export const offsets: Command = {
  summary: "show where each group continues; --apply writes the offsets to the target",
  options: {
    apply: { type: "boolean", help: "write the offsets to the target (default: only show them)" },
    way: { type: "string", value: WAYS.join("|"), help: "which offsets --apply writes (default: exact)" },
    time: {
      type: "string",
      value: "TIME",
      help: "ISO 8601 time for the way `time`; also shown without --way",
    },
    group: {
      type: "string",
      multiple: true,
      value: "NAME",
      help: "a group to move in addition to the pattern; may be repeated",
    },
    "exclude-group": { type: "string", multiple: true, value: "NAME", help: "a group not to move; may be repeated" },
    overwrite: { type: "boolean", help: "overwrite other offsets that a group already has on the target" },
    "skip-blocked": { type: "boolean", help: "if some groups cannot be written now, move the others" },
    out: {
      type: "string",
      value: "FILE",
      help:
        "with --apply: save the offsets before and after to this file, for --revert; also works if --apply is " +
        "killed",
    },
    revert: {
      type: "string",
      value: "FILE",
      help: "restore the offsets from before an apply, from its --out file (with --apply)",
    },
    "copied-so-far": {
      type: "boolean",
      help: "producers still write: wait until the mirror has copied what the groups have read, and move them exactly",
    },
    all: { type: "boolean", help: "list every partition, not only the first 50" },
  },
  async run(context) {
    const { migration, values, progress, signal } = context;
    const read = new Reader(values);
    const way = read.oneOf("way", WAYS) ?? "exact";
    const time = read.time("time");
    const apply = read.flag("apply");
    const out = read.text("out");
    const revert = read.text("revert");
    if (way === "time" && time === undefined) read.mistake("--way time needs --time");
    const copiedSoFar = read.flag("copied-so-far");
    if (copiedSoFar && way !== "exact") read.mistake("--copied-so-far moves groups the exact way only");
    if (out !== undefined && !apply) read.mistake("--out needs --apply: a dry run writes nothing");
    read.check("offsets");
    if (revert !== undefined) return takeBack(context, revert, apply);
    const kept = out === undefined ? undefined : new OutFile(out);
    await kept?.open();

    const configured = migration.options.offsets;
    const options = {
      ...configured,
      groups: [...(configured.groups ?? []), ...read.list("group")],
      excludeGroups: [...(configured.excludeGroups ?? []), ...read.list("exclude-group")],
      ...(read.flag("overwrite") ? { overwrite: true } : {}),
      ...(read.flag("skip-blocked") ? { blocked: "skip" as const } : {}),
    };
    const exact = await planOffsets(migration.model, { ...options, copiedSoFar }, progress, signal);
    const plans: Plans = { exact };
    if (!apply || way === "checkpoints") {
      const found = await byCheckpoints(context, exact, way === "checkpoints");
      if (found !== undefined) plans.checkpoints = found;
    }
    if (time !== undefined) plans.time = await planToTime(migration.model, exact, time, progress);
    const plan = plans[way]!;
    const unsure = plan.groups.some((g) => g.topics.some((t) => t.partitions.some((p) => p.targetOffset === null)));
    if (!apply) {
      const blocked = blockedGroups(plan.groups, options);
      return {
        exit: unsure || blocked.length > 0 ? EXIT.no : EXIT.fine,
        lines: [
          ...sideBySide(plans, read.flag("all")),
          "",
          ...exact.summary.attention.slice(0, 20),
          ...refusals(blocked, options.blocked === "skip"),
          "dry run: nothing was written; --apply writes it",
        ],
        json: { applied: false, way, plans, blocked },
      };
    }
    const applied = await applyOffsets(
      migration.model,
      plan,
      options,
      progress,
      undefined,
      kept && ((intended, target) => kept.intend(intended, target)),
    );
    await kept?.finish(applied);
    return {
      exit: applied.skipped.length > 0 ? EXIT.no : EXIT.fine,
      lines: [
        `${countText(applied.written, "offset")} of ${countText(applied.groups.length, "group")} written and ` +
          `read back, ${applied.inPlace} already correct`,
        ...applied.skipped.map((s) => `skipped: group "${s.group}": ${s.why}`),
      ],
      json: { applied: true, way, result: applied },
    };
  },
};

/** What --apply would report about groups whose offsets it cannot write. */
function refusals(blocked: readonly { group: string; why: string }[], skip: boolean): string[] {
  if (blocked.length === 0) return [];
  const shown = blocked.slice(0, 20).map((b) => `group "${b.group}" ${b.why}`);
  return [`--apply would ${skip ? "skip" : "fail because of"} ${countText(blocked.length, "group")}:`, ...shown];
}

/** The plan from the checkpoints. Missing checkpoints are an error only if the user asked for this way. */
async function byCheckpoints(
  { migration, progress, signal }: CommandContext,
  exact: OffsetPlan,
  asked: boolean,
): Promise<OffsetPlan | undefined> {
  try {
    return await planFromCheckpoints(migration.model, exact, progress, signal);
  } catch (error) {
    if (asked || !isMigrationError(error) || error.code !== "OFFSETS_NO_CHECKPOINTS") throw error;
    progress.info(error.message.split("\n", 1)[0]!);
    return undefined;
  }
}

/** One summary line per way, followed by a table that compares their offsets. */
export function sideBySide(plans: Plans, all: boolean): string[] {
  const ways = WAYS.filter((w) => plans[w] !== undefined);
  // Only the rows that are shown are read, one by one. There may be a million.
  const others = ways.map((w) => rowsOf(plans[w]!));
  const rows: string[][] = [];
  for (const { group, where, p } of rowsOf(plans.exact!)) {
    // The plans of all ways have the same groups and partitions in the same order.
    const answers = others.map((other) => (other.next().value as Row).p.targetOffset ?? "-");
    rows.push([
      group,
      where,
      p.originOffset,
      ...answers,
      p.exact ? "exact" : p.targetOffset === null ? "not found" : "earlier",
      atMost(p.rereads, p.rereadsAtMost),
    ]);
    if (rows.length === SHOWN && !all) break;
  }
  const hidden = plans.exact!.summary.offsets - rows.length;
  const summaries = ways.map((w) => {
    const { exact, offsets: total, rereads, rereadsAtMost, skips } = plans[w]!.summary;
    return (
      `${w}: ${exact} of ${countText(total, "offset")} exact, ${recordsText(rereads, rereadsAtMost)} read ` +
      `again${skips === undefined ? "" : `, ${recordsText(skips, true)} skipped`}`
    );
  });
  return [
    ...summaries,
    "",
    ...table(["group", "partition", "origin", ...ways, "proof", "read again"], rows, Infinity),
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
  ];
}

interface Row {
  group: string;
  where: string;
  p: PartitionPlan;
}

function* rowsOf(plan: OffsetPlan): Generator<Row> {
  for (const g of plan.groups)
    for (const t of g.topics)
      for (const p of t.partitions) yield { group: g.group, where: `${t.topic}-${p.partition}`, p };
}

async function takeBack({ migration, progress }: CommandContext, file: string, apply: boolean): Promise<Outcome> {
  const applied = await readKept(file);
  if (applied.clusters?.target === undefined)
    progress.warn(`${file} does not name its cluster: make sure that the apply wrote on this target`);
  if (!apply) {
    const plan = await planRevert(migration.model, applied, progress);
    return {
      exit: plan.left.length > 0 ? EXIT.no : EXIT.fine,
      lines: [
        ...plan.groups.map(
          (g) => `group "${g.group}": ${countText(g.restored + g.deleted, "offset")} would be restored`,
        ),
        ...plan.left.map((l) => `would not be changed: group "${l.group}" ${l.why}`),
        "dry run: nothing was written; --apply restores the offsets",
      ],
      json: { applied: false, groups: applied.groups.map((g) => g.group), plan },
    };
  }
  const result = await revertOffsets(migration.model, applied, progress);
  return {
    exit: result.left.length > 0 ? EXIT.no : EXIT.fine,
    lines: [
      ...result.groups.map((g) => `group "${g.group}": ${g.restored} restored, ${g.deleted} deleted`),
      ...result.left.map((l) => `not changed: group "${l.group}" ${l.why}`),
    ],
    json: { applied: true, result },
  };
}

import type { Phase } from "../model";
import { defined } from "../objects";
import { countText, recordsText } from "../units";
import type { VerifyResult } from "../verify";
import { partPause } from "./pause";
import { countsOf } from "./rows";
import type { PartFacts, ReportInput, Tone, WaveRow } from "./types";

/** Everything outside the waves first, then the waves. Without waves only the former. */
function partsOf(input: ReportInput): (PartFacts & { wave?: string; phase?: Phase })[] {
  return [input, ...(input.waves ?? [])];
}

/**
 * The input with the results of all parts joined, for everything that the report lists about the whole migration.
 * Without waves the input itself.
 */
export function joinWaves(input: ReportInput): ReportInput {
  if (input.waves === undefined) return input;
  const parts = partsOf(input);
  const found = <K extends keyof PartFacts>(key: K) =>
    parts.map((part) => part[key]).filter((one): one is NonNullable<PartFacts[K]> => one !== undefined);
  const { gate: _g, verification: _v, offsets: _o, replication: _r, ...rest } = input;
  return {
    ...rest,
    ...joined("gate", joinGates(found("gate"), parts.length)),
    ...joined("verification", joinVerifications(found("verification"))),
    ...joined("offsets", joinOffsets(found("offsets"))),
    ...joined("replication", joinReplications(found("replication"))),
  };
}

const joined = <K extends string, V>(key: K, value: V | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [k in K]?: V };

const sum = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((total, one) => total + of(one), 0);

const latest = <T>(all: readonly T[], of: (one: T) => string): string => all.map(of).sort().at(-1)!;

/**
 * Without the gates' points of the plot, which are about their own partitions. If all gates passed, one point says that
 * everything is complete.
 */
function joinGates(all: readonly NonNullable<PartFacts["gate"]>[], parts: number): PartFacts["gate"] {
  if (all.length === 0) return undefined;
  const { samples: _samples, ...first } = all[0]!;
  const passedAt = latest(all, (g) => g.passedAt);
  const partitions = sum(all, (g) => g.partitions);
  return {
    ...first,
    ...(all.length === parts ? { samples: [{ at: passedAt, partitions, complete: partitions, left: 0 }] } : {}),
    passedAt,
    topics: sum(all, (g) => g.topics),
    partitions,
    recordsAtMost: sum(all, (g) => g.recordsAtMost),
    warnings: all.flatMap((g) => g.warnings),
  };
}

/** Claims no more than the weakest of the comparisons. */
function joinVerifications(all: readonly NonNullable<PartFacts["verification"]>[]): PartFacts["verification"] {
  if (all.length === 0) return undefined;
  const results = all.map((v) => v.result);
  return {
    at: latest(all, (v) => v.at),
    result: {
      mode: weakest(results.map((r) => r.mode)),
      equal: results.every((r) => r.equal),
      topics: results.flatMap((r) => r.topics),
      differences: results.flatMap((r) => r.differences),
      notes: results.flatMap((r) => r.notes),
      partitions: sum(results, (r) => r.partitions),
      resumed: sum(results, (r) => r.resumed),
      bytes: { origin: sum(results, (r) => r.bytes.origin), target: sum(results, (r) => r.bytes.target) },
      ...joinSamples(results),
      ...defined({ throttleBytesPerSecond: results.at(-1)!.throttleBytesPerSecond }),
      durationMs: sum(results, (r) => r.durationMs),
      requests: sum(results, (r) => r.requests),
    },
  };
}

function weakest(modes: readonly VerifyResult["mode"][]): VerifyResult["mode"] {
  return (["tail", "sample", "full"] as const).find((mode) => modes.includes(mode)) ?? "none";
}

/** The samples of all parts, if they have the same settings. */
function joinSamples(results: readonly VerifyResult[]): Pick<VerifyResult, "sample"> {
  const all = results.flatMap(({ sample }) => (sample === undefined ? [] : [sample]));
  const [first] = all;
  if (first === undefined || all.some((s) => s.seed !== first.seed || s.holeRecords !== first.holeRecords)) return {};
  return {
    sample: {
      seed: first.seed,
      partitions: sum(all, (s) => s.partitions),
      windows: sum(all, (s) => s.windows),
      records: sum(all, (s) => s.records),
      holeRecords: first.holeRecords,
      missed: Math.max(...all.map((s) => s.missed)),
    },
  };
}

function joinOffsets(all: readonly NonNullable<PartFacts["offsets"]>[]): PartFacts["offsets"] {
  if (all.length === 0) return undefined;
  return {
    version: 1,
    at: latest(all, (o) => o.at),
    groups: all.flatMap((o) => o.groups),
    skipped: all.flatMap((o) => o.skipped),
    attention: all.flatMap((o) => o.attention ?? []),
    written: sum(all, (o) => o.written),
    inPlace: sum(all, (o) => o.inPlace),
  };
}

function joinReplications(all: readonly NonNullable<PartFacts["replication"]>[]): PartFacts["replication"] {
  if (all.length === 0) return undefined;
  const results = all.map((r) => r.result);
  const { throttleBytesPerSecond: throttle } = results[0]!;
  return {
    at: latest(all, (r) => r.at),
    result: {
      topics: results.flatMap((r) => r.topics),
      partitions: sum(results, (r) => r.partitions),
      unchanged: sum(results, (r) => r.unchanged),
      bytes: sum(results, (r) => r.bytes),
      minInsync: results.flatMap((r) => r.minInsync),
      absent: results.flatMap((r) => r.absent),
      durationMs: sum(results, (r) => r.durationMs),
      ...(throttle === undefined ? {} : { throttleBytesPerSecond: throttle }),
    },
  };
}

/** One row for each wave, and one for everything else. Undefined: the migration has no waves. */
export function waveRows(input: ReportInput): WaveRow[] | undefined {
  if (input.waves === undefined) return undefined;
  return [...input.waves.map((wave) => rowOf(wave)), rowOf({ ...input, phase: input.phase ?? "mirror" })];
}

/** True if everything that the phase `cutover` promises was done. */
export const isCutOver = ({ gate, offsets }: PartFacts): boolean => gate !== undefined && offsets !== undefined;

function rowOf(part: PartFacts & { wave?: string; phase: Phase }): WaveRow {
  const { wave, phase } = part;
  return {
    ...(wave === undefined ? {} : { wave }),
    phase,
    state: stateOf(part),
    ...partPause(part),
    ...movedOf(part),
    ...proofOf(part),
  };
}

function movedOf({ phase, offsets }: PartFacts & { phase: Phase }): Partial<WaveRow> {
  if (offsets === undefined || offsets.groups.length === 0) return {};
  // A cutover keeps the groups that moved in phase `consumers`, but its time is not theirs.
  const before = phase === "consumers" ? 0 : offsets.groups.map(countsOf).filter((g) => g.early === true).length;
  const all = before === offsets.groups.length;
  return { ...(all ? {} : { groupsMovedAt: offsets.at }), ...(before === 0 ? {} : { groupsMovedBefore: before }) };
}

const movesNothing = ({ groups, skipped }: NonNullable<PartFacts["offsets"]>): boolean =>
  groups.length === 0 && skipped.length === 0;

function stateOf({ phase, gate, offsets, wayBack }: PartFacts & { phase: Phase }): string {
  if (phase === "returned") return wayBack?.returnedAt === undefined ? "returning" : "returned to the origin";
  if (phase === "consumers" && offsets === undefined) return "groups have not moved yet";
  if (phase === "consumers") return movesNothing(offsets!) ? "no groups to move" : "groups moved";
  if (phase === "mirror") return "copying";
  if (gate === undefined) return "waiting for the gate";
  if (offsets === undefined && phase === "cutover") return "the gate passed";
  return phase === "cutover" && wayBack?.openedAt !== undefined ? "cut over, can return" : "cut over";
}

function proofOf({ phase, verification, offsets, wayBack }: PartFacts & { phase: Phase }): {
  proof: string;
  tone: Tone;
} {
  // The return was proved like a cutover. Nothing is proved about the next one.
  if (phase === "returned" && wayBack?.returnedAt !== undefined) {
    const partitions = wayBack.pause?.stopped.gate?.partitions;
    const complete = partitions === undefined ? "" : `: ${countText(partitions, "partition")} complete`;
    return { proof: `back on the origin${complete}`, tone: "good" };
  }
  if (verification !== undefined && !verification.result.equal) return { proof: "the copy differs", tone: "bad" };
  const how =
    verification === undefined
      ? []
      : [`equal (${verification.result.mode}): ${countText(verification.result.partitions, "partition")}`];
  if (offsets === undefined) return { proof: how[0] ?? "not proved yet", tone: "waiting" };
  const counts = offsets.groups.map(countsOf);
  const rereads = sum(counts, (c) => c.rereads ?? 0);
  const unproved = sum(counts, (c) => c.unproved ?? 0);
  const skipped = offsets.skipped.length;
  const groups = [
    ...(offsets.groups.length === 0
      ? []
      : [
          `${countText(
            sum(counts, (c) => c.offsets),
            "offset",
          )} moved`,
        ]),
    ...(unproved === 0 ? [] : [`${countText(unproved, "offset")} without proof`]),
    ...(rereads === 0
      ? []
      : [`${recordsText(rereads, counts.some((c) => c.rereadsAtMost === true) || undefined)} read again`]),
    ...(skipped === 0 ? [] : [`${countText(skipped, "group")} skipped`]),
  ];
  const tone = skipped > 0 ? "bad" : unproved > 0 || verification === undefined ? "waiting" : "good";
  return { proof: [...how, ...groups].join("; ") || "nothing to move", tone };
}

/** How far the waves are. Undefined: nothing is to say about waves. */
export function wavesHeadline(input: ReportInput): { tone: Tone; text: string } | undefined {
  const { waves } = input;
  if (waves === undefined) return undefined;
  const done = waves.filter(isCutOver);
  const rest = isCutOver(input);
  if (done.length === waves.length && rest) return undefined;
  const text = `${done.length} of ${countText(waves.length, "wave")} cut over`;
  return { tone: "waiting", text: rest ? `${text}, and everything outside the waves` : text };
}

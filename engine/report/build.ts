import { writtenText } from "../fence";
import type { Phase } from "../model";
import { throttleText } from "../replication/throttle";
import type { VerifyResult } from "../verify";
import { sampleText } from "../verify/result";
import { atMost, bytesText, countText, durationText, figure, recordsText } from "../units";
import { accessRows } from "./access";
import { connectorRows, copiedEvent } from "./connectors";
import { fenceGaps, fenceWarnings } from "./fence";
import { groupsPauseText, partPause, partPauseText, raisesOf } from "./pause";
import { groupRows, topicRows } from "./rows";
import type {
  AccessRows,
  GroupRow,
  LeftThrottle,
  PartFacts,
  Report,
  ReportInput,
  Sample,
  TimelineEntry,
} from "./types";
import { joinWaves, waveRows, wavesHeadline } from "./waves";

const MOST_SAMPLES = 500;
const MOST_WARNINGS = 200;

/** Builds the report from what is known. */
export function buildReport(given: ReportInput): Report {
  const input = joinWaves(given);
  const topics = topicRows(input);
  const groups = groupRows(input, given.waves);
  const waves = waveRows(given);
  const pause = waves === undefined ? partPause(input) : {};
  const access = accessRows(given);
  const connectors = connectorRows(given);
  return {
    version: 1,
    name: input.name,
    madeAt: input.madeAt,
    phase: input.phase ?? null,
    mirror: input.mirror,
    headline: headline(input, wavesHeadline(given)),
    warnings: warnings(input, groups, access),
    timeline: timeline(given),
    progress: samples(input),
    figures: figures(input),
    ...(waves === undefined ? {} : { waves }),
    ...pause,
    topics,
    groups,
    ...(connectors === undefined ? {} : { connectors }),
    ...(access === undefined ? {} : { access }),
    ...(input.fence === undefined ? {} : { fence: input.fence }),
    residue: input.residue === undefined ? null : [...input.residue],
  };
}

/** @param waves how far the waves are. Undefined: there are none, or all are done */
function headline(input: ReportInput, waves: Report["headline"] | undefined): Report["headline"] {
  if (input.abandonedAt !== undefined)
    return { tone: "bad", text: "Abandoned: it is not proved that the copy is complete" };
  const residue = input.residue?.length ?? 0;
  if (input.phase === "cleanup") {
    if (input.residue === undefined)
      return { tone: "waiting", text: "Cleaning up: the search for residue starts when the mirror is gone" };
    return residue > 0
      ? { tone: "bad", text: `Cleaned up, but ${countText(residue, "piece")} of residue found` }
      : { tone: "good", text: "Cleaned up: no residue" };
  }
  if (input.verification !== undefined && !input.verification.result.equal)
    return { tone: "bad", text: "The copy differs from the origin" };
  const written = input.written?.length ?? 0;
  if (written > 0)
    return {
      tone: "bad",
      text: `${countText(written, "partition")} of the origin received writes after the gate passed`,
    };
  if (waves !== undefined && (input.gate !== undefined || input.offsets !== undefined)) return waves;
  const alone = input.offsets?.skipped.length ?? 0;
  if (input.gate !== undefined && alone > 0)
    return { tone: "waiting", text: `Cut over, but ${countText(alone, "group was", "groups were")} skipped` };
  if (input.phase === "returned" && input.wayBack?.returnedAt !== undefined)
    return {
      tone: "good",
      text: "Returned to the origin: everything written on the target is there, and it is copied again",
    };
  if (input.gate !== undefined && input.offsets !== undefined)
    return { tone: "good", text: "Cut over: the copy is complete and the offsets of the groups are written" };
  if (input.gate !== undefined) return { tone: "waiting", text: "The gate passed; the cutover is not finished" };
  if (input.phase === "consumers" && input.offsets !== undefined)
    return { tone: "waiting", text: "The groups moved; producers still write to the origin" };
  if (input.look === undefined && (input.notes ?? []).length > 0)
    return { tone: "bad", text: "The copy could not be read: see the warnings" };
  if (input.look === undefined) return { tone: "waiting", text: "Copying" };
  if (input.look.against.some((f) => f.hopeless))
    return { tone: "bad", text: "The copy cannot become complete until a problem is solved" };
  return input.look.against.length === 0
    ? { tone: "good", text: "The copy looks complete: ready for the cutover" }
    : { tone: "waiting", text: "Copying: not complete yet" };
}

function warnings(input: ReportInput, groups: readonly GroupRow[], access: AccessRows | undefined): string[] {
  const { preflight, gate, verification, offsets, offsetPlan, look } = input;
  const lines = [
    ...(input.written === undefined || input.written.length === 0 ? [] : [writtenText(input.written)]),
    ...(input.openFences ?? []),
    ...fenceWarnings(input.fence),
    ...(input.leftThrottle === undefined ? [] : [leftThrottleText(input.leftThrottle)]),
    ...(input.notes ?? []),
    ...(input.abandonedAt === undefined
      ? []
      : [
          `the migration was abandoned at ${input.abandonedAt}: the gate passed without proof that the copy ` +
            "is complete",
        ]),
    ...(look?.against ?? []).filter((f) => f.hopeless).map((f) => f.text),
    ...(verification?.result.differences ?? []).map((d) => d.text),
    ...(access === undefined || access.tone === "good" ? [] : [`access before the cutover: ${access.summary}`]),
    ...(offsets?.skipped ?? []).map((s) => `group "${s.group}" was skipped: ${s.why}`),
    ...groups
      .filter((g) => offsets !== undefined && g.rereads !== undefined)
      .map((g) => `group "${g.group}" will read ${recordsText(g.rereads!, g.rereadsAtMost)} again`),
    ...(offsets?.attention ?? []),
    ...(offsetPlan?.summary.attention ?? []),
    ...(look?.against ?? []).filter((f) => !f.hopeless).map((f) => f.text),
    ...(preflight?.result.warnings ?? []).map((w) => `${w.code}: ${w.seen}. ${w.fix}`),
    ...(gate?.warnings ?? []),
    ...(look?.warnings ?? []),
    ...(verification?.result.notes ?? []),
  ];
  return eachOnce(lines);
}

function leftThrottleText({ topics, brokers, underWay }: LeftThrottle): string {
  const where = throttleText({ topics, brokers });
  const why =
    underWay === 0
      ? "no reassignment is in progress"
      : `${countText(underWay, "partition")} still ${underWay === 1 ? "copies" : "copy"} replicas`;
  return (
    `a replication reset ended early and left its throttle on ${where} of the target; ${why}. The next ` +
    "`pulumi up` or `kafka-migration replication --apply` waits for the reassignments and removes the " +
    "throttle; with --cancel it cancels them"
  );
}

/** At most 200 lines, without duplicates. */
export function eachOnce(lines: readonly string[]): string[] {
  const once = [...new Set(lines)];
  return once.length > MOST_WARNINGS
    ? [...once.slice(0, MOST_WARNINGS), `and ${once.length - MOST_WARNINGS} more`]
    : once;
}

function timeline(input: ReportInput): TimelineEntry[] {
  const { preflight } = input;
  const entries: (TimelineEntry | undefined)[] = [
    preflight && {
      at: preflight.at,
      what:
        `Preflight passed: ${countText(preflight.result.topics, "topic")}, ` +
        `${countText(preflight.result.partitions, "partition")}, ${countText(preflight.result.groups, "group")}`,
    },
    ...[input, ...(input.waves ?? [])].flatMap(eventsOf),
    ...(input.fence === undefined ? [] : fenceGaps(input.fence)),
    input.abandonedAt === undefined ? undefined : { at: input.abandonedAt, what: "Abandoned" },
    input.look && { at: input.look.at, what: "Read both clusters for this report" },
  ];
  return entries.filter((e): e is TimelineEntry => e !== undefined).sort((a, b) => a.at.localeCompare(b.at));
}

const DENIES = "the origin denies writes to the migrated topics";
const NO_ACL = "it needs no ACL, because nobody may write to the migrated topics";

function eventsOf(part: PartFacts & { wave?: string; phase?: Phase }): (TimelineEntry | undefined)[] {
  const { access, fenceEmpty, gate, verification, offsets, replication } = part;
  const pause = partPause(part);
  const waited = pause.producers?.to === undefined ? undefined : partPauseText(pause);
  const groupsWaited = part.phase === "consumers" ? groupsPauseText(pause.groupsWaited) : undefined;
  const side = part.phase === "returned" ? "origin" : "target";
  const entries: (TimelineEntry | undefined)[] = [
    access && { at: access.at, what: `Compared access: ${access.result.equal ? "equal" : "differences found"}` },
    ...(part.fenceRaisedAt === undefined ? [] : raisesOf(part)).map(({ raisedAt: at }, i) => ({
      at,
      what: `Fence raised${i === 0 ? "" : " again"}: ${fenceEmpty === true ? NO_ACL : DENIES}`,
    })),
    gate && {
      at: gate.passedAt,
      what:
        `Gate passed after ${durationText(gate.durationMs)}: ${countText(gate.partitions, "partition")} in ` +
        `${countText(gate.topics, "topic")} complete`,
    },
    verification && {
      at: verification.at,
      what:
        `Verified (${verification.result.mode}) in ${durationText(verification.result.durationMs)}: ` +
        `${verification.result.equal ? "equal" : "differences found"}; read ` +
        `${bytesText(verification.result.bytes.origin + verification.result.bytes.target)} in ` +
        `${countText(verification.result.requests, "request")}` +
        resumedText(verification.result) +
        limitText(verification.result) +
        `${verification.result.sample === undefined ? "" : `; ${sampleText(verification.result.sample)}`}`,
    },
    copiedEvent(part),
    offsets && {
      at: offsets.at,
      what:
        `Offsets of ${countText(offsets.groups.length, "group")} moved: ${offsets.written} written, ` +
        `${offsets.inPlace} already correct${groupsWaited === undefined ? "" : `; ${groupsWaited}`}`,
    },
    waited === undefined
      ? undefined
      : { at: pause.producers!.to!, what: `Clients may start on the ${side}: ${waited}` },
    replication && {
      at: replication.at,
      what:
        `Replication reset in ${durationText(replication.result.durationMs)}: ` +
        `${countText(replication.result.partitions, "partition")}, ${bytesText(replication.result.bytes)}`,
    },
  ];
  const { wave } = part;
  return wave === undefined ? entries : entries.map((e) => e && { ...e, what: `Wave ${wave}: ${e.what}` });
}

/** What an interrupted run has read is not part of the cost. */
const resumedText = ({ resumed }: VerifyResult): string =>
  resumed === 0 ? "" : `, ${countText(resumed, "partition")} before that by an interrupted run`;

function limitText({ throttleBytesPerSecond: limit }: VerifyResult): string {
  return limit === undefined ? "" : `, limited to ${bytesText(limit)}/s from each cluster`;
}

/**
 * All points: the earlier ones, the gate's and this check's. If there are too many, they are thinned out evenly. The
 * first and the last stay.
 */
function samples(input: ReportInput): Sample[] {
  const found = [
    ...(input.samples ?? []),
    ...(input.gate?.samples ?? []),
    ...(input.look === undefined ? [] : [sampleOf(input.look)]),
  ];
  // An earlier report may already contain the gate's points.
  const all = [...new Map(found.map((s) => [s.at, s])).values()].sort((a, b) => a.at.localeCompare(b.at));
  if (all.length <= MOST_SAMPLES) return all;
  const step = (all.length - 1) / (MOST_SAMPLES - 1);
  return Array.from({ length: MOST_SAMPLES }, (_, i) => all[Math.round(i * step)]!);
}

/** One check of both clusters as a point of the plot. */
export function sampleOf(look: NonNullable<ReportInput["look"]>): Sample {
  const sum = (of: (t: (typeof look.topics)[number]) => number) => look.topics.reduce((n, t) => n + of(t), 0);
  return {
    at: look.at,
    partitions: sum((t) => t.partitions),
    complete: sum((t) => t.complete),
    left: sum((t) => t.left),
  };
}

function figures(input: ReportInput): [string, string][] {
  const { look, gate, verification, offsets, offsetPlan, replication, replicationPlan } = input;
  const found: [string, string][] = [];
  if (look !== undefined) {
    const now = sampleOf(look);
    found.push(
      ["Topics", String(look.topics.length)],
      ["Partitions complete", `${now.complete} of ${now.partitions}`],
      ["Records left", atMost(now.left, true)],
    );
    if (look.connector !== undefined) found.push(["Source connector", connectorText(look.connector)]);
  } else if (gate !== undefined) {
    found.push(
      ["Topics", String(gate.topics)],
      ["Partitions", String(gate.partitions)],
      ["Records", `at most ${figure(gate.recordsAtMost)}`],
    );
  }
  if (verification !== undefined) {
    const { bytes } = verification.result;
    found.push(["Compared", `${bytesText(bytes.origin)} with ${bytesText(bytes.target)}`]);
  }
  if (offsets !== undefined) found.push(["Offsets moved", String(offsets.written + offsets.inPlace)]);
  if (offsetPlan !== undefined) {
    const { exact, offsets: all, rereads, rereadsAtMost } = offsetPlan.summary;
    found.push(["Offsets exact", `${exact} of ${all}`], ["Records read again", atMost(rereads, rereadsAtMost)]);
  }
  if (replication !== undefined) {
    const { bytes, throttleBytesPerSecond } = replication.result;
    const rate =
      throttleBytesPerSecond === undefined ? "" : `, at most ${bytesText(throttleBytesPerSecond)}/s a broker`;
    found.push(["Replicas copied", `${bytesText(bytes)}${rate}`]);
  }
  if (replicationPlan !== undefined) found.push(["Replicas to copy", bytesText(replicationPlan.bytes)]);
  return found;
}

function connectorText({ state, tasks }: NonNullable<NonNullable<ReportInput["look"]>["connector"]>): string {
  const some = Object.entries(tasks).map(([task, count]) => `${count} ${task}`);
  return some.length === 0 ? state : `${state}, tasks: ${some.join(", ")}`;
}

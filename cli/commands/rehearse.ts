import { isMigrationError } from "../../engine/errors";
import { type FencePreview, previewFence } from "../../engine/fence";
import { DEFAULTS } from "../../engine/gate/types";
import {
  estimateWriting,
  type OffsetPlan,
  planOffsets,
  WHY_NOT_SHARE,
  type WritingEstimate,
} from "../../engine/offsets";
import { tooLong } from "../../engine/offsets/summary";
import { isConflict, isInPlace, partitionsOf } from "../../engine/offsets/summary";
import { type ConnectorPlan, planConnectors, refusedLine } from "../../engine/connectors";
import { preflight, toMoveSinks, whySinksStay } from "../../engine/preflight";
import { planReplicationFor, type ReplicationPreview } from "../../engine/replication";
import { type CopyLook, lookAtCopy, sampleOf } from "../../engine/report";
import { bytesText, countText, durationText } from "../../engine/units";
import { EXCLUDE } from "../../engine/ways-out";
import { compareCopy, isFault, type VerifyResult } from "../../engine/verify";
import type { Command, CommandContext } from "../command";
import { EXIT } from "../exit";
import { table } from "../table";
import { accessLines, rehearseAccess } from "./access";
import { forLook } from "./gate";

/** One step of the cutover: how long it will take, and how this is known. */
interface StepTime {
  step: string;
  /** Undefined if it cannot be known yet. */
  ms?: number;
  how: string;
}

/** Runs the parts of a cutover that only read. Reports how long the cutover will take and what would stop it. */
export const rehearse: Command = {
  summary: "estimate how long the cutover takes and find what would stop it; changes nothing",
  options: {
    "full-verify": {
      type: "boolean",
      help: "also rehearse the verification in mode full, which reads every record on both sides",
    },
  },
  async run(context) {
    const { migration, values, signal } = context;
    const { model, options } = migration;
    const rehearsal = new Rehearsal(context);
    // Preflight knows about the fence, because it checks the rights to create it.
    const fenced = options.preflight.fence === true;

    const waves = migration.waves.length > 0;
    const run = { ...options.preflight, waves };
    const checked = await rehearsal.part("preflight", () => preflight(model, run, context.progress));
    const access = await rehearsal.part("access", () => rehearseAccess(context));
    const fence = fenced ? await rehearsal.part("fence", () => previewFence(model, options.fence)) : undefined;
    const first = await rehearsal.part("gate", () => lookAtCopy(model, forLook(migration), signal, context.progress));
    const plan = await rehearsal.part("offsets", () => planOffsets(model, options.offsets, context.progress, signal));
    const writing =
      plan === undefined ? undefined : await rehearsal.part("writing", () => estimateWriting(model, plan));
    const sources = await rehearsal.part("connectors", () => planConnectors(model, options.connectors, signal));
    const { mode } = options.verify;
    const skipsVerify = mode === "none" || (mode === "full" && values["full-verify"] !== true);
    const verified = skipsVerify
      ? undefined
      : await rehearsal.part("verification", () => compareCopy(model, options.verify, context.progress, signal));
    const moves = await rehearsal.part("replication", () =>
      planReplicationFor(model, options.replication, undefined, context.progress),
    );
    const second =
      first === undefined
        ? undefined
        : await rehearsal.part("gate", () => lookAtCopy(model, forLook(migration), signal, context.progress));

    addConnectors(rehearsal, sources ?? []);
    addProblems(rehearsal, second ?? first, plan, verified, options.offsets.overwrite ?? false);
    const steps = timesOf(rehearsal, {
      first: first && sampleOf(first),
      second: second && sampleOf(second),
      moves,
      mode,
      throttle: options.replication.throttleBytesPerSecond,
      stableForMs: options.gate.stableForMs ?? (fenced ? 0 : DEFAULTS.stableForMs),
      fenced,
      fence,
      writing,
    });
    const beforeClients = steps.slice(0, -1);
    const unknown = beforeClients.filter((s) => s.ms === undefined).map((s) => s.step);
    const total = beforeClients.reduce((sum, s) => sum + (s.ms ?? 0), 0);
    const { problems, waits } = rehearsal;
    const sinksLeft = (checked?.sinkGroupsLeft ?? []).filter((group) => !options.offsets.groups?.includes(group));
    const leftAlone = [
      ...(plan?.shareGroups ?? []).map((group) => `group "${group}" will be skipped: ${WHY_NOT_SHARE}`),
      ...sinksLeft.map(
        (group) => `group "${group}" will be skipped: a sink connector's, and ${whySinksStay(model.mirror)}`,
      ),
      ...(sinksLeft.length === 0
        ? []
        : [`to move them, ${toMoveSinks(sinksLeft, model.mirror, options.offsets.groups, waves)}`]),
    ];
    return {
      exit: problems.length > 0 ? EXIT.no : EXIT.fine,
      lines: [
        ...table(
          ["step", "time", "source"],
          steps.map((s) => [s.step, s.ms === undefined ? "?" : durationText(s.ms), s.how]),
        ),
        "from the last record written to the first client started: about " +
          `${durationText(total)}${unknown.length > 0 ? `, plus unknown times: ${unknown.join(", ")}` : ""}`,
        "",
        ...(problems.length === 0
          ? ["nothing would stop the cutover"]
          : [
              `${countText(problems.length, "thing")} would stop the cutover:`,
              ...problems.map((p) => `  ${p.split("\n").join("\n    ")}`),
            ]),
        ...(waits.length === 0
          ? []
          : [
              `the cutover would wait for ${countText(waits.length, "thing")}:`,
              ...waits.slice(0, 20).map((w) => `  ${w}`),
              ...(waits.length > 20 ? [`  and ${waits.length - 20} more`] : []),
            ]),
        ...accessLines(access),
        ...leftAlone.slice(0, 20),
        ...(leftAlone.length > 20 ? [`and ${leftAlone.length - 20} more`] : []),
      ],
      json: { ok: problems.length === 0, steps, untilClientsMs: total, unknown, problems, waits, leftAlone, access },
    };
  },
};

class Rehearsal {
  readonly problems: string[] = [];
  readonly waits: string[] = [];
  readonly measured = new Map<string, number>();

  constructor(private readonly context: CommandContext) {}

  /** Measures one part. A refusal is recorded as a problem and does not end the rehearsal. */
  async part<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    this.context.signal.throwIfAborted();
    this.context.progress.info(`rehearsing: ${name}`);
    const started = Date.now();
    try {
      const result = await work();
      this.measured.set(name, Date.now() - started);
      return result;
    } catch (error) {
      // If a cluster cannot be reached, there is nothing to rehearse.
      if (!isMigrationError(error) || error.code.startsWith("KAFKA_")) throw error;
      if (!this.problems.includes(error.message)) this.problems.push(error.message);
      return undefined;
    }
  }
}

function addProblems(
  rehearsal: Rehearsal,
  look: CopyLook | undefined,
  plan: OffsetPlan | undefined,
  verified: VerifyResult | undefined,
  overwrite: boolean,
): void {
  const { problems, waits } = rehearsal;
  for (const f of look?.against ?? []) (f.hopeless ? problems : waits).push(f.text);
  const complete = look?.against.length === 0;
  for (const g of plan?.groups ?? []) {
    if (g.targetMembers.length > 0)
      problems.push(
        `group "${g.group}" is active on the target (${g.targetMembers.join(", ")}): stop its clients on the target`,
      );
    if (g.originMembers > 0)
      waits.push(
        `group "${g.group}" still has ${countText(g.originMembers, "member")} on the origin: stop its ` +
          "clients before the cutover",
      );
    const all = partitionsOf(g);
    const conflicts = overwrite ? 0 : all.filter(({ p }) => isConflict(p)).length;
    if (conflicts > 0)
      problems.push(
        `group "${g.group}" already has other offsets on the target (${countText(conflicts, "partition")}): ` +
          "set offsets.overwrite, or exclude it",
      );
    const long = all.find(({ p }) => tooLong(p) !== undefined && !isInPlace(p));
    if (long !== undefined)
      problems.push(`group "${g.group}" cannot be moved on ${long.topic}-${long.p.partition}: ${tooLong(long.p)}`);
    const lost = all.filter(({ p }) => p.targetOffset === null).length;
    const why = complete ? `: ${EXCLUDE}` : " before the copy is complete";
    if (lost > 0)
      (complete ? problems : waits).push(`group "${g.group}": ${countText(lost, "offset")} cannot be translated${why}`);
  }
  // While records are still being copied, the two sides differ.
  if (complete) for (const d of verified?.differences ?? []) if (isFault(d)) problems.push(d.text);
}

/** A connector that runs is stopped for the cutover, like producers. */
function addConnectors({ problems, waits }: Rehearsal, plans: readonly ConnectorPlan[]): void {
  for (const plan of plans) {
    if (plan.refused === undefined) continue;
    const text = `${refusedLine(plan)}: ${plan.refused.fix}`;
    if (plan.refused.running === true) waits.push(`${text}, before the cutover`);
    else problems.push(text);
  }
}

interface Facts {
  first: ReturnType<typeof sampleOf> | undefined;
  second: ReturnType<typeof sampleOf> | undefined;
  moves: ReplicationPreview | undefined;
  mode: string;
  throttle: number | undefined;
  stableForMs: number;
  fenced: boolean;
  fence: FencePreview | undefined;
  writing: WritingEstimate | undefined;
}

/** The number of steps that check the fence again: gate, verification, offsets. */
const BEHIND_FENCE = 3;

function timesOf(
  { measured }: Rehearsal,
  { first, second, moves, mode, throttle, stableForMs, fenced, fence, writing }: Facts,
): StepTime[] {
  const took = (step: string, part: string, how: string): StepTime => ({
    step,
    how,
    ...(measured.has(part) ? { ms: measured.get(part)! } : {}),
  });
  return [
    ...(fenced ? [raising(fence)] : []),
    catchUp(first, second),
    {
      step: "quiet origin",
      ms: stableForMs,
      how: stableForMs === 0 ? "none: the fence stops all writes" : "gate.stableSeconds",
    },
    took("gate", "gate", "one check, measured now"),
    mode === "none"
      ? { step: "verification", ms: 0, how: "verify.mode is none" }
      : took(
          "verification",
          "verification",
          measured.has("verification")
            ? `mode ${mode}, measured now`
            : "not rehearsed: mode full reads every record (--full-verify does)",
        ),
    took("offsets", "offsets", "the plan, measured now"),
    {
      step: "writing offsets",
      how: "no plan",
      ...(writing === undefined
        ? {}
        : {
            ms: writing.ms,
            how:
              `${durationText(writing.readMs)} of reading, measured now; ` +
              `${countText(writing.commits, "commit")}, estimated`,
          }),
    },
    copying(moves, throttle),
  ];
}

/** A rehearsal writes nothing. It measures the reads of raising the fence and adds the known wait. */
function raising(fence: FencePreview | undefined): StepTime {
  const step = "fence";
  if (fence === undefined) return { step, how: "could not be rehearsed" };
  const { rules, topics, lookMs, settleMs } = fence;
  return {
    step,
    ms: settleMs + (1 + BEHIND_FENCE) * lookMs,
    how:
      `${durationText(settleMs)} until writes have ended, ${1 + BEHIND_FENCE} checks of ` +
      `${durationText(lookMs)}, measured now; creating ${countText(rules, "ACL")} for ` +
      `${countText(topics, "topic")} is not tried`,
  };
}

/** How fast the remaining records decrease, from the first and the last look of this rehearsal. */
function catchUp(first: Facts["first"], second: Facts["second"]): StepTime {
  const step = "catching up";
  if (first === undefined || second === undefined) return { step, how: "the state of the copy could not be read" };
  if (second.left === 0) return { step, ms: 0, how: "nothing is left to copy now" };
  const seconds = (Date.parse(second.at) - Date.parse(first.at)) / 1000;
  const rate = seconds > 0 ? (first.left - second.left) / seconds : 0;
  const left = `at most ${countText(second.left, "record")} left`;
  return rate > 0
    ? { step, ms: (second.left / rate) * 1000, how: `${left}, ${Math.round(rate)} records/s fewer between two checks` }
    : { step, how: `${left}, and not fewer between two checks` };
}

function copying(moves: ReplicationPreview | undefined, throttle: number | undefined): StepTime {
  const step = "replication (clients may run)";
  if (moves === undefined) return { step, how: "could not be planned" };
  if (moves.partitions === 0) return { step, ms: 0, how: "nothing to change" };
  const what = `${bytesText(moves.bytes)} for ${countText(moves.partitions, "partition")}`;
  return throttle === undefined
    ? { step, how: `${what}, as fast as the brokers copy` }
    : { step, ms: (moves.bytes / throttle) * 1000, how: `${what}, at most: if one broker's throttle limits all of it` };
}

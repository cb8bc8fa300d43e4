import type { FenceTimes } from "../fence";
import type { Phase } from "../model";
import { defined } from "../objects";
import type { AppliedGroup } from "../offsets";
import { countText, durationText } from "../units";
import type { GroupCount, GroupsPause, PartFacts, Pause, PauseStart } from "./types";
import type { Stopped } from "./types";

/**
 * How long producers waited. The fence decides when they stopped. Without a fence, the gate has seen since when nothing
 * was written.
 * @param to ISO 8601. When they could start on the other cluster. Undefined: not yet
 * @returns undefined if it is not known when they stopped, or if there are no topics
 */
export function producersPause(stopped: Stopped, to: string | undefined): Pause | undefined {
  if (stopped.gate?.partitions === 0) return undefined;
  const began = startOf(stopped);
  if (began === undefined) return undefined;
  // Phase `consumers` may have moved the groups before.
  const over = to !== undefined && to >= began.from;
  return { ...began, ...(over ? { to } : {}) };
}

function startOf({ gate, ...fence }: Stopped): Pick<Pause, "from" | "start"> | undefined {
  const raises = raisesOf(fence);
  // A later `up` may have raised the fence again. The gate ran behind the last raise before it.
  const { raisedAt, closedAt } =
    raises.findLast((raise) => gate === undefined || (raise.closedAt ?? raise.raisedAt) <= gate.passedAt) ?? {};
  if (closedAt !== undefined) return { from: closedAt };
  if (raisedAt !== undefined) return { from: raisedAt, start: "raised" };
  // Also if the fence was switched on after the cutover: the gate saw when the writes ended.
  if (gate?.quietFrom !== undefined) return { from: gate.quietFrom, start: "quiet" };
  // An older version recorded only the last raise.
  if (gate === undefined || raises.length === 0) return undefined;
  return { from: new Date(Date.parse(gate.passedAt) - gate.durationMs).toISOString(), start: "gate" };
}

/** Every known raise of the fence, the oldest first. */
export function raisesOf({
  fenceEarlier = [],
  fenceClosedAt: closedAt,
  fenceRaisedAt: raisedAt,
}: Omit<Stopped, "gate">): FenceTimes[] {
  const last = raisedAt ?? closedAt;
  return last === undefined ? [...fenceEarlier] : [...fenceEarlier, defined({ raisedAt: last, closedAt })];
}

/** When clients could start on the target. Undefined: not yet. */
export function clientsStart({ gate, offsets }: Pick<PartFacts, "gate" | "offsets">): string | undefined {
  if (gate === undefined || offsets === undefined) return undefined;
  return offsets.clientsMayStartAt ?? offsets.at;
}

/** How long a group waited. Undefined: it did not stop, or the state of an older version does not know. */
export function groupPause({ idleSince, readBackAt }: AppliedGroup | GroupCount): Pause | undefined {
  if (idleSince === undefined || readBackAt === undefined || readBackAt < idleSince) return undefined;
  return { from: idleSince, to: readBackAt, start: "idle" };
}

/** True if the group had members on the origin when its offsets were read, so it is not known when it stops. */
export const didNotStop = ({ idleSince, readBackAt }: AppliedGroup | GroupCount): boolean =>
  idleSince === undefined && readBackAt !== undefined;

/** The pauses of many groups. Undefined: nothing is known about any of them. */
export function groupsPause(groups: readonly (AppliedGroup | GroupCount)[]): GroupsPause | undefined {
  let slowest: GroupsPause["slowest"];
  let known = 0;
  let notStopped = 0;
  for (const group of groups) {
    if (didNotStop(group)) notStopped++;
    const pause = groupPause(group);
    if (pause === undefined) continue;
    known++;
    if (slowest === undefined || lengthMs(pause) > lengthMs(slowest)) slowest = { group: group.group, ...pause };
  }
  if (known + notStopped === 0) return undefined;
  return {
    groups: known,
    ...(slowest === undefined ? {} : { slowest }),
    ...(notStopped === 0 ? {} : { notStopped }),
  };
}

/** The pauses of one part of a migration. */
export interface PartPause {
  producers?: Pause;
  groupsWaited?: GroupsPause;
}

/** In phase `consumers` only the groups wait. In phase `returned` everybody waited for the origin. */
export function partPause(part: PartFacts & { phase?: Phase }): PartPause {
  const { phase, offsets, wayBack } = part;
  if (phase === "returned") {
    const { pause, returnedAt } = wayBack ?? {};
    if (pause === undefined || returnedAt === undefined) return {};
    return defined({ producers: producersPause(pause.stopped, returnedAt), groupsWaited: groupsPause(pause.groups) });
  }
  const groupsWaited = offsets === undefined ? undefined : groupsPause(offsets.groups);
  if (phase === "consumers") return defined({ groupsWaited });
  if (!isAfterCutover(phase)) return {};
  return defined({ producers: producersPause(part, clientsStart(part)), groupsWaited });
}

export const isAfterCutover = (phase: Phase | null | undefined): boolean => phase === "cutover" || phase === "cleanup";

/** Both pauses in one line. Undefined: nothing is known. */
export function partPauseText({ producers, groupsWaited }: PartPause): string | undefined {
  const texts = [pauseText(producers), groupsPauseText(groupsWaited)].filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts.join("; ");
}

const lengthMs = ({ from, to }: Pause): number =>
  to === undefined ? 0 : Math.max(0, Date.parse(to) - Date.parse(from));

/** Where a pause starts if it may have begun earlier. */
const STARTS: Record<PauseStart, string> = {
  raised: "from the time when the fence was up",
  gate: "from the start of the gate behind the fence",
  quiet: "from the first look after the last record",
  idle: "from the first look that found the group without members",
};

/** `6.8 s`, `at least 6.8 s`. Undefined: not over yet. */
export function lengthText(pause: Pause): string | undefined {
  if (pause.to === undefined) return undefined;
  return `${pause.start === undefined ? "" : "at least "}${durationText(lengthMs(pause))}`;
}

/** What the length counts from, if the pause may have begun earlier. */
export const startText = ({ start }: Pause): string | undefined => (start === undefined ? undefined : STARTS[start]);

/** `at least 6.8 s (10:04:31 to 10:04:38 UTC, from the first look after the last record)` */
function waitedText(pause: Pause, to: string): string {
  const from = startText(pause);
  const times = `${timeText(pause.from)} to ${timeText(to)} UTC`;
  return `${lengthText(pause)} (${[times, ...(from === undefined ? [] : [from])].join(", ")})`;
}

/** How long producers waited, in one line. Undefined: not known, or not over yet. */
export function pauseText(pause: Pause | undefined): string | undefined {
  return pause?.to === undefined ? undefined : `producers waited ${waitedText(pause, pause.to)}`;
}

/** How long groups waited, in one line for all of them. Undefined: not known. */
export function groupsPauseText(found: GroupsPause | undefined): string | undefined {
  if (found === undefined) return undefined;
  const { groups, slowest, notStopped = 0 } = found;
  const waited =
    slowest?.to === undefined
      ? []
      : [
          `${groups === 1 ? "" : `the slowest of ${groups} groups, `}group "${slowest.group}"` +
            `${groups === 1 ? "" : ","} waited ${waitedText(slowest, slowest.to)}`,
        ];
  const others =
    notStopped === 0
      ? []
      : [`${countText(notStopped, "group")} still had members on the origin, so ${NOT_KNOWN[+(notStopped > 1)]!}`];
  return [...waited, ...others].join("; ");
}

const NOT_KNOWN = ["its pause is not known", "their pauses are not known"];

/** `10:04:31` */
const timeText = (iso: string): string => iso.slice(11, 19);

import { MigrationError } from "../errors";
import { countText, someOf } from "../units";
import { EXCLUDE } from "../ways-out";
import { isConflict, isInPlace, partitionsOf, tooLong } from "./summary";
import type { GroupPlan, OffsetOptions } from "./types";

export interface BlockedGroup {
  group: string;
  why: string;
}

/** Returns the groups that cannot be written in their current state, and why. */
export function blockedGroups(groups: readonly GroupPlan[], options: OffsetOptions): BlockedGroup[] {
  return blockedBy(groups, (group) => whyBlocked(group, options));
}

/**
 * Returns the groups that could not be written at the end either, from a plan that was made while the mirror copies and
 * clients work. An offset that is not copied yet is not among the reasons, and neither are other offsets on the target
 * of a group that still reads on the origin.
 */
export function blockedUntilMended(groups: readonly GroupPlan[], options: OffsetOptions): BlockedGroup[] {
  return blockedBy(groups, (group) => {
    const offsets = partitionsOf(group);
    return isDone(offsets)
      ? undefined
      : (whyActive(group) ??
          whyTooLong(offsets) ??
          (group.originMembers === 0 ? whyOthers(offsets, options) : undefined));
  });
}

function blockedBy(groups: readonly GroupPlan[], whyOf: (group: GroupPlan) => string | undefined): BlockedGroup[] {
  return groups.flatMap((group) => {
    const why = whyOf(group);
    return why === undefined ? [] : [{ group: group.group, why }];
  });
}

type Offsets = ReturnType<typeof partitionsOf>;

function whyBlocked(group: GroupPlan, options: OffsetOptions): string | undefined {
  const offsets = partitionsOf(group);
  if (isDone(offsets)) return undefined;
  return whyActive(group) ?? whyTooLong(offsets) ?? whyIncomplete(offsets) ?? whyOthers(offsets, options);
}

/** Nothing is left to write. */
const isDone = (offsets: Offsets): boolean =>
  offsets.every(({ p }) => (p.targetOffset === null ? p.how !== "incomplete" : isInPlace(p)));

const whyActive = ({ targetMembers }: GroupPlan): string | undefined =>
  targetMembers.length > 0 ? `active on the target: ${someOf(targetMembers, 5)}` : undefined;

function whyTooLong(offsets: Offsets): string | undefined {
  const long = offsets.find(({ p }) => tooLong(p) !== undefined && !isInPlace(p));
  return long === undefined ? undefined : `can't be written on ${long.topic}-${long.p.partition}: ${tooLong(long.p)}`;
}

function whyIncomplete(offsets: Offsets): string | undefined {
  const lost = offsets.filter(({ p }) => p.how === "incomplete");
  if (lost.length === 0) return undefined;
  const places = lost.map(({ topic, p }) => `${topic}-${p.partition}`);
  return `can't be translated on ${someOf(places, 5)} (${lost[0]?.p.note ?? "no copy"})`;
}

function whyOthers(offsets: Offsets, options: OffsetOptions): string | undefined {
  const others = options.overwrite === true ? [] : offsets.filter(({ p }) => isConflict(p));
  if (others.length === 0) return undefined;
  const shown = others.map(
    ({ topic, p }) => `${topic}-${p.partition} is at ${p.found?.offset}, would go to ${p.targetOffset}`,
  );
  return `has other offsets on the target: ${someOf(shown, 5)}`;
}

/** @param so what follows from it, after "can't be moved" */
export function blockedError(blocked: readonly BlockedGroup[], so = ""): MigrationError {
  const fixes = [
    blocked.some((b) => b.why.includes("active on the target")) ? "stop the named members" : undefined,
    blocked.some((b) => b.why.includes("offset.metadata.max.bytes"))
      ? "raise offset.metadata.max.bytes on the target's brokers"
      : undefined,
    blocked.some((b) => b.why.startsWith("can't be translated"))
      ? `wait until the copy is complete; ${EXCLUDE}`
      : undefined,
    blocked.some((b) => b.why.startsWith("has other offsets"))
      ? "set offsets.overwrite to true (--overwrite on the command line) to give up the offsets that the groups " +
        "have on the target"
      : undefined,
    "or list the groups in offsets.excludeGroups (--exclude-group)",
  ].filter((f) => f !== undefined);
  return new MigrationError("OFFSETS_BLOCKED", `${countText(blocked.length, "group")} can't be moved${so}`, {
    details: blocked.slice(0, 50).map((b) => `group "${b.group}" ${b.why}`),
    fix: fixes.join("; "),
  });
}

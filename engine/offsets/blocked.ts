import { MigrationError } from "../errors";
import { countText, someOf } from "../units";
import { EXCLUDE } from "../ways-out";
import { isConflict, isInPlace, partitionsOf, tooLong } from "./summary";
import type { GroupPlan, OffsetOptions } from "./types";

/** Returns the groups that cannot be written in their current state, and why. */
export function blockedGroups(groups: readonly GroupPlan[], options: OffsetOptions): { group: string; why: string }[] {
  return groups.flatMap((group) => {
    const why = whyBlocked(group, options);
    return why === undefined ? [] : [{ group: group.group, why }];
  });
}

function whyBlocked(group: GroupPlan, options: OffsetOptions): string | undefined {
  const offsets = partitionsOf(group);
  if (offsets.every(({ p }) => (p.targetOffset === null ? p.how !== "incomplete" : isInPlace(p)))) return undefined;
  if (group.targetMembers.length > 0) return `active on the target: ${someOf(group.targetMembers, 5)}`;
  const long = offsets.find(({ p }) => tooLong(p) !== undefined && !isInPlace(p));
  if (long !== undefined) return `can't be written on ${long.topic}-${long.p.partition}: ${tooLong(long.p)}`;
  const lost = offsets.filter(({ p }) => p.how === "incomplete");
  if (lost.length > 0)
    return `can't be translated on ${someOf(
      lost.map(({ topic, p }) => `${topic}-${p.partition}`),
      5,
    )} (${lost[0]?.p.note ?? "no copy"})`;
  const others = options.overwrite === true ? [] : offsets.filter(({ p }) => isConflict(p));
  if (others.length === 0) return undefined;
  const shown = others.map(
    ({ topic, p }) => `${topic}-${p.partition} is at ${p.found?.offset}, would go to ${p.targetOffset}`,
  );
  return `has other offsets on the target: ${someOf(shown, 5)}`;
}

export function blockedError(blocked: readonly { group: string; why: string }[]): MigrationError {
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
  return new MigrationError("OFFSETS_BLOCKED", `${countText(blocked.length, "group")} can't be moved`, {
    details: blocked.slice(0, 50).map((b) => `group "${b.group}" ${b.why}`),
    fix: fixes.join("; "),
  });
}

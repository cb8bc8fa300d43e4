import { setTimeout as sleep } from "node:timers/promises";
import { type OpenKafka, withCluster } from "../clusters";
import type { MigrationModel } from "../model";
import { activeOnOrigin } from "./active";
import { chooseGroups } from "./commitments";
import type { OffsetOptions, OffsetPlan } from "./types";

/** Interval between two looks at groups that still have members, ms. */
const EVERY_MS = 2000;

/**
 * Watches the groups on the origin until each was seen without members. A group that was seen so is not asked again.
 * @param see receives each group, with the time of the first look that found it without members (ISO 8601)
 * @throws MigrationError if the origin cannot be read, and the signal's reason if it is aborted
 */
export async function watchIdle(
  model: MigrationModel,
  options: OffsetOptions,
  see: (group: string, at: string) => void,
  signal: AbortSignal,
  everyMs = EVERY_MS,
  open?: OpenKafka,
): Promise<void> {
  await withCluster(
    model,
    "origin",
    async (origin) => {
      let left = chooseGroups(await origin.listGroups(), model.mirror, options).chosen;
      for (;;) {
        const described = await origin.describeGroups(left);
        const at = new Date().toISOString();
        const active = new Set(activeOnOrigin(described, () => true, model.mirror).map(({ group }) => group));
        for (const group of left) if (!active.has(group)) see(group, at);
        left = left.filter((group) => active.has(group));
        if (left.length === 0) return;
        await sleep(everyMs, undefined, { signal });
      }
    },
    open,
    { signal },
  );
}

/** Returns the plan with earlier times since which groups had no members. A group that has members now has none. */
export function withIdleSince(plan: OffsetPlan, seenAt: (group: string) => string | undefined): OffsetPlan {
  const groups = plan.groups.map((group) => {
    const { idleSince } = group;
    const earlier = seenAt(group.group);
    return idleSince !== undefined && earlier !== undefined && earlier < idleSince
      ? { ...group, idleSince: earlier }
      : group;
  });
  return { ...plan, groups };
}

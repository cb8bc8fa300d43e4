import { setTimeout as sleep } from "node:timers/promises";
import { type OpenKafka, withCluster } from "../clusters";
import type { MigrationModel } from "../model";
import { activeOnOrigin } from "./active";
import { chooseGroups } from "./commitments";
import type { OffsetOptions, OffsetPlan } from "./types";

/** Interval between two looks at groups that still have members, ms. */
const EVERY_MS = 2000;
/** Every such look also asks the groups without members: an application can start again. */
const ALL_EVERY = 5;

/**
 * Watches the groups on the origin until the signal.
 * @param see receives each group, with the time of the first look that found it without members (ISO 8601). Undefined:
 *   it has members again
 * @throws MigrationError if the origin cannot be read, and the signal's reason
 */
export async function watchIdle(
  model: MigrationModel,
  options: OffsetOptions,
  see: (group: string, at: string | undefined) => void,
  signal: AbortSignal,
  everyMs = EVERY_MS,
  open?: OpenKafka,
): Promise<void> {
  await withCluster(
    model,
    "origin",
    async (origin) => {
      const all = chooseGroups(await origin.listGroups(), model.mirror, options).chosen;
      const idle = new Set<string>();
      for (let look = 0; ; look++) {
        const asked = look % ALL_EVERY === 0 ? all : all.filter((group) => !idle.has(group));
        const described = asked.length === 0 ? [] : await origin.describeGroups(asked);
        const at = new Date().toISOString();
        const active = new Set(activeOnOrigin(described, () => true, model.mirror).map(({ group }) => group));
        for (const group of asked) {
          if (active.has(group) !== idle.has(group)) continue;
          if (active.has(group)) idle.delete(group);
          else idle.add(group);
          see(group, active.has(group) ? undefined : at);
        }
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

import type { MigrationModel } from "../../engine/model";
import { watchIdle } from "../../engine/offsets";
import { underPulumi } from "./engine-link";
import { partKey } from "./fence-hold";

/**
 * Watches, from the first step of a cutover, when the groups stop on the origin. Pulumi keeps one process for all steps
 * of a run, so the times live in this process. Only the report needs them: a watch that fails stops nothing.
 */
interface Watch {
  stop: AbortController;
  seen: Map<string, string>;
}

const watches = new Map<string, Watch>();

/**
 * Starts to watch the part's groups, unless they are already watched. Returns at once.
 * @param live false outside of a Pulumi run, where nothing ends the watch
 */
export function watchGroups(model: MigrationModel, live = underPulumi()): void {
  const key = partKey(model);
  if (!live || watches.has(key)) return;
  const watch: Watch = { stop: new AbortController(), seen: new Map() };
  watches.set(key, watch);
  const see = (group: string, at: string | undefined) =>
    at === undefined ? watch.seen.delete(group) : watch.seen.set(group, at);
  watchIdle(model, {}, see, watch.stop.signal).catch(() => {});
}

/** Ends the watch. Returns when each group was first seen without members, ISO 8601. Empty: nothing was watched. */
export function endWatch(model: MigrationModel): ReadonlyMap<string, string> {
  const key = partKey(model);
  const watch = watches.get(key);
  watches.delete(key);
  watch?.stop.abort();
  return watch?.seen ?? new Map();
}

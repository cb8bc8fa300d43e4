import { type OpenKafka, withClusters } from "../clusters";
import type { MigrationModel } from "../model";
import { AT_ONCE } from "../side-by-side";
import { isInPlace, partitionsOf } from "./summary";
import type { OffsetPlan } from "./types";

/** Time of a commit with `AT_ONCE` commits in flight. A generous value: `npm run bench offsets` shows the real one. */
const COMMIT_MS = 100;

export interface WritingEstimate {
  ms: number;
  /** The measured part of `ms`: the time for everything that `applyOffsets` reads. */
  readMs: number;
  /** Number of groups with offsets to write. Their part of `ms` is not measured, because an estimate writes nothing. */
  commits: number;
}

/** Estimates how long `applyOffsets` takes for this plan. It does the same reads and counts the commits. */
export async function estimateWriting(
  model: MigrationModel,
  plan: OffsetPlan,
  open?: OpenKafka,
): Promise<WritingEstimate> {
  const started = Date.now();
  const groups = plan.groups.map((g) => g.group);
  const commits = plan.groups.filter((g) =>
    partitionsOf(g).some(({ p }) => p.targetOffset !== null && !isInPlace(p)),
  ).length;
  await withClusters(
    model,
    async ({ origin, target }) => {
      await origin.groupOffsets(groups);
      await Promise.all([target.describeGroups(groups), target.groupOffsets(groups)]);
      // `applyOffsets` reads the offsets back.
      await target.groupOffsets(groups);
    },
    open,
  );
  const readMs = Date.now() - started;
  return { ms: readMs + Math.ceil(commits / AT_ONCE) * COMMIT_MS, readMs, commits };
}

import { type OpenKafka, withClusters } from "../clusters";
import type { MigrationModel } from "../model";
import { AT_ONCE } from "./parallel";
import { isInPlace, partitionsOf } from "./summary";
import type { OffsetPlan } from "./types";

/** How long a commit takes with `AT_ONCE` of them under way: generous; `npm run bench offsets` shows what it is. */
const COMMIT_MS = 100;

export interface WritingEstimate {
  ms: number;
  /** Part of it that was measured: all that the writing reads. */
  readMs: number;
  /** Groups with offsets to write; the rest of the time is theirs, and is not measured: nothing is written here. */
  commits: number;
}

/** How long `applyOffsets` will take for this plan: what it reads before and after is read now, commits are counted. */
export async function estimateWriting(model: MigrationModel, plan: OffsetPlan, open?: OpenKafka): Promise<WritingEstimate> {
  const started = Date.now();
  const groups = plan.groups.map((g) => g.group);
  const commits = plan.groups.filter((g) => partitionsOf(g).some(({ p }) => p.targetOffset !== null && !isInPlace(p))).length;
  await withClusters(
    model,
    async ({ origin, target }) => {
      await origin.groupOffsets(groups);
      await Promise.all([target.describeGroups(groups), target.groupOffsets(groups)]);
      // Read back.
      await target.groupOffsets(groups);
    },
    open,
  );
  const readMs = Date.now() - started;
  return { ms: readMs + Math.ceil(commits / AT_ONCE) * COMMIT_MS, readMs, commits };
}

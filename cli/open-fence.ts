import { checkFence, type FenceOptions, holdCommand, isEmptyFence, type RaisedFence } from "../engine/fence";
import type { MigrationModel } from "../engine/model";
import { waveOf } from "../engine/parts";
import type { FenceHistory, Report } from "../engine/report";
import { someOf } from "../engine/units";
import type { LoadedMigration } from "./source";

/**
 * Says where the fence of a cutover is open now, because nothing holds it after the `up`. Undefined: it is complete, or
 * the cutover has none.
 * @param model limited to the part that the fence is of
 */
export async function openFence(
  model: MigrationModel,
  options: FenceOptions,
  { phase, fence }: Pick<LoadedMigration["done"], "phase" | "fence">,
): Promise<string | undefined> {
  if (phase !== "cutover" || !isRaised(fence)) return undefined;
  const { missing } = await checkFence(model, options, fence);
  if (missing.length === 0) return undefined;
  const wave = waveOf(model.mirror);
  return (
    `the fence${wave === undefined ? "" : ` of wave ${wave}`} is open, so producers can write to ` +
    `${someOf(missing, 5)}: ACLs were removed since it was raised at ${fence.raisedAt}. Run \`${holdCommand(wave)}\`, ` +
    "or `pulumi up`, which also checks what was written"
  );
}

const isRaised = (fence: RaisedFence | undefined): fence is RaisedFence => fence !== undefined && !isEmptyFence(fence);

/** What is known about the fences of the parts that are in phase `cutover`, from the report of the last `up`. */
export function fenceHistory(
  { done, waves, wave, operators }: Pick<LoadedMigration, "done" | "waves" | "wave" | "operators">,
  earlier: Report | undefined,
): FenceHistory | undefined {
  const fenced = [{ name: wave ?? null, done }, ...waves].filter(
    (part) => part.done.phase === "cutover" && isRaised(part.done.fence),
  );
  const isCurrent = earlier !== undefined && (earlier.phase === done.phase || earlier.waves !== undefined);
  const before = isCurrent && earlier.phase !== "destroy" ? earlier.fence : undefined;
  if (fenced.length === 0) return before;
  const raisedAt = fenced.map((part) => part.done.fence!.raisedAt).sort();
  return {
    gaps: before?.gaps ?? [],
    ...(before?.returnGaps === undefined ? {} : { returnGaps: before.returnGaps }),
    // Each `up` of the cutover raises it again, and writes a report if it succeeds.
    notHeldSince: [before?.notHeldSince ?? "", raisedAt.at(-1)!].sort().at(-1)!,
    raised: fenced.map(({ name }) => name),
    ...(before?.userOperator === true || operators.origin !== undefined ? { userOperator: true as const } : {}),
  };
}

import { MigrationError } from "../../engine/errors";
import { whileFenced } from "../../engine/fence";
import type { Progress } from "../../engine/progress";
import { modelOf, type StepInputs } from "./inputs";

export interface FencedInputs extends StepInputs {
  /** Hold the fence while the step works. */
  fence: boolean;
}

/**
 * Does the work behind the fence: renewed where a user operator takes it away, and with what was written meanwhile as an
 * error, because the step's result would then speak of an origin that has moved on.
 * @param tolerant for work that looks at the origin until it stands still, and so may see writes at its beginning
 * @throws MigrationError FENCE_BREACHED naming topics, partitions and offsets
 */
export async function behindFence<T>(inputs: FencedInputs, progress: Progress, work: () => Promise<T>, tolerant = false): Promise<T> {
  if (!inputs.fence) return work();
  const { result, report } = await whileFenced(modelOf(inputs), {}, progress, work);
  const wrote = [...report.wrote, ...report.gaps.flatMap((gap) => gap.wrote)];
  if (wrote.length > 0 && !tolerant) {
    throw new MigrationError("FENCE_BREACHED", `the origin was written to in ${wrote.length} partition${wrote.length === 1 ? "" : "s"} while the fence was up`, {
      details: wrote.slice(0, 20).map((m) => `${m.topic}-${m.partition}: ${m.from} -> ${m.to}`),
      fix: "stop these producers (super users pass every ACL; see docs/fence.md for clusters with a user operator), then run `pulumi up` again",
    });
  }
  return result;
}

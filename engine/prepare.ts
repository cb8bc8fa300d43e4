import type { OpenKafka } from "./clusters";
import { findRecreatedTopics } from "./gate";
import type { MigrationModel } from "./model";
import { type OffsetOptions, type OffsetPlan, planOffsets } from "./offsets";
import { silent } from "./progress";

/** Longer reads are not worth the wait: the steps behind the fence do them anyway. */
const LIMIT_MS = 60_000;

/**
 * Reads once what the gate and the offsets will read behind the fence, while producers still write. The results do not
 * count, and errors are left to those steps. But they then find connections that are logged in, Connect's state, the
 * first records already compared, and code that has run before (`kept-links`, `Kept`). The last records are not read:
 * they change, and there may be a limit for reading them (`verify.throttleBytesPerSecond`).
 * @returns how the groups would move now. Undefined: not known
 */
export async function prepareCutover(
  model: MigrationModel,
  offsets: OffsetOptions = {},
  open?: OpenKafka,
  limitMs = LIMIT_MS,
): Promise<OffsetPlan | undefined> {
  const signal = AbortSignal.timeout(limitMs);
  // One after the other, as behind the fence: each uses what the one before has read.
  await findRecreatedTopics(model, false, signal, open).catch(() => {});
  return planOffsets(model, offsets, silent, signal, open).catch(() => undefined);
}

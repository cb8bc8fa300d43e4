import { defined } from "../../engine/objects";
import type { AppliedOffsets } from "../../engine/offsets";
import type { Progress } from "../../engine/progress";
import {
  groupsPause,
  partPause,
  partPauseText,
  producersPause,
  returnPause,
  type ReturnGate,
  type Stopped,
} from "../../engine/report";

/** Reports that clients may start, and how long they have waited, in one line for all groups. */
export function sayPause(
  who: "clients" | "consumers",
  { stopped }: { stopped?: Stopped | null },
  { groups, clientsMayStartAt }: AppliedOffsets,
  progress: Progress,
): void {
  const waited = partPauseText(
    defined({ producers: producersPause(stopped ?? {}, clientsMayStartAt), groupsWaited: groupsPause(groups) }),
  );
  progress.info(`${who} may start on the target${waited === undefined ? "" : `: ${waited}`}`);
}

/** The same for a return. The fence of the origin is still up: a later step of this `up` lowers it. */
export function sayReturnPause(
  gate: ReturnGate | null,
  applied: AppliedOffsets | null,
  returnedAt: string,
  progress: Progress,
): void {
  const pause = returnPause(gate, applied);
  const waited = partPauseText(partPause({ phase: "returned", wayBack: defined({ returnedAt, pause }) }));
  progress.info(
    `clients may start on the origin when this up has ended${waited === undefined ? "" : `; until now ${waited}`}`,
  );
}

import type { FenceOptions } from "../../engine/fence";
import type { GateOptions } from "../../engine/gate";
import type { ProvedEnds } from "../../engine/model";
import { defined } from "../../engine/objects";
import type { AppliedOffsets, GroupPositions, OffsetOptions } from "../../engine/offsets";
import type { ReturnGate } from "../../engine/report";
import type { VerifyOptions, VerifyResult } from "../../engine/verify";
import { returnModel } from "../../engine/way-back/model";
import type { KubernetesAccess } from "../kubernetes/kubeconfig";
import type { ObjectPlace } from "../kubernetes/reader";
import type { FencedInputs } from "./fenced";
import { isDefined, modelOf, type PhasedInputs, type ReportLocation, type StepInputs } from "./inputs";
import type { Journalled } from "./journal";

export interface WayBackInputs extends PhasedInputs, FencedInputs, KubernetesAccess {
  /** Phase `cutover`: false if there is no return mirror any more. */
  wayBack: boolean;
  abandon: boolean;
  gate: GateOptions;
  verify: VerifyOptions;
  offsets: OffsetOptions;
  /** The groups that the cutover moved. What they have on the origin is from before, so it may be overwritten. */
  moved?: AppliedOffsets | null;
  /** Location of the file in which an interrupted verification leaves its progress. Absent: none. */
  resume?: ReportLocation;
  /** The return mirror. */
  place: ObjectPlace;
  /** The stack that the return mirror must belong to: `<organization>/<project>/<stack>`. */
  owner?: string;
  /** Longest wait until the workers of the return mirror have left. Default 300. */
  leavingSeconds?: number;
}

export interface WayBackOutputs {
  /** True: the mirror must not copy the part's topics. */
  excluded: boolean;
  /** When the way back was opened, ISO 8601. Null: it never was. */
  openedAt: string | null;
  /** When everything was back on the origin, ISO 8601. */
  returnedAt: string | null;
  gateResult: ReturnGate | null;
  verification: VerifyResult | null;
  /** What was written for the groups on the origin. */
  applied: AppliedOffsets | null;
  /** The groups that went back, and where they were on the target. */
  wentBack: GroupPositions[] | null;
  /** Where both sides ended when everything was back. The next cutover verifies from there. Null: not verified. */
  ends: ProvedEnds | null;
}

/** What the steps of the way back need of their inputs. */
export interface Returning extends StepInputs {
  fence: boolean;
  fenceOptions?: FenceOptions;
}

/**
 * The inputs with their sides swapped, and with the return mirror: what the engine calls origin is the target.
 * @param accepted topics that may have been created again; their recorded ids do not count
 */
export function sidesSwapped(inputs: Returning, accepted: readonly string[] = []): FencedInputs & Journalled {
  const { mirror, recorded, proved } = returnModel(modelOf(inputs));
  const { settleMs, settleLimitMs } = inputs.fenceOptions ?? {};
  const known = Object.entries(recorded ?? {}).filter(([topic]) => !accepted.includes(topic));
  return {
    originConnection: inputs.targetConnection,
    targetConnection: inputs.originConnection,
    ...(isDefined(inputs.targetSecrets) ? { originSecrets: inputs.targetSecrets } : {}),
    ...(isDefined(inputs.originSecrets) ? { targetSecrets: inputs.originSecrets } : {}),
    mirror,
    topicIds: recorded === undefined ? null : Object.fromEntries(known),
    ...defined({ proved }),
    fence: inputs.fence,
    // The other options are about the origin's principals. Nobody has to write to the target now.
    fenceOptions: defined({ settleMs, settleLimitMs }),
  };
}

/** The same inputs for the target's fence. It leaves the mirror's heartbeats open, which are not application data. */
export function forFence<I extends StepInputs>(back: I, heartbeats: boolean): I {
  if (!heartbeats) return back;
  const { scope } = back.mirror;
  const withoutTopics = [...(scope?.withoutTopics ?? []), "heartbeats"];
  return { ...back, mirror: { ...back.mirror, scope: { ...scope, withoutTopics } } };
}

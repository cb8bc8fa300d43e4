import type { FenceOptions } from "../../engine/fence";
import { defined } from "../../engine/objects";
import { returnModel } from "../../engine/way-back/model";
import type { FencedInputs } from "./fenced";
import { isDefined, modelOf, type StepInputs } from "./inputs";
import type { Journalled } from "./journal";

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
  const { mirror, recorded } = returnModel(modelOf(inputs));
  const { settleMs, settleLimitMs } = inputs.fenceOptions ?? {};
  const known = Object.entries(recorded ?? {}).filter(([topic]) => !accepted.includes(topic));
  return {
    originConnection: inputs.targetConnection,
    targetConnection: inputs.originConnection,
    ...(isDefined(inputs.targetSecrets) ? { originSecrets: inputs.targetSecrets } : {}),
    ...(isDefined(inputs.originSecrets) ? { targetSecrets: inputs.originSecrets } : {}),
    mirror,
    topicIds: recorded === undefined ? null : Object.fromEntries(known),
    fence: inputs.fence,
    // The other options are about the origin's principals. Nobody has to write to the target now.
    fenceOptions: defined({ settleMs, settleLimitMs }),
  };
}

/** The same inputs for the target's fence. It does not close the mirror's heartbeats, which are no application data. */
export function forFence<I extends StepInputs>(back: I, heartbeats: boolean): I {
  if (!heartbeats) return back;
  const { scope } = back.mirror;
  const withoutTopics = [...(scope?.withoutTopics ?? []), "heartbeats"];
  return { ...back, mirror: { ...back.mirror, scope: { ...scope, withoutTopics } } };
}

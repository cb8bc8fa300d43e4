import type { Progress } from "../../engine/progress";
import { openKubernetes, type ObjectPlace } from "../kubernetes/reader";
import { readinessOf, waitUntilReady } from "../kubernetes/wait";
import { defineStep } from "./framework";

export interface ReadyInputs {
  place: ObjectPlace;
  /** What was asked for. It decides nothing: the object's generation tells whether the operator has looked at it. */
  trigger?: string;
  limitSeconds: number;
  /** Content or path; absent: as Pulumi's kubernetes plugin finds its own. */
  kubeconfig?: string;
  context?: string;
}

export interface ReadyOutputs {
  /** `<namespace>/<name>`, known once the object is ready. */
  objectId: string;
  /** A KafkaUser's `status.username`. */
  username: string | null;
  /** `<namespace>/<status.secret>` of a KafkaUser. */
  secretId: string | null;
}

async function look(
  { place, limitSeconds, kubeconfig, context }: ReadyInputs,
  progress: Progress,
): Promise<ReadyOutputs> {
  const reader = openKubernetes({ kubeconfig, context });
  const patience = { limitMs: limitSeconds * 1000 };
  return outputsOf(place, await waitUntilReady(reader, place, patience, progress));
}

function outputsOf({ namespace, name }: ObjectPlace, status: Record<string, unknown>): ReadyOutputs {
  const text = (field: unknown) => (typeof field === "string" ? field : null);
  const secret = text(status.secret);
  return {
    objectId: `${namespace}/${name}`,
    username: text(status.username),
    secretId: secret === null ? null : `${namespace}/${secret}`,
  };
}

/** Waits for what an operator makes; leaves nothing behind. */
export const readyStep = defineStep<ReadyInputs, ReadyOutputs>("ready", {
  outputs: { objectId: true, username: true, secretId: true },
  secret: ["kubeconfig"],

  create: look,
  update: (_olds, news, progress) => look(news, progress),
  async remove() {},

  /**
   * Asks the cluster whether the state still holds. True when the operator has not looked at the object's present generation,
   * has come to another verdict, or names another user or Secret. Says no when the cluster cannot be asked.
   */
  async isOutdated(state) {
    const { place, kubeconfig, context } = state;
    // A kubeconfig that is not there is found missing at once, not by the request.
    const ask = async () => openKubernetes({ kubeconfig, context }).get(place);
    const object = await ask().catch(() => "nobody knows" as const);
    if (object === "nobody knows") return false;
    const readiness = object === undefined ? undefined : readinessOf(object);
    if (readiness?.state !== "ready") return true;
    const { username, secretId } = outputsOf(place, readiness.status);
    return username !== (state.username ?? null) || secretId !== (state.secretId ?? null);
  },
  /**
   * A new `trigger` alone is no change: with it, every preview of another pattern would take the user's Secret, and so the
   * connections of all steps, for unknown. In the `up` the object has its new generation before this is asked.
   */
  immaterial: ["kubeconfig", "context", "limitSeconds", "trigger"],
});

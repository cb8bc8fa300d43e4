import type { Progress } from "../../engine/progress";
import { openKubernetes, type ObjectPlace } from "../kubernetes/reader";
import { readinessOf, waitUntilReady } from "../kubernetes/wait";
import { defineStep } from "./framework";

export interface ReadyInputs {
  place: ObjectPlace;
  /** The desired configuration. It decides nothing: the object's generation shows whether the operator has seen it. */
  trigger?: string;
  limitSeconds: number;
  /** Content or path of a kubeconfig. Absent: found in the same way as Pulumi's Kubernetes plugin finds it. */
  kubeconfig?: string;
  context?: string;
}

export interface ReadyOutputs {
  /** `<namespace>/<name>`. Known when the object is ready. */
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

/** Waits until an operator reports an object as ready. Leaves nothing behind. */
export const readyStep = defineStep<ReadyInputs, ReadyOutputs>("ready", {
  outputs: { objectId: true, username: true, secretId: true },
  secret: ["kubeconfig"],

  create: look,
  update: (_olds, news, progress) => look(news, progress),
  async remove() {},

  /**
   * Asks the cluster whether the state is still valid. Returns true if the operator has not seen the object's current
   * generation, no longer reports it as ready, or names another user or Secret. Returns false if the cluster cannot be
   * asked.
   */
  async isOutdated(state) {
    const { place, kubeconfig, context } = state;
    // `openKubernetes` throws at once if the kubeconfig is missing. Inside this function, the error becomes a
    // rejection.
    const ask = async () => openKubernetes({ kubeconfig, context }).get(place);
    const object = await ask().catch(() => "not known" as const);
    if (object === "not known") return false;
    const readiness = object === undefined ? undefined : readinessOf(object);
    if (readiness?.state !== "ready") return true;
    const { username, secretId } = outputsOf(place, readiness.status);
    return username !== (state.username ?? null) || secretId !== (state.secretId ?? null);
  },
  /**
   * A new `trigger` alone is not a change. If it were, a preview with another pattern would treat the user's Secret as
   * unknown, and so the connections of all steps. In the `up` the object already has its new generation when
   * `isOutdated` runs.
   */
  immaterial: ["kubeconfig", "context", "limitSeconds", "trigger"],
});

import type { Progress } from "../../engine/progress";
import { openKubernetes, type ObjectPlace } from "../kubernetes/reader";
import { readinessOf, waitUntilReady } from "../kubernetes/wait";
import { type Handler, serve } from "./framework";

export interface ReadyInputs {
  place: ObjectPlace;
  /** What was asked for; a change means that readiness has to be looked at again. */
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

async function look({ place, limitSeconds, kubeconfig, context }: ReadyInputs, progress: Progress): Promise<ReadyOutputs> {
  const reader = openKubernetes({ kubeconfig, context });
  const patience = { limitMs: limitSeconds * 1000 };
  const objectId = `${place.namespace}/${place.name}`;
  const status = await waitUntilReady(reader, place, patience, progress);
  const text = (field: unknown) => (typeof field === "string" ? field : null);
  const secret = text(status.secret);
  return { objectId, username: text(status.username), secretId: secret === null ? null : `${place.namespace}/${secret}` };
}

/** Waits for what an operator makes; leaves nothing behind. */
const handler: Handler<ReadyInputs, ReadyOutputs> = {
  outputs: { objectId: true, username: true, secretId: true },

  create: look,
  update: (_olds, news, progress) => look(news, progress),
  async remove() {},

  /**
   * Looked at again although nothing was asked for anew: when a change that failed was taken back, and when an operator
   * has come to another verdict since. Whoever can't tell says no.
   */
  async overtaken({ place, kubeconfig, context }) {
    // A kubeconfig that is not there is found missing at once, not by the request.
    const ask = async () => openKubernetes({ kubeconfig, context }).get(place);
    const object = await ask().catch(() => "nobody knows" as const);
    return object !== "nobody knows" && (object === undefined || readinessOf(object).state !== "ready");
  },
  optional: ["trigger"],
  immaterial: ["kubeconfig", "context", "limitSeconds"],
};

export const readyStep = serve("ready", handler);

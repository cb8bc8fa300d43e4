import { isMigrationError } from "../../engine/errors";
import type { Progress } from "../../engine/progress";
import { openKubernetes, type ObjectPlace } from "../kubernetes/reader";
import { waitForSecret } from "../kubernetes/wait";
import { defineStep } from "./framework";

export interface SecretValuesInputs {
  /** `<namespace>/<name>`; known only once whoever makes the Secret has named it. */
  secretId: string;
  /** Keys that have to be there, and the only ones that are kept. */
  keys: string[];
  limitSeconds: number;
  /** Content or path; absent: as Pulumi's kubernetes plugin finds its own. */
  kubeconfig?: string;
  context?: string;
}

export interface SecretValuesOutputs {
  /** By key, in base64 as Kubernetes keeps them. */
  values: Record<string, string>;
}

function placeOf(secretId: string): ObjectPlace {
  const [namespace = "", name = ""] = secretId.split("/");
  return { apiVersion: "v1", kind: "Secret", namespace, name };
}

async function look(
  { secretId, keys, limitSeconds, kubeconfig, context }: SecretValuesInputs,
  progress: Progress,
): Promise<SecretValuesOutputs> {
  const reader = openKubernetes({ kubeconfig, context });
  return { values: await waitForSecret(reader, placeOf(secretId), keys, { limitMs: limitSeconds * 1000 }, progress) };
}

/**
 * Values of a Secret that somebody else makes and may change. Kept in the state, encrypted, so that a preview needs no way
 * to the cluster (Pulumi's own `Secret.get` asks the cluster in every preview and fails without one); where there is a
 * way, a changed Secret is noticed and the next `up` follows.
 */
export const secretValuesStep = defineStep<SecretValuesInputs, SecretValuesOutputs>("secret-values", {
  outputs: { values: true },
  secret: ["kubeconfig", "values"],

  create: look,
  update: (_olds, news, progress) => look(news, progress),

  async isOutdated({ secretId, keys, kubeconfig, context, values }, progress) {
    try {
      const now = await openKubernetes({ kubeconfig, context }).get(placeOf(secretId));
      return keys.some((key) => now?.data?.[key] !== values[key]);
    } catch (error) {
      // Without access nobody can tell: what needs the cluster says so by itself.
      const why = isMigrationError(error) ? error.seen : "the kubeconfig can't be read";
      progress.info(`Secret ${secretId} was not looked at again (${why}): its values are those of the last update`);
      return false;
    }
  },

  async remove() {},
  immaterial: ["kubeconfig", "context", "limitSeconds"],
});

import { isMigrationError } from "../../engine/errors";
import type { Progress } from "../../engine/progress";
import { openKubernetes, type ObjectPlace } from "../kubernetes/reader";
import { waitForSecret } from "../kubernetes/wait";
import { defineStep } from "./framework";

export interface SecretValuesInputs {
  /** `<namespace>/<name>`. Known only when the creator of the Secret has named it. */
  secretId: string;
  /** Keys that the Secret must have. The state keeps no other keys. */
  keys: string[];
  limitSeconds: number;
  /** Content or path of a kubeconfig. Absent: found in the same way as Pulumi's Kubernetes plugin finds it. */
  kubeconfig?: string;
  context?: string;
}

export interface SecretValuesOutputs {
  /** By key, in base64 as in the Kubernetes API. */
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
 * Values of a Secret that another program creates and may change. The state keeps them, encrypted, so that a preview
 * needs no access to the cluster. (Pulumi's own `Secret.get` asks the cluster at every preview and fails without
 * access.) If there is access, the step detects a changed Secret and the next `up` reads it again.
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
      // Without access this cannot be determined. The steps that need the cluster report the error themselves.
      const why = isMigrationError(error) ? error.seen : "the kubeconfig can't be read";
      progress.info(`Secret ${secretId} could not be read again (${why}): the values of the last update are used`);
      return false;
    }
  },

  async remove() {},
  immaterial: ["kubeconfig", "context", "limitSeconds"],
});

import { setTimeout as pause } from "node:timers/promises";
import { isMigrationError, MigrationError } from "../../engine/errors";
import type { Patience, Progress } from "../../engine/progress";
import type { KubernetesObject, KubernetesReader, ObjectPlace } from "./reader";

interface Condition {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
}

/** What an operator reports about its resource. */
export type Readiness =
  | { state: "ready"; status: Record<string, unknown> }
  | { state: "not-ready"; reason: string; message: string }
  /** The operator has not seen this generation yet, or has not decided. */
  | { state: "undecided"; seen: string };

/** Errors of a Connect rebalance, which will pass: the REST API answers 409 or 500, and the operator tries again. */
const PASSING = /rebalance (is|was) expected|rebalance is in process|conflicting operation.*rebalance/i;

/**
 * Returns the operator's verdict on the object's current generation. A verdict on an older generation does not count.
 */
export function readinessOf(object: KubernetesObject): Readiness {
  const status = object.status;
  if (status === undefined || Object.keys(status).length === 0)
    return { state: "undecided", seen: "it has no status at all" };
  const generation = object.metadata.generation ?? 0;
  const observed = Number(status.observedGeneration ?? 0);
  if (observed < generation)
    return { state: "undecided", seen: `its status is for generation ${observed}, it is at ${generation}` };
  const conditions = Array.isArray(status.conditions) ? (status.conditions as Condition[]) : [];
  const isTrue = (type: string) => conditions.find((c) => c.type === type && c.status === "True");
  const notReady = isTrue("NotReady");
  if (notReady && PASSING.test(notReady.message ?? ""))
    return { state: "undecided", seen: `it is not ready for the moment: ${notReady.message}` };
  if (notReady)
    return { state: "not-ready", reason: notReady.reason ?? "no reason", message: notReady.message ?? "no message" };
  if (isTrue("Ready")) return { state: "ready", status };
  const said = conditions.map((c) => `${c.type}=${c.status}${c.message ? ` (${c.message})` : ""}`).join(", ");
  return { state: "undecided", seen: said === "" ? "it has no conditions" : `its conditions are ${said}` };
}

/**
 * Waits until the operator reports that the resource is ready.
 * @returns the resource's status
 * @throws MigrationError RESOURCE_NOT_READY as soon as the operator reports it, with the operator's message;
 *   RESOURCE_WAIT_LIMIT if the operator reports nothing within the limit; RESOURCE_MISSING if the resource does not
 *   exist
 */
export async function waitUntilReady(
  reader: KubernetesReader,
  place: ObjectPlace,
  patience: Patience,
  progress: Progress,
): Promise<Record<string, unknown>> {
  const { kind, namespace, name } = place;
  const what = `${kind} ${namespace}/${name}`;
  let said = "";
  const found = await poll(reader, place, patience, progress, (object) => {
    if (object === undefined) {
      throw new MigrationError("RESOURCE_MISSING", `${what} is not on ${reader.server}`, {
        fix:
          "kubeconfig and context have to point to the cluster on which Pulumi's kubernetes provider makes it; " +
          "where somebody has deleted it, run `pulumi up --refresh`",
      });
    }
    const readiness = readinessOf(object);
    if (readiness.state === "ready") return readiness.status;
    if (readiness.state === "not-ready") {
      throw new MigrationError(
        "RESOURCE_NOT_READY",
        `${what} is not ready: ${readiness.reason}: ${readiness.message}`,
        {
          fix:
            "correct what the operator names, then run `pulumi up` again; the operator looks again by itself every " +
            "two minutes",
        },
      );
    }
    said = readiness.seen;
    return undefined;
  });
  if (found !== undefined) return found;
  throw new MigrationError(
    "RESOURCE_WAIT_LIMIT",
    `${what} did not become ready within ${patience.limitMs / 1000} s: ${said}`,
    {
      fix:
        kind === "KafkaUser"
          ? `check that a user operator watches namespace ${namespace} and that the cluster label names its Kafka`
          : `check that a cluster operator watches namespace ${namespace}, and the events of the pods ` +
            `${name}-mirrormaker2-*`,
    },
  );
}

/**
 * Waits until a Secret exists and has the keys.
 * @returns the values of these keys in base64, as in the Kubernetes API
 * @throws MigrationError SECRET_MISSING after the limit
 */
export async function waitForSecret(
  reader: KubernetesReader,
  place: ObjectPlace,
  keys: readonly string[],
  patience: Patience,
  progress: Progress,
): Promise<Record<string, string>> {
  const what = `Secret ${place.namespace}/${place.name}`;
  let seen = "";
  const found = await poll(reader, place, patience, progress, (object) => {
    if (object === undefined) {
      seen = `${what} is not on ${reader.server}`;
      return undefined;
    }
    const missing = keys.filter((key) => object.data?.[key] === undefined);
    if (missing.length === 0) return Object.fromEntries(keys.map((key) => [key, object.data![key]!]));
    const has = Object.keys(object.data ?? {});
    seen = `${what} has no key ${missing.map((k) => `"${k}"`).join(", ")}; it has ${has.join(", ") || "none"}`;
    return undefined;
  });
  if (found !== undefined) return found;
  throw new MigrationError("SECRET_MISSING", `${seen} (waited ${patience.limitMs / 1000} s)`, {
    fix:
      "check the name and the namespace, and that the operator which makes it is running; a KafkaUser's Secret has " +
      "the user's name, a cluster's CA is in <cluster>-cluster-ca-cert",
  });
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
const SAY_EVERY_MS = 15_000;

/**
 * Reads the object until `verdict` returns a value, or the limit is reached (undefined). Retries if the server does not
 * answer.
 */
async function poll<T>(
  reader: KubernetesReader,
  place: ObjectPlace,
  { limitMs, signal }: Patience,
  progress: Progress,
  verdict: (object: KubernetesObject | undefined) => T | undefined,
): Promise<T | undefined> {
  const start = Date.now();
  let nextWord = start + SAY_EVERY_MS;
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS)) {
    let failure: unknown;
    try {
      const answer = verdict(await reader.get(place));
      if (answer !== undefined) return answer;
    } catch (error) {
      if (!isMigrationError(error) || error.code !== "KUBERNETES_UNREACHABLE") throw error;
      failure = error;
    }
    const left = start + limitMs - Date.now();
    if (left <= 0) {
      if (failure !== undefined) throw failure;
      return undefined;
    }
    if (Date.now() >= nextWord) {
      progress.info(
        `still waiting for ${place.kind} ${place.namespace}/${place.name} ` +
          `(${Math.round((Date.now() - start) / 1000)} s of ${limitMs / 1000} s)`,
      );
      nextWord += SAY_EVERY_MS;
    }
    await pause(Math.min(wait, left), undefined, { signal });
  }
}

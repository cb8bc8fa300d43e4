import { isDeepStrictEqual } from "node:util";
import { KubeError, type Kube, type KubeObject, type Resource } from "./kube/client";

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime: string;
}

export function condition(type: string, reason?: string, message?: string): Condition {
  return {
    type,
    status: "True",
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    lastTransitionTime: new Date().toISOString(),
  };
}

/** The status as it is compared: times do not count, as in Strimzi's own comparison. */
function timeless(status: Record<string, unknown> | undefined): unknown {
  // As JSON: a field that is undefined is one that is not there.
  const { conditions, ...rest } = JSON.parse(JSON.stringify(status ?? {})) as Record<string, unknown>;
  return {
    ...rest,
    conditions: ((conditions ?? []) as Condition[]).map(({ lastTransitionTime: _time, ...others }) => others),
  };
}

/**
 * Writes a status when it differs from the object's. The whole object is sent in the version it was read in, as the real
 * operators do: what that version does not know is erased from the stored object by this. True when its first condition is
 * news.
 */
export async function writeStatus(
  kube: Kube,
  resource: Resource,
  object: KubeObject,
  status: Record<string, unknown>,
): Promise<boolean> {
  if (isDeepStrictEqual(timeless(object.status), timeless(status))) return false;
  try {
    await kube.replaceStatus(resource, { ...object, status });
    const first = (each: Record<string, unknown> | undefined): string => {
      const { type, message } = ((each?.conditions ?? []) as Condition[])[0] ?? {};
      return `${type} ${message}`;
    };
    return first(object.status) !== first(status);
  } catch (error) {
    // It changed (409) or went (404) meanwhile: that change is an event of its own.
    if (error instanceof KubeError && (error.status === 409 || error.status === 404)) return false;
    throw error;
  }
}

/** Reconciliation is paused by this annotation (Strimzi 0.22 and later). */
export function isPaused(object: KubeObject, domain: string): boolean {
  return object.metadata.annotations?.[`${domain}/pause-reconciliation`] === "true";
}

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

/** The status without its timestamps, for comparisons. Strimzi's own comparison ignores them, too. */
function timeless(status: Record<string, unknown> | undefined): unknown {
  // As JSON, so that an undefined field equals an absent one.
  const { conditions, ...rest } = JSON.parse(JSON.stringify(status ?? {})) as Record<string, unknown>;
  return {
    ...rest,
    conditions: ((conditions ?? []) as Condition[]).map(({ lastTransitionTime: _time, ...others }) => others),
  };
}

/**
 * Writes a status if it differs from the object's. Like the real operators, it sends the whole object in the version in
 * which it was read. This erases the fields of the stored object that this version does not know.
 * @returns true if the first condition has changed
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
    // The object was changed (409) or deleted (404) in the meantime. That change causes its own event.
    if (error instanceof KubeError && (error.status === 409 || error.status === 404)) return false;
    throw error;
  }
}

/** Returns true if this annotation pauses the reconciliation (Strimzi 0.22 and later). */
export function isPaused(object: KubeObject, domain: string): boolean {
  return object.metadata.annotations?.[`${domain}/pause-reconciliation`] === "true";
}

/** Watches one object as the real plugin does: list and watch its kind in its namespace, up to a time limit. */
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, CancelledError } from "./api-error";
import type { ApiClient, Resource } from "./client";
import { metadataOf, nameOf, namespaceOf } from "./objects";
import { isObject, type Plain, type PlainObject } from "./values";
import type { Condition } from "./wait-for";

/** An operation that started and did not finish. The object exists and stays in Pulumi's state. */
export class UnfinishedError extends Error {
  constructor(
    message: string,
    readonly object: PlainObject,
  ) {
    super(message);
  }
}

export interface Target {
  client: ApiClient;
  resource: Resource;
  /** Ends the wait when Pulumi cancels the update. */
  cancelled: AbortSignal;
  limitMs: number;
  /** Called with what is still missing, each time that changes. */
  status: (message: string) => void;
}

const TIMED_OUT = "timed out waiting for the condition";
const RELIST_MS = 1000;

/** Returns the object once the condition holds. @throws UnfinishedError at the limit or when cancelled */
export async function waitUntilReady(target: Target, object: PlainObject, condition: Condition): Promise<PlainObject> {
  let last = object;
  let failure: string | undefined;
  let said = "";
  for await (const seen of observe(target, object)) {
    if (seen === undefined) continue;
    if (generationOf(seen) >= generationOf(last)) last = seen;
    failure = undefined;
    try {
      const { satisfied, message } = condition(last);
      if (satisfied) return last;
      if (message !== said) target.status(message);
      said = message;
    } catch (error) {
      failure = (error as Error).message;
    }
  }
  throw new UnfinishedError(failure ?? reasonOf(target.cancelled), last);
}

/** Returns once the object no longer exists. @throws UnfinishedError at the limit or when cancelled */
export async function waitUntilGone(target: Target, object: PlainObject): Promise<void> {
  const { client, resource } = target;
  const path = client.item(resource, namespaceOf(object), nameOf(object));
  // Usually the object is already gone and needs no watch.
  if ((await lookUp(target, path)) === undefined) return;
  let last = object;
  for await (const seen of observe(target, object)) {
    if (seen === undefined) return;
    last = seen;
    target.status("waiting for the object to be gone");
  }
  if (!target.cancelled.aborted && (await lookUp(target, path)) === undefined) return;
  throw new UnfinishedError(reasonOf(target.cancelled), last);
}

async function lookUp(target: Target, path: string): Promise<PlainObject | undefined> {
  try {
    return await target.client.request("GET", path);
  } catch (error) {
    if (error instanceof ApiError && error.notFound) return undefined;
    // The watch tries again. It also notices a cancelled update.
    return {};
  }
}

function reasonOf(cancelled: AbortSignal): string {
  return cancelled.aborted ? new CancelledError().message : TIMED_OUT;
}

/**
 * Yields every observed state of the object, or undefined when it does not exist. Ends at the limit or when cancelled.
 */
async function* observe(target: Target, object: PlainObject): AsyncGenerator<PlainObject | undefined> {
  const { client, resource } = target;
  const limit = AbortSignal.timeout(target.limitMs);
  const signal = AbortSignal.any([target.cancelled, limit]);
  const path = client.collection(resource, namespaceOf(object));
  const name = nameOf(object);
  while (!signal.aborted) {
    const began = Date.now();
    try {
      const list = await client.request("GET", path, { signal });
      yield itemsOf(list).find((item) => nameOf(item) === name);
      const version = metadataOf(list)["resourceVersion"];
      for await (const event of client.watch(path, typeof version === "string" ? version : "", signal)) {
        if (event.type === "ERROR") break;
        if (event.type === "BOOKMARK" || nameOf(event.object) !== name) continue;
        yield event.type === "DELETED" ? undefined : event.object;
      }
    } catch (error) {
      if (signal.aborted) return;
      target.status(`cannot watch ${path}: ${(error as Error).message}`);
    }
    // If a server ends every watch immediately, list once a second and not in a tight loop.
    const rest = RELIST_MS - (Date.now() - began);
    if (rest > 0) await delay(rest, undefined, { signal }).catch(() => undefined);
  }
}

function itemsOf(list: PlainObject): PlainObject[] {
  const items: Plain | undefined = list["items"];
  const kind = list["kind"];
  return (Array.isArray(items) ? items : []).filter(isObject).map((item) => ({
    // The items of a list do not repeat their kind.
    apiVersion: list["apiVersion"] ?? null,
    kind: typeof kind === "string" ? kind.replace(/List$/, "") : null,
    ...(item as PlainObject),
  }));
}

function generationOf(object: PlainObject): number {
  const generation = metadataOf(object)["generation"];
  return typeof generation === "number" ? generation : 0;
}

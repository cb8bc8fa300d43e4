/** Create: a plain POST, then the wait that the object's annotation asks for. */
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, CancelledError, NoMatchError } from "./api-error";
import { checkpoint, type Notes } from "./checkpoint";
import { limitOf } from "./kinds";
import { apiVersionOf, gvkOf, idOf, nameOf, namespaceOf } from "./objects";
import { UnfinishedError, waitUntilReady } from "./observe";
import { applyPatch, CREATE_MANAGER, fieldManagerOf } from "./apply";
import { InitFailedError, isServed, mustReach, type Session } from "./session";
import { hasUnknown, revealProps, type PlainObject, type Props } from "./values";
import { readyCondition } from "./wait-for";

/** Number of retries. A missing namespace or definition may still appear. The pauses are 1, 2, 4, 8 and 16 seconds. */
const RETRIES = 5;

export interface CreateRequest {
  urn: string;
  properties: Props;
  /** Seconds; 0 means unset. */
  timeout: number;
  preview: boolean;
}

export interface CreateResult {
  /** Empty in a preview. */
  id: string;
  properties: Props;
}

/** @throws InitFailedError when the object was created but did not become ready in time */
export async function create(session: Session, request: CreateRequest): Promise<CreateResult> {
  const { urn, preview } = request;
  if (!preview) mustReach(session);
  const inputs = revealProps(request.properties);
  const asIs: CreateResult = { id: "", properties: request.properties };
  if (preview && (hasUnknown(inputs) || !(await isServed(session, inputs)))) return asIs;

  const notes: Notes = {
    initialApiVersion: apiVersionOf(gvkOf(inputs)),
    fieldManager: fieldManagerOf(inputs, undefined),
  };
  const state = (object: PlainObject) => checkpoint(inputs, object, request.properties, notes);
  let object: PlainObject;
  try {
    object = await send(session, request, inputs, notes.fieldManager);
  } catch (error) {
    if (preview && error instanceof ApiError && isNoReasonToRefuse(error)) return asIs;
    if (error instanceof NoMatchError) {
      throw new Error(
        `creation of resource "${urn}" failed because the Kubernetes API server reported that the apiVersion for this ` +
          `resource does not exist. Verify that any required CRDs have been created: ${error.message}`,
      );
    }
    throw notCreated(urn, error);
  }
  if (preview) {
    delete object["status"];
    return { id: "", properties: state(object) };
  }

  try {
    object = await settle(session, urn, request.timeout, inputs, object);
  } catch (error) {
    // A malformed annotation is found only now, and the object stays outside of Pulumi's state. The real plugin does
    // the same.
    if (!(error instanceof UnfinishedError)) throw notCreated(urn, error);
    const message =
      `resource "${urn}" was successfully created, but the Kubernetes API server reported that it failed to fully ` +
      `initialize or become live: ${error.message}`;
    throw new InitFailedError(message, idOf(error.object), state(error.object));
  }
  return { id: idOf(object), properties: state(object) };
}

function notCreated(urn: string, error: unknown): Error {
  return new Error(
    `resource "${urn}" was not successfully created by the Kubernetes API server: ${(error as Error).message}`,
  );
}

/**
 * Preview only: returns true for an error that the update itself may still resolve, or that only means that a dry run
 * is not allowed.
 */
function isNoReasonToRefuse(error: ApiError): boolean {
  return error.forbidden || error.alreadyExists || (error.notFound && error.kind === "namespaces");
}

async function send(
  session: Session,
  request: CreateRequest,
  inputs: PlainObject,
  fieldManager: string,
): Promise<PlainObject> {
  for (let attempt = 0; ; attempt++) {
    try {
      const resource = await session.client.resource(gvkOf(inputs));
      if (session.options.upsert)
        return await applyPatch(session, { resource, inputs, live: undefined, fieldManager, preview: request.preview });
      const query: Record<string, string> = { fieldManager: CREATE_MANAGER };
      if (request.preview) query["dryRun"] = "All";
      return await session.client.request("POST", session.client.collection(resource, namespaceOf(inputs)), {
        query,
        body: inputs,
      });
    } catch (error) {
      const missing = error instanceof NoMatchError || (error instanceof ApiError && error.notFound);
      session.messages.status(request.urn, `Retry #${attempt}; creation failed: ${(error as Error).message}`);
      if (!missing || request.preview || attempt === RETRIES) throw error;
      await delay(2 ** attempt * 1000, undefined, { signal: session.cancelled }).catch(() => {
        throw new CancelledError();
      });
    }
  }
}

/**
 * Waits for the condition in the object's annotation.
 * @throws UnfinishedError, or Error when the annotation is malformed
 */
export async function settle(
  session: Session,
  urn: string,
  timeout: number,
  inputs: PlainObject,
  object: PlainObject,
): Promise<PlainObject> {
  const condition = readyCondition(inputs, object);
  session.messages.status(urn, "");
  if (!condition) return object;
  const resource = await session.client.resource(gvkOf(object));
  const target = {
    client: session.client,
    resource,
    cancelled: session.cancelled,
    limitMs: limitOf(timeout, inputs),
    status: (message: string) => session.messages.status(urn, `${nameOf(object)}: ${message}`),
  };
  const ready = await waitUntilReady(target, object, condition);
  session.messages.status(urn, "");
  return ready;
}

/** Read (refresh, import, `.get`) and Delete. */
import { ApiError, NoMatchError } from "./api-error";
import { fieldManagerOf } from "./apply";
import { checkpoint, initialApiVersionOf, markSecrets, parseCheckpoint } from "./checkpoint";
import { gvkOfType, limitOf, parseUrn, propagationOf } from "./kinds";
import {
  ANNOTATION,
  annotation,
  apiVersionOf,
  gvkOf,
  idOf,
  isCore,
  LAST_APPLIED,
  metadataOf,
  nameOf,
  namespaceOf,
  normalize,
  parseId,
  prune,
  setMetadata,
} from "./objects";
import { UnfinishedError, waitUntilGone } from "./observe";
import { InitFailedError, type Session } from "./session";
import { isObject, revealProps, type PlainObject, type Props } from "./values";

const FORGET =
  "you can remove this resource from Pulumi state by rerunning the operation with PULUMI_K8S_DELETE_UNREACHABLE " +
  'set to "true"';
/** Inputs of the core kinds for an object that is read by its id. A custom resource gets only its kind and name. */
const INPUTS: Record<string, string[]> = {
  ConfigMap: ["apiVersion", "binaryData", "data", "immutable", "kind", "metadata"],
  Namespace: ["apiVersion", "kind", "metadata", "spec"],
  Secret: ["apiVersion", "data", "immutable", "kind", "metadata", "stringData", "type"],
};

export interface ReadRequest {
  urn: string;
  id: string;
  inputs: Props;
  properties: Props;
}

export interface ReadResult {
  id: string;
  properties: Props;
  inputs: Props;
}

/**
 * Reads the object without waiting. Returns undefined if it does not exist: Pulumi then removes it from its state, or
 * reports that there is none.
 */
export async function read(session: Session, request: ReadRequest): Promise<ReadResult | undefined> {
  const { urn, id } = request;
  if (session.unreachable !== undefined) {
    session.messages.log("warning", urn, `configured Kubernetes cluster is unreachable: ${session.unreachable}`);
    if (session.options.deleteUnreachable) return undefined;
    if (session.options.skipUpdateUnreachable) return { id, properties: request.properties, inputs: request.inputs };
    throw new Error(`failed to read resource state due to unreachable cluster. If the cluster was deleted, ${FORGET}`);
  }
  const { namespace, name } = parseId(id);
  if (name === "")
    throw new Error(`failed to read resource because of a failure to parse resource name from request ID: ${id}`);

  const oldInputs = normalize(revealProps(request.inputs));
  const old = parseCheckpoint(request.properties);
  let fromCluster = false;
  if (oldInputs["kind"] === undefined && oldInputs["apiVersion"] === undefined) {
    fromCluster = old.live["kind"] === undefined;
    const gvk = fromCluster ? gvkOfType(parseUrn(urn).type) : gvkOf(old.live);
    oldInputs["apiVersion"] = apiVersionOf(gvk);
    oldInputs["kind"] = gvk.kind;
    if (nameOf(oldInputs) === "") setMetadata(oldInputs, "name", name);
    if (namespaceOf(oldInputs) === "") setMetadata(oldInputs, "namespace", namespace);
  }
  const live = await find(session, oldInputs, name);
  if (live === undefined) return undefined;

  const liveInputs = prune(live, oldInputs);
  if (fromCluster) takeAllInputs(liveInputs, live);
  const notes = {
    initialApiVersion: initialApiVersionOf(old, oldInputs),
    fieldManager: fieldManagerOf(oldInputs, old.fieldManager),
  };
  const properties = checkpoint(liveInputs, live, request.inputs, notes);
  const inputs = liveInputs as Props;
  markSecrets(inputs, request.inputs);
  return { id, properties, inputs };
}

async function find(session: Session, like: PlainObject, name: string): Promise<PlainObject | undefined> {
  try {
    const resource = await session.client.resource(gvkOf(like));
    return await session.client.request("GET", session.client.item(resource, namespaceOf(like), name));
  } catch (error) {
    if (error instanceof NoMatchError || (error instanceof ApiError && error.notFound)) return undefined;
    throw error;
  }
}

function takeAllInputs(inputs: PlainObject, live: PlainObject): void {
  const kind = gvkOf(live).kind;
  if (isCore(live, kind)) for (const key of INPUTS[kind] ?? []) if (live[key] !== undefined) inputs[key] = live[key];
  const metadata = { ...metadataOf(inputs) };
  for (const key of ["creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"])
    delete metadata[key];
  const annotations = metadata["annotations"];
  if (isObject(annotations)) {
    const { [LAST_APPLIED]: dropped, ...rest } = annotations as PlainObject;
    void dropped;
    metadata["annotations"] = rest;
  }
  inputs["metadata"] = metadata;
}

export interface DeleteRequest {
  urn: string;
  id: string;
  properties: Props;
  /** Seconds; 0 means unset. */
  timeout: number;
}

/**
 * Deletes the object and waits until it no longer exists.
 * @throws InitFailedError when the deletion was accepted but something blocks it
 */
export async function remove(session: Session, request: DeleteRequest): Promise<void> {
  const { urn } = request;
  if (session.unreachable !== undefined) {
    session.messages.log("warning", urn, `configured Kubernetes cluster is unreachable: ${session.unreachable}`);
    if (session.options.deleteUnreachable) return;
    throw new Error(`configured Kubernetes cluster is unreachable. If the cluster was deleted, ${FORGET}`);
  }
  const old = parseCheckpoint(request.properties);
  const { name } = parseId(request.id);
  const { client } = session;
  try {
    const resource = await client.resource(gvkOf(old.live));
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: propagationOf(old.inputs) };
    await client.request("DELETE", client.item(resource, namespaceOf(old.live), name), { body });
    // The real plugin skips this wait for namespaces only.
    if (isCore(old.live, "Namespace") && annotation(old.inputs, ANNOTATION.skipAwait) === "true") return;
    const status = (message: string) => session.messages.status(urn, message);
    await waitUntilGone(
      { client, resource, cancelled: session.cancelled, limitMs: limitOf(request.timeout, old.inputs), status },
      old.live,
    );
  } catch (error) {
    if (error instanceof NoMatchError || (error instanceof ApiError && error.notFound)) return;
    if (!(error instanceof UnfinishedError)) throw error;
    const finalizers = metadataOf(error.object)["finalizers"];
    const held = Array.isArray(finalizers) ? finalizers.join(", ") : "";
    session.messages.log("warning", urn, `finalizers might be preventing deletion (${held})`);
    const notes = {
      initialApiVersion: initialApiVersionOf(old, old.inputs),
      fieldManager: fieldManagerOf(old.inputs, old.fieldManager),
    };
    throw new InitFailedError(
      error.message,
      idOf(error.object),
      checkpoint(old.inputs, error.object, request.properties, notes),
    );
  }
}

/** Update: server-side apply on the live object, then the wait that the object's annotation asks for. */
import { ApiError, NoMatchError } from "./api-error";
import { adoptFields, applyPatch, fieldManagerOf, relinquish, withIgnoredFields } from "./apply";
import { checkpoint, initialApiVersionOf, parseCheckpoint, type Notes } from "./checkpoint";
import { settle } from "./create";
import { gvkOf, idOf, nameOf, namespaceOf, normalize } from "./objects";
import { InitFailedError, isServed, mustReach, type Session } from "./session";
import { hasUnknown, revealProps, type PlainObject, type Props } from "./values";

export interface UpdateRequest {
  urn: string;
  olds: Props;
  news: Props;
  /** Seconds; 0 means unset. */
  timeout: number;
  preview: boolean;
  ignoreChanges: string[];
}

/**
 * @throws InitFailedError with the live object whenever it exists. After a conflict, too, the state then holds the new
 * inputs.
 */
export async function update(session: Session, request: UpdateRequest): Promise<Props> {
  const { urn, preview } = request;
  if (!preview) mustReach(session);
  const inputs = normalize(revealProps(request.news));
  if (preview && (hasUnknown(inputs) || !(await isServed(session, inputs)))) return request.news;

  const old = parseCheckpoint(request.olds);
  const oldManager = fieldManagerOf(old.inputs, old.fieldManager);
  const notes: Notes = {
    initialApiVersion: initialApiVersionOf(old, old.inputs),
    fieldManager: fieldManagerOf(inputs, old.fieldManager ?? oldManager),
  };
  const state = (object: PlainObject) => checkpoint(inputs, object, request.news, notes);
  let object: PlainObject;
  try {
    object = await apply(session, request, inputs, old.live, notes.fieldManager);
    if (!preview) object = await settle(session, urn, request.timeout, inputs, object);
  } catch (error) {
    if (preview && error instanceof ApiError && error.forbidden) return request.news;
    if (error instanceof NoMatchError) {
      throw new Error(
        `update of resource "${urn}" failed because the Kubernetes API server reported that the apiVersion for this ` +
          `resource does not exist. Verify that any required CRDs have been created: ${error.message}`,
      );
    }
    throw await failure(session, urn, old.live, error as Error, state);
  }
  if (!preview && oldManager !== notes.fieldManager) {
    await relinquish(session, await session.client.resource(gvkOf(object)), object, oldManager);
  }
  return state(object);
}

async function apply(
  session: Session,
  request: UpdateRequest,
  inputs: PlainObject,
  oldLive: PlainObject,
  fieldManager: string,
): Promise<PlainObject> {
  const { client } = session;
  const { preview } = request;
  const resource = await client.resource(gvkOf(inputs));
  let live = await client.request("GET", client.item(resource, namespaceOf(inputs), nameOf(oldLive)));
  if (!preview) live = await adoptFields(session, resource, live, fieldManager);
  const wanted = withIgnoredFields(inputs, live, fieldManager, request.ignoreChanges);
  return applyPatch(session, { resource, inputs: wanted, live, fieldManager, preview });
}

async function failure(
  session: Session,
  urn: string,
  oldLive: PlainObject,
  error: Error,
  state: (object: PlainObject) => Props,
): Promise<Error> {
  const { client } = session;
  try {
    const resource = await client.resource(gvkOf(oldLive));
    const live = await client.request("GET", client.item(resource, namespaceOf(oldLive), nameOf(oldLive)));
    const message =
      `the Kubernetes API server reported that "${idOf(live)}" failed to fully initialize or become live: ` +
      `${error.message}`;
    return new InitFailedError(message, idOf(live), state(live));
  } catch (unread) {
    return new Error(
      `update of resource "${urn}" failed: ${error.message}\nunable to get cluster state: ${(unread as Error).message}`,
    );
  }
}

/** Server-side apply: one patch with the wanted fields, and the owner of each field. */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { ApiError } from "./api-error";
import type { Resource } from "./client";
import { ANNOTATION, annotation, apiVersionOf, gvkOf, metadataOf, nameOf, namespaceOf } from "./objects";
import type { Session } from "./session";
import { isObject, type Plain, type PlainObject } from "./values";

/** Field manager of the POST of a create. The first update transfers its fields to the manager of server-side apply. */
export const CREATE_MANAGER = "pulumi-kubernetes";

/** Managers (with operation Update) whose fields belong to this plugin or to a user who used kubectl before. */
const ADOPTED = new Set([
  "pulumi-kubernetes",
  "pulumi-kubernetes.exe",
  "pulumi-resource-kubernetes",
  "kubectl",
  "before-first-apply",
]);
const OWN = new Set(["pulumi-kubernetes", "pulumi-kubernetes.exe", "pulumi-resource-kubernetes"]);

/** Returns the manager from the annotation, else the one in the state, else a new one. */
export function fieldManagerOf(inputs: PlainObject, kept: string | undefined): string {
  return (
    annotation(inputs, ANNOTATION.patchFieldManager) || kept || `${CREATE_MANAGER}-${randomBytes(4).toString("hex")}`
  );
}

export interface Patch {
  resource: Resource;
  inputs: PlainObject;
  /** The current object; undefined if it may not exist. */
  live: PlainObject | undefined;
  fieldManager: string;
  preview: boolean;
}

/** @throws Error with the server's text; for a conflict it includes the name of the other manager */
export async function applyPatch(session: Session, patch: Patch): Promise<PlainObject> {
  const { resource, inputs, live, fieldManager, preview } = patch;
  const query: Record<string, string> = { fieldManager, force: String(isForced(session, inputs, live, preview)) };
  if (preview) query["dryRun"] = "All";
  const path = session.client.item(resource, namespaceOf(inputs), nameOf(live ?? inputs));
  try {
    return await session.client.request("PATCH", path, {
      query,
      body: inputs,
      contentType: "application/apply-patch+yaml",
    });
  } catch (error) {
    if (!(error instanceof ApiError && error.conflict)) throw error;
    throw new Error(
      `server-side apply field conflict: the resource managed by field manager "${fieldManager}" had an apply ` +
        `conflict: ${error.message}`,
    );
  }
}

function isForced(session: Session, inputs: PlainObject, live: PlainObject | undefined, preview: boolean): boolean {
  if (annotation(inputs, ANNOTATION.patchForce) === "true" || session.options.patchForce) return true;
  const managers = live ? managersOf(live) : [];
  if (live && managers.length === 0) return true;
  // An update transfers the fields before it applies. A dry run cannot do that, so it forces past the conflict with
  // this plugin's own fields.
  return (
    preview && (!live || managers.some((entry) => entry["operation"] === "Update" && OWN.has(String(entry["manager"]))))
  );
}

/** Transfers the fields of a plain create (or of kubectl) to the manager of server-side apply, once. */
export async function adoptFields(
  session: Session,
  resource: Resource,
  live: PlainObject,
  fieldManager: string,
): Promise<PlainObject> {
  const managers = managersOf(live);
  const adopted = managers.filter((entry) => isAdopted(entry));
  if (adopted.length === 0) return live;
  const isOurs = (entry: PlainObject) =>
    entry["manager"] === fieldManager && entry["operation"] === "Apply" && !entry["subresource"];
  const fields = [...managers.filter(isOurs), ...adopted].map((entry) => entry["fieldsV1"] ?? {}).reduce(union, {});
  const last = adopted[adopted.length - 1];
  const merged: PlainObject = {
    manager: fieldManager,
    operation: "Apply",
    apiVersion: last?.["apiVersion"] ?? null,
    time: last?.["time"] ?? null,
    fieldsType: "FieldsV1",
    fieldsV1: fields,
  };
  const others = managers.filter((entry) => !isAdopted(entry) && !isOurs(entry));
  const body = [
    { op: "replace", path: "/metadata/managedFields", value: [...others, merged] },
    // Fails if another client changed the object in the meantime.
    { op: "replace", path: "/metadata/resourceVersion", value: metadataOf(live)["resourceVersion"] },
  ];
  const path = session.client.item(resource, namespaceOf(live), nameOf(live));
  return session.client.request("PATCH", path, { body, contentType: "application/json-patch+json" });
}

function isAdopted(entry: PlainObject): boolean {
  const manager = String(entry["manager"]);
  if (entry["subresource"]) return false;
  return (
    (entry["operation"] === "Update" && ADOPTED.has(manager)) ||
    (entry["operation"] === "Apply" && manager === "kubectl")
  );
}

/** Gives up every field of this manager. A field without another owner returns to its default. */
export async function relinquish(
  session: Session,
  resource: Resource,
  object: PlainObject,
  fieldManager: string,
): Promise<void> {
  const body = {
    apiVersion: apiVersionOf(gvkOf(object)),
    kind: object["kind"],
    metadata: { name: nameOf(object), namespace: namespaceOf(object) || undefined },
  };
  const path = session.client.item(resource, namespaceOf(object), nameOf(object));
  await session.client.request("PATCH", path, {
    query: { fieldManager },
    body,
    contentType: "application/apply-patch+yaml",
  });
}

/**
 * Inputs for an update with `ignoreChanges`. A field that only other managers own is left out; any other ignored field
 * keeps its live value. Supports only paths of names, separated by dots, as the real plugin does.
 */
export function withIgnoredFields(
  inputs: PlainObject,
  live: PlainObject,
  fieldManager: string,
  ignored: string[],
): PlainObject {
  let result = inputs;
  const fieldsOf = (entries: PlainObject[]) => entries.map((entry) => entry["fieldsV1"] ?? {}).reduce(union, {});
  const ours = fieldsOf(managersOf(live).filter((entry) => entry["manager"] === fieldManager));
  const theirs = fieldsOf(managersOf(live).filter((entry) => entry["manager"] !== fieldManager));
  for (const path of ignored) {
    const keys = path.split(".");
    const current = at(live, keys);
    if (holds(theirs, keys) && !holds(ours, keys)) result = put(result, keys, undefined);
    else if (current !== undefined) result = put(result, keys, current);
  }
  return result;
}

function managersOf(object: PlainObject): PlainObject[] {
  const managers = metadataOf(object)["managedFields"];
  return Array.isArray(managers) ? managers.filter(isObject) : [];
}

function union(a: Plain, b: Plain): Plain {
  if (!isObject(a) || !isObject(b)) return isObject(a) ? a : b;
  const result: PlainObject = { ...(a as PlainObject) };
  for (const [key, value] of Object.entries(b as PlainObject)) {
    const mine = result[key];
    result[key] = mine === undefined || isDeepStrictEqual(mine, value) ? value : union(mine, value);
  }
  return result;
}

function holds(fields: Plain, keys: string[]): boolean {
  return (
    at(
      fields,
      keys.map((key) => `f:${key}`),
    ) !== undefined
  );
}

function at(value: Plain, keys: string[]): Plain | undefined {
  let current: Plain | undefined = value;
  for (const key of keys) current = isObject(current) ? (current as PlainObject)[key] : undefined;
  return current;
}

function put(object: PlainObject, [key, ...rest]: string[], value: Plain | undefined): PlainObject {
  if (key === undefined) return object;
  const copy = { ...object };
  if (rest.length > 0) {
    const child = copy[key];
    if (child !== undefined && !isObject(child)) return object;
    if (child === undefined && value === undefined) return object;
    copy[key] = put((child ?? {}) as PlainObject, rest, value);
  } else if (value === undefined) delete copy[key];
  else copy[key] = value;
  return copy;
}

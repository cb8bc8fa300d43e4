/** Kubernetes objects as plain JSON: names, annotations, pruning, and forms that the API server treats as equal. */
import { isObject, hasUnknown, type Plain, type PlainObject } from "./values";

export interface Gvk {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
}

export const ANNOTATION = {
  autonamed: "pulumi.com/autonamed",
  skipAwait: "pulumi.com/skipAwait",
  waitFor: "pulumi.com/waitFor",
  timeoutSeconds: "pulumi.com/timeoutSeconds",
  replaceUnready: "pulumi.com/replaceUnready",
  patchForce: "pulumi.com/patchForce",
  patchFieldManager: "pulumi.com/patchFieldManager",
  deletionPropagation: "pulumi.com/deletionPropagationPolicy",
} as const;

export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

const READ_ONLY = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

export function apiVersionOf(gvk: Gvk): string {
  return gvk.group === "" ? gvk.version : `${gvk.group}/${gvk.version}`;
}

export function gvkOf(object: PlainObject): Gvk {
  const [group, version] = splitApiVersion(text(object["apiVersion"]));
  return { group, version, kind: text(object["kind"]) };
}

function splitApiVersion(apiVersion: string): [string, string] {
  const slash = apiVersion.indexOf("/");
  if (slash < 0) return ["", apiVersion];
  const group = apiVersion.slice(0, slash);
  return [group === "core" ? "" : group, apiVersion.slice(slash + 1)];
}

/** `metadata`, or an empty object when it is absent or unknown. */
export function metadataOf(object: PlainObject): PlainObject {
  const metadata = object["metadata"];
  return isObject(metadata) ? metadata : {};
}

export function nameOf(object: PlainObject): string {
  return text(metadataOf(object)["name"]);
}

export function namespaceOf(object: PlainObject): string {
  return text(metadataOf(object)["namespace"]);
}

/** Id of the resource in Pulumi: `<namespace>/<name>`, or the name alone. */
export function idOf(object: PlainObject): string {
  const namespace = namespaceOf(object);
  return namespace === "" ? nameOf(object) : `${namespace}/${nameOf(object)}`;
}

export function parseId(id: string): { namespace: string; name: string } {
  const [first = "", second] = id.split("/");
  return second === undefined ? { namespace: "", name: first } : { namespace: first, name: second };
}

export function annotation(object: PlainObject, key: string): string {
  const annotations = metadataOf(object)["annotations"];
  return isObject(annotations) ? text((annotations as PlainObject)[key]) : "";
}

/** Sets a field of `metadata`. Does nothing if `metadata` is unknown. An empty string removes the field. */
export function setMetadata(object: PlainObject, key: string, value: string): void {
  const metadata = object["metadata"] ?? {};
  if (!isObject(metadata)) return;
  if (value === "") delete (metadata as PlainObject)[key];
  else object["metadata"] = { ...(metadata as PlainObject), [key]: value };
}

export function setAnnotation(object: PlainObject, key: string, value: string): void {
  const metadata = object["metadata"] ?? {};
  if (!isObject(metadata)) return;
  const annotations = (metadata as PlainObject)["annotations"] ?? {};
  if (!isObject(annotations)) return;
  object["metadata"] = { ...(metadata as PlainObject), annotations: { ...(annotations as PlainObject), [key]: value } };
}

/** True if the object is of this kind in the core group. Everything else that is served here is a custom resource. */
export function isCore(object: PlainObject, kind: string): boolean {
  const gvk = gvkOf(object);
  return gvk.group === "" && gvk.kind === kind;
}

/**
 * Returns a copy in the form that the API server returns, so that equal objects show no difference. It moves a Secret's
 * `stringData` into `data`, and removes empty maps of the core kinds and the fields that only the server writes.
 */
export function normalize(object: PlainObject): PlainObject {
  const copy = structuredCloneOf(object);
  if (!hasUnknown(copy)) {
    if (isCore(copy, "Secret")) normalizeSecret(copy);
    if (isCore(copy, "ConfigMap") || isCore(copy, "Namespace")) dropEmpty(copy);
  }
  const metadata = copy["metadata"];
  if (isObject(metadata)) for (const key of READ_ONLY) delete (metadata as PlainObject)[key];
  return copy;
}

function normalizeSecret(secret: PlainObject): void {
  const data: PlainObject = isObject(secret["data"]) ? { ...(secret["data"] as PlainObject) } : {};
  const stringData = secret["stringData"];
  if (isObject(stringData) && Object.keys(stringData).length > 0) {
    if (!Object.values(stringData).every((value) => typeof value === "string")) return;
    for (const [key, value] of Object.entries(stringData as PlainObject))
      data[key] = Buffer.from(text(value), "utf8").toString("base64");
    delete secret["stringData"];
    secret["data"] = data;
    return;
  }
  if (!isObject(secret["data"])) return;
  for (const [key, value] of Object.entries(data)) {
    const reencoded = Buffer.from(text(value), "base64").toString("base64");
    // Leave anything that is not base64: the server rejects it.
    if (typeof value === "string" && value.replace(/[\r\n]/g, "") === reencoded) data[key] = reencoded;
  }
  secret["data"] = data;
}

function dropEmpty(object: PlainObject): void {
  const places: [PlainObject, string[]][] = [[object, ["data", "binaryData"]]];
  if (isObject(object["metadata"]))
    places.push([object["metadata"], ["labels", "annotations", "finalizers", "ownerReferences"]]);
  for (const [place, keys] of places) {
    for (const key of keys) {
      const value = place[key];
      if (value === null || (typeof value === "object" && !hasUnknown(value) && Object.keys(value).length === 0))
        delete place[key];
    }
  }
}

/**
 * Returns the part of `source` that has the shape of `target`: the fields that the program set, with their live values.
 */
export function prune(source: PlainObject, target: PlainObject): PlainObject {
  const result: PlainObject = {};
  for (const [key, value] of Object.entries(source)) {
    const wanted = target[key];
    if (wanted === undefined) continue;
    result[key] = pruneValue(value, wanted);
  }
  return result;
}

function pruneValue(value: Plain, wanted: Plain): Plain {
  if (isObject(value) && isObject(wanted)) return prune(value, wanted);
  if (Array.isArray(value) && Array.isArray(wanted)) return pruneArray(value, wanted);
  return value;
}

function pruneArray(source: Plain[], target: Plain[]): Plain[] {
  const [first] = source;
  const [wanted] = target;
  if (first === undefined || wanted === undefined) return [];
  if (shape(first) !== shape(wanted)) return structuredCloneOf(source);
  return target.slice(0, source.length).map((element, index) => pruneValue(source[index] ?? null, element));
}

function shape(value: Plain): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** A deep copy that keeps unknown values as they are. */
export function structuredCloneOf<T extends Plain>(value: T): T {
  if (Array.isArray(value)) return value.map((element) => structuredCloneOf(element)) as T;
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value as PlainObject).map(([key, field]) => [key, structuredCloneOf(field)]),
  ) as T;
}

function text(value: Plain | undefined): string {
  return typeof value === "string" ? value : "";
}

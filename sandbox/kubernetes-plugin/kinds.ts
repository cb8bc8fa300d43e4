/**
 * Which resources are served, and which values their annotations accept. Everything unknown is an error; nothing is
 * ignored.
 */
import { ANNOTATION, annotation, metadataOf, type Gvk } from "./objects";
import { NotSupported } from "./kubeconfig";
import { isObject, type PlainObject } from "./values";

const CORE_KINDS: Record<string, { namespaced: boolean }> = {
  ConfigMap: { namespaced: true },
  Namespace: { namespaced: false },
  Secret: { namespaced: true },
};

/**
 * Groups whose kinds are built into the server. This stand-in does not know their rules for waiting and replacement.
 */
const BUILT_IN = /^(apps|autoscaling|batch|extensions|policy|(.*\.)?k8s\.io|helm\.sh)$/;
const PATCH_OR_LIST = /(Patch|List)$/;

const TAIL = "is not supported by this stand-in for the kubernetes plugin";

/** The parts of a URN that the plugin needs. */
export function parseUrn(urn: string): { type: string; name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.slice(types.lastIndexOf("$") + 1), name: name.join("::") };
}

/**
 * The kind of a type such as `kubernetes:kafka.strimzi.io/v1:KafkaUser`.
 * @throws NotSupported with the list of what is served
 */
export function gvkOfType(type: string): Gvk {
  const [pkg, module = "", kind = ""] = type.split(":");
  if (pkg !== "kubernetes") throw new NotSupported(`unrecognized resource type: "${type}" for this provider`);
  const [group = "", version = "", more] = module.split("/");
  if (version === "" || more !== undefined)
    throw new NotSupported(`apiVersion does not have both a group and a version: "${module}"`);
  const gvk = { group: group === "core" ? "" : group, version, kind };
  if (gvk.group === "") {
    if (version !== "v1" || CORE_KINDS[kind] === undefined) {
      throw new NotSupported(
        `${type} ${TAIL}: it serves v1 ${Object.keys(CORE_KINDS).join(", ")} and custom resources`,
      );
    }
    return gvk;
  }
  if (BUILT_IN.test(gvk.group)) throw new NotSupported(`${type} ${TAIL}: it serves no kinds of the group ${gvk.group}`);
  if (PATCH_OR_LIST.test(kind)) throw new NotSupported(`${type} ${TAIL}: it serves no patch and list resources`);
  return gvk;
}

/** Returns undefined for a custom resource: only the server knows its scope. */
export function coreNamespaced(gvk: Gvk): boolean | undefined {
  return gvk.group === "" ? CORE_KINDS[gvk.kind]?.namespaced : undefined;
}

/** Returns one sentence for every problem in the inputs. */
export function refusals(gvk: Gvk, inputs: PlainObject): string[] {
  const found: string[] = [];
  const kind = inputs["kind"];
  if (typeof kind === "string" && kind !== gvk.kind)
    found.push(`kind ${kind} in a resource of type ${gvk.kind} ${TAIL}`);
  if (inputs["type"] === "kubernetes.io/service-account-token" && gvk.kind === "Secret")
    found.push(`a Secret of type ${inputs["type"]} ${TAIL}`);
  if (metadataOf(inputs)["generateName"] !== undefined) {
    found.push("the `.metadata.generateName` field is not supported in Server-Side Apply mode");
  }
  const annotations = metadataOf(inputs)["annotations"];
  if (!isObject(annotations)) return found;
  for (const [key, value] of Object.entries(annotations as PlainObject)) {
    if (!key.startsWith("pulumi.com/")) continue;
    const known = Object.values(ANNOTATION).find((name) => name === key);
    if (known === undefined)
      found.push(`the annotation ${key} is not known: known are ${Object.values(ANNOTATION).join(", ")}`);
    else if (typeof value === "string") found.push(...annotationRefusals(known, value));
  }
  return found;
}

type Annotation = (typeof ANNOTATION)[keyof typeof ANNOTATION];

function annotationRefusals(key: Annotation, value: string): string[] {
  const expect = (ok: boolean, what: string) => (ok ? [] : [`the annotation ${key} must be ${what}, not "${value}"`]);
  switch (key) {
    case ANNOTATION.skipAwait:
    case ANNOTATION.patchForce:
    case ANNOTATION.autonamed:
      return expect(value === "true" || value === "false", '"true" or "false"');
    case ANNOTATION.replaceUnready:
      return expect(value === "false", '"false": the real plugin knows it for Jobs only');
    case ANNOTATION.timeoutSeconds:
      return expect(/^\d+$/.test(value), "a whole number of seconds");
    case ANNOTATION.deletionPropagation:
      return expect(/^(foreground|background|orphan)$/i.test(value), "foreground, background or orphan");
    case ANNOTATION.patchFieldManager:
      return expect(value !== "", "a name");
    case ANNOTATION.waitFor:
      // The real plugin finds a malformed expression only after it has created the object, and so does this one.
      return [];
  }
}

/**
 * Returns the wait limit in milliseconds. It is the resource option `customTimeouts` (seconds), else the annotation
 * (seconds), else ten minutes.
 */
export function limitOf(customTimeout: number, inputs: PlainObject): number {
  if (customTimeout > 0) return Math.floor(customTimeout) * 1000;
  const seconds = annotation(inputs, ANNOTATION.timeoutSeconds);
  return /^\d+$/.test(seconds) ? Number(seconds) * 1000 : 600_000;
}

export function propagationOf(inputs: PlainObject): "Foreground" | "Background" | "Orphan" {
  switch (annotation(inputs, ANNOTATION.deletionPropagation).toLowerCase()) {
    case "background":
      return "Background";
    case "orphan":
      return "Orphan";
    default:
      return "Foreground";
  }
}

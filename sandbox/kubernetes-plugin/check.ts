/** Check and Diff. Neither changes the cluster. */
import { createHash } from "node:crypto";
import { changesOf, forceNewFields, renderPath, withoutIgnored, type Change } from "./diff";
import { parseCheckpoint, markSecrets } from "./checkpoint";
import { gvkOfType, parseUrn, refusals } from "./kinds";
import {
  ANNOTATION,
  annotation,
  apiVersionOf,
  gvkOf,
  metadataOf,
  nameOf,
  namespaceOf,
  normalize,
  prune,
  setAnnotation,
  setMetadata,
} from "./objects";
import { isNamespaced, type Session } from "./session";
import { revealProps, Unknown, type PlainObject, type Props } from "./values";

export interface CheckRequest {
  urn: string;
  olds: Props;
  news: Props;
  randomSeed: Uint8Array;
  autonaming?: { proposedName: string; disabled: boolean };
}

export interface CheckResult {
  inputs: Props;
  failures: { property: string; reason: string }[];
}

export async function check(session: Session, request: CheckRequest): Promise<CheckResult> {
  const { type, name } = parseUrn(request.urn);
  const gvk = gvkOfType(type);
  const inputs = normalize(revealProps(request.news));
  const failures = refusals(gvk, inputs).map((reason) => ({ property: "", reason }));
  if (Object.keys(request.olds).length > 0) adoptName(inputs, revealProps(request.olds));
  else assignName(inputs, name, request);
  // This also overwrites an unknown namespace. The real plugin does the same: it treats everything but a string as
  // absent.
  if (session.namespace !== "" && namespaceOf(inputs) === "" && (await isNamespaced(session, gvk))) {
    setMetadata(inputs, "namespace", session.namespace);
  }
  const checked = inputs as Props;
  markSecrets(checked, request.news);
  return { inputs: checked, failures };
}

function isNamed(inputs: PlainObject): boolean {
  return metadataOf(inputs)["name"] instanceof Unknown || nameOf(inputs) !== "";
}

function adoptName(inputs: PlainObject, olds: PlainObject): void {
  if (isNamed(inputs) || annotation(olds, ANNOTATION.autonamed) !== "true") return;
  setMetadata(inputs, "name", nameOf(olds));
  setAnnotation(inputs, ANNOTATION.autonamed, "true");
}

function assignName(inputs: PlainObject, urnName: string, request: CheckRequest): void {
  if (isNamed(inputs)) return;
  if (request.autonaming?.disabled)
    throw new Error("autonaming is disabled, resource requires the .metadata.name field to be set");
  const suffix = createHash("sha256").update(request.randomSeed).update(urnName).digest("hex").slice(0, 8);
  setMetadata(inputs, "name", request.autonaming?.proposedName || `${urnName}-${suffix}`);
  setAnnotation(inputs, ANNOTATION.autonamed, "true");
}

export interface DiffResult {
  changes: Change[];
  /** Rendered paths of the changes that force a replacement. */
  replaces: string[];
  /** True if the new object has the name of the old one, so that both cannot exist at the same time. */
  deleteBeforeReplace: boolean;
}

/** Compares the new inputs with the last known live object, reduced to the fields of the old inputs. */
export async function diff(
  session: Session,
  request: { olds: Props; news: Props; ignoreChanges: string[] },
): Promise<DiffResult> {
  const { inputs: rawOldInputs, live } = parseCheckpoint(request.olds);
  const news = normalize(revealProps(request.news));
  const old = prune(live, normalize(rawOldInputs));
  const gvk = gvkOf(news);
  if (await isNamespaced(session, gvk)) {
    setMetadata(old, "namespace", namespaceOf(old) || "default");
    setMetadata(news, "namespace", namespaceOf(news) || "default");
  } else {
    setMetadata(old, "namespace", "");
    setMetadata(news, "namespace", "");
  }
  old["apiVersion"] ??= apiVersionOf(gvk);
  old["kind"] ??= gvk.kind;
  if (nameOf(news) !== "") setMetadata(old, "name", nameOf(live));

  const all = changesOf(old, news, forceNewFields(news, session.options));
  const changes = withoutIgnored(all, request.ignoreChanges);
  const replaces = changes
    .filter((change) => change.replace || (change.kind === "delete" && renderPath(change.path) === "metadata"))
    .map((change) => renderPath(change.path));
  const deleteBeforeReplace =
    replaces.length > 0 &&
    isNamed(news) &&
    annotation(news, ANNOTATION.autonamed) !== "true" &&
    nameOf(news) === nameOf(live) &&
    namespaceOf(news) === namespaceOf(live);
  return { changes, replaces, deleteBeforeReplace };
}

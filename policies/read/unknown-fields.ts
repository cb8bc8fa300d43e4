import { entry } from "../../engine/objects";
import type { Fields } from "../../engine/rules/operator-fields";
import { nearMiss } from "../../engine/near-miss";
import { attempt, type UnknownField } from "../../engine/rules";
import { CRD_FIELDS } from "./crd-fields";
import { partsOf } from "./home";
import { type AnyResource, apiVersionOf, known, object, text } from "./plain";

/** Names that users write, with the field that they mean. */
const SYNONYMS: Record<string, string> = {
  topics: "topicsPattern",
  topic: "topicsPattern",
  topicswhitelist: "topicsPattern",
  topicswhitelistpattern: "topicsPattern",
  topicsinclude: "topicsPattern",
  topicsincludepattern: "topicsPattern",
  topicpatterns: "topicsPattern",
  whitelist: "topicsPattern",
  include: "topicsPattern",
  topicsblacklist: "topicsExcludePattern",
  topicsexclude: "topicsExcludePattern",
  blacklist: "topicsExcludePattern",
  exclude: "topicsExcludePattern",
  groups: "groupsPattern",
  group: "groupsPattern",
  groupswhitelist: "groupsPattern",
  groupsinclude: "groupsPattern",
  consumergroups: "groupsPattern",
  consumergroupspattern: "groupsPattern",
  groupsblacklist: "groupsExcludePattern",
  groupsexclude: "groupsExcludePattern",
  tasks: "tasksMax",
  maxtasks: "tasksMax",
  bootstrap: "bootstrapServers",
  servers: "bootstrapServers",
  auth: "authentication",
  mirror: "mirrors",
};

/** The same for names that other fields have, too. Kubernetes' references to Secrets have `name` and `key`. */
const SYNONYMS_IN: Record<string, Record<string, string>> = {
  passwordSecret: { name: "secretName", key: "password" },
  certificateAndKey: { name: "secretName" },
};

/** The effect of losing a field, if the correct field is not written as well. */
const LOSSES: Record<string, string> = {
  topicsPattern: "without topicsPattern every topic is copied",
  groupsPattern: "without groupsPattern checkpoints are written for every group",
  topicsExcludePattern: "what it should exclude is copied",
  topicsBlacklistPattern: "what it should exclude is copied",
  groupsExcludePattern: "checkpoints are written for the groups that it should exclude",
  groupsBlacklistPattern: "checkpoints are written for the groups that it should exclude",
  sourceConnector: "without sourceConnector nothing is copied",
  checkpointConnector: "without checkpointConnector no checkpoint is written",
  mirrors: "without mirrors nothing is copied",
  tasksMax: "one task does all the work",
  config: "the connector or worker runs with its defaults",
  authentication: "the user or the workers do not log in as they should",
  tls: "the connection is not encrypted",
  authorization: "it grants the user nothing",
  acls: "it grants the user nothing",
  operations: "the rule grants the user nothing",
};

/** The fields of a custom resource that its API version does not have. */
export function unknownFieldsOf(resource: AnyResource): UnknownField[] {
  const props = object(known(resource.props));
  const apiVersion = apiVersionOf(resource, props);
  const kind = resource.type.split(":").pop()!;
  const [group, version = ""] = apiVersion.split("/");
  const fields = CRD_FIELDS[`${kind} ${version}`];
  if (fields === undefined) return [];
  const { metadata, spec } = partsOf(resource);
  const place = (["namespace", "name"] as const)
    .map((key) => text(attempt(() => metadata[key])))
    .filter(Boolean)
    .join("/");
  // Newer operators may add fields to v1, and IBM's operators have fields of their own.
  const closed = version !== "v1" && group === "kafka.strimzi.io";
  return walk(spec, fields, "spec").map(({ path, ...found }) => {
    const places = found.meant === undefined ? [...placesOf(path, fields), ...inTemplate(path, fields)] : [];
    const elsewhere = places.filter(inFormOf(spec, fields));
    // One block below the only place that fits: a block was left out, e.g. `tls` around `trustedCertificates`.
    const parent = parentOf(path).replace(/\[\d+\]/g, "[]");
    const misplaced = elsewhere.length === 1 && parent !== "spec" && elsewhere[0]!.startsWith(`${parent}.`);
    return {
      resource: resource.urn,
      label: `${kind} ${place || resource.name}`,
      apiVersion,
      path,
      sure: closed || found.meant !== undefined || misplaced,
      ...(elsewhere.length === 0 ? {} : { elsewhere }),
      ...found,
    };
  });
}

/**
 * The last operators of v1beta2 read the clusters in either form: `clusters`, or as v1 has them. A suggestion uses the
 * form of the resource.
 */
function inFormOf(spec: unknown, fields: Fields): (place: string) => boolean {
  const both = typeof fields === "object" && Object.hasOwn(fields, "clusters") && Object.hasOwn(fields, "target");
  const written = object(spec);
  const other =
    Object.hasOwn(written, "target") && !Object.hasOwn(written, "clusters")
      ? /^spec\.clusters(\[\])?\./
      : /^spec\.(target|mirrors\[\]\.source)\./;
  return (place) => !both || !other.test(place);
}

type Found = Pick<UnknownField, "path" | "meant" | "loss">;

function walk(value: unknown, fields: Fields, path: string): Found[] {
  if (fields === true || fields === "any") return [];
  if (Array.isArray(value))
    return [...value.keys()].flatMap((i) =>
      walk(
        attempt(() => value[i] as unknown),
        fields,
        `${path}[${i}]`,
      ),
    );
  if (typeof value !== "object" || value === null) return [];
  const own = object(value);
  return Object.keys(own).flatMap((name): Found[] => {
    const inner = Object.hasOwn(fields, name) ? fields[name] : undefined;
    // The API server refuses a mapping in place of a list. Its keys are then names of entries, not fields.
    if (LISTS.includes(name) && inner !== undefined && !Array.isArray(attempt(() => own[name]))) return [];
    if (inner !== undefined)
      return walk(
        attempt(() => own[name]),
        inner.fields,
        `${path}.${name}`,
      );
    // The rule acl-operation-singular reports it.
    if (name === "operation" && /\.acls\[\d+\]$/.test(path)) return [];
    const meant =
      entry(entry(SYNONYMS_IN, path.replace(/^.*\./, "")) ?? {}, name) ??
      entry(SYNONYMS, name.toLowerCase().replace(/[._-]/g, "")) ??
      nearMiss(name, Object.keys(fields)) ??
      begunBy(name, fields);
    if (meant !== undefined && Object.hasOwn(fields, meant)) {
      const loss = Object.hasOwn(own, meant) ? undefined : entry(LOSSES, meant);
      return [{ path: `${path}.${name}`, meant, ...(loss === undefined ? {} : { loss }) }];
    }
    // For example, `operations` in the `resource` of an ACL.
    if (path.endsWith(".resource") && name === "operations")
      return [{ path: `${path}.${name}`, meant: "operations next to resource", loss: LOSSES.operations! }];
    // A key of Kafka beside `config` instead of in it. No field of the operators has a dot in its name.
    if (name.includes(".") && Object.hasOwn(fields, "config")) {
      const written = Object.hasOwn(object(attempt(() => own.config)), name);
      const loss = written ? {} : { loss: "the setting keeps its default" };
      return [{ path: `${path}.${name}`, meant: `"${name}" in ${path}.config`, ...loss }];
    }
    return [{ path: `${path}.${name}` }];
  });
}

/** The only field that begins with the written name, e.g. `secretName` for `secret`. */
function begunBy(name: string, fields: object): string | undefined {
  const [one, other] = Object.keys(fields).filter((field) => name.length >= 4 && field.startsWith(name));
  return other === undefined ? one : undefined;
}

/** Parts of a resource with so many names that a common one, such as `image`, says nothing. */
const CROWDED = ["template", "externalConfiguration", "logging", "metricsConfig", "rack", "tracing"];
const MOST_PLACES = 4;

/**
 * Where a field of this name exists: in a block of the level at which it was written, or beside a level above.
 * Empty if there are too many places to say which one is meant.
 */
function placesOf(path: string, fields: Fields): string[] {
  const generic = path.replace(/\[\d+\]/g, "[]");
  const [parent, name] = [parentOf(generic), generic.replace(/^.*\./, "")];
  const all = pathsOf(fields, "spec").filter((one) => one.endsWith(`.${name}`));
  const levels = (one: string) => one.split(".").length;
  // One block below: `tasksMax` of an entry of `mirrors` belongs into its connectors.
  const below = all.filter((one) => one.startsWith(`${parent}.`) && levels(one) === levels(parent) + 2);
  const found = below.length > 0 ? below : all.filter((one) => parent.startsWith(one.replace(/\.[^.]*$/, "")));
  return found.length <= MOST_PLACES ? found : [];
}

const parentOf = (path: string) => path.replace(/\.[^.]*$/, "");

/** Every path of a table of fields, with `[]` after the lists that matter here. */
function pathsOf(fields: Fields, path: string): string[] {
  if (typeof fields !== "object") return [];
  return Object.keys(fields).flatMap((name) => {
    if (CROWDED.includes(name)) return [];
    const own = `${path}.${name}${LISTS.includes(name) ? "[]" : ""}`;
    return [`${path}.${name}`, ...pathsOf(fields[name]!.fields, own)];
  });
}

const LISTS = ["clusters", "mirrors", "trustedCertificates", "acls"];

/** Where the template of the pods has a field that is written beside it, such as `spec.tolerations`. */
function inTemplate(path: string, fields: Fields): string[] {
  const name = /^spec\.(\w+)$/.exec(path)?.[1] ?? "";
  const template = typeof fields === "object" ? fields.template?.fields : undefined;
  return ["pod", "connectContainer"].flatMap((part) => {
    const inner = typeof template === "object" ? template[part]?.fields : undefined;
    return typeof inner === "object" && Object.hasOwn(inner, name) ? [`spec.template.${part}.${name}`] : [];
  });
}

import { defined, entry, setOwn } from "../../engine/objects";
import type { Mistakes } from "../../engine/errors";
import type { Side } from "../../engine/model";
import { later } from "../../engine/rules";
import {
  type FieldRefusal,
  type Fields,
  isPlainObject,
  refusedFields,
  unknownFields,
} from "../../engine/rules/operator-fields";
import { versionAtLeast } from "../../engine/version";
import type {
  ClusterSpec,
  Config,
  ConnectorSpec,
  Dialect,
  MirrorAuthentication,
  MirrorSpec,
  ObjectMeta,
  ResourceText,
  TargetSpec,
  UserModel,
  UserRule,
} from "./model";

export function metadataOf(meta: ObjectMeta, labels: Record<string, string> = {}): ObjectMeta {
  const all = { ...meta.labels, ...labels };
  return defined({
    name: meta.name,
    namespace: meta.namespace,
    labels: Object.keys(all).length > 0 ? all : undefined,
    annotations: meta.annotations,
  }) as ObjectMeta;
}

/** Adds a mistake for each field that the API version in this operator version would drop. */
export function checked(
  { name, strimzi }: Pick<Dialect, "name" | "strimzi">,
  text: ResourceText,
  fields: Fields,
  mistakes: Mistakes,
): ResourceText {
  for (const unknown of unknownFields(text.spec, fields, "spec", strimzi)) {
    mistakes.add(`dialect ${name}: ${unknown} (${text.kind} ${text.apiVersion})`);
  }
  for (const { path, seen, instead, missing } of refusedBy(text, strimzi)) {
    // The settings have checks of their own. A value that they refuse is not reported twice.
    const name = missing ?? path.replace(/^.*[."]([^."]+)"?$/, "$1");
    const value = /^is ("[^"]+")/.exec(seen)?.[1] ?? name;
    if (!mistakes.list.some((mistake) => mistake.includes(name) || mistake.includes(value)))
      mistakes.add(`${path} ${seen} (${text.kind} ${text.apiVersion}): ${instead} [field-refused]`);
  }
  return text;
}

/** Fields that the API server or the operator refuses, by the same table as the policy pack's rule. */
function refusedBy({ kind, apiVersion, spec }: ResourceText, strimzi: string): FieldRefusal[] {
  const known = knownIn(spec) as Record<string, unknown>;
  // A component checks a draft without the mirror's connections first. Fields that are absent in it come later.
  const absent = ({ missing, path }: FieldRefusal) =>
    missing !== undefined && !/^spec\.(metricsConfig|rack)\./.test(path);
  return refusedFields(kind, apiVersion, known).filter(
    (field) => (field.sure || versionAtLeast(strimzi, "1.0")) && !absent(field),
  );
}

/** A copy in which Pulumi's outputs and other objects of a class throw when they are read. */
function knownIn(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const copy: object = Array.isArray(value) ? [] : {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    if (isLeaf(inner)) later(copy, key);
    else setOwn(copy, key, knownIn(inner));
  }
  return copy;
}

const isLeaf = (value: unknown): boolean =>
  typeof value === "function" ||
  (typeof value === "object" && value !== null && !Array.isArray(value) && !isPlainObject(value));

/** The form that all dialects read, except event-streams-v1beta1. */
export function userSpec(user: UserModel, acls: readonly Record<string, unknown>[]): Record<string, unknown> {
  return defined({
    authentication: authenticationOf(user),
    // An operator refuses `authorization` if its Kafka has none, even without ACLs.
    authorization: acls.length === 0 ? undefined : { type: "simple", acls },
    quotas: user.quotas,
  });
}

function authenticationOf({ authentication }: UserModel): Record<string, unknown> | undefined {
  if (authentication.type === "none") return undefined;
  if (authentication.type === "tls") return defined({ ...authentication });
  if (authentication.type !== "scram-sha-512" || authentication.passwordFrom === undefined)
    return { type: authentication.type };
  const { secretName, key } = authentication.passwordFrom;
  return { type: authentication.type, password: { valueFrom: { secretKeyRef: { name: secretName, key } } } };
}

/** Returns one entry per rule, with `operations` as a list. */
export function aclEntries(rules: readonly UserRule[]): Record<string, unknown>[] {
  return rules.map((rule) => ({
    ...permissionOf(rule),
    host: rule.host,
    operations: [...rule.operations],
    resource: resourceOf(rule),
  }));
}

/** The operators' default is `allow`. */
const permissionOf = ({ type }: UserRule) => (type === "deny" ? { type } : {});

/** Returns one entry per operation, with the singular `operation`. Before Strimzi 0.32 operators read no other form. */
export function singularEntries(rules: readonly UserRule[]): Record<string, unknown>[] {
  return rules.flatMap((rule) =>
    rule.operations.map((operation) => ({
      ...permissionOf(rule),
      host: rule.host,
      operation,
      resource: resourceOf(rule),
    })),
  );
}

/** Returns a resource in Strimzi's form. The cluster has neither name nor pattern. */
export function resourceOf({ resource }: UserRule): Record<string, unknown> {
  if (resource.type === "cluster") return { type: resource.type };
  return { name: resource.name, patternType: resource.patternType, type: resource.type };
}

export function clusterEntry(cluster: ClusterSpec, config: Config | undefined): Record<string, unknown> {
  return defined({
    alias: cluster.alias,
    bootstrapServers: cluster.bootstrapServers,
    authentication: cluster.authentication,
    tls: cluster.tls,
    config: config !== undefined && Object.keys(config).length > 0 ? config : undefined,
  });
}

/** Connect's group and storage topics as worker configuration (v1alpha1 and v1beta2). */
export function storageConfig(target: TargetSpec): Config {
  return {
    ...(target.groupId === undefined ? {} : { "group.id": target.groupId }),
    "offset.storage.topic": target.offsetStorageTopic,
    "config.storage.topic": target.configStorageTopic,
    "status.storage.topic": target.statusStorageTopic,
  };
}

/** A connector in v1beta2 and v1. */
export function connectorEntry(connector: ConnectorSpec | undefined): Record<string, unknown> | undefined {
  if (connector === undefined) return undefined;
  const { tasksMax, config, state, autoRestart, version, listOffsets, alterOffsets } = connector;
  return defined({ tasksMax, config, state, autoRestart, version, listOffsets, alterOffsets });
}

/**
 * A connector before Strimzi 0.38 (Event Streams 10.x). The only state is `pause`.
 * @param newer what to do instead, for messages
 */
export function pausableEntry(
  connector: ConnectorSpec | undefined,
  field: string,
  dialect: string,
  newer: string,
  mistakes: Mistakes,
): Record<string, unknown> | undefined {
  if (connector === undefined) return undefined;
  const { state, ...rest } = connectorEntry(connector)!;
  if (state === "stopped") mistakes.add(`dialect ${dialect} can't stop ${field}: use state "paused", or ${newer}`);
  return defined({ ...rest, pause: state === "paused" ? true : undefined });
}

/** `clusters[]` and `mirrors[]` by alias (v1alpha1 and v1beta2). */
export function byAlias(mirror: MirrorSpec, pair: Record<string, unknown>): Record<string, unknown> {
  return defined({
    version: mirror.version,
    image: mirror.image,
    replicas: mirror.replicas,
    clusters: [
      clusterEntry(mirror.origin, mirror.origin.config),
      clusterEntry(mirror.target, { ...storageConfig(mirror.target), ...mirror.target.config }),
    ],
    connectCluster: mirror.target.alias,
    mirrors: [defined({ sourceCluster: mirror.origin.alias, targetCluster: mirror.target.alias, ...pair })],
  });
}

/** The settings of the pods. Affinity and tolerations are inside `template.pod` (v1beta2 and v1). */
export function podFields(mirror: MirrorSpec): Record<string, unknown> {
  const { affinity, tolerations, template, ...rest } = mirror.pods;
  if (affinity === undefined && tolerations === undefined) return defined({ ...rest, template });
  const pod = defined({ ...(template?.pod as Record<string, unknown> | undefined), affinity, tolerations });
  return defined({ ...rest, template: { ...template, pod } });
}

/**
 * The first Strimzi version that keeps a given password, and that has users whose certificates somebody else makes
 * (https://github.com/strimzi/strimzi-kafka-operator/blob/0.25.0/CHANGELOG.md).
 */
export const GIVEN_LOGIN_SINCE = "0.25";

/**
 * Adds a mistake for a login that operators before 0.25 do not have.
 * @returns the user without the given password, because its field would be another mistake
 */
export function checkLogin(dialect: string, user: UserModel, newer: string, mistakes: Mistakes): UserModel {
  const { name, authentication } = user;
  if (authentication.type === "tls-external")
    mistakes.add(`dialect ${dialect} has no authentication "tls-external" for user ${name}: use tls, or ${newer}`);
  if (authentication.type !== "scram-sha-512" || authentication.passwordFrom === undefined) return user;
  mistakes.add(
    `dialect ${dialect} can't keep a given password for user ${name}: let the operator make one, or ${newer}`,
  );
  return { ...user, authentication: { type: authentication.type } };
}

/**
 * Adds a mistake for an authentication type that the dialect does not have. The mistake says what to use instead.
 * @returns the mirror without the fields of such a type, because each of them would be another mistake
 */
export function checkAuthentication(
  dialect: string,
  mirror: MirrorSpec,
  types: readonly string[],
  instead: Record<string, string>,
  mistakes: Mistakes,
): MirrorSpec {
  const known = <C extends ClusterSpec>(side: Side, cluster: C): C => {
    const type = cluster.authentication?.type;
    if (type === undefined || types.includes(type)) return cluster;
    const way = entry(instead, type) ?? `use one of ${types.join(", ")}`;
    mistakes.add(`dialect ${dialect} has no authentication "${type}" (${side}): ${way}`);
    return { ...cluster, authentication: { type } as MirrorAuthentication };
  };
  return { ...mirror, origin: known("origin", mirror.origin), target: known("target", mirror.target) };
}

/**
 * Strimzi's v1 has no `externalConfiguration`.
 * @returns the mirror without it
 */
export function checkExternalConfiguration(dialect: string, mirror: MirrorSpec, mistakes: Mistakes): MirrorSpec {
  const { externalConfiguration, ...pods } = mirror.pods;
  if (externalConfiguration === undefined) return mirror;
  const volumes = "volumes as template.pod.volumes with template.connectContainer.volumeMounts";
  mistakes.add(
    `dialect ${dialect} has no externalConfiguration: write its env as template.connectContainer.env, and its ` +
      `${volumes}`,
  );
  return { ...mirror, pods };
}

/** Adds a mistake for a tracing type that the operator does not have. */
export function checkTracing(
  dialect: string,
  { pods }: MirrorSpec,
  types: readonly string[],
  mistakes: Mistakes,
): void {
  const type = pods.tracing?.type;
  if (typeof type !== "string" || types.includes(type)) return;
  mistakes.add(
    `dialect ${dialect} has no tracing of type "${type}" with this operator: use ${types.join(" or ")}, or leave it out`,
  );
}

import { setOwn } from "../../engine/objects";
import { dialects } from "../../components/dialects";
import type { Config } from "../../engine/mirror-configuration";
import {
  attempt,
  type ClusterView,
  type ConnectorView,
  type FieldNames,
  fields,
  later,
  type MirrorView,
  NotKnownYet,
  type Subject,
  textsOf,
} from "../../engine/rules";
import { type AnyResource, apiVersionOf, items, type Json, known, list, number, object, text } from "./plain";
import { fieldsOfOtherVersions } from "./other-versions";
import { patternReaders } from "./patterns";

/**
 * One view per entry of `mirrors`, in the forms of v1alpha1, v1beta2 and v1.
 * @param kafkaVersion the version of a mirror that does not set one
 */
export function readMirrors(resource: AnyResource, kafkaVersion?: string): MirrorView[] {
  const props = object(known(resource.props));
  const read = attempt(() => {
    const spec = object(props.spec);
    const mirrors: unknown = spec.mirrors;
    return {
      spec,
      entries: Array.isArray(mirrors)
        ? [...mirrors.keys()].map((i) => attempt(() => object(mirrors[i])) ?? notKnown)
        : [],
    };
  });
  // An unreadable mirror still counts. Otherwise users that may belong to it would be assigned to another mirror.
  const { spec, entries } = read ?? { spec: notKnown, entries: [notKnown] };
  return entries.map((_entry, i) => readMirror(resource, props, spec, entries, i, kafkaVersion));
}

/** The place of a resource without any entry in `mirrors`. */
export function idleOf(resource: AnyResource): Subject[] {
  const props = object(known(resource.props));
  // The rule field-refused reports anything else than a list.
  const none = attempt(() => {
    const { mirrors = [] } = object(props.spec);
    return Array.isArray(mirrors) && mirrors.length === 0;
  });
  const metadata = object(attempt(() => props.metadata));
  const place = (["namespace", "name"] as const).map((key) => text(attempt(() => metadata[key])));
  return none === true
    ? [{ resource: resource.urn, label: `KafkaMirrorMaker2 ${place.filter(Boolean).join("/") || resource.name}` }]
    : [];
}

/** Reading any field of it throws `NotKnownYet`. */
const notKnown = new Proxy<Json>(
  {},
  {
    get() {
      throw new NotKnownYet();
    },
  },
);

function readMirror(
  resource: AnyResource,
  props: Json,
  spec: Json,
  entries: readonly Json[],
  index: number,
  configured: string | undefined,
): MirrorView {
  const entry = entries[index]!;
  const apiVersion = apiVersionOf(resource, props);
  const metadata = object(attempt(() => props.metadata));
  const place = (["namespace", "name"] as const).map((key) => text(attempt(() => metadata[key])));
  const byAlias = (alias: unknown) => clusterNamed(spec, alias);
  const origin = () => (entry.source === undefined ? byAlias(entry.sourceCluster) : object(entry.source));
  const target = () =>
    spec.target === undefined ? byAlias(entry.targetCluster ?? spec.connectCluster) : object(spec.target);
  // The workers' group, storage topics and clients are configured on the workers' own cluster.
  const workers = () =>
    spec.target === undefined ? byAlias(spec.connectCluster ?? entry.targetCluster) : object(spec.target);
  const worker = (key: string) => {
    const value = config(workers().config)[key];
    return value === undefined ? undefined : String(value);
  };
  const storage = (field: string, key: string) => () =>
    text(workers()[field]) ??
    worker(key) ??
    `mirrormaker2-cluster-${field.replace("StorageTopic", "")}s`.replace("statuss", "status");
  const pair = (one: Json) => JSON.stringify([object(one.source).alias ?? one.sourceCluster, one.targetCluster]);
  const label = `KafkaMirrorMaker2 ${place.filter(Boolean).join("/") || resource.name}`;
  // Other resources show the number and the settings of the target's brokers.
  return fields<Omit<MirrorView, "targetBrokers" | "targetMinInsyncReplicas" | "targetDefaultReplicas">>({
    resource: () => resource.urn,
    label: () => (entries.length > 1 ? `${label} mirrors[${index}]` : label),
    entry: () => (entries.length > 1 ? { of: label, name: `mirrors[${index}]`, count: entries.length } : undefined),
    apiVersion: () => apiVersion,
    namespace: () => text(metadata.namespace),
    kubernetes: () => resource.provider?.name,
    fieldNames: () => fieldNames(apiVersion, spec, entry, index),
    heartbeatKnown: () => !apiVersion.endsWith("/v1"),
    connectionsKnown: () => true,
    kafkaVersion: () => versionIn(spec.version) ?? configured ?? kafkaVersionOf(apiVersion),
    versionAssumed: () => versionIn(spec.version) === undefined && configured === undefined,
    replicas: () => number(spec.replicas) ?? (/\/v1$/.test(apiVersion) ? undefined : DEFAULT_REPLICAS),
    replicasAssumed: () => (number(spec.replicas) === undefined ? true : undefined),
    memory: () =>
      fields<NonNullable<MirrorView["memory"]>>({
        heap: () => text(object(spec.jvmOptions)["-Xmx"]),
        limit: () => text(object(object(spec.resources).limits).memory),
      }),
    origin: () => fields<ClusterView>(cluster(origin(), () => entry.sourceCluster)),
    target: () =>
      fields<MirrorView["target"]>({
        ...cluster(target(), () => entry.targetCluster),
        // The connectors use this alias, even if the workers have another one for the same cluster.
        ...(spec.target === undefined && entry.targetCluster !== undefined
          ? { alias: () => text(entry.targetCluster) ?? "" }
          : {}),
        config: () => config(workers().config),
        groupId: () => text(workers().groupId) ?? worker("group.id"),
        offsetStorageTopic: storage("offsetStorageTopic", "offset.storage.topic"),
        configStorageTopic: storage("configStorageTopic", "config.storage.topic"),
        statusStorageTopic: storage("statusStorageTopic", "status.storage.topic"),
      }),
    workersAt: () => (workers() === target() ? undefined : text(workers().bootstrapServers)),
    source: () => connector(entry.sourceConnector),
    checkpoint: () => connector(entry.checkpointConnector),
    heartbeat: () => (entry.heartbeatConnector === undefined ? undefined : connector(entry.heartbeatConnector)),
    declared: () =>
      fields({
        source: () => entry.sourceConnector !== undefined,
        checkpoint: () => entry.checkpointConnector !== undefined,
      }),
    ...patternReaders(apiVersion, entry),
    aliases: () =>
      !Array.isArray(spec.clusters) || spec.target !== undefined
        ? undefined
        : fields<NonNullable<MirrorView["aliases"]>>({
            // Do not use `list`: an alias that is not known yet must not look like an absent one.
            clusters: () => items(spec.clusters).flatMap((c) => text(object(c).alias) ?? []),
            connectCluster: () => text(spec.connectCluster),
            source: () => text(entry.sourceCluster),
            target: () => text(entry.targetCluster),
            sameServers: () => {
              const [one, other] = [spec.connectCluster, entry.targetCluster].map((alias) =>
                text(clusterNamed(spec, alias).bootstrapServers),
              );
              return one !== undefined && one === other;
            },
          }),
    repeated: () => entries.slice(0, index).some((before) => pair(before) === pair(entry)),
    doubleExclusions: () =>
      ["topics", "groups"].flatMap((what) => {
        const [old, current] = [`${what}BlacklistPattern`, `${what}ExcludePattern`];
        return entry[old] !== undefined && entry[current] !== undefined ? [{ old, new: current }] : [];
      }),
    fieldsOfOtherVersions: () => fieldsOfOtherVersions(apiVersion, spec, entry, index),
    secretKeys: () => secretKeys([origin(), target()]),
    texts: () => [
      ...textsOf(spec, "spec"),
      ...textsOf(
        attempt(() => metadata.annotations),
        "metadata.annotations",
      ),
    ],
  });
}

/** The version that is written. Undefined for `latest`, or for a placeholder that another tool replaces. */
function versionIn(value: unknown): string | undefined {
  // YAML reads 3.9 without quotes as a number.
  const written = typeof value === "number" ? String(value) : text(value);
  return written !== undefined && /^\d+(\.\d+)+/.test(written) ? written : undefined;
}

/** The default of v1beta2 and older. v1 requires `replicas`. */
const DEFAULT_REPLICAS = 3;

function fieldNames(apiVersion: string, spec: Json, entry: Json, index: number): FieldNames {
  const inClusters = (alias: unknown) => {
    const at = items(spec.clusters).findIndex((c) => attempt(() => object(c).alias === alias) === true);
    return at < 0 ? "clusters[]" : `clusters[${at}]`;
  };
  return {
    origin:
      entry.source === undefined && spec.clusters !== undefined
        ? inClusters(entry.sourceCluster)
        : `mirrors[${index}].source`,
    target:
      spec.target === undefined && spec.clusters !== undefined
        ? inClusters(entry.targetCluster ?? spec.connectCluster)
        : "target",
    workers:
      spec.target === undefined && spec.clusters !== undefined
        ? inClusters(spec.connectCluster ?? entry.targetCluster)
        : "target",
    topicsExclude: /\/v1(alpha|beta)1$/.test(apiVersion) ? "topicsBlacklistPattern" : "topicsExcludePattern",
  };
}

/** Empty if no cluster has the alias. Throws `NotKnownYet` if a cluster whose alias is not known yet may have it. */
function clusterNamed(spec: Json, alias: unknown): Json {
  const named = list(spec.clusters).find((c) => attempt(() => ({ is: c.alias === alias }))?.is);
  return named ?? object(items(spec.clusters).find((c) => object(c).alias === alias));
}

function cluster(entry: Json, alias: () => unknown): { [K in keyof ClusterView]-?: () => ClusterView[K] } {
  return {
    alias: () => text(entry.alias) ?? text(alias()) ?? "",
    config: () => config(entry.config),
    bootstrapServers: () => text(entry.bootstrapServers),
    authentication: () => {
      if (entry.authentication === undefined) return undefined;
      const { type, username, passwordSecret, certificateAndKey, ...settings } = Object.getOwnPropertyDescriptors(
        object(entry.authentication),
      );
      const read = (field: PropertyDescriptor | undefined): unknown =>
        field?.get === undefined ? (field?.value as unknown) : (field.get() as unknown);
      return fields<Omit<NonNullable<ClusterView["authentication"]>, "certificateOf">>({
        type: () => text(read(type)) ?? "",
        settings: () => Object.defineProperties({}, settings) as Json,
        username: () => text(read(username)),
        secretName: () =>
          text(object(read(passwordSecret)).secretName) ?? text(object(read(certificateAndKey)).secretName),
      });
    },
    tls: () => (entry.tls === undefined ? undefined : fields({ trusted: () => trustedIn(entry.tls) })),
  };
}

/** The API server refuses anything else than a list. Another rule reports that. */
function trustedIn(tls: unknown): number {
  const certificates = object(tls).trustedCertificates;
  const isOther = typeof tls !== "object" || (certificates !== undefined && !Array.isArray(certificates));
  return isOther ? 1 : items(certificates).length;
}

function connector(block: unknown): ConnectorView {
  return fields<ConnectorView>({
    config: () => config(object(block).config),
    tasksMax: () => number(object(block).tasksMax),
    state: () => stateOf(object(block)),
  });
}

/** Older API versions have `pause`. */
const stateOf = ({ state, pause }: Json): string | undefined =>
  text(state) ?? (String(pause) === "true" ? "paused" : undefined);

function config(value: unknown): Config {
  const own = object(value);
  const taken: Config = {};
  for (const key of Object.keys(own)) {
    const read = attempt(() => ({ known: own[key] }));
    if (read === undefined) later(taken, key);
    else if (["string", "number", "boolean"].includes(typeof read.known)) setOwn(taken, key, read.known);
  }
  return taken;
}

/**
 * The Secrets that a mirror names, with the keys that it names. A Secret whose keys are selected by a pattern is left
 * out.
 */
function secretKeys(clusters: readonly Json[]): Map<string, Set<string>> {
  const keys = new Map<string, Set<string>>();
  const patterns = new Set<string>();
  const add = (secret: unknown, ...names: unknown[]) => {
    if (typeof secret !== "string") return;
    const of = keys.get(secret) ?? keys.set(secret, new Set()).get(secret)!;
    for (const name of names) if (typeof name === "string") of.add(name);
  };
  for (const { authentication, tls } of clusters) {
    const { passwordSecret, certificateAndKey } = object(authentication);
    add(object(passwordSecret).secretName, object(passwordSecret).password);
    add(object(certificateAndKey).secretName, object(certificateAndKey).certificate, object(certificateAndKey).key);
    for (const trusted of items(object(tls).trustedCertificates).map(object)) {
      add(trusted.secretName, trusted.certificate);
      if (trusted.pattern !== undefined) patterns.add(String(trusted.secretName));
    }
  }
  for (const secret of patterns) keys.delete(secret);
  return keys;
}

/** The version of MirrorMaker 2 that an operator of this API version runs if the resource sets none. */
function kafkaVersionOf(apiVersion: string): string {
  const dialect = Object.values(dialects).find((d) => d.mirrorApiVersion === apiVersion);
  return (
    dialect?.kafkaVersion ??
    (/\/v1(alpha|beta)1$/.test(apiVersion)
      ? dialects["event-streams-v1beta1"].kafkaVersion
      : dialects["strimzi-v1"].kafkaVersion)
  );
}

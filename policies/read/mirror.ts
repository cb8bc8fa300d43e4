import { dialects } from "../../components/dialects";
import type { Config } from "../../engine/mirror-configuration";
import { type ClusterView, type ConnectorView, type MirrorView, textsOf } from "../../engine/rules";
import { type AnyResource, type Json, known, list, number, object, text } from "./plain";

/** One view per entry of `mirrors`, in the forms of v1alpha1, v1beta2 and v1. */
export function readMirrors(resource: AnyResource): MirrorView[] {
  const props = object(known(resource.props));
  const spec = object(props.spec);
  return list(spec.mirrors).map((entry, i, all) => readMirror(resource, props, spec, entry, all.length > 1 ? ` mirrors[${i}]` : ""));
}

function readMirror(resource: AnyResource, props: Json, spec: Json, entry: Json, which: string): MirrorView {
  const apiVersion = text(props.apiVersion) ?? "";
  const { name, namespace } = object(props.metadata) as { name?: string; namespace?: string };
  const clusters = list(spec.clusters);
  const byAlias = (alias: unknown) => clusters.find((c) => c.alias === alias) ?? {};
  const origin = entry.source === undefined ? byAlias(entry.sourceCluster) : object(entry.source);
  const target = spec.target === undefined ? byAlias(spec.connectCluster ?? entry.targetCluster) : object(spec.target);
  const targetView = cluster(target, entry.targetCluster);
  const worker = (key: string) => (targetView.config[key] === undefined ? undefined : String(targetView.config[key]));
  const storage = (field: string, key: string) => text(target[field]) ?? worker(key) ?? `mirrormaker2-cluster-${field.replace("StorageTopic", "")}s`.replace("statuss", "status");
  const groupId = text(target.groupId) ?? worker("group.id");
  return {
    resource: resource.urn,
    label: `KafkaMirrorMaker2 ${[namespace, name].filter(Boolean).join("/")}${which}`,
    apiVersion,
    ...(namespace === undefined ? {} : { namespace }),
    heartbeatKnown: !apiVersion.endsWith("/v1"),
    connectionsKnown: true,
    kafkaVersion: text(spec.version) ?? kafkaVersionOf(apiVersion),
    ...optional("replicas", number(spec.replicas)),
    origin: cluster(origin, entry.sourceCluster),
    target: {
      ...targetView,
      ...optional("groupId", groupId),
      offsetStorageTopic: storage("offsetStorageTopic", "offset.storage.topic"),
      configStorageTopic: storage("configStorageTopic", "config.storage.topic"),
      statusStorageTopic: storage("statusStorageTopic", "status.storage.topic"),
    },
    source: connector(entry.sourceConnector),
    checkpoint: connector(entry.checkpointConnector),
    ...(entry.heartbeatConnector === undefined ? {} : { heartbeat: connector(entry.heartbeatConnector) }),
    declared: { source: entry.sourceConnector !== undefined, checkpoint: entry.checkpointConnector !== undefined },
    topicsPattern: text(entry.topicsPattern) ?? ".*",
    ...optional("topicsExcludePattern", text(entry.topicsExcludePattern) ?? text(entry.topicsBlacklistPattern)),
    groupsPattern: text(entry.groupsPattern) ?? ".*",
    ...optional("groupsExcludePattern", text(entry.groupsExcludePattern) ?? text(entry.groupsBlacklistPattern)),
    ...(spec.clusters === undefined
      ? {}
      : {
          aliases: {
            clusters: clusters.flatMap((c) => text(c.alias) ?? []),
            ...optional("connectCluster", text(spec.connectCluster)),
            ...optional("source", text(entry.sourceCluster)),
            ...optional("target", text(entry.targetCluster)),
          },
        }),
    doubleExclusions: ["topics", "groups"].flatMap((what) => {
      const [old, current] = [`${what}BlacklistPattern`, `${what}ExcludePattern`];
      return entry[old] !== undefined && entry[current] !== undefined ? [{ old, new: current }] : [];
    }),
    secretKeys: secretKeys([origin, target]),
    texts: textsOf(spec, "spec"),
  };
}

function cluster(entry: Json, alias: unknown): ClusterView {
  const { type, username, passwordSecret, certificateAndKey, ...settings } = object(entry.authentication);
  const secretName = text(object(passwordSecret).secretName) ?? text(object(certificateAndKey).secretName);
  return {
    alias: text(entry.alias) ?? text(alias) ?? "",
    config: config(entry.config),
    ...optional("bootstrapServers", text(entry.bootstrapServers)),
    ...(entry.authentication === undefined
      ? {}
      : { authentication: { type: text(type) ?? "", settings, ...optional("username", text(username)), ...optional("secretName", secretName) } }),
    ...(entry.tls === undefined ? {} : { tls: { trusted: list(object(entry.tls).trustedCertificates).length } }),
  };
}

function connector(block: unknown): ConnectorView {
  const { tasksMax, config: own } = object(block);
  return { config: config(own), ...optional("tasksMax", number(tasksMax)) };
}

function config(value: unknown): Config {
  return Object.fromEntries(Object.entries(object(value)).filter((entry): entry is [string, Config[string]] => ["string", "number", "boolean"].includes(typeof entry[1])));
}

/** The Secrets that a mirror names, with the keys it names; one that is named by a pattern is left out. */
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
    for (const trusted of list(object(tls).trustedCertificates)) {
      add(trusted.secretName, trusted.certificate);
      if (trusted.pattern !== undefined) patterns.add(String(trusted.secretName));
    }
  }
  for (const secret of patterns) keys.delete(secret);
  return keys;
}

/** Of the MirrorMaker 2 that the operator of this API version runs when none is named. */
function kafkaVersionOf(apiVersion: string): string {
  const dialect = Object.values(dialects).find((d) => d.mirrorApiVersion === apiVersion);
  return dialect?.kafkaVersion ?? (/\/v1(alpha|beta)1$/.test(apiVersion) ? dialects["event-streams-v1beta1"].kafkaVersion : dialects["strimzi-v1"].kafkaVersion);
}

export function optional<K extends string, V>(key: K, value: V | undefined): { [k in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [k in K]: V });
}

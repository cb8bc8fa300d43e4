import { join } from "node:path";
import { invalidParameter } from "../refusal";
import { trustedKey } from "./files";
import type { Authentication, ClusterSpec, MirrorMaker, TargetSpec } from "./spec";

/** Kafka's provider that reads a value from a file, under the name that Strimzi gives it. */
const PROVIDER = "strimzidir";

/** Called for each key that is dropped. */
export type Dropped = (key: string) => void;

/**
 * Keys that a cluster's config may not set. They include the target's group and storage topics: in the form with
 * `target`, the fields of that section take precedence, and in the form with `clusters`, they were read from the config
 * before.
 */
const FORBIDDEN_IN_CLUSTER = [
  "group.id",
  "config.storage.topic",
  "offset.storage.topic",
  "status.storage.topic",
  "ssl.",
  "sasl.",
  "security.",
  "listeners",
  "plugin.path",
  "rest.",
  "bootstrap.servers",
  "consumer.interceptor.classes",
  "producer.interceptor.classes",
];
const ALLOWED_IN_CLUSTER = [
  "ssl.endpoint.identification.algorithm",
  "ssl.cipher.suites",
  "ssl.protocol",
  "ssl.enabled.protocols",
];
const ALLOWED_IN_CUSTOM = ["ssl.keystore.", "sasl."];
const CLIENTS = ["", "producer.", "consumer.", "admin."];

/**
 * Returns a worker's properties in the order in which Strimzi 0.51 writes them. Leaves out `rest.advertised.*` and
 * `plugin.path`: the code that starts the process sets them. Secrets are references to files below `folder`, never
 * values.
 */
export function workerProperties(
  target: TargetSpec,
  folder: string,
  dropped: Dropped = () => undefined,
): Record<string, string> {
  const properties: Record<string, string> = {
    "bootstrap.servers": target.bootstrapServers,
    "group.id": target.groupId,
    "config.storage.topic": target.configStorageTopic,
    "status.storage.topic": target.statusStorageTopic,
    "offset.storage.topic": target.offsetStorageTopic,
  };
  const forEveryClient = (entries: Record<string, string>): void => {
    for (const client of CLIENTS) for (const [key, value] of Object.entries(entries)) properties[client + key] = value;
  };
  forEveryClient(trustProperties(target, folder));
  forEveryClient(authenticationProperties(target.authentication, folder, dropped));

  const config = clusterConfig(target, dropped);
  const providers = config["config.providers"];
  delete config["config.providers"];
  properties["config.providers"] = providers === undefined ? PROVIDER : `${providers},${PROVIDER}`;
  properties[`config.providers.${PROVIDER}.class`] = "org.apache.kafka.common.config.provider.DirectoryConfigProvider";
  properties[`config.providers.${PROVIDER}.param.allowed.paths`] = folder;
  Object.assign(properties, config);
  forEveryClient({ "security.protocol": securityProtocol(target) });
  return properties;
}

/** The target's config for the worker. It overrides the default converters, and forbidden keys are removed. */
function clusterConfig(target: TargetSpec, dropped: Dropped): Record<string, string> {
  const converter = "org.apache.kafka.connect.converters.ByteArrayConverter";
  const config: Record<string, string> = {
    "key.converter": converter,
    "value.converter": converter,
    "header.converter": converter,
  };
  for (const [key, value] of Object.entries(strings(target.config))) {
    const forbidden =
      FORBIDDEN_IN_CLUSTER.some((prefix) => key.toLowerCase().startsWith(prefix)) && !ALLOWED_IN_CLUSTER.includes(key);
    if (forbidden) dropped(key);
    else config[key] = value;
  }
  return config;
}

function trustProperties(cluster: ClusterSpec, folder: string): Record<string, string> {
  if ((cluster.tls?.trustedCertificates ?? []).length === 0) return {};
  return {
    "ssl.truststore.certificates": reference(folder, "trusted", trustedKey(cluster.alias)),
    "ssl.truststore.type": "PEM",
  };
}

function authenticationProperties(
  authentication: Authentication | undefined,
  folder: string,
  dropped: Dropped,
): Record<string, string> {
  if (authentication === undefined) return {};
  if (authentication.type === "tls") {
    const { secretName, certificate, key } = authentication.certificateAndKey;
    return {
      "ssl.keystore.certificate.chain": reference(folder, "secrets", secretName, certificate),
      "ssl.keystore.key": reference(folder, "secrets", secretName, key),
      "ssl.keystore.type": "PEM",
    };
  }
  if (authentication.type === "custom") {
    const allowed: Record<string, string> = {};
    for (const [key, value] of Object.entries(strings(authentication.config ?? {}))) {
      if (ALLOWED_IN_CUSTOM.some((prefix) => key.toLowerCase().startsWith(prefix))) allowed[key] = value;
      else dropped(key);
    }
    return allowed;
  }
  const { type, username, passwordSecret } = authentication;
  const module = type === "plain" ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
  const password = reference(folder, "secrets", passwordSecret.secretName, passwordSecret.password);
  return {
    "sasl.mechanism": type.toUpperCase(),
    "sasl.jaas.config": `org.apache.kafka.common.security.${module} required username="${username}" password="${password}";`,
  };
}

function securityProtocol({ tls, authentication }: ClusterSpec): string {
  const sasl =
    authentication?.type === "custom"
      ? authentication.sasl === true
      : authentication !== undefined && authentication.type !== "tls";
  return `${sasl ? "SASL_" : ""}${tls ? "SSL" : "PLAINTEXT"}`;
}

function reference(folder: string, ...path: string[]): string {
  const file = path.pop()!;
  return `\${${PROVIDER}:${join(folder, ...path)}:${file}}`;
}

/** Converts configuration values as Strimzi does. Accepts only strings, numbers and booleans. */
function strings(config: Record<string, unknown>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    if (value === null || value === undefined) throw invalidParameter(key, "A null value is not allowed for this key");
    if (typeof value === "object")
      throw invalidParameter(
        key,
        `Unsupported type ${Array.isArray(value) ? "list" : "map"} in configuration for this key`,
      );
    out[key] = String(value);
  }
  return out;
}

/** One connector as it is requested from Connect. */
export interface ConnectorDefinition {
  name: string;
  /** Body of the PUT request. All values are strings except `tasks.max`. */
  config: Record<string, string | number>;
  state: "running" | "paused" | "stopped";
  /** True if `pause` and `state` are both set, which causes a warning. */
  pauseAndState: boolean;
  autoRestart: { enabled: boolean; maxRestarts?: number };
  /** ConfigMaps to which offsets are listed, and from which they are altered. */
  listOffsets?: string;
  alterOffsets?: string;
}

const FORBIDDEN_IN_CONNECTOR = ["name", "connector.class", "tasks.max", "connector.plugin.version"];
const CONNECTORS = [
  ["sourceConnector", "MirrorSourceConnector"],
  ["checkpointConnector", "MirrorCheckpointConnector"],
  ["heartbeatConnector", "MirrorHeartbeatConnector"],
] as const;

/** Returns the connectors of a KafkaMirrorMaker2: one for each block that is present, even an empty one. */
export function connectorDefinitions(
  { target, mirrors }: MirrorMaker,
  folder: string,
  dropped: Dropped = () => undefined,
): ConnectorDefinition[] {
  const definitions: ConnectorDefinition[] = [];
  for (const mirror of mirrors) {
    for (const [block, className] of CONNECTORS) {
      const connector = mirror[block];
      if (!connector) continue;
      // Later entries override earlier ones.
      const config: Record<string, string> = {
        ...clusterProperties("target.cluster.", target, folder, dropped),
        ...clusterProperties("source.cluster.", mirror.source, folder, dropped),
        ...strings(connector.config ?? {}),
      };
      const given = {
        topics: mirror.topicsPattern,
        "topics.exclude": mirror.topicsExcludePattern,
        groups: mirror.groupsPattern,
        "groups.exclude": mirror.groupsExcludePattern,
      };
      for (const [key, value] of Object.entries(given)) if (value !== undefined) config[key] = value;
      for (const key of Object.keys(config).filter((each) => FORBIDDEN_IN_CONNECTOR.includes(each.toLowerCase()))) {
        dropped(key);
        delete config[key];
      }
      definitions.push({
        name: `${mirror.source.alias}->${target.alias}.${className}`,
        config: {
          ...config,
          ...(connector.tasksMax === undefined ? {} : { "tasks.max": connector.tasksMax }),
          ...(connector.version === undefined ? {} : { "connector.plugin.version": connector.version }),
          "connector.class": `org.apache.kafka.connect.mirror.${className}`,
        },
        state: connector.state ?? (connector.pause === true ? "paused" : "running"),
        pauseAndState: connector.state !== undefined && connector.pause !== undefined,
        autoRestart: {
          enabled: connector.autoRestart?.enabled === true,
          maxRestarts: connector.autoRestart?.maxRestarts,
        },
        listOffsets: connector.listOffsets?.toConfigMap.name,
        alterOffsets: connector.alterOffsets?.fromConfigMap.name,
      });
    }
  }
  return definitions;
}

/**
 * A cluster in a connector's configuration. Its whole `config` is passed on, including the keys that a worker must not
 * have.
 */
function clusterProperties(
  prefix: string,
  cluster: ClusterSpec,
  folder: string,
  dropped: Dropped,
): Record<string, string> {
  const properties = {
    alias: cluster.alias,
    "bootstrap.servers": cluster.bootstrapServers,
    ...trustProperties(cluster, folder),
    ...authenticationProperties(cluster.authentication, folder, dropped),
    "security.protocol": securityProtocol(cluster),
    ...strings(cluster.config),
  };
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [prefix + key, value]));
}

import { condition, type Condition } from "../status";
import type { Generation } from "../generation";
import type { KubeObject } from "../kube/client";
import { invalidResource } from "../refusal";
import { refuseUnknown } from "./fields";

export interface CertificateSource {
  secretName: string;
  certificate?: string;
  pattern?: string;
}

export interface SecretKey {
  secretName: string;
  /** The key in the Secret that holds the password. */
  password: string;
}

export type Authentication =
  | { type: "scram-sha-512" | "scram-sha-256" | "plain"; username: string; passwordSecret: SecretKey }
  | { type: "tls"; certificateAndKey: { secretName: string; certificate: string; key: string } }
  | { type: "custom"; sasl?: boolean; config?: Record<string, unknown> };

export interface ClusterSpec {
  alias: string;
  bootstrapServers: string;
  tls?: { trustedCertificates?: CertificateSource[] };
  authentication?: Authentication;
  config: Record<string, unknown>;
}

export interface TargetSpec extends ClusterSpec {
  groupId: string;
  configStorageTopic: string;
  offsetStorageTopic: string;
  statusStorageTopic: string;
}

export interface ConnectorSpec {
  config?: Record<string, unknown>;
  tasksMax?: number;
  version?: string;
  pause?: boolean;
  state?: "running" | "paused" | "stopped";
  autoRestart?: { enabled?: boolean; maxRestarts?: number };
  listOffsets?: { toConfigMap: { name: string } };
  alterOffsets?: { fromConfigMap: { name: string } };
}

export interface MirrorSpec {
  source: ClusterSpec;
  sourceConnector?: ConnectorSpec;
  checkpointConnector?: ConnectorSpec;
  heartbeatConnector?: ConnectorSpec;
  topicsPattern?: string;
  topicsExcludePattern?: string;
  groupsPattern?: string;
  groupsExcludePattern?: string;
}

/** A KafkaMirrorMaker2 in the layout of v1, regardless of the form in which it was written. */
export interface MirrorMaker {
  replicas: number;
  /** Maximum heap of each worker (`jvmOptions.-Xmx`), e.g. `1g`. Absent: the worker's own default. */
  heap?: string;
  target: TargetSpec;
  mirrors: MirrorSpec[];
  /** `Warning` conditions for deprecated fields. */
  warnings: Condition[];
  /** Fields that have no effect here because there are no pods. */
  withoutEffect: string[];
}

interface RawMirror extends MirrorSpec {
  sourceCluster?: string;
  targetCluster?: string;
  topicsBlacklistPattern?: string;
  groupsBlacklistPattern?: string;
}

interface RawSpec {
  replicas?: number;
  jvmOptions?: { "-Xmx"?: string };
  connectCluster?: string;
  clusters?: ClusterSpec[];
  target?: TargetSpec;
  mirrors?: RawMirror[];
}

/** Strimzi's default when `replicas` is not set. */
const DEFAULT_REPLICAS = 3;

/**
 * Reads a KafkaMirrorMaker2 as the cluster operator does. Converts the form with `connectCluster` and `clusters` into
 * the form with `target`. Strimzi 1.x does not check whether the aliases are unique.
 * @throws Refusal with the real operator's message, or naming a field that this operator does not implement
 */
export function readMirrorMaker(object: KubeObject, domain: string, generation: Generation = "0.51"): MirrorMaker {
  const spec = object.spec as RawSpec | undefined;
  if (!spec) throw invalidResource(".spec section is required for KafkaMirrorMaker2 resource");
  if (!spec.mirrors || spec.mirrors.length === 0)
    throw invalidResource(".spec.mirrors section is required in KafkaMirrorMaker2 resource");
  const withoutEffect = refuseUnknown(object, domain);

  const target = spec.target ? { ...spec.target, config: spec.target.config ?? {} } : targetOf(spec);
  const mirrors = spec.mirrors.map((raw) => mirrorOf(raw, spec, target));
  if (
    generation === "0.51" &&
    new Set([target.alias, ...mirrors.map((m) => m.source.alias)]).size !== mirrors.length + 1
  ) {
    throw invalidResource("The target and source cluster aliases must be unique.");
  }
  for (const cluster of [target, ...mirrors.map((m) => m.source)]) checkAuthentication(cluster);
  const heap = spec.jvmOptions?.["-Xmx"];
  return {
    replicas: spec.replicas ?? DEFAULT_REPLICAS,
    ...(heap === undefined ? {} : { heap }),
    target,
    mirrors,
    warnings: deprecations(object, spec),
    withoutEffect,
  };
}

function targetOf(spec: RawSpec): TargetSpec {
  const { connectCluster, clusters } = spec;
  if (connectCluster === undefined || !clusters || clusters.length === 0) {
    throw invalidResource("Either .spec.target or .spec.connectCluster and .spec.clusters have to be specified");
  }
  const cluster = clusters.find((each) => each.alias === connectCluster);
  if (!cluster)
    throw invalidResource(
      `connectCluster with alias ${connectCluster} cannot be found in the list of clusters at .spec.clusters`,
    );
  const config = { ...cluster.config };
  const take = (key: string, fallback: string): string => {
    const value = config[key] ?? fallback;
    delete config[key];
    return String(value);
  };
  return {
    ...cluster,
    groupId: take("group.id", "mirrormaker2-cluster"),
    configStorageTopic: take("config.storage.topic", "mirrormaker2-cluster-configs"),
    offsetStorageTopic: take("offset.storage.topic", "mirrormaker2-cluster-offsets"),
    statusStorageTopic: take("status.storage.topic", "mirrormaker2-cluster-status"),
    config,
  };
}

function mirrorOf(raw: RawMirror, spec: RawSpec, target: TargetSpec): MirrorSpec {
  const { sourceCluster, targetCluster, topicsBlacklistPattern, groupsBlacklistPattern, ...mirror } = raw;
  if (!mirror.source && sourceCluster === undefined) {
    throw invalidResource(
      "Both .spec.mirrors[].source and .spec.mirrors[].sourceCluster are missing. Cannot determine source cluster.",
    );
  }
  if (targetCluster !== undefined && targetCluster !== target.alias) {
    throw invalidResource(
      "The .spec.mirrors[].targetCluster alias is not the same as the actual target cluster alias.",
    );
  }
  const source = mirror.source ?? spec.clusters?.find((cluster) => cluster.alias === sourceCluster);
  if (!source)
    throw invalidResource(
      ".spec.mirrors[].sourceCluster is set to an non-existent alias. Cannot determine source cluster.",
    );
  return {
    ...mirror,
    source: { ...source, config: source.config ?? {} },
    topicsExcludePattern: mirror.topicsExcludePattern ?? topicsBlacklistPattern,
    groupsExcludePattern: mirror.groupsExcludePattern ?? groupsBlacklistPattern,
  };
}

function checkAuthentication({ authentication }: ClusterSpec): void {
  if (authentication?.type === "tls") {
    if (!authentication.certificateAndKey)
      throw invalidResource("TLS Client authentication selected, but no certificate and key configured.");
  } else if (authentication !== undefined && authentication.type !== "custom") {
    if (authentication.username === undefined || !authentication.passwordSecret) {
      throw invalidResource(
        `${authentication.type.toUpperCase()} authentication selected, but username or password configuration is ` +
          "missing.",
      );
    }
  }
}

/** Returns the warnings that Strimzi 0.49 to 0.51 put into the status for fields that v1 no longer has. */
function deprecations(object: KubeObject, spec: RawSpec): Condition[] {
  const { metadata, apiVersion, kind } = object;
  const found: Condition[] = [];
  const warn = (path: string, property: string, rest: string): void => {
    const start = `In resource ${kind}(${metadata.namespace}/${metadata.name}) in API version ${apiVersion}`;
    const message = `${start} the ${property} property at path ${path}.${property} has been deprecated${rest}`;
    if (!found.some((each) => each.message === message)) found.push(condition("Warning", "DeprecatedFields", message));
  };
  const removed = (property: string): string =>
    `The \`${property}\` property is deprecated and will be removed in the \`v1\` CRD API.`;
  if (spec.clusters && spec.clusters.length > 0) {
    warn(
      "spec",
      "clusters",
      ". The `clusters` section is deprecated and will be removed in the `v1` CRD API. Please use the " +
        "`.spec.target` and `.spec.mirrors[].source` sections instead.",
    );
  }
  if (spec.connectCluster !== undefined) {
    warn("spec", "connectCluster", `, and should now be configured using .spec.target. ${removed("connectCluster")}`);
  }
  for (const mirror of spec.mirrors ?? []) {
    if (mirror.sourceCluster !== undefined)
      warn(
        "spec.mirrors",
        "sourceCluster",
        `, and should now be configured using .spec.mirrors.source. ${removed("sourceCluster")}`,
      );
    if (mirror.targetCluster !== undefined)
      warn(
        "spec.mirrors",
        "targetCluster",
        `, and should now be configured using .spec.target. ${removed("targetCluster")}`,
      );
    if (mirror.topicsBlacklistPattern !== undefined)
      warn(
        "spec.mirrors",
        "topicsBlacklistPattern",
        ", and should now be configured using .spec.mirrors.topicsExcludePattern.",
      );
    if (mirror.groupsBlacklistPattern !== undefined)
      warn(
        "spec.mirrors",
        "groupsBlacklistPattern",
        ", and should now be configured using .spec.mirrors.groupsExcludePattern.",
      );
    if (mirror.heartbeatConnector !== undefined)
      warn("spec.mirrors", "heartbeatConnector", `. ${removed("heartbeatConnector")}`);
    for (const name of ["sourceConnector", "checkpointConnector", "heartbeatConnector"] as const) {
      if (mirror[name]?.pause !== undefined)
        warn(`spec.mirrors.${name}`, "pause", ". Deprecated in Strimzi 0.38.0, use state instead.");
    }
  }
  return found;
}

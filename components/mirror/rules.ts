import type { Mistakes } from "../../engine/errors";
import { type ClusterView, type MirrorView, refusals, type Text, textsOf } from "../../engine/rules";
import type { Config, Dialect, MirrorAuthentication, MirrorChoices, TrustedCertificate } from "../dialects";

/** Settings with every choice made. The resource's text and the engine's model are both derived from them. */
export interface ResolvedMirror extends MirrorChoices {
  dialect: Dialect;
  kafkaVersion: string;
  origin: { alias: string; config: Config };
  target: {
    alias: string;
    config: Config;
    groupId?: string;
    offsetStorageTopic: string;
    configStorageTopic: string;
    statusStorageTopic: string;
  };
}

/** How the workers reach the clusters. Texts in it may be Pulumi outputs. */
export type Connections = Record<
  "origin" | "target",
  {
    /** Known unless it is a Pulumi output. */
    bootstrapServers?: unknown;
    authentication?: MirrorAuthentication;
    tls?: { trustedCertificates: readonly TrustedCertificate[] };
  }
>;

/** What else is known when a mirror is described. */
export interface Described {
  connections: Connections;
  annotations?: Record<string, string>;
  /** Number of the target's brokers. */
  targetBrokers?: number;
}

/** Rejects what the policy pack's mandatory rules forbid. Uses the same definition and the same message. */
export function checkRules(mirror: ResolvedMirror, mistakes: Mistakes): void {
  for (const message of refusals({ mirrors: [viewOf(mirror)] })) mistakes.add(message);
}

/** The same check when the connections are known. Adds only new mistakes. */
export function checkDescribed(mirror: ResolvedMirror, described: Described, mistakes: Mistakes): void {
  const view = viewOf(mirror, described);
  for (const message of refusals({ mirrors: [view] })) if (!mistakes.list.includes(message)) mistakes.add(message);
}

/** Returns the mirror in the form that the rules check, with its connections if they are known. */
export function viewOf(mirror: ResolvedMirror, described?: Described): MirrorView {
  const { dialect, origin, target, source, checkpoint, heartbeat, pods } = mirror;
  const configs = { source, checkpoint, heartbeat };
  const connections = described?.connections;
  return {
    ...mirror,
    ...(connections === undefined
      ? {}
      : {
          origin: { ...origin, ...clusterOf(connections.origin) },
          target: { ...target, ...clusterOf(connections.target) },
        }),
    checkpoint: checkpoint ?? { config: {} },
    resource: "",
    label: "",
    apiVersion: dialect.mirrorApiVersion,
    heartbeatKnown: !dialect.mirrorApiVersion.endsWith("/v1"),
    versionAssumed: mirror.version === undefined,
    connectionsKnown: connections !== undefined,
    ...(described?.targetBrokers === undefined ? {} : { targetBrokers: described.targetBrokers }),
    declared: { source: true, checkpoint: checkpoint !== undefined },
    // A dialect writes only one of the two names.
    doubleExclusions: [],
    // A dialect writes no field that its API version does not have.
    fieldsOfOtherVersions: [],
    secretKeys: new Map(),
    texts: [
      ...(["source", "checkpoint", "heartbeat"] as const).flatMap((name) =>
        textsOf(configs[name]?.config, `${name}Connector.config`),
      ),
      ...textsOf(origin.config, "origin.config"),
      ...textsOf(target.config, "target.config"),
      ...textsOf(pods, ""),
      ...textsOf(described?.annotations, "annotations"),
      ...(["origin", "target"] as const).flatMap((side): Text[] =>
        textsOf(connections?.[side].authentication, `${side}.authentication`),
      ),
    ],
  };
}

function clusterOf({
  bootstrapServers,
  authentication,
  tls,
}: Connections["origin"]): Pick<ClusterView, "bootstrapServers" | "authentication" | "tls"> {
  return {
    ...(typeof bootstrapServers === "string" && bootstrapServers !== "" ? { bootstrapServers } : {}),
    ...(authentication === undefined
      ? {}
      : { authentication: { type: authentication.type, settings: {}, ...loginOf(authentication) } }),
    ...(tls === undefined ? {} : { tls: { trusted: tls.trustedCertificates.length } }),
  };
}

/** Returns the user name if it is known. */
function loginOf(authentication: MirrorAuthentication): { username?: string } {
  return "username" in authentication && typeof authentication.username === "string"
    ? { username: authentication.username }
    : {};
}

import type { KubeObject } from "../kube/client";
import { invalidResource } from "../refusal";

/** Fields that this operator implements. Any other field of these levels is an error. */
const KNOWN = {
  spec: ["replicas", "connectCluster", "clusters", "target", "mirrors"],
  cluster: ["alias", "bootstrapServers", "tls", "authentication", "config"],
  target: ["groupId", "configStorageTopic", "offsetStorageTopic", "statusStorageTopic"],
  tls: ["trustedCertificates"],
  mirror: [
    "source",
    "sourceCluster",
    "targetCluster",
    "sourceConnector",
    "checkpointConnector",
    "heartbeatConnector",
    "topicsPattern",
    "topicsExcludePattern",
    "topicsBlacklistPattern",
    "groupsPattern",
    "groupsExcludePattern",
    "groupsBlacklistPattern",
  ],
  connector: ["config", "tasksMax", "version", "pause", "state", "autoRestart", "listOffsets", "alterOffsets"],
  authentication: {
    "scram-sha-512": ["type", "username", "passwordSecret"],
    "scram-sha-256": ["type", "username", "passwordSecret"],
    plain: ["type", "username", "passwordSecret"],
    tls: ["type", "certificateAndKey"],
    custom: ["type", "sasl", "config"],
  } as Record<string, string[]>,
};

/**
 * Fields about pods. They are valid in a resource, but there are no pods here. Of `jvmOptions`, only the maximum heap
 * is implemented.
 */
const ABOUT_PODS = [
  "version",
  "image",
  "resources",
  "livenessProbe",
  "readinessProbe",
  "logging",
  "metricsConfig",
  "metrics",
  "template",
  "affinity",
  "tolerations",
];

const ANNOTATIONS = ["restart-connector", "restart-connector-task"];

/**
 * Returns the fields that have no effect here.
 * @throws Refusal with every field (and annotation) that this operator does not implement
 */
export function refuseUnknown(object: KubeObject, domain: string): string[] {
  const refused: string[] = [];
  const look = (path: string, value: unknown, known: readonly string[]): void => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) if (!known.includes(key)) refused.push(`${path}.${key}`);
  };
  const cluster = (path: string, value: unknown, more: readonly string[] = []): void => {
    if (typeof value !== "object" || value === null) return;
    const { tls, authentication } = value as { tls?: unknown; authentication?: { type?: string } };
    look(path, value, [...KNOWN.cluster, ...more]);
    look(`${path}.tls`, tls, KNOWN.tls);
    if (authentication === undefined) return;
    const known = KNOWN.authentication[authentication.type ?? ""];
    if (known === undefined) refused.push(`${path}.authentication.type ${authentication.type ?? "(none)"}`);
    else look(`${path}.authentication`, authentication, known);
  };

  const spec = (object.spec ?? {}) as {
    clusters?: unknown[];
    target?: unknown;
    mirrors?: Record<string, unknown>[];
    jvmOptions?: object;
  };
  look("spec", spec, [...KNOWN.spec, "jvmOptions", ...ABOUT_PODS]);
  cluster("spec.target", spec.target, KNOWN.target);
  spec.clusters?.forEach((each, i) => cluster(`spec.clusters[${i}]`, each));
  spec.mirrors?.forEach((mirror, i) => {
    const path = `spec.mirrors[${i}]`;
    look(path, mirror, KNOWN.mirror);
    cluster(`${path}.source`, mirror.source);
    for (const name of ["sourceConnector", "checkpointConnector", "heartbeatConnector"])
      look(`${path}.${name}`, mirror[name], KNOWN.connector);
  });
  for (const name of ANNOTATIONS) {
    if (object.metadata.annotations?.[`${domain}/${name}`] !== undefined) refused.push(`annotation ${domain}/${name}`);
  }
  if (refused.length > 0) throw invalidResource(`The sandbox's operator cannot carry out ${refused.join(", ")}`);
  const jvm = Object.keys(spec.jvmOptions ?? {})
    .filter((key) => key !== "-Xmx")
    .map((key) => `spec.jvmOptions.${key}`);
  return [
    ...Object.keys(spec)
      .filter((key) => ABOUT_PODS.includes(key))
      .map((key) => `spec.${key}`),
    ...jvm,
  ];
}

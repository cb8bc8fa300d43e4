import { attempt, type MirrorView } from "../../engine/rules";
import { type Json, object } from "./plain";

/**
 * Fields of other API versions that users may write by mistake. Without these fields the API server accepts the
 * resource.
 */
const OTHER_VERSIONS_FIELDS: {
  version: RegExp;
  spec: Record<string, string>;
  entry: Record<string, string>;
  connector: Record<string, string>;
}[] = [
  {
    version: /\/v1$/,
    spec: {
      connectCluster: "leave it out: spec.target is where the workers keep their state",
      clusters: "write spec.target and mirrors[].source",
      affinity: "move it to template.pod",
      tolerations: "move it to template.pod",
      externalConfiguration: "mount volumes and set variables in template.pod and template.connectContainer",
    },
    entry: {
      sourceCluster: "write mirrors[].source",
      targetCluster: "write spec.target",
      topicsBlacklistPattern: "write topicsExcludePattern",
      groupsBlacklistPattern: "write groupsExcludePattern",
    },
    connector: { pause: 'write state: "paused"' },
  },
  {
    version: /\/v1(alpha|beta)1$/,
    spec: { target: "write clusters and connectCluster" },
    entry: {
      source: "write sourceCluster",
      topicsExcludePattern: "write topicsBlacklistPattern",
      groupsExcludePattern: "write groupsBlacklistPattern",
    },
    connector: { state: "write pause: true, or leave it out", autoRestart: "leave it out" },
  },
];

export function fieldsOfOtherVersions(
  apiVersion: string,
  spec: Json,
  entry: Json,
  index: number,
): MirrorView["fieldsOfOtherVersions"] {
  const known = OTHER_VERSIONS_FIELDS.find(({ version }) => version.test(apiVersion));
  if (known === undefined) return [];
  const within = (path: string, object: Json, names: Record<string, string>) =>
    Object.keys(object).flatMap((key) =>
      Object.hasOwn(names, key)
        ? [{ path: `${path}${key}`, instead: names[key]!, ...(implied(key) ? { implied: true } : {}) }]
        : [],
    );
  // What to write for `clusters` is also what to write for the aliases.
  const implied = (key: string) => /^(source|target)Cluster$/.test(key) && Object.hasOwn(spec, "clusters");
  return [
    // Fields of the whole resource are reported for its first entry.
    ...(index === 0 ? within("spec.", spec, known.spec) : []),
    ...within(`mirrors[${index}].`, entry, known.entry),
    ...["sourceConnector", "checkpointConnector"].flatMap((connector) =>
      within(`mirrors[${index}].${connector}.`, object(attempt(() => entry[connector])), known.connector),
    ),
  ];
}

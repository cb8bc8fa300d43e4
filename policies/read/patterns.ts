import type { MirrorView } from "../../engine/rules";
import { type Json, object, text } from "./plain";

type Patterns = Pick<MirrorView, "topicsPattern" | "topicsExcludePattern" | "groupsPattern" | "groupsExcludePattern">;

/**
 * Readers of what a mirror selects. A field of `mirrors[]` comes first, because the operator writes it over the
 * connectors' own configuration. Without the field, the key in the connector's `config` counts. `topicsExcludeOf` and
 * `groupsExcludeOf` read the keys that exclude, because their spelling depends on the version.
 */
export function patternReaders(
  apiVersion: string,
  entry: Json,
): { [K in keyof Patterns]-?: () => Patterns[K] } & { patternFields: () => readonly string[] } {
  const inConfig = (what: "topics" | "groups", key: string) => {
    const connector = object(what === "topics" ? entry.sourceConnector : entry.checkpointConnector);
    return text(object(connector.config)[key]);
  };
  const excluded = (what: "topics" | "groups") =>
    excludeFields(apiVersion, what)
      .map((field) => text(entry[field]))
      .find((pattern) => pattern !== undefined);
  return {
    topicsPattern: () => text(entry.topicsPattern) ?? inConfig("topics", "topics") ?? ".*",
    topicsExcludePattern: () => excluded("topics"),
    groupsPattern: () => text(entry.groupsPattern) ?? inConfig("groups", "groups") ?? ".*",
    groupsExcludePattern: () => excluded("groups"),
    patternFields: () =>
      (["topics", "groups"] as const)
        .flatMap((what) => [`${what}Pattern`, ...excludeFields(apiVersion, what)])
        .filter((field) => entry[field] !== undefined),
  };
}

/** v1 does not have the old name, and v1alpha1 does not have the new one. If both are written, the new one counts. */
function excludeFields(apiVersion: string, what: "topics" | "groups"): string[] {
  return [
    ...(/\/v1(alpha|beta)1$/.test(apiVersion) ? [] : [`${what}ExcludePattern`]),
    ...(/\/v1$/.test(apiVersion) ? [] : [`${what}BlacklistPattern`]),
  ];
}

import { mirrorFields, userFields } from "./fields";
import type { Dialect, DialectName } from "./model";
import { aclEntries, byAlias, checkAuthentication, checked, connectorEntry, metadataOf, podFields, userSpec } from "./shared";

/** KafkaUser and KafkaMirrorMaker2 v1beta2, the same under Strimzi's and Event Streams' group. */
export function v1beta2(name: DialectName, group: string, otherVersions: readonly string[], clusterLabel: string): Dialect {
  const apiVersion = `${group}/v1beta2`;
  return {
    name,
    kafkaVersion: "4.2.0",
    userApiVersion: apiVersion,
    mirrorApiVersion: apiVersion,
    otherApiVersions: otherVersions.map((version) => `${group}/${version}`),

    user(user, mistakes) {
      const metadata = metadataOf(user, { [clusterLabel]: user.cluster });
      return checked(name, { apiVersion, kind: "KafkaUser", metadata, spec: userSpec(user, aclEntries(user.rules)) }, userFields.current, mistakes);
    },

    mirror(mirror, mistakes) {
      checkAuthentication(name, mirror, ["tls", "scram-sha-256", "scram-sha-512", "plain", "oauth", "custom"], {}, mistakes);
      const pair = {
        sourceConnector: connectorEntry(mirror.source),
        heartbeatConnector: connectorEntry(mirror.heartbeat),
        checkpointConnector: connectorEntry(mirror.checkpoint),
        topicsPattern: mirror.topicsPattern,
        topicsExcludePattern: mirror.topicsExcludePattern,
        groupsPattern: mirror.groupsPattern,
        groupsExcludePattern: mirror.groupsExcludePattern,
      };
      const spec = { ...byAlias(mirror, pair), ...podFields(mirror) };
      return checked(name, { apiVersion, kind: "KafkaMirrorMaker2", metadata: metadataOf(mirror), spec }, mirrorFields.v1beta2, mistakes);
    },
  };
}

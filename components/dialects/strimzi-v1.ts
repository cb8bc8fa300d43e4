import { mirrorFields, userFields } from "./fields";
import type { Dialect } from "./model";
import { aclEntries, checkAuthentication, checked, clusterEntry, connectorEntry, given, metadataOf, podFields, userSpec } from "./shared";

const name = "strimzi-v1";
const apiVersion = "kafka.strimzi.io/v1";

/** Group of the operators before v1, which no longer have a default for it. */
const OLD_DEFAULT_GROUP = "mirrormaker2-cluster";

/** Strimzi 0.49 and later; from 1.0 on the only one. */
export const strimziV1: Dialect = {
  name,
  kafkaVersion: "4.2.0",
  userApiVersion: apiVersion,
  mirrorApiVersion: apiVersion,
  otherApiVersions: ["kafka.strimzi.io/v1beta2"],

  user(user, mistakes) {
    const metadata = metadataOf(user, { "strimzi.io/cluster": user.cluster });
    return checked(name, { apiVersion, kind: "KafkaUser", metadata, spec: userSpec(user, aclEntries(user.rules)) }, userFields.current, mistakes);
  },

  mirror(mirror, mistakes) {
    checkAuthentication(
      name,
      mirror,
      ["tls", "scram-sha-256", "scram-sha-512", "plain", "custom"],
      { oauth: `use "custom" with the SASL mechanism's own settings, or dialect strimzi-v1beta2` },
      mistakes,
    );
    const { target } = mirror;
    const spec = {
      ...given({ version: mirror.version, image: mirror.image }),
      replicas: mirror.replicas,
      target: given({
        alias: target.alias,
        bootstrapServers: target.bootstrapServers,
        groupId: target.groupId ?? OLD_DEFAULT_GROUP,
        configStorageTopic: target.configStorageTopic,
        offsetStorageTopic: target.offsetStorageTopic,
        statusStorageTopic: target.statusStorageTopic,
        ...clusterEntry(target, target.config),
      }),
      mirrors: [
        given({
          source: clusterEntry(mirror.origin, mirror.origin.config),
          sourceConnector: connectorEntry(mirror.source),
          checkpointConnector: connectorEntry(mirror.checkpoint),
          topicsPattern: mirror.topicsPattern,
          topicsExcludePattern: mirror.topicsExcludePattern,
          groupsPattern: mirror.groupsPattern,
          groupsExcludePattern: mirror.groupsExcludePattern,
        }),
      ],
      ...podFields(mirror),
    };
    return checked(name, { apiVersion, kind: "KafkaMirrorMaker2", metadata: metadataOf(mirror), spec }, mirrorFields.v1, mistakes);
  },
};

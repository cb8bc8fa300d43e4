import { defined } from "../../engine/objects";
import { mirrorFields, userFields } from "../../engine/rules/operator-fields";
import { versionAtLeast } from "../../engine/version";
import type { DialectName } from "../settings/mirror";
import type { Dialect } from "./model";
import {
  aclEntries,
  checkAuthentication,
  checked,
  checkExternalConfiguration,
  checkTracing,
  clusterEntry,
  connectorEntry,
  metadataOf,
  podFields,
  userSpec,
} from "./shared";
import { kafkaOf } from "./versions";

/** Default group of the operators before v1. Operators of v1 have no default. */
const OLD_DEFAULT_GROUP = "mirrormaker2-cluster";

/** KafkaUser and KafkaMirrorMaker2 v1. They are the same in the API groups of Strimzi and Event Streams. */
export function v1(
  name: DialectName,
  group: string,
  otherVersions: readonly string[],
  clusterLabel: string,
  strimzi: string,
): Dialect {
  const apiVersion = `${group}/v1`;
  return {
    name,
    strimzi,
    kafkaVersion: kafkaOf(strimzi),
    userApiVersion: apiVersion,
    mirrorApiVersion: apiVersion,
    otherApiVersions: otherVersions.map((version) => `${group}/${version}`),

    user(user, mistakes) {
      const metadata = metadataOf(user, { [clusterLabel]: user.cluster });
      return checked(
        this,
        { apiVersion, kind: "KafkaUser", metadata, spec: userSpec(user, aclEntries(user.rules)) },
        userFields.v1,
        mistakes,
      );
    },

    mirror(asked, mistakes) {
      const mirror = checkAuthentication(
        name,
        checkExternalConfiguration(name, asked, mistakes),
        ["tls", "scram-sha-256", "scram-sha-512", "plain", "custom"],
        { oauth: `use "custom" with the SASL mechanism's own settings, or dialect ${name.replace(/v1$/, "v1beta2")}` },
        mistakes,
      );
      checkTracing(
        name,
        mirror,
        versionAtLeast(strimzi, "1.0") ? ["opentelemetry"] : ["opentelemetry", "jaeger"],
        mistakes,
      );
      const { target } = mirror;
      const spec = {
        ...defined({ version: mirror.version, image: mirror.image }),
        replicas: mirror.replicas,
        target: defined({
          alias: target.alias,
          bootstrapServers: target.bootstrapServers,
          groupId: target.groupId ?? OLD_DEFAULT_GROUP,
          configStorageTopic: target.configStorageTopic,
          offsetStorageTopic: target.offsetStorageTopic,
          statusStorageTopic: target.statusStorageTopic,
          ...clusterEntry(target, target.config),
        }),
        mirrors: [
          defined({
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
      return checked(
        this,
        { apiVersion, kind: "KafkaMirrorMaker2", metadata: metadataOf(mirror), spec },
        mirrorFields.v1,
        mistakes,
      );
    },
  };
}

/** Strimzi 0.49 and later. From 1.0 on, Strimzi has no other API version. */
export const strimziV1 = (strimzi: string) =>
  v1("strimzi-v1", "kafka.strimzi.io", ["v1beta2"], "strimzi.io/cluster", strimzi);

/** IBM Event Streams 13.0, which derives from Strimzi 1.0. */
export const eventStreamsV1 = (strimzi: string) =>
  v1(
    "event-streams-v1",
    "eventstreams.ibm.com",
    ["v1beta2", "v1beta1", "v1alpha1"],
    "eventstreams.ibm.com/cluster",
    strimzi,
  );

import { mirrorFields, userFields } from "../../engine/rules/operator-fields";
import { versionAtLeast } from "../../engine/version";
import type { DialectName } from "../settings/mirror";
import type { ConnectorSpec, Dialect } from "./model";
import {
  aclEntries,
  byAlias,
  checkAuthentication,
  checked,
  checkLogin,
  checkTracing,
  connectorEntry,
  GIVEN_LOGIN_SINCE,
  metadataOf,
  pausableEntry,
  podFields,
  singularEntries,
  userSpec,
} from "./shared";
import { kafkaOf } from "./versions";

/** KafkaUser and KafkaMirrorMaker2 v1beta2. They are the same in the API groups of Strimzi and Event Streams. */
export function v1beta2(
  name: DialectName,
  group: string,
  otherVersions: readonly string[],
  clusterLabel: string,
  strimzi: string,
): Dialect {
  const apiVersion = `${group}/v1beta2`;
  const atLeast = (version: string): boolean => versionAtLeast(strimzi, version);
  const newer = "use a newer operator";
  return {
    name,
    strimzi,
    kafkaVersion: kafkaOf(strimzi),
    userApiVersion: apiVersion,
    mirrorApiVersion: apiVersion,
    otherApiVersions: otherVersions.map((version) => `${group}/${version}`),

    user(asked, mistakes) {
      const user = atLeast(GIVEN_LOGIN_SINCE)
        ? asked
        : checkLogin(name, asked, `${newer} (Strimzi ${GIVEN_LOGIN_SINCE} or later)`, mistakes);
      const metadata = metadataOf(user, { [clusterLabel]: user.cluster });
      // Operators since 0.49 do not read `operation`. Operators before 0.32 read only `operation`.
      const acls = atLeast("0.32") ? aclEntries(user.rules) : singularEntries(user.rules);
      return checked(
        this,
        { apiVersion, kind: "KafkaUser", metadata, spec: userSpec(user, acls) },
        userFields.v1beta2,
        mistakes,
      );
    },

    mirror(asked, mistakes) {
      const types = ["tls", "scram-sha-256", "scram-sha-512", "plain", "oauth", ...(atLeast("0.48") ? ["custom"] : [])];
      const mirror = checkAuthentication(
        name,
        asked,
        types,
        { custom: `${newer} (custom exists since Strimzi 0.48), or one of ${types.join(", ")}` },
        mistakes,
      );
      checkTracing(name, mirror, atLeast("0.32") ? ["opentelemetry", "jaeger"] : ["jaeger"], mistakes);
      const connector = (spec: ConnectorSpec | undefined, field: string) =>
        atLeast("0.38") ? connectorEntry(spec) : pausableEntry(spec, field, name, newer, mistakes);
      const pair = {
        sourceConnector: connector(mirror.source, "sourceConnector"),
        heartbeatConnector: connector(mirror.heartbeat, "heartbeatConnector"),
        checkpointConnector: connector(mirror.checkpoint, "checkpointConnector"),
        topicsPattern: mirror.topicsPattern,
        topicsExcludePattern: mirror.topicsExcludePattern,
        groupsPattern: mirror.groupsPattern,
        groupsExcludePattern: mirror.groupsExcludePattern,
      };
      const spec = { ...byAlias(mirror, pair), ...podFields(mirror) };
      return checked(
        this,
        { apiVersion, kind: "KafkaMirrorMaker2", metadata: metadataOf(mirror), spec },
        mirrorFields.v1beta2,
        mistakes,
      );
    },
  };
}

/** Strimzi 0.23 to 0.51. */
export const strimziV1beta2 = (strimzi: string) =>
  v1beta2("strimzi-v1beta2", "kafka.strimzi.io", ["v1"], "strimzi.io/cluster", strimzi);

/** IBM Event Streams 11.0 to 12.3. */
export const eventStreamsV1beta2 = (strimzi: string) =>
  v1beta2(
    "event-streams-v1beta2",
    "eventstreams.ibm.com",
    ["v1beta1", "v1alpha1", "v1"],
    "eventstreams.ibm.com/cluster",
    strimzi,
  );

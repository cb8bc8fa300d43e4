import type { AclRule } from "../../engine/acls";
import type { Mistakes } from "../../engine/errors";
import { mirrorFields, userFields } from "./fields";
import type { ConnectorSpec, Dialect } from "./model";
import { byAlias, checkAuthentication, checked, given, metadataOf, resourceOf, userSpec } from "./shared";

const name = "event-streams-v1beta1";
const newer = "use a newer dialect (event-streams-v1beta2, strimzi-v1beta2, strimzi-v1)";

/**
 * The guide's own: IBM Event Streams 10.x, built on Strimzi before 0.23. KafkaUser v1beta1 and KafkaMirrorMaker2
 * v1alpha1. The only dialect with the singular `operation`: its operator reads no other.
 */
export const eventStreamsV1beta1: Dialect = {
  name,
  kafkaVersion: "2.7.0",
  userApiVersion: "eventstreams.ibm.com/v1beta1",
  mirrorApiVersion: "eventstreams.ibm.com/v1alpha1",
  otherApiVersions: ["eventstreams.ibm.com/v1beta2"],

  user(user, mistakes) {
    if (user.authentication.type === "scram-sha-512" && user.authentication.passwordFrom !== undefined) {
      mistakes.add(`dialect ${name} can't keep a given password for user ${user.name}: let the operator make one, or ${newer}`);
    }
    if (user.authentication.type === "tls-external") {
      mistakes.add(`dialect ${name} has no authentication "tls-external" for user ${user.name}: use tls, or ${newer}`);
    }
    return checked(
      name,
      {
        apiVersion: this.userApiVersion,
        kind: "KafkaUser",
        metadata: metadataOf(user, { "eventstreams.ibm.com/cluster": user.cluster }),
        spec: userSpec(user, user.rules.flatMap(oneEach)),
      },
      userFields.v1beta1,
      mistakes,
    );
  },

  mirror(mirror, mistakes) {
    checkAuthentication(name, mirror, ["tls", "scram-sha-512", "plain", "oauth"], { "scram-sha-256": `use scram-sha-512, or ${newer}`, custom: newer }, mistakes);
    const pair = {
      sourceConnector: connector(mirror.source, "sourceConnector", mistakes),
      heartbeatConnector: connector(mirror.heartbeat, "heartbeatConnector", mistakes),
      checkpointConnector: connector(mirror.checkpoint, "checkpointConnector", mistakes),
      topicsPattern: mirror.topicsPattern,
      topicsBlacklistPattern: mirror.topicsExcludePattern,
      groupsPattern: mirror.groupsPattern,
      groupsBlacklistPattern: mirror.groupsExcludePattern,
    };
    return checked(
      name,
      {
        apiVersion: this.mirrorApiVersion,
        kind: "KafkaMirrorMaker2",
        metadata: metadataOf(mirror),
        spec: { ...byAlias(mirror, pair), ...given({ ...mirror.pods }) },
      },
      mirrorFields.v1alpha1,
      mistakes,
    );
  },
};

function oneEach(rule: AclRule): Record<string, unknown>[] {
  return rule.operations.map((operation) => ({ host: rule.host, operation, resource: resourceOf(rule) }));
}

/** `pause` is all that this version knows of states, and nothing restarts by itself. */
function connector(spec: ConnectorSpec | undefined, path: string, mistakes: Mistakes): Record<string, unknown> | undefined {
  if (spec === undefined) return undefined;
  if (spec.state === "stopped") mistakes.add(`dialect ${name} can't stop ${path}: use state "paused", or ${newer}`);
  for (const field of ["version", "listOffsets", "alterOffsets"] as const) {
    if (spec[field] !== undefined) mistakes.add(`dialect ${name} has no ${field} in ${path}: leave it out, or ${newer}`);
  }
  if (spec.autoRestart !== undefined) mistakes.add(`dialect ${name} has no autoRestart for ${path}: leave it out, or ${newer}`);
  return given({ tasksMax: spec.tasksMax, config: spec.config, pause: spec.state === "paused" ? true : undefined });
}

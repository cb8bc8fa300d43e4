import { defined } from "../../engine/objects";
import { mirrorFields, userFields } from "../../engine/rules/operator-fields";
import type { Dialect } from "./model";
import {
  byAlias,
  checkAuthentication,
  checked,
  checkLogin,
  checkTracing,
  metadataOf,
  pausableEntry,
  singularEntries,
  userSpec,
} from "./shared";

const name = "event-streams-v1beta1";
const newer = "use a newer dialect (event-streams-v1beta2, strimzi-v1beta2, strimzi-v1)";

/**
 * The dialect of the guide: IBM Event Streams 10.x, based on a Strimzi before 0.23. KafkaUser v1beta1 and
 * KafkaMirrorMaker2 v1alpha1. ACLs have the singular `operation`, because its operator reads no other field.
 */
export const eventStreamsV1beta1: Dialect = {
  name,
  strimzi: "0.22",
  kafkaVersion: "2.7.0",
  userApiVersion: "eventstreams.ibm.com/v1beta1",
  mirrorApiVersion: "eventstreams.ibm.com/v1alpha1",
  otherApiVersions: ["eventstreams.ibm.com/v1beta2"],

  user(asked, mistakes) {
    const user = checkLogin(name, asked, newer, mistakes);
    return checked(
      this,
      {
        apiVersion: this.userApiVersion,
        kind: "KafkaUser",
        metadata: metadataOf(user, { "eventstreams.ibm.com/cluster": user.cluster }),
        spec: userSpec(user, singularEntries(user.rules)),
      },
      userFields.v1beta1,
      mistakes,
    );
  },

  mirror(asked, mistakes) {
    const mirror = checkAuthentication(
      name,
      asked,
      ["tls", "scram-sha-512", "plain", "oauth"],
      { "scram-sha-256": `use scram-sha-512, or ${newer}`, custom: newer },
      mistakes,
    );
    checkTracing(name, mirror, ["jaeger"], mistakes);
    for (const [field, spec] of Object.entries({
      sourceConnector: mirror.source,
      heartbeatConnector: mirror.heartbeat,
      checkpointConnector: mirror.checkpoint,
    })) {
      if (spec?.autoRestart !== undefined)
        mistakes.add(`dialect ${name} has no autoRestart for ${field}: leave it out, or ${newer}`);
      for (const one of ["version", "listOffsets", "alterOffsets"] as const) {
        if (spec?.[one] !== undefined)
          mistakes.add(`dialect ${name} has no ${one} in ${field}: leave it out, or ${newer}`);
      }
    }
    const connector = (spec: typeof mirror.heartbeat, field: string) =>
      pausableEntry(
        spec && { config: spec.config, tasksMax: spec.tasksMax, state: spec.state },
        field,
        name,
        newer,
        mistakes,
      );
    const pair = {
      sourceConnector: connector(mirror.source, "sourceConnector"),
      heartbeatConnector: connector(mirror.heartbeat, "heartbeatConnector"),
      checkpointConnector: connector(mirror.checkpoint, "checkpointConnector"),
      topicsPattern: mirror.topicsPattern,
      topicsBlacklistPattern: mirror.topicsExcludePattern,
      groupsPattern: mirror.groupsPattern,
      groupsBlacklistPattern: mirror.groupsExcludePattern,
    };
    return checked(
      this,
      {
        apiVersion: this.mirrorApiVersion,
        kind: "KafkaMirrorMaker2",
        metadata: metadataOf(mirror),
        spec: { ...byAlias(mirror, pair), ...defined({ ...mirror.pods }) },
      },
      mirrorFields.v1alpha1,
      mistakes,
    );
  },
};

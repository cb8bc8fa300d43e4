import { createHash } from "node:crypto";
import { APACHE_DEFAULT, APACHE_IDENTITY, STRIMZI_IDENTITY } from "./mirror-configuration";
import type { MirrorModel, Side } from "./model";
import { versionAtLeast } from "./version";

export type InternalTopicKind = "offsets" | "configs" | "status" | "checkpoints" | "offset-syncs" | "heartbeats";

/** One topic that MirrorMaker 2 creates for itself, with the name and shape that its configuration gives it. */
export interface InternalTopic {
  kind: InternalTopicKind;
  side: Side;
  name: string;
  /** Partition count with which MirrorMaker 2 creates it by default (Connect's defaults, Kafka 4.3). */
  partitions: number;
}

/**
 * The separator in internal names. Kafka <= 3.0 always uses a dot. Kafka 3.1 and later use the policy's separator
 * (KIP-690), unless `replication.policy.internal.topic.separator.enabled=false` (3.6 and later).
 */
export function internalSeparator(mirror: MirrorModel): string {
  const separator = mirror.separator ?? ".";
  if (!versionAtLeast(mirror.kafkaVersion, "3.1")) return ".";
  if (mirror.internalSeparatorEnabled === false && versionAtLeast(mirror.kafkaVersion, "3.6")) return ".";
  return separator;
}

/**
 * Every internal topic that this configuration creates, on both clusters. Names are computed from the configuration,
 * never guessed from a topic listing.
 */
export function internalTopics(mirror: MirrorModel): InternalTopic[] {
  const dot = internalSeparator(mirror);
  const atOrigin = mirror.offsetSyncsLocation === "source";
  const other = atOrigin ? mirror.targetAlias : mirror.originAlias;
  const topics: InternalTopic[] = [
    { kind: "offsets", side: "target", name: mirror.offsetStorageTopic, partitions: 25 },
    { kind: "configs", side: "target", name: mirror.configStorageTopic, partitions: 1 },
    { kind: "status", side: "target", name: mirror.statusStorageTopic, partitions: 5 },
    {
      kind: "checkpoints",
      side: "target",
      name: `${mirror.originAlias}${dot}checkpoints${dot}internal`,
      partitions: 1,
    },
    {
      kind: "offset-syncs",
      side: atOrigin ? "origin" : "target",
      name: `mm2-offset-syncs${dot}${other}${dot}internal`,
      partitions: 1,
    },
  ];
  if (mirror.heartbeats) topics.push({ kind: "heartbeats", side: "target", name: "heartbeats", partitions: 1 });
  return topics;
}

/**
 * The topic on the target that records the groups' old and new offsets before a cutover writes them. It is ours, not
 * MirrorMaker 2's. It is named after Connect's group, because only one mirror of a target uses that group. Its ending
 * keeps it out of the default topics of any other mirror.
 */
export function offsetsJournalTopic(mirror: Pick<MirrorModel, "groupId">): string {
  return `${mirror.groupId.replace(/[^\w.-]/g, "_").slice(0, 200)}.moved-offsets.internal`;
}

/** Connector names in Strimzi's form: `<source>-><target>.MirrorSourceConnector` and so on. */
export function connectorNames(mirror: MirrorModel): { source: string; checkpoint: string; heartbeat: string } {
  const pair = `${mirror.originAlias}->${mirror.targetAlias}`;
  return {
    source: `${pair}.MirrorSourceConnector`,
    checkpoint: `${pair}.MirrorCheckpointConnector`,
    heartbeat: `${pair}.MirrorHeartbeatConnector`,
  };
}

/**
 * How the replication policy names the copies. `unknown`: a class that is not Apache's or Strimzi's may give any name,
 * even if it is called like one of theirs.
 */
export function policyKind({ policyClass }: Pick<MirrorModel, "policyClass">): "identity" | "default" | "unknown" {
  if (policyClass === APACHE_IDENTITY || policyClass === STRIMZI_IDENTITY) return "identity";
  return policyClass === APACHE_DEFAULT ? "default" : "unknown";
}

/**
 * The name of a topic on the target. The identity policy keeps the name, except for topics that end in `heartbeats`.
 * Apache's identity policy renames those as the default policy does. For a class of unknown kind this is a guess by its
 * name.
 */
export function targetTopicName(mirror: MirrorModel, originTopic: string): string {
  const identity = mirror.policyClass.endsWith("IdentityReplicationPolicy");
  const renamed = `${mirror.originAlias}${mirror.separator ?? "."}${originTopic}`;
  if (!identity) return renamed;
  return originTopic.endsWith("heartbeats") && mirror.policyClass.startsWith("org.apache.") ? renamed : originTopic;
}

/**
 * Returns the existing topic whose metric names would collide with this one's. In metrics `.` and `_` are the same, so
 * brokers refuse to create the topic (Kafka's Topic.hasCollision). The name itself is ignored.
 */
export function collisionWith(name: string, others: Iterable<string>): string | undefined {
  const unified = name.replaceAll(".", "_");
  for (const other of others) if (other !== name && other.replaceAll(".", "_") === unified) return other;
  return undefined;
}

/** Longest topic name in characters (Kafka's Topic.MAX_NAME_LENGTH). */
export const LONGEST_TOPIC_NAME = 249;

/** Longest alias of a cluster in characters (the CRDs of Strimzi and of Event Streams). */
export const LONGEST_ALIAS = 100;

/** Longest name of a wave, in characters. It is part of the names of Pulumi resources. */
export const LONGEST_WAVE_NAME = 40;

/** The reason why brokers refuse this topic name (Kafka's Topic.validate). Undefined: brokers accept it. */
export function topicNameFault(name: string): string | undefined {
  if (name.length > LONGEST_TOPIC_NAME) return `has ${name.length} characters, Kafka allows ${LONGEST_TOPIC_NAME}`;
  if (name === "" || name === "." || name === "..") return "is not a valid topic name";
  const illegal = /[^\w.-]/.exec(name)?.[0];
  return illegal === undefined
    ? undefined
    : `has the character "${illegal}", Kafka allows letters, digits, ".", "_" and "-"`;
}

/** What Java's `\s` matches: the blanks around a name in a list of a Kafka configuration do not belong to the name. */
const BLANKS = /^[ \t\n\v\f\r]*$/;

/**
 * The reason why the checkpoint connector cannot pass this group to its tasks. It joins the names with commas, so a
 * task reads back a list with other names (`task.assigned.groups`, Kafka 2.7 to 4.3).
 */
export function groupNameFault(group: string): string | undefined {
  if (group === "") return "an empty name";
  if (BLANKS.test(group)) return "a name of blanks only";
  return group.includes(",") ? "a comma in its name" : undefined;
}

/** Names that are too long keep their start. A digest of the whole name keeps them apart. */
export function shortened(name: string, longest: number): string {
  if (name.length <= longest) return name;
  return `${name.slice(0, longest - 9)}-${createHash("sha256").update(name).digest("hex").slice(0, 8)}`;
}

import type { MirrorModel } from "./model";
import { versionAtLeast, versionsOf } from "./version";

export const APACHE_IDENTITY = "org.apache.kafka.connect.mirror.IdentityReplicationPolicy";
/** The class in the guide. Strimzi up to 0.45, which runs Kafka 3, ships it. Apache's class exists since Kafka 3.0. */
export const STRIMZI_IDENTITY = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy";
export const APACHE_DEFAULT = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";

/** The default `group.id` of the operators that have a default. */
const OPERATORS_GROUP = "mirrormaker2-cluster";

export type Config = Record<string, string | number | boolean>;

/** A mirror's final configuration, in any dialect and from any author. */
export interface MirrorConfiguration {
  kafkaVersion: string;
  /** Nobody wrote the version: `kafkaVersion` is the newest that the operators of `apiVersion` run. */
  versionAssumed?: boolean;
  apiVersion?: string;
  origin: { alias: string; config: Config };
  target: {
    alias: string;
    config: Config;
    groupId?: string;
    offsetStorageTopic: string;
    configStorageTopic: string;
    statusStorageTopic: string;
  };
  source: { config: Config };
  /** Undefined: this connector does not exist. */
  checkpoint?: { config: Config };
  heartbeat?: { config: Config };
  topicsPattern: string;
  topicsExcludePattern?: string;
  groupsPattern: string;
  groupsExcludePattern?: string;
}

/** Builds the model from the final configuration. A missing setting gets MirrorMaker 2's own default (Kafka 4.3). */
export function modelFrom(mirror: MirrorConfiguration): MirrorModel {
  const source = reader(mirror.source.config);
  const checkpoint = reader(mirror.checkpoint?.config ?? {});
  const worker = reader(mirror.target.config);
  const model: MirrorModel = {
    originAlias: mirror.origin.alias,
    targetAlias: mirror.target.alias,
    groupId: mirror.target.groupId ?? OPERATORS_GROUP,
    offsetStorageTopic: mirror.target.offsetStorageTopic,
    configStorageTopic: mirror.target.configStorageTopic,
    statusStorageTopic: mirror.target.statusStorageTopic,
    topicsPattern: mirror.topicsPattern,
    topicsExcludePattern: topicsExcludeOf(mirror),
    groupsPattern: mirror.groupsPattern,
    groupsExcludePattern: groupsExcludeOf(mirror),
    offsetSyncsLocation: source.text("offset-syncs.topic.location") === "target" ? "target" : "source",
    policyClass: source.text("replication.policy.class") ?? APACHE_DEFAULT,
    separator: written(mirror.source.config["replication.policy.separator"]),
    internalSeparatorEnabled: source.flag("replication.policy.internal.topic.separator.enabled"),
    kafkaVersion: mirror.kafkaVersion,
    ...(mirror.checkpoint === undefined ? { checkpoints: false } : {}),
    heartbeats: mirror.heartbeat !== undefined,
    isolationLevel:
      (source.text("source.consumer.isolation.level") ?? source.text("consumer.isolation.level")) === "read_committed"
        ? "read_committed"
        : "read_uncommitted",
    // Connect ignores upper and lower case here.
    exactlyOnce: worker.text("exactly.once.source.support")?.toLowerCase() === "enabled",
    syncGroupOffsets: checkpoint.flag("sync.group.offsets.enabled") ?? false,
    replicationFactor: source.number("replication.factor") ?? 2,
    offsetFlushIntervalMs: worker.number("offset.flush.interval.ms") ?? 60000,
    refreshTopicsIntervalSeconds: source.number("refresh.topics.interval.seconds") ?? 600,
  };
  return Object.fromEntries(Object.entries(model).filter(([, value]) => value !== undefined)) as unknown as MirrorModel;
}

type Excluding = "topicsExcludePattern" | "groupsExcludePattern" | "kafkaVersion" | "versionAssumed" | "apiVersion";

/**
 * The `topics.exclude` that is written, as a field of the resource or in the source connector's configuration. Kafka
 * 2.7 to 3.9 also read its old spelling `topics.blacklist`. Undefined: MirrorMaker 2's default applies.
 */
export function topicsExcludeOf(mirror: Pick<MirrorConfiguration, Excluding | "source">): string | undefined {
  return mirror.topicsExcludePattern ?? excludeIn(mirror.source.config, "topics", mirror);
}

/** The `groups.exclude` that is written, like `topicsExcludeOf`. It belongs to the checkpoint connector. */
export function groupsExcludeOf(mirror: Pick<MirrorConfiguration, Excluding | "checkpoint">): string | undefined {
  return mirror.groupsExcludePattern ?? excludeIn(mirror.checkpoint?.config ?? {}, "groups", mirror);
}

function excludeIn(
  config: Config,
  what: "topics" | "groups",
  mirror: Pick<MirrorConfiguration, Excluding>,
): string | undefined {
  const { text } = reader(config);
  const readsOld = versionsOf(mirror).some((version) => !versionAtLeast(version, "4"));
  return text(`${what}.exclude`) ?? (readsOld ? text(`${what}.blacklist`) : undefined);
}

const written = (value: Config[string] | undefined) => (value === undefined ? undefined : String(value));

/**
 * Reads values as text, number or boolean. Kafka configuration holds only text. YAML and users also write numbers and
 * booleans. Kafka ignores spaces and line ends around every value but the separator's.
 */
export function reader(config: Config) {
  const text = (key: string): string | undefined => written(config[key])?.trim();
  return {
    text,
    number: (key: string): number | undefined => (text(key) === undefined ? undefined : Number(text(key))),
    flag: (key: string): boolean | undefined =>
      text(key) === undefined ? undefined : text(key)!.toLowerCase() === "true",
  };
}

import { APACHE_IDENTITY, STRIMZI_IDENTITY } from "../../engine/mirror-configuration";
import type { Profile } from "../../engine/model";
import { versionAtLeast } from "../../engine/version";
import type { Config } from "../dialects/model";

/** What a profile's values depend on. */
export interface ProfileContext {
  /** The guide's own dialect keeps the guide's class and empty separator. */
  guideDialect: boolean;
  kafkaVersion: string;
  originBrokers?: number;
  targetBrokers?: number;
  replicationFactor?: number;
  offsetFlushIntervalMs?: number;
  exactlyOnce: boolean;
}

/** A profile's values, in the places where they are written; the user's own go over them. */
export interface ProfileValues {
  groupId?: string;
  tasksMax?: number;
  target: Config;
  source: Config;
  checkpoint: Config;
}

/** The identity policy that exists in this MirrorMaker 2. */
export function identityPolicy(context: Pick<ProfileContext, "guideDialect" | "kafkaVersion">): string {
  const apache = versionAtLeast(context.kafkaVersion, "3.0");
  const strimzi = !versionAtLeast(context.kafkaVersion, "4.0");
  return !apache || (context.guideDialect && strimzi) ? STRIMZI_IDENTITY : APACHE_IDENTITY;
}

export function profileValues(profile: Profile, context: ProfileContext): ProfileValues {
  const values = profile === "guide" ? guide(context) : profile === "tuned" ? tuned(context) : least(context);
  return withChoices(values, context);
}

/** The guide's KafkaMirrorMaker2, value for value, but for the class and separator outside its own dialect. */
function guide(context: ProfileContext): ProfileValues {
  const policy: Config = {
    "replication.policy.class": identityPolicy(context),
    ...(context.guideDialect ? { "replication.policy.separator": "" } : {}),
  };
  return {
    target: {},
    source: {
      "replication.factor": 1,
      "sync.topic.acls.enabled": "false",
      ...policy,
      "offset-syncs.topic.replication.factor": 1,
    },
    checkpoint: {
      "checkpoints.topic.replication.factor": 1,
      "refresh.groups.interval.seconds": 600,
      "emit.checkpoints.interval.seconds": 60,
      ...policy,
    },
  };
}

/** Sound values for a migration: the origin is only read, aborted records stay behind, waits are short. */
function least(context: ProfileContext): ProfileValues {
  const atTarget = replicas(context.targetBrokers);
  // KIP-716: Kafka 3.0. The default writes to a topic on the origin.
  const syncsAtTarget = versionAtLeast(context.kafkaVersion, "3.0");
  const shared: Config = {
    "replication.policy.class": identityPolicy(context),
    ...(syncsAtTarget ? { "offset-syncs.topic.location": "target" } : {}),
  };
  return {
    groupId: "migration-connect-cluster",
    target: {
      "offset.storage.replication.factor": atTarget,
      "config.storage.replication.factor": atTarget,
      "status.storage.replication.factor": atTarget,
      "offset.flush.interval.ms": 5000,
    },
    source: {
      "replication.factor": atTarget,
      "offset-syncs.topic.replication.factor": syncsAtTarget ? atTarget : replicas(context.originBrokers),
      "sync.topic.acls.enabled": "false",
      ...shared,
      "refresh.topics.interval.seconds": 60,
      "consumer.isolation.level": "read_committed",
      "producer.override.enable.idempotence": true,
    },
    checkpoint: {
      "checkpoints.topic.replication.factor": atTarget,
      "sync.group.offsets.enabled": "false",
      "refresh.groups.interval.seconds": 60,
      "emit.checkpoints.interval.seconds": 60,
      ...shared,
    },
  };
}

/**
 * `least`, and what was measured to carry more: tasks and big compressed batches in big requests. Not several requests in flight:
 * the first batch of a partition that was just made can then be refused for ever by brokers before Kafka 4.5 (KAFKA-15591).
 */
function tuned(context: ProfileContext): ProfileValues {
  const values = least(context);
  return {
    ...values,
    tasksMax: 4,
    source: {
      ...values.source,
      "producer.override.compression.type": "lz4",
      // With the array's header below half of G1's smallest region (1 MiB, heaps up to 2 GiB): above that an array takes a region of its
      // own, and the buffer twice its size.
      "producer.override.batch.size": 500000,
      "producer.override.linger.ms": 50,
      "producer.override.buffer.memory": 67108864,
      "producer.override.max.in.flight.requests.per.connection": 1,
      "producer.override.max.request.size": 8388608,
      "consumer.max.poll.records": 5000,
      "consumer.max.partition.fetch.bytes": 8388608,
      // An answer is one array, which has to be found in one piece: the default of 50 MiB is too much for four tasks in 1 GB.
      "consumer.fetch.max.bytes": 16777216,
    },
  };
}

/** -1 is the cluster's own default (KIP-464), which goes together with its own `min.insync.replicas`. */
function replicas(brokers: number | undefined): number {
  return brokers === undefined ? -1 : Math.min(3, brokers);
}

/** The choices that have an argument of their own. */
function withChoices(values: ProfileValues, context: ProfileContext): ProfileValues {
  const source = { ...values.source };
  const target = { ...values.target };
  if (context.replicationFactor !== undefined) source["replication.factor"] = context.replicationFactor;
  if (context.offsetFlushIntervalMs !== undefined) target["offset.flush.interval.ms"] = context.offsetFlushIntervalMs;
  if (context.exactlyOnce) {
    target["exactly.once.source.support"] = "enabled";
    source["exactly.once.support"] = "required";
    source["consumer.isolation.level"] = "read_committed";
  }
  return { ...values, source, target };
}

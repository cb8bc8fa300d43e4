import { APACHE_IDENTITY, STRIMZI_IDENTITY } from "../../engine/mirror-configuration";
import type { Profile } from "../../engine/model";
import { versionAtLeast } from "../../engine/version";
import type { Config } from "../dialects/model";

/** Inputs on which a profile's values depend. */
export interface ProfileContext {
  /** The guide's dialect (event-streams-v1beta1) keeps the guide's policy class and its empty separator. */
  guideDialect: boolean;
  kafkaVersion: string;
  originBrokers?: number;
  targetBrokers?: number;
  replicationFactor?: number;
  offsetFlushIntervalMs?: number;
  exactlyOnce: boolean;
}

/** The values of a profile, in the places where they are written. The user's values override them. */
export interface ProfileValues {
  groupId?: string;
  tasksMax?: number;
  target: Config;
  source: Config;
  checkpoint: Config;
}

/** Returns the identity policy that exists in this version of MirrorMaker 2. */
export function identityPolicy(context: Pick<ProfileContext, "guideDialect" | "kafkaVersion">): string {
  const apache = versionAtLeast(context.kafkaVersion, "3.0");
  const strimzi = !versionAtLeast(context.kafkaVersion, "4.0");
  return !apache || (context.guideDialect && strimzi) ? STRIMZI_IDENTITY : APACHE_IDENTITY;
}

export function profileValues(profile: Profile, context: ProfileContext): ProfileValues {
  const values = profile === "guide" ? guide(context) : profile === "tuned" ? tuned(context) : least(context);
  return withChoices(values, context);
}

/** The values of the guide's KafkaMirrorMaker2. Outside of the guide's dialect, policy class and separator differ. */
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

/** Safe values for a migration: the origin is only read, aborted records are not copied, and waits are short. */
function least(context: ProfileContext): ProfileValues {
  const atTarget = replicas(context.targetBrokers);
  // KIP-716, Kafka 3.0. By default this topic is on the origin, which the mirror then has to write to.
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
      // The gate waits for it. 60000, 5000, 1000 and 500 copy at the same rate.
      "offset.flush.interval.ms": 1000,
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
 * `least`, and settings that increased the throughput in measurements: more tasks, and big compressed batches in big
 * requests. Only one request is in flight: with several, brokers before Kafka 4.5 can refuse the first batch of a new
 * partition forever (KAFKA-15591).
 */
function tuned(context: ProfileContext): ProfileValues {
  const values = least(context);
  return {
    ...values,
    tasksMax: 4,
    source: {
      ...values.source,
      "producer.override.compression.type": "lz4",
      // Together with the array's header, less than half of G1's smallest region (1 MiB, heaps up to 2 GiB). A larger
      // array gets a region of its own, and the buffer takes twice its size.
      "producer.override.batch.size": 500000,
      "producer.override.linger.ms": 50,
      "producer.override.buffer.memory": 67108864,
      "producer.override.max.in.flight.requests.per.connection": 1,
      "producer.override.max.request.size": 8388608,
      "consumer.max.poll.records": 5000,
      "consumer.max.partition.fetch.bytes": 8388608,
      // A response is one array, which needs contiguous memory. The default of 50 MiB is too much for four tasks in 1
      // GB.
      "consumer.fetch.max.bytes": 16777216,
    },
  };
}

/** -1 is the cluster's own default (KIP-464). It fits the cluster's own `min.insync.replicas`. */
export function replicas(brokers: number | undefined): number {
  return brokers === undefined ? -1 : Math.min(3, brokers);
}

/** Adds the choices that have their own argument. */
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

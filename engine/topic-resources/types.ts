/** KafkaTopics of the migrated topics: plain data. Kubernetes is read and written elsewhere. */

/** A topic as it is on the target now. */
export interface TopicState {
  /** Name on the target. */
  name: string;
  /** Name on the origin. */
  origin: string;
  partitions: number;
  /** Replicas of each partition. */
  replicas: number;
  /** Settings of the topic itself (source: dynamic topic configuration). */
  own: Readonly<Record<string, string>>;
  /** All effective settings: its own, those of the brokers, and defaults. */
  effective: Readonly<Record<string, string>>;
}

/** Where the Topic Operator of a cluster looks for KafkaTopics. */
export interface TopicPlace {
  /** Example: `kafka.strimzi.io/v1`. */
  apiVersion: string;
  namespace: string;
  /** Name of the Kafka resource. */
  cluster: string;
}

/** A KafkaTopic as it is sent to the API server, or written to a file. */
export interface KafkaTopicText {
  apiVersion: string;
  kind: "KafkaTopic";
  metadata: {
    name: string;
    namespace: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: {
    /** Absent: the topic has the name of the resource. */
    topicName?: string;
    partitions: number;
    replicas: number;
    /** Absent: the topic has no settings of its own. */
    config?: Record<string, string | number>;
  };
}

/** A KafkaTopic that exists. Fields may have any value that the CRD accepts. */
export interface KafkaTopicFound {
  metadata: {
    name?: unknown;
    labels?: unknown;
    annotations?: unknown;
    creationTimestamp?: unknown;
    deletionTimestamp?: unknown;
    managedFields?: unknown;
    [field: string]: unknown;
  };
  spec?: Record<string, unknown> | undefined;
}

/**
 * How a client reaches a cluster of the sandbox. It has the same shape as the engine's type. It is declared here
 * because the sandbox does not depend on the engine.
 */
export interface ClusterConnection {
  bootstrapServers: string;
  tls: { ca: string };
  sasl: { mechanism: "SCRAM-SHA-512"; username: string; password: string };
}

export interface KafkaClusterOptions {
  /** Name of the cluster, e.g. `origin`. Used in folder names, certificates and progress lines. */
  name: string;
  /** 1: one combined broker and controller. 3: a combined broker and controller, and two brokers. */
  brokers: 1 | 3;
  /** `broker.rack` of broker 1, 2 and 3. Default: no rack for one broker, `rack-1` to `rack-3` for three. */
  racks?: readonly string[];
  /** Folder of this cluster. Created if absent. */
  folder: string;
  /** Broker settings, added to the sandbox's own. They override them. */
  brokerConfig?: Readonly<Record<string, string>>;
  /** True: adds two listeners that require no login (plain text, TLS), and uses no authorizer. Default false. */
  open?: boolean;
  /**
   * PEM certificate of a CA: adds a listener on which clients log in with its certificates, as Strimzi's listeners with
   * `authentication.type: tls`. Default none.
   */
  clientsCa?: string;
  /** JVM heap of one node, e.g. `384m` (default). */
  heap?: string;
  /**
   * JVM options after the sandbox's own, e.g. `-XX:TieredStopAtLevel=4`. The sandbox's own options make the start fast,
   * not the broker.
   */
  jvmOptions?: readonly string[];
  /** Paths of Java and Kafka's jars. Default: `ensureParts`. */
  parts?: KafkaParts;
  progress: (line: string) => void;
}

/** Paths of the parts that a Kafka process needs. */
export interface KafkaParts {
  /** The `java` program. */
  java: string;
  /** Folder with Kafka's jars. */
  kafka: string;
}

export interface KafkaCluster {
  readonly name: string;
  /** `127.0.0.1:port`, separated by commas. Does not change when a broker is stopped and started. */
  readonly bootstrapServers: string;
  /** PEM certificate of the cluster's CA. */
  readonly ca: string;
  readonly clusterId: string;
  /** Super user that logs in with SCRAM-SHA-512. */
  readonly admin: { username: string; password: string };
  /** The administrator's connection. */
  readonly connection: ClusterConnection;
  readonly brokerIds: readonly number[];
  /**
   * Addresses of the listeners that require no login: `host:port`, separated by commas. Undefined if there are none.
   */
  readonly open?: { plain: string; tls: string };
  /** Addresses of the listener for `clientsCa`: `host:port`, separated by commas. Undefined without it. */
  readonly mutualTls?: string;
  stopBroker(id: number): Promise<void>;
  startBroker(id: number): Promise<void>;
  stop(): Promise<void>;
}

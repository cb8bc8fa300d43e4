/** How a client reaches a cluster of the sandbox: the same shape as the engine's, declared here because the sandbox does not know the engine. */
export interface ClusterConnection {
  bootstrapServers: string;
  tls: { ca: string };
  sasl: { mechanism: "SCRAM-SHA-512"; username: string; password: string };
}

export interface KafkaClusterOptions {
  /** E.g. `origin`; used in folder names, certificates and progress lines. */
  name: string;
  /** 1: one combined broker and controller. 3: the same and two brokers. */
  brokers: 1 | 3;
  /** `broker.rack` of broker 1, 2 and 3. Default: no rack for one broker, `rack-1` to `rack-3` for three. */
  racks?: readonly string[];
  /** Folder of this cluster; made when absent. */
  folder: string;
  /** Broker settings that are added to (and win over) the sandbox's own. */
  brokerConfig?: Readonly<Record<string, string>>;
  /** Two more listeners that ask for no login (plain text, TLS), and no authorizer. Default false. */
  open?: boolean;
  /** JVM heap of one node, e.g. `384m` (default). */
  heap?: string;
  /** JVM options after the sandbox's own, which are for a quick start and not for speed, e.g. `-XX:TieredStopAtLevel=4`. */
  jvmOptions?: readonly string[];
  /** Where Java and Kafka's jars are. Default: `ensureParts`. */
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
  /** `127.0.0.1:port`, comma separated; stays the same when a broker is stopped and started. */
  readonly bootstrapServers: string;
  /** PEM certificate of the cluster's CA. */
  readonly ca: string;
  readonly clusterId: string;
  /** Super user, SCRAM-SHA-512. */
  readonly admin: { username: string; password: string };
  /** The administrator's connection. */
  readonly connection: ClusterConnection;
  readonly brokerIds: readonly number[];
  /** Addresses of the listeners that ask for no login, `host:port` with commas; undefined without them. */
  readonly open?: { plain: string; tls: string };
  stopBroker(id: number): Promise<void>;
  startBroker(id: number): Promise<void>;
  stop(): Promise<void>;
}

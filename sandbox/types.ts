import type { ClusterConnection, KafkaCluster, KafkaParts } from "./kafka";
import type { Kubernetes } from "./kubernetes";
import type { Supervisor } from "./processes";
import type { PulumiEnvironment } from "./pulumi";

/** A cluster that the sandbox starts. */
export interface NewCluster {
  /** Default: 1 for the origin, 3 for the target. */
  brokers?: 1 | 3;
  /** Broker settings, added to the sandbox's own. They override them. */
  brokerConfig?: Readonly<Record<string, string>>;
  /** True: adds two listeners that require no login (plain text, TLS), and uses no authorizer. Default false. */
  open?: boolean;
  /** JVM heap of one broker, e.g. `384m` (default). */
  heap?: string;
  /** JVM options after the sandbox's own, which make the start fast and the brokers slow. Default: none. */
  jvmOptions?: readonly string[];
  /**
   * True if the operator manages the users of this cluster. Default true. False: the cluster has no KafkaUsers, and its
   * users stay unchanged.
   */
  managed?: boolean;
}

/** A cluster that is already running. The sandbox neither starts nor stops it. */
export interface ExistingCluster {
  existing: {
    connection: ClusterConnection;
    /** True: the sandbox's operator manages the users, and deletes every user that has no KafkaUser. Default false. */
    managed?: boolean;
    /** Name of its Kafka resource. Default `origin` or `target`. */
    label?: string;
    /** Namespace of its KafkaUsers. Default `origin-ns` or `target-ns`. */
    namespace?: string;
  };
}

export type ClusterChoice = NewCluster | ExistingCluster;

export interface SandboxOptions {
  /** Folder of everything that the sandbox creates. Removed at the end. Default: a new temporary folder. */
  folder?: string;
  /** The origin. Default: a new cluster. */
  origin?: ClusterChoice;
  /** The target. Default: a new cluster, its brokers in three racks. */
  target?: ClusterChoice;
  /**
   * True: an API server with Strimzi's CRDs. False: no API server and no operator. A kubeconfig: that cluster. Default
   * true.
   */
  kubernetes?: boolean | { kubeconfig: string };
  /**
   * Runs the sandbox's own operator. Default: true with the sandbox's API server, false with a cluster of the user,
   * which has the real operators.
   */
  operator?: boolean;
  /**
   * True: operators outside of the sandbox create the users of the clusters that are not `managed`. The sandbox creates
   * what they need and waits for them. With the sandbox's API server, the sandbox's own operator then runs only the
   * mirrors. Default false.
   */
  otherOperators?: boolean;
  /** Prepares a Pulumi environment. Default true. */
  pulumi?: boolean;
  /**
   * Aborting it (for example on Ctrl-C) stops the start and every started process. `startSandbox` then throws
   * `SANDBOX_INTERRUPTED`.
   */
  signal?: AbortSignal;
  progress: (line: string) => void;
}

/**
 * One running side of the migration. If the cluster existed before the sandbox, `stop` does not stop it, and its
 * brokers cannot be stopped or started here (`NOT_OURS`).
 */
export interface SandboxCluster extends KafkaCluster {
  /** Namespace of its KafkaUsers, as in the guide: `origin-ns`, `target-ns`. */
  readonly namespace: string;
  /** Value of the label `strimzi.io/cluster`: `origin`, `target`. */
  readonly label: string;
  /** True if the sandbox's operator manages its users. */
  readonly managed: boolean;
  /** True if the cluster was running before the sandbox. */
  readonly existed: boolean;
}

export interface Sandbox {
  readonly folder: string;
  readonly supervisor: Supervisor;
  /** Java and Kafka's jars, for tools. */
  readonly parts: KafkaParts;
  readonly origin: SandboxCluster;
  readonly target: SandboxCluster;
  /** Path of the kubeconfig. @throws SandboxError `LEFT_OUT` when Kubernetes was left out */
  readonly kubeconfig: string;
  /** The sandbox's own API server. Undefined if a kubeconfig was given or Kubernetes was left out. */
  readonly kubernetes: Kubernetes | undefined;
  /** @throws SandboxError `LEFT_OUT` when Pulumi was left out */
  readonly pulumi: PulumiEnvironment;
  /** Namespace for the mirror, as in the guide: `migration`. */
  readonly mirrorNamespace: string;
  /**
   * Kills the mirrors' workers, as a failing node would. The operator starts them again.
   * @returns how many; 0 without an operator
   */
  crashMirrors(): number;
  /** Connect's REST interface of each running mirror, `http://127.0.0.1:port`. Empty without an operator. */
  mirrorUrls(): string[];
  /** Stops every process and removes the folder. Safe to call twice. */
  stop(): Promise<void>;
}

import type { ClusterConnection, KafkaCluster, KafkaParts } from "./kafka";
import type { Kubernetes } from "./kubernetes";
import type { Supervisor } from "./processes";
import type { PulumiEnvironment } from "./pulumi";

/** A cluster to boot. */
export interface NewCluster {
  /** Broker settings that are added to (and win over) the sandbox's own. */
  brokerConfig?: Readonly<Record<string, string>>;
  /** Two more listeners that ask for no login (plain text, TLS), and no authorizer. Default false. */
  open?: boolean;
  /** JVM heap of one broker, e.g. `384m` (default). */
  heap?: string;
  /** Does the operator look after its users? Default true. False: it has no KafkaUsers and its users stay as they are. */
  managed?: boolean;
}

/** A cluster that runs already; the sandbox neither starts nor stops it. */
export interface ExistingCluster {
  existing: {
    connection: ClusterConnection;
    /** Let the sandbox's operator look after its users: it then wipes every user that has no KafkaUser. Default false. */
    managed?: boolean;
    /** Name of its Kafka resource. Default `origin`, `target`. */
    label?: string;
    /** Namespace of its KafkaUsers. Default `origin-ns`, `target-ns`. */
    namespace?: string;
  };
}

export type ClusterChoice = NewCluster | ExistingCluster;

export interface SandboxOptions {
  /** Everything is made in here and removed at the end. Default: a new folder for temporary files. */
  folder?: string;
  /** One broker. */
  origin?: ClusterChoice;
  /** Three brokers in three racks. */
  target?: ClusterChoice;
  /** Default true: an API server with Strimzi's CRDs. False: none, and no operator. A kubeconfig: that cluster. */
  kubernetes?: boolean | { kubeconfig: string };
  /** The sandbox's own operator. Default: true with the sandbox's API server, false with a cluster of the user's, which has the real ones. */
  operator?: boolean;
  /**
   * Operators of somebody else make the users of the clusters that are not `managed`: what they need is made, and they are waited
   * for. With the sandbox's API server its own operator then runs the mirrors only. Default false.
   */
  otherOperators?: boolean;
  /** Default true. */
  pulumi?: boolean;
  /** Its abortion (say, by Ctrl-C) ends the start and what was started; `startSandbox` then throws `SANDBOX_INTERRUPTED`. */
  signal?: AbortSignal;
  progress: (line: string) => void;
}

/**
 * One side of the migration, running. One that ran already is not stopped by `stop`, and its brokers cannot be stopped and
 * started from here (`NOT_OURS`).
 */
export interface SandboxCluster extends KafkaCluster {
  /** Namespace of its KafkaUsers, as in the guide: `origin-ns`, `target-ns`. */
  readonly namespace: string;
  /** Value of the label `strimzi.io/cluster`: `origin`, `target`. */
  readonly label: string;
  /** True when the sandbox's operator looks after it. */
  readonly managed: boolean;
  /** True when it ran before the sandbox did. */
  readonly existed: boolean;
}

export interface Sandbox {
  readonly folder: string;
  readonly supervisor: Supervisor;
  /** Java and Kafka's jars, for tools. */
  readonly parts: KafkaParts;
  readonly origin: SandboxCluster;
  readonly target: SandboxCluster;
  /** Path. @throws SandboxError `LEFT_OUT` when Kubernetes was left out. */
  readonly kubeconfig: string;
  /** The sandbox's own API server; undefined when a kubeconfig was given or Kubernetes left out. */
  readonly kubernetes: Kubernetes | undefined;
  /** @throws SandboxError `LEFT_OUT` when Pulumi was left out. */
  readonly pulumi: PulumiEnvironment;
  /** Namespace for the mirror, as in the guide: `migration`. */
  readonly mirrorNamespace: string;
  /** Kills the mirrors' workers as a failing node would and says how many; the operator starts them again. 0 without an operator. */
  crashMirrors(): number;
  /** Ends every process and removes the folder. Fine to call twice. */
  stop(): Promise<void>;
}

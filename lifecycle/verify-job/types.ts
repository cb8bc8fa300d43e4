import type { Side } from "../../engine/model";

/** Name of the container. `template` can change its fields. */
export const CONTAINER = "verify";

/** Where the Job of a verification is. */
export interface JobPlace {
  /** Namespace of the Job: that of the mirror. */
  namespace: string;
  /** Name of the Job, and of the Secret with what its pods need. */
  name: string;
  /** Owner of both: `<organization>/<project>/<stack>`. */
  owner: string;
}

/** Where and how the Job of a verification runs. */
export interface VerifyJob extends JobPlace {
  /** Addresses of the brokers as the pods reach them. The steps may use others. */
  bootstrapServers: Record<Side, string>;
  /** Number of machines that the partitions are divided among. */
  completions: number;
  /** How many of them run at the same time. */
  parallelism: number;
  image: string;
  /** CPU and memory of a pod, as in Kubernetes' `ResourceRequirements`. */
  resources?: Record<string, unknown>;
  /** Fields of the pods, as in Kubernetes' `PodTemplateSpec`. They are merged into the Job's own. */
  template?: Record<string, unknown>;
  /** Longest time of the Job, in seconds. */
  limitSeconds: number;
}

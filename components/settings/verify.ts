import { count, fraction, oneOf, text, whole, type Written } from "../../engine/setting";
import { MOST_THREADS, TAIL_RECORDS } from "../../engine/verify/types";
import { fields } from "../shape/types";

/** How the copy is verified, and where. */

export const verifyShape = {
  /**
   * `none`: nothing. `tail`: counts and the last records of each partition. `sample`: the same, and samples of every
   * partition (docs/gate.md). `full`: every record.
   * @default `tail`
   */
  mode: oneOf(["none", "tail", "sample", "full"]).default("tail"),
  /**
   * Records per partition that `tail` and `sample` compare at the end.
   * @default 100
   */
  tailRecords: count.default(TAIL_RECORDS),
  /**
   * Size of the hole that `sample` looks for, in records.
   * @default 1000
   */
  holeRecords: count.optional(),
  /**
   * Accepted probability that `sample` misses such a hole at a random place of a partition.
   * @default 0.05
   */
  missProbability: fraction.optional(),
  /**
   * The same seed reads the same samples of the same logs.
   * @default 1
   */
  seed: count.optional(),
  /**
   * Bytes per second that the proof reads from each cluster, on average. The proof limits itself, so it needs no quota
   * (docs/gate.md).
   * @default no limit
   */
  throttleBytesPerSecond: count.optional(),
  /**
   * Where the proof runs. `here`: on the machine that runs `pulumi`. `kubernetes`: on several machines, as a Job in the
   * mirror's namespace (docs/verification-job.md).
   * @default `here`
   */
  runOn: oneOf(["here", "kubernetes"]).optional(),
  /**
   * Number of shares that the partitions are divided into, 1 to 1000. Each is compared by one pod. Only with `runOn:
   * kubernetes`, as are `parallelism`, `image`, `resources`, `template` and `limitSeconds`.
   * @default 4
   */
  completions: whole(1, 1000).optional(),
  /**
   * Number of pods that run at the same time.
   * @default as many as `completions`
   */
  parallelism: count.optional(),
  /**
   * Image with the command `kafka-migration`, of the same version as this package (docs/verification-job.md).
   * @default `kafka-migration:<version of this package>`
   */
  image: text.optional(),
  /**
   * CPU and memory of each pod. Example: `{ requests: { cpu: "1", memory: "1Gi" } }`.
   * @default none
   */
  resources: fields.optional(),
  /**
   * Fields of the pods, as in Kubernetes' PodTemplateSpec. Lists of named objects are merged by name; the container is
   * `verify`. Example: `{ spec: { nodeSelector: { zone: "b" }, imagePullSecrets: [{ name: "registry" }] } }`.
   * @default none
   */
  template: fields.optional(),
  /**
   * Longest duration of the Job, in seconds.
   * @default 86400
   */
  limitSeconds: count.optional(),
  /**
   * Threads that read and compare, 1 to 64. The result does not depend on it (docs/gate.md).
   * @default one for each core, at most 8, if there is enough to read; 1 in mode `tail`
   */
  threads: whole(1, MOST_THREADS).optional(),
};
/** The settings of `verify` that are about where it runs. The engine does not know them. */
export const VERIFY_PLACE = [
  "runOn",
  "completions",
  "parallelism",
  "image",
  "resources",
  "template",
  "limitSeconds",
] as const;
export interface VerifySettings extends Written<typeof verifyShape> {}

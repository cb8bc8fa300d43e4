/** CRDs of other Strimzi releases than the one that the sandbox runs with, for tests of what other operators take. */
export type StrimziCrds = "strimzi-crds-0.31" | "strimzi-crds-0.32" | "strimzi-crds-0.45" | "strimzi-crds-1.2";

/** The real programs that the sandbox runs. */
export type PartName =
  | "kafka"
  | "kafka-streams"
  | "pulumi"
  | "pulumi-language-nodejs"
  | "kube-apiserver"
  | "etcd"
  | "strimzi-crds"
  | StrimziCrds
  | "pulumi-resource-kafka"
  | "pulumi-resource-kubernetes"
  | "java";

/** Where a part was found, or how it was made. */
export type Origin = "path" | "cache" | "download" | "build" | "stand-in";

/** One part, ready to be used. */
export interface Part {
  name: PartName;
  /** A program's file, or a folder: `kafka` (jars, class path `<path>/*`), `kafka-streams` (its one jar, beside others) and `strimzi-crds...` (YAML files). */
  path: string;
  /** Plain version without a leading `v`, as the part itself answers it. */
  version: string;
  origin: Origin;
}

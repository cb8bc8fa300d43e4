/** CRDs of Strimzi releases other than the sandbox's own, for tests of what other operators accept. */
export type StrimziCrds = "strimzi-crds-0.31" | "strimzi-crds-0.32" | "strimzi-crds-0.45" | "strimzi-crds-1.2";

/** The real programs that the sandbox runs. */
export type PartName =
  | "kafka"
  | "kafka-streams"
  | "kafka-connect-file"
  | "pulumi"
  | "pulumi-language-nodejs"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "etcd"
  | "strimzi-crds"
  | StrimziCrds
  | "pulumi-resource-kafka"
  | "pulumi-resource-kubernetes"
  | "java";

/** Where a part was found, or how it was created. */
export type Origin = "path" | "cache" | "download" | "build" | "stand-in";

/** One part, ready for use. */
export interface Part {
  name: PartName;
  /**
   * The file of a program, or a folder: `kafka` (jars, class path `<path>/*`), `kafka-streams` and `kafka-connect-file`
   * (their one jar, beside others) and `strimzi-crds...` (YAML files).
   */
  path: string;
  /** Plain version without a leading `v`, as the part itself reports it. */
  version: string;
  origin: Origin;
}

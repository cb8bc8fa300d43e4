import type { StrimziCrds } from "./types";

/**
 * The versions that the sandbox gets, and the oldest versions that it accepts from the PATH. Go modules are pinned,
 * with checksums, in go/go.mod and go/language-nodejs/go.mod. The versions here and there must agree (a test compares
 * them).
 */
export const versions = {
  /** Maven: org.apache.kafka, released 2026. log4j-slf4j-impl is needed because Kafka uses slf4j 1.7. */
  kafka: "4.3.1",
  log4j: "2.25.4",
  /**
   * Maven: io.strimzi api and crd-generator. 0.51 serves v1, v1beta2 and older; 1.x serves only v1. Generator 0.45 is
   * the newest of the 0.x line on Maven.
   */
  strimzi: "0.51.0",
  strimziGenerator: "0.45.0",
  pulumi: "3.259.0",
  /**
   * The last release whose Go module contains the language host. It works with the pulumi version above and npm package
   * 3.248.
   */
  languageHost: "3.68.0",
  kubernetes: "1.37.2",
  /** The version that Kubernetes 1.37 itself requires. */
  etcd: "3.7.0",
  /** The plugins have the same versions as the npm packages @pulumi/kafka and @pulumi/kubernetes. */
  kafkaPlugin: "3.13.2",
  kubernetesPlugin: "4.34.2",
} as const;

/** A Strimzi release whose CRDs are generated from Maven's `io.strimzi:api` and `crd-generator`. */
export interface StrimziRelease {
  api: string;
  generator: string;
  /**
   * Set for releases before 0.40: all kinds are in one package. The generator reports errors for such classes, although
   * it writes the CRDs.
   */
  old?: true;
}

/**
 * Releases, other than the sandbox's own, whose CRDs are used to test the dialects. 0.45.0 is the newest generator
 * before 1.0.
 */
export const otherStrimzi: Readonly<Record<StrimziCrds, StrimziRelease>> = {
  "strimzi-crds-0.31": { api: "0.31.0", generator: "0.45.0", old: true },
  "strimzi-crds-0.32": { api: "0.32.0", generator: "0.45.0", old: true },
  "strimzi-crds-0.45": { api: "0.45.0", generator: "0.45.0" },
  "strimzi-crds-1.2": { api: "1.2.0", generator: "1.2.0" },
};

/**
 * Oldest versions that are accepted from the PATH or from Pulumi's own plugin folder. A plugin must also have the same
 * major version.
 */
export const oldest = {
  /** Oldest tested version. Older ones lack the final requests of KIP-848 and KIP-1043. */
  kafka: "4.3.0",
  /** First version with everything that @pulumi/pulumi 3.142, the lowest of our peer range, needs from it. */
  pulumi: "3.142.0",
  kubernetes: "1.30.0",
  etcd: "3.5.0",
  kafkaPlugin: "3.9.0",
  kubernetesPlugin: "4.20.0",
  /** Required by Kafka 4 brokers and tools (KIP-1013). */
  java: 17,
  /** First version that can fetch the newer Go that go.mod requires. */
  go: "1.21.0",
} as const;

/**
 * Returns the first `1.2.3` (or `1.2`) in a text, without a leading `v` and without a suffix. Undefined if there is
 * none.
 */
export function versionIn(text: string): string | undefined {
  return /(?<![\d.])\d+\.\d+(?:\.\d+)?/.exec(text)?.[0];
}

/**
 * Compares two versions number by number; missing numbers count as 0.
 * @returns a negative number, zero or a positive number
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Returns true if the version is at least `least` and has the same major version. */
export function accepts(version: string, least: string): boolean {
  return compareVersions(version, least) >= 0 && version.split(".")[0] === least.split(".")[0];
}

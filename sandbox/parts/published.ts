import type { StrimziCrds } from "./types";
import { otherStrimzi, versions } from "./versions";

/** The parts that have their own official archive or file. */
export type Published =
  | "kafka"
  | "strimzi-crds"
  | StrimziCrds
  | "pulumi"
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager";

/** An official download and the file with its checksum. */
export interface Source {
  url: string;
  /** Undefined if no checksum is published. */
  checksums?: string;
  algorithm: "sha256" | "sha512";
  /** Name of the file in the list of checksums. */
  name: string;
  packed: boolean;
  /** Folder of the archive to unpack as a whole. */
  inside?: string;
}

/** Returns where the vendor publishes the part. Undefined for a platform that the vendor does not support. */
export function sourceOf(
  from: Published,
  platform: string = process.platform,
  cpu: string = process.arch,
): Source | undefined {
  if (from === "kafka") {
    // The archive keeps every release, even after a newer one is out.
    const name = `kafka_2.13-${versions.kafka}.tgz`;
    const url = `https://archive.apache.org/dist/kafka/${versions.kafka}/${name}`;
    return { url, checksums: `${url}.sha512`, algorithm: "sha512", name, packed: true, inside: "libs" };
  }
  if (from === "strimzi-crds" || from in otherStrimzi) {
    const release = from === "strimzi-crds" ? versions.strimzi : otherStrimzi[from as StrimziCrds].api;
    const name = `strimzi-crds-${release}.yaml`;
    return {
      url: `https://github.com/strimzi/strimzi-kafka-operator/releases/download/${release}/${name}`,
      algorithm: "sha256",
      name,
      packed: false,
    };
  }
  if (!["linux", "darwin"].includes(platform) || !["x64", "arm64"].includes(cpu)) return undefined;
  const arch = cpu === "x64" ? "amd64" : cpu;
  if (from === "pulumi") {
    const name = `pulumi-v${versions.pulumi}-${platform}-${cpu}.tar.gz`;
    const release = `https://github.com/pulumi/pulumi/releases/download/v${versions.pulumi}`;
    return {
      url: `https://get.pulumi.com/releases/sdk/${name}`,
      checksums: `${release}/pulumi-${versions.pulumi}-checksums.txt`,
      algorithm: "sha256",
      name,
      packed: true,
    };
  }
  // Kubernetes publishes server programs only for Linux, and so does etcd its plain archives.
  if (platform !== "linux") return undefined;
  if (from === "etcd") {
    const name = `etcd-v${versions.etcd}-linux-${arch}.tar.gz`;
    const release = `https://github.com/etcd-io/etcd/releases/download/v${versions.etcd}`;
    return { url: `${release}/${name}`, checksums: `${release}/SHA256SUMS`, algorithm: "sha256", name, packed: true };
  }
  const url = `https://dl.k8s.io/v${versions.kubernetes}/bin/linux/${arch}/${from}`;
  return { url, checksums: `${url}.sha256`, algorithm: "sha256", name: from, packed: false };
}

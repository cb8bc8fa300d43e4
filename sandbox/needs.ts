import { ensureParts, type PartName } from "./parts";
import type { KafkaParts } from "./kafka";
import type { KubernetesParts } from "./kubernetes";
import type { PulumiParts } from "./pulumi";
import { describeKubernetesPlugin, pulumiPartNames, pulumiPaths } from "./pulumi/parts";
import type { SandboxOptions } from "./types";

/** Paths by user; absent where nothing of that kind is wanted. */
export interface SandboxParts {
  /** Always: the mirror and Kafka's own tools need it too. */
  kafka: KafkaParts;
  kubernetes?: KubernetesParts;
  pulumi?: PulumiParts;
}

/** Gets exactly the parts that these options need, all at once: downloads and builds can then share the machine as they like. */
export async function neededParts(options: SandboxOptions): Promise<SandboxParts> {
  const kubernetes = options.kubernetes !== false && typeof options.kubernetes !== "object";
  const pulumi = options.pulumi !== false;
  const names: PartName[] = [
    "java",
    "kafka",
    ...(kubernetes ? (["etcd", "kube-apiserver", "strimzi-crds"] as const) : []),
    ...(pulumi ? pulumiPartNames : []),
  ];
  const found = await ensureParts(names, options.progress, options.signal);
  if (pulumi) options.progress(describeKubernetesPlugin(found["pulumi-resource-kubernetes"]));
  return {
    kafka: { java: found.java.path, kafka: found.kafka.path },
    ...(kubernetes
      ? {
          kubernetes: {
            etcd: found.etcd.path,
            "kube-apiserver": found["kube-apiserver"].path,
            "strimzi-crds": found["strimzi-crds"].path,
          },
        }
      : {}),
    ...(pulumi ? { pulumi: pulumiPaths(found) } : {}),
  };
}

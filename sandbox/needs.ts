import { ensureParts, type PartName } from "./parts";
import type { KafkaParts } from "./kafka";
import type { KubernetesParts } from "./kubernetes";
import { whyPluginIsNotUsed } from "./parts/programs";
import { oldest } from "./parts/versions";
import type { PulumiParts } from "./pulumi";
import { describeKubernetesPlugin, pulumiPartNames, pulumiPaths } from "./pulumi/parts";
import type { SandboxOptions } from "./types";

/** Paths of the parts, grouped by their user. Absent if the group is not needed. */
export interface SandboxParts {
  /** Always needed: the mirror and Kafka's own tools use it, too. */
  kafka: KafkaParts;
  kubernetes?: KubernetesParts;
  pulumi?: PulumiParts;
}

/**
 * Gets exactly the parts that these options need, all in one call, so that downloads and builds can run at the same
 * time.
 */
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
  if (pulumi) {
    const unused = await whyPluginIsNotUsed("kubernetes", oldest.kubernetesPlugin);
    if (unused !== undefined) options.progress(`kubernetes plugin: ${unused}, so it is not used`);
    options.progress(describeKubernetesPlugin(found["pulumi-resource-kubernetes"]));
  }
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

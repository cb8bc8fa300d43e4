import type { Part, PartName } from "../parts";
import type { PulumiParts } from "./types";

export const pulumiPartNames = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-kafka", "pulumi-resource-kubernetes"] as const satisfies readonly PartName[];

/** The stand-in for the kubernetes plugin is not a program of the cache: its launcher is written when it is needed. */
export function pulumiPaths(found: Record<PartName, Part>): PulumiParts {
  const kubernetes = found["pulumi-resource-kubernetes"];
  return {
    pulumi: found.pulumi.path,
    "pulumi-language-nodejs": found["pulumi-language-nodejs"].path,
    "pulumi-resource-kafka": found["pulumi-resource-kafka"].path,
    ...(kubernetes.origin === "stand-in" ? {} : { "pulumi-resource-kubernetes": kubernetes.path }),
  };
}

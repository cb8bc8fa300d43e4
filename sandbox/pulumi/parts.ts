import type { Part, PartName } from "../parts";
import type { PulumiParts } from "./types";

export const pulumiPartNames = [
  "pulumi",
  "pulumi-language-nodejs",
  "pulumi-resource-kafka",
  "pulumi-resource-kubernetes",
] as const satisfies readonly PartName[];

/** The stand-in for the kubernetes plugin is not a program in the cache. Its launcher is written when it is needed. */
export function pulumiPaths(found: Record<PartName, Part>): PulumiParts {
  const kubernetes = found["pulumi-resource-kubernetes"];
  return {
    pulumi: found.pulumi.path,
    "pulumi-language-nodejs": found["pulumi-language-nodejs"].path,
    "pulumi-resource-kafka": found["pulumi-resource-kafka"].path,
    ...(kubernetes.origin === "stand-in" ? {} : { "pulumi-resource-kubernetes": kubernetes.path }),
  };
}

/**
 * One line that describes the kubernetes plugin that Pulumi will use: the real plugin with version and path, or the
 * stand-in.
 */
export function describeKubernetesPlugin({ origin, path, version }: Part): string {
  const from = { path: "installed on this machine", cache: "from the cache", download: "downloaded", build: "built" };
  if (origin === "stand-in")
    return `kubernetes plugin: the sandbox's stand-in, which acts as Pulumi's own ${version} does`;
  return `kubernetes plugin: Pulumi's own ${version} at ${path} (${from[origin]})`;
}

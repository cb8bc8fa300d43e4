/**
 * The sandbox as a whole, and what every test needs: parts, processes, Pulumi. README.md lists the other entry points.
 */
export { startSandbox } from "./start";
export { SandboxError } from "./error";
export type { ClusterChoice, ExistingCluster, NewCluster, Sandbox, SandboxCluster, SandboxOptions } from "./types";
export { cacheFolder, ensureParts } from "./parts";
export { otherStrimzi } from "./parts/versions";
export type { StrimziCrds } from "./parts/types";
export { repositoryRoot } from "./paths";
export { freePorts, lastLines, supervise } from "./processes";
export type { Exit, ManagedProcess, ProcessSpec, Supervisor } from "./processes";
export { pulumiEnvironment } from "./pulumi";
export type { PulumiEnvironment, PulumiEnvironmentOptions, PulumiResult, PulumiRunOptions } from "./pulumi";
export { runCommand } from "./pulumi/run";

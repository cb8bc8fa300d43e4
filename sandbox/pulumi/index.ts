export type { PulumiEnvironment, PulumiEnvironmentOptions, PulumiParts, PulumiResult, PulumiRunOptions } from "./types";
export { pulumiEnvironment } from "./environment";

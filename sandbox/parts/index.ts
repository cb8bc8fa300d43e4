export type { Origin, Part, PartName } from "./types";
export type { Java } from "./tools";
export { cacheFolder } from "./cache";
export { ensureParts } from "./ensure";
export { findJava } from "./tools";

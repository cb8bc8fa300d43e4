export { type InventoryOptions, takeInventory } from "./inventory";
export { DEPLOYED_KINDS } from "./deployments";
export { clusterOf, type DeployedObject, type OperatorObjects, type PlainObject } from "./objects";
export { parseInventory } from "./parse";
export { fileOf, printInventory } from "./print";
export type * from "./types";
export { UNREAD } from "./unread";

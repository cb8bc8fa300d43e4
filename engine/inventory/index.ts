export { type InventoryOptions, takeInventory } from "./inventory";
export { clusterOf, type OperatorObjects, type PlainObject } from "./objects";
export { parseInventory } from "./parse";
export { fileOf, printInventory } from "./print";
export type * from "./types";

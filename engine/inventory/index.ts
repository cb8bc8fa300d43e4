export { parseInventory } from "./parse";
export { fileOf, printInventory } from "./print";
export type * from "./types";

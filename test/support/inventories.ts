import type { Inventory } from "../../engine/inventory";

/** An inventory of an estate without anything, with what a test changes. */
export const testInventory = (changes: Partial<Inventory> = {}): Inventory => ({
  format: 1,
  origin: "o",
  target: "t",
  users: [],
  quotas: [],
  topics: [],
  groups: [],
  streams: [],
  topicResources: [],
  deployments: [],
  connect: [],
  registries: [],
  mirrors: [],
  unread: [],
  ...changes,
});

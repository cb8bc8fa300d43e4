import type { InventoryAcl } from "../inventory/types";

/** An ACL in words: `allow Read, Write on topic orders-* from host 10.0.0.1`. */
export function aclText({ resource, name, pattern, host, permission, operations }: InventoryAcl): string {
  const what = resource === "cluster" ? "the cluster" : `${resource} ${name}${pattern === "prefixed" ? "*" : ""}`;
  return `${permission} ${operations.join(", ")} on ${what}${host === "*" ? "" : ` from host ${host}`}`;
}

import type { Acl } from "../kafka/port";
import { type AclOperation, covers, implies } from "./rules";

/** The name to ask about if a rule covers no existing name. */
export const PROBE = "kafka-migration-probe";

/**
 * Decides as the standard authorizer does, but ignores the host. A deny rule wins. Undefined: the ACLs could not be
 * listed.
 */
export function byAcls(
  acls: readonly Acl[] | undefined,
  type: Acl["resourceType"],
  name: string,
  operation: AclOperation,
): boolean | undefined {
  if (acls === undefined) return undefined;
  const here = acls.filter((a) => covers(a, type, name));
  const denied = here.some((a) => a.permission === "deny" && (a.operation === operation || a.operation === "All"));
  return !denied && here.some((a) => a.permission === "allow" && implies(a.operation, operation));
}

import { covers, EVERYONE, implies } from "../acls";
import type { Acl } from "../kafka/port";
import type { ClusterRules, Decision, Question } from "./types";

/** The host of an ACL that applies to every host. */
export const ANY_HOST = "*";

/**
 * Decides as Kafka's StandardAuthorizer does (Kafka 2.8 to 4.3, StandardAuthorizerData): a denial wins over every
 * permission, a resource that no ACL covers follows `allow.everyone.if.no.acl.found`, and implied operations count for
 * permissions only.
 */
export function decide(cluster: ClusterRules, question: Question): Decision {
  const { principal, resource, name, operation, host } = question;
  if (cluster.superUsers?.includes(principal) === true) return { allowed: true, by: "super user" };
  const covering = cluster.acls.filter((acl) => covers(acl, resource, name));
  if (covering.length === 0) return { allowed: cluster.everyoneByDefault === true, by: "default" };
  const own = covering.filter((acl) => appliesTo(acl, principal, host));
  const denial = own.find((acl) => denies(acl, operation));
  if (denial !== undefined) return { allowed: false, by: "acl", acl: denial };
  const permission = own.find((acl) => permits(acl, operation));
  return permission === undefined ? { allowed: false, by: "nothing" } : { allowed: true, by: "acl", acl: permission };
}

/** Returns true if an ACL is about this principal on this host. */
export const appliesTo = (acl: Acl, principal: string, host: string): boolean =>
  (acl.principal === principal || acl.principal === EVERYONE) && (acl.host === ANY_HOST || acl.host === host);

/** Returns true if a permission includes the operation. */
export const permits = (acl: Acl, operation: string): boolean =>
  acl.permission === "allow" && implies(acl.operation, operation);

/** Returns true if a denial includes the operation. Denying Read, for example, does not deny Describe. */
export const denies = (acl: Acl, operation: string): boolean =>
  acl.permission === "deny" && (acl.operation === operation || acl.operation === "All");

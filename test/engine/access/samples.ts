import fc from "fast-check";
import { testAcl } from "../../support/acls";
import type { Acl } from "../../../engine/kafka/port";
import type { Question } from "../../../engine/access";

/** For tests: random ACLs, and Kafka's rules in their simplest form. */

export const acl = (over: Partial<Acl>): Acl => testAcl({ resourceName: "invoices", ...over });

const OPERATIONS = [
  "All",
  "Read",
  "Write",
  "Create",
  "Delete",
  "Alter",
  "Describe",
  "ClusterAction",
  "DescribeConfigs",
  "AlterConfigs",
  "IdempotentWrite",
];

export const anyName = fc.constantFrom("a", "ab", "abc", "b", "ba");
export const anyPrincipal = fc.constantFrom("User:x", "User:y", "User:CN=z");
export const anyHost = fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3");
export const anyOperation = fc.constantFrom(...OPERATIONS.slice(1));
export const anyResource = fc.constantFrom("topic", "group", "transactionalId", "cluster" as const) as fc.Arbitrary<
  "topic" | "group" | "transactionalId" | "cluster"
>;

const anyAcl: fc.Arbitrary<Acl> = fc.record({
  resourceType: fc.oneof({ weight: 3, arbitrary: fc.constant("topic" as const) }, anyResource),
  resourceName: fc.oneof(anyName, fc.constant("*")),
  patternType: fc.constantFrom("literal", "prefixed" as const) as fc.Arbitrary<"literal" | "prefixed">,
  principal: fc.oneof({ weight: 3, arbitrary: anyPrincipal }, fc.constant("User:*")),
  host: fc.oneof({ weight: 3, arbitrary: fc.constant("*") }, fc.constantFrom("10.0.0.1", "10.0.0.2")),
  operation: fc.constantFrom(...OPERATIONS),
  permission: fc.constantFrom("allow", "allow", "deny" as const) as fc.Arbitrary<"allow" | "deny">,
});
export const anyAcls = fc.array(anyAcl, { maxLength: 8 });

/** Kafka's rules, written down without any thought of speed (StandardAuthorizerData of Kafka 4.3). */
export function mayByTheRules(acls: readonly Acl[], open: boolean, question: Question): boolean {
  const ofType = acls.filter((a) => a.resourceType === question.resource);
  const literal = ofType.filter((a) => a.patternType === "literal" && a.resourceName === question.name);
  const prefixed = ofType.filter((a) => a.patternType === "prefixed" && question.name.startsWith(a.resourceName));
  const wildcard = ofType.filter((a) => a.patternType === "literal" && a.resourceName === "*");
  const covering = [...literal, ...prefixed, ...wildcard];
  if (covering.length === 0) return open;
  const mine = covering
    .filter((a) => [question.principal, "User:*"].includes(a.principal))
    .filter((a) => ["*", question.host].includes(a.host));
  const denied = mine.some((a) => a.permission === "deny" && ["All", question.operation].includes(a.operation));
  if (denied) return false;
  const enough = ["All", question.operation];
  if (question.operation === "Describe") enough.push("Read", "Write", "Delete", "Alter");
  if (question.operation === "DescribeConfigs") enough.push("AlterConfigs");
  return mine.some((a) => a.permission === "allow" && enough.includes(a.operation));
}

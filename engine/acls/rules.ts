import type { Acl } from "../kafka/port";

export type AclOperation =
  | "All"
  | "Alter"
  | "AlterConfigs"
  | "ClusterAction"
  | "Create"
  | "Delete"
  | "Describe"
  | "DescribeConfigs"
  | "IdempotentWrite"
  | "Read"
  | "Write";

export interface AclResource {
  type: "topic" | "group" | "cluster" | "transactionalId";
  /** Absent for the cluster, whose only name is `kafka-cluster`. */
  name?: string;
  /** `literal` with the name `*` means every resource of the type; `prefix` is Kafka's PREFIXED. */
  patternType: "literal" | "prefix";
}

/**
 * What a user may do. Independent of the system that stores it (a KafkaUser of any dialect, @pulumi/kafka, a broker).
 */
export interface AclRule {
  /** We create only allow rules. A deny rule could stay after it is no longer needed. */
  type: "allow";
  resource: AclResource;
  /** At least one. Each becomes one binding. */
  operations: readonly AclOperation[];
  /** `*`: from any host. */
  host: string;
}

/**
 * Kafka's own implications (AclEntry of metadata). Each of the listed operations includes the key's operation on any
 * resource.
 */
const IMPLIED_BY: ReadonlyMap<string, readonly AclOperation[]> = new Map([
  ["Describe", ["Read", "Write", "Delete", "Alter"]],
  ["DescribeConfigs", ["AlterConfigs"]],
]);

/**
 * Returns true if the right to one operation includes the right to another. For deny rules only `All` includes other
 * operations.
 */
export function implies(granted: string, wanted: string): boolean {
  return granted === wanted || granted === "All" || (IMPLIED_BY.get(wanted) ?? []).some((o) => o === granted);
}

/** Returns true if one of these operations includes the wanted one. */
export function allows(operations: readonly string[], wanted: AclOperation): boolean {
  return operations.some((o) => implies(o, wanted));
}

/**
 * Returns true if an ACL covers this resource. On an open cluster any such ACL removes the access that everyone has by
 * default.
 */
export function covers(acl: Acl, type: Acl["resourceType"], name: string): boolean {
  if (acl.resourceType !== type) return false;
  if (acl.patternType === "prefixed") return name.startsWith(acl.resourceName);
  return acl.resourceName === name || acl.resourceName === "*";
}

export function allow(resource: AclResource, ...operations: AclOperation[]): AclRule {
  return { type: "allow", resource, operations, host: "*" };
}

export const topic = (name: string, patternType: "literal" | "prefix" = "literal"): AclResource => ({
  type: "topic",
  name,
  patternType,
});
export const group = (name: string, patternType: "literal" | "prefix" = "literal"): AclResource => ({
  type: "group",
  name,
  patternType,
});
export const transactionalId = (name: string, patternType: "literal" | "prefix" = "literal"): AclResource => ({
  type: "transactionalId",
  name,
  patternType,
});
export const cluster: AclResource = { type: "cluster", patternType: "literal" };

/** Merges rules with the same resource and host into one rule with the operations of both, in their original order. */
export function mergeRules(rules: readonly AclRule[]): AclRule[] {
  const merged = new Map<string, AclRule>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.resource.type, rule.resource.name ?? null, rule.resource.patternType, rule.host]);
    const before = merged.get(key);
    const operations = [...new Set([...(before?.operations ?? []), ...rule.operations])];
    merged.set(key, { ...rule, operations });
  }
  return [...merged.values()];
}

/**
 * The Kafka bindings of these rules: one per rule and operation, without duplicates, as Strimzi's user operator writes
 * them.
 * @param principal with its type, e.g. `User:mm2-credentials` (SCRAM) or `User:CN=mm2-credentials` (TLS)
 */
export function aclBindings(rules: readonly AclRule[], principal: string): Acl[] {
  const bindings = new Map<string, Acl>();
  for (const { resource, operations, host, type } of rules) {
    for (const operation of operations) {
      const binding: Acl = {
        resourceType: resource.type,
        resourceName: resource.type === "cluster" ? "kafka-cluster" : (resource.name ?? ""),
        patternType: resource.patternType === "prefix" ? "prefixed" : "literal",
        principal,
        host,
        operation,
        permission: type,
      };
      bindings.set(aclKey(binding), binding);
    }
  }
  return [...bindings.values()];
}

/** A unique text for each binding, for sets and differences. */
export function aclKey(acl: Acl): string {
  return JSON.stringify([
    acl.resourceType,
    acl.resourceName,
    acl.patternType,
    acl.principal,
    acl.host,
    acl.operation,
    acl.permission,
  ]);
}

/** The operations that brokers check, by resource type (Kafka 4.3, AclEntry). Other operations have no effect. */
export const OPERATIONS_OF: Readonly<Record<Acl["resourceType"], readonly string[]>> = {
  topic: ["Read", "Write", "Create", "Describe", "Delete", "Alter", "DescribeConfigs", "AlterConfigs"],
  group: ["Read", "Describe", "Delete", "DescribeConfigs", "AlterConfigs"],
  cluster: ["Create", "ClusterAction", "DescribeConfigs", "AlterConfigs", "IdempotentWrite", "Alter", "Describe"],
  transactionalId: ["Describe", "Write", "TwoPhaseCommit"],
  delegationToken: ["Describe"],
  user: ["CreateTokens", "DescribeTokens"],
};

/** The principal of ACLs that apply to everybody. */
export const EVERYONE = "User:*";

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

/** Returns the name of a user in Kafka: its principal without `User:`. */
export const userName = (principal: string): string => principal.replace(/^User:/, "");

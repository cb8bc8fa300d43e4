import type { Generation } from "../generation";
import { invalidResource, Refusal } from "../refusal";

export type ResourceType = "topic" | "group" | "cluster" | "transactionalId";

/** An ACL rule of a KafkaUser, as the API server serves it. */
export interface AclRule {
  type?: "allow" | "deny";
  resource: { type: ResourceType; name?: string; patternType?: "literal" | "prefix" };
  host?: string;
  operations?: string[];
  /** Only before v1. */
  operation?: string;
}

/** One ACL of Kafka, without its principal. */
export interface Grant {
  resourceType: ResourceType;
  resourceName: string;
  patternType: "literal" | "prefixed";
  host: string;
  operation: string;
  permission: "allow" | "deny";
}

export function grantKey(grant: Grant): string {
  return [
    grant.permission,
    grant.operation,
    grant.resourceType,
    grant.patternType,
    grant.resourceName,
    grant.host,
  ].join("|");
}

/**
 * Makes the checks that the real operator makes when it reads the resource, before it changes anything. Strimzi 1.x
 * makes no checks: it relies on the CRD, which requires `operations`.
 */
export function checkRules(rules: readonly AclRule[], generation: Generation): void {
  if (generation === "1.2") return;
  for (const rule of rules) {
    if (rule.operations != null && rule.operation != null) {
      throw invalidResource("Both fields `operations` and `operation` cannot be filled in at the same time");
    }
    if (rule.operations == null && rule.operation == null) {
      throw invalidResource(
        "Both fields `operations` and `operation` are null. At least one of them must be specified.",
      );
    }
  }
}

const NEEDS_NAME: Record<Exclude<ResourceType, "cluster">, string> = {
  topic: "TOPIC",
  group: "GROUP",
  transactionalId: "TRANSACTIONAL_ID",
};

/** Returns the operations of a rule. Empty if the rule names none, which only Strimzi 1.x accepts. */
export const operationsOf = ({ operations, operation }: AclRule): readonly string[] =>
  operations ?? (operation == null ? [] : [operation]);

/**
 * Returns one grant per rule and operation, without duplicates.
 * @throws Refusal when a rule has no resource name. The real operator finds this only here, after it has created the
 * credential and the Secret.
 */
export function grantsOf(rules: readonly AclRule[]): Grant[] {
  const grants = new Map<string, Grant>();
  for (const rule of rules) {
    const { type, name, patternType } = rule.resource;
    if (type !== "cluster" && name === undefined) {
      throw new Refusal(
        "java.lang.IllegalArgumentException",
        `Name is required for resource type: ${NEEDS_NAME[type]}`,
      );
    }
    for (const operation of operationsOf(rule)) {
      const grant: Grant = {
        resourceType: type,
        resourceName: type === "cluster" ? "kafka-cluster" : name!,
        patternType: type !== "cluster" && patternType === "prefix" ? "prefixed" : "literal",
        host: rule.host ?? "*",
        operation,
        permission: rule.type ?? "allow",
      };
      grants.set(grantKey(grant), grant);
    }
  }
  return [...grants.values()];
}

/** Returns what to add and what to delete so that `current` becomes `wanted`. */
export function compareGrants(current: readonly Grant[], wanted: readonly Grant[]): { add: Grant[]; remove: Grant[] } {
  const have = new Set(current.map(grantKey));
  const want = new Set(wanted.map(grantKey));
  return {
    add: wanted.filter((grant) => !have.has(grantKey(grant))),
    remove: current.filter((grant) => !want.has(grantKey(grant))),
  };
}

/** The KafkaUser of a principal. `CN=name,...` belongs to a TLS user; any other principal is the name itself. */
export function userOfPrincipal(principal: string): string {
  return /(?:^|,)\s*CN=([^,]*)/i.exec(principal)?.[1] ?? principal;
}

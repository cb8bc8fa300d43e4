import { type AclOperation, type AclRule, allows, byAcls, PROBE } from "../acls";
import type { Acl } from "../kafka/port";
import { someOf } from "../units";

/** A right that a principal must have, on names that can be checked. */
export interface Need {
  type: "topic" | "group" | "cluster" | "transactionalId";
  operation: AclOperation;
  /** For the cluster: empty. */
  names: string[];
}

/** Names that exist or will exist. They replace the patterns of ACL rules in the check. */
export interface Universe {
  topics: readonly string[];
  groups: readonly string[];
  /** Topics that exist on this cluster. Create is not needed for them. */
  existing: ReadonlySet<string>;
}

/**
 * Converts ACL rules to names to check. A literal name is checked as it is. A prefix or `*` is checked for every
 * existing name that it covers, or for a made-up name if there is none.
 */
export function needsOf(rules: readonly AclRule[], universe: Universe): Need[] {
  const merged = new Map<string, Need>();
  for (const { resource, operations } of rules) {
    const all = resource.type === "topic" ? universe.topics : resource.type === "group" ? universe.groups : [];
    for (const operation of operations) {
      const names = resource.type === "cluster" ? [] : covered(resource.name!, resource.patternType, all);
      const asked = names.filter(
        (name) => !(operation === "Create" && resource.type === "topic" && universe.existing.has(name)),
      );
      if (resource.type !== "cluster" && asked.length === 0) continue;
      const key = `${resource.type} ${operation}`;
      const need = merged.get(key) ?? { type: resource.type, operation, names: [] };
      need.names = [...new Set([...need.names, ...asked])];
      merged.set(key, need);
    }
  }
  return [...merged.values()];
}

function covered(name: string, patternType: "literal" | "prefix", all: readonly string[]): string[] {
  if (patternType === "literal" && name !== "*") return [name];
  const prefix = patternType === "literal" ? "" : name;
  const matching = all.filter((n) => n.startsWith(prefix));
  return matching.length > 0 ? matching : [`${prefix}${PROBE}`];
}

/** The broker's answers. null: the principal may not even describe it. */
export interface Answers {
  topics: ReadonlyMap<string, string[] | null>;
  groups: ReadonlyMap<string, string[] | null>;
  /** undefined: the broker did not answer this. Empty: the principal may not describe the cluster. */
  cluster: readonly string[] | undefined;
  /** ACLs for the principal or for everybody. undefined: they could not be listed. */
  acls: readonly Acl[] | undefined;
}

export interface Missing extends Need {
  /** Names for which the right is missing. */
  names: string[];
  /** True if the check could not find out whether the right is missing. */
  unknown: boolean;
}

/** Returns the needs that the answers do not meet. */
export function missingOf(needs: readonly Need[], answers: Answers): Missing[] {
  return needs.flatMap((need): Missing[] => {
    switch (need.type) {
      case "topic":
      case "group": {
        const told = need.type === "topic" ? answers.topics : answers.groups;
        const names = need.names.filter((name) => !allows(told.get(name) ?? [], need.operation));
        // Create on the cluster allows every topic. Create on a topic is not visible if the topic may not be described.
        if (need.type === "topic" && need.operation === "Create" && createsAnyTopic(answers)) return [];
        if (names.length === 0) return [];
        const hidden =
          need.operation === "Create" || need.operation === "DescribeConfigs" || need.operation === "AlterConfigs"
            ? names.filter((n) => (told.get(n) ?? null) === null)
            : [];
        const settled = hidden.filter((name) => byAcls(answers.acls, need.type, name, need.operation) === true);
        const left = names.filter((name) => !settled.includes(name));
        return left.length === 0 ? [] : [{ ...need, names: left, unknown: false }];
      }
      case "cluster": {
        if (answers.cluster !== undefined && allows(answers.cluster, need.operation)) return [];
        const settled = byAcls(answers.acls, "cluster", "kafka-cluster", need.operation);
        if (settled === true) return [];
        return [{ ...need, unknown: answers.cluster === undefined && settled === undefined }];
      }
      case "transactionalId": {
        // No request returns rights on transactional ids, so use the ACLs.
        const verdicts = need.names.map((name) => ({
          name,
          verdict: byAcls(answers.acls, "transactionalId", name, need.operation),
        }));
        const names = verdicts.filter((v) => v.verdict !== true).map((v) => v.name);
        return names.length === 0 ? [] : [{ ...need, names, unknown: verdicts.every((v) => v.verdict !== false) }];
      }
    }
  });
}

function createsAnyTopic(answers: Answers): boolean {
  return (
    answers.cluster?.includes("Create") === true || byAcls(answers.acls, "cluster", "kafka-cluster", "Create") === true
  );
}

/** `Read on topic a, b and 3 more`. */
export function needText(need: Need): string {
  const kind = need.type === "transactionalId" ? "transactional id" : need.type;
  return need.type === "cluster"
    ? `${need.operation} on the cluster`
    : `${need.operation} on ${kind} ${someOf(need.names, 5)}`;
}

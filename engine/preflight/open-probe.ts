import { type AclOperation, covers } from "../acls";
import type { Acl, KafkaPort } from "../kafka/port";
import { byAcls, PROBE } from "./privileges";

/**
 * What the brokers do with a resource that no ACL names, as far as this login can see it. `privileged`: this login may
 * do everything, so it sees the same on either kind of cluster. `unseen`: there is no such resource to ask about.
 */
export type Default = "closed" | "open" | "privileged" | "unseen";

type Kind = "transactionalId" | "topic" | "group";

const PER_RESOURCE: Record<"cluster" | "topic" | "group", readonly AclOperation[]> = {
  cluster: ["ClusterAction", "Create", "Alter", "Describe", "DescribeConfigs", "AlterConfigs", "IdempotentWrite"],
  topic: ["Delete", "AlterConfigs", "Alter", "Create", "Write", "Read", "Describe", "DescribeConfigs"],
  group: ["Delete", "Read", "Describe"],
};
/** How many resources are asked about to tell a super user from others. */
const RESOURCES_ASKED = 20;

/**
 * Asks for the right to describe something that no ACL names and nobody uses. Changes nothing. A refusal says that the
 * cluster is closed. An answer says that it is open, once this login is known to be no super user.
 * @param acls every ACL of the cluster, this migration's own included
 * @param principal this login as ACLs name it; undefined: not known
 */
export async function askDefault(port: KafkaPort, acls: readonly Acl[], principal?: string): Promise<Default> {
  // This migration's rules often name every topic and group, and rarely a transactional id.
  for (const kind of ["transactionalId", "topic", "group"] as const) {
    const name = unnamed(acls, kind);
    const allowed = name === undefined ? undefined : await isAllowed(port, kind, name);
    if (allowed === false) return "closed";
    if (allowed === true) return (await isSuperUser(port, acls, principal)) === false ? "open" : "privileged";
  }
  return "unseen";
}

/** A name that no ACL covers; undefined: all names are covered. */
function unnamed(acls: readonly Acl[], kind: Kind): string | undefined {
  const starts = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"];
  const names = [PROBE, ...starts.map((start) => `${start}-${PROBE}`)];
  return names.find((name) => !acls.some((acl) => covers(acl, kind, name)));
}

/** undefined: the brokers do not tell. */
async function isAllowed(port: KafkaPort, kind: Kind, name: string): Promise<boolean | undefined> {
  if (kind === "transactionalId") return port.mayDescribeTransactionalId(name);
  const answers = await (kind === "topic" ? port.topicOperations([name]) : port.groupOperations([name]));
  const operations = answers.get(name);
  return operations === undefined ? undefined : (operations?.length ?? 0) > 0;
}

/**
 * A super user may do everything everywhere. Others may do no more than the ACLs say, where there are ACLs: who has a
 * right that no ACL gives is a super user, and who is refused a right is none.
 * @returns undefined where no ACL names anything: then everybody on an open cluster may do what a super user may
 */
async function isSuperUser(port: KafkaPort, acls: readonly Acl[], principal?: string): Promise<boolean | undefined> {
  const cluster = (await port.describeCluster()).authorizedOperations;
  // Where the principal is not known, any of them may be this login.
  const granting = acls.filter(
    (a) => a.permission === "allow" && (principal === undefined || [principal, "User:*"].includes(a.principal)),
  );
  const judge = (type: "cluster" | "topic" | "group", name: string, held: readonly string[]): boolean | undefined => {
    if (PER_RESOURCE[type].some((operation) => !held.includes(operation))) return false;
    if (!acls.some((a) => covers(a, type, name))) return undefined;
    return PER_RESOURCE[type].some((operation) => byAcls(granting, type, name, operation) === false) ? true : undefined;
  };
  const byCluster = cluster === undefined ? undefined : judge("cluster", "kafka-cluster", cluster);
  if (byCluster !== undefined) return byCluster;
  for (const type of ["topic", "group"] as const) {
    const names = namedBy(acls, type);
    const held = type === "topic" ? await port.topicOperations(names) : await port.groupOperations(names);
    for (const name of names) {
      const verdict = held.has(name) ? judge(type, name, held.get(name) ?? []) : undefined;
      if (verdict !== undefined) return verdict;
    }
  }
  return undefined;
}

/** Some names that ACLs cover. */
function namedBy(acls: readonly Acl[], type: "topic" | "group"): string[] {
  const oneOf = ({ patternType, resourceName }: Acl) =>
    patternType === "prefixed" ? `${resourceName}${PROBE}` : resourceName === "*" ? PROBE : resourceName;
  const names = acls.filter((a) => a.resourceType === type).map(oneOf);
  return [...new Set(names)].slice(0, RESOURCES_ASKED);
}

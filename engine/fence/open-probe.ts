import { type AclOperation, byAcls, covers, PROBE } from "../acls";
import type { Acl, KafkaPort } from "../kafka/port";
import type { Side } from "../model";
import { readEveryoneByDefault, SETTING } from "./everyone";

/**
 * What the brokers do with a resource that no ACL names, as far as this login can see. `privileged`: this login may do
 * everything, so both kinds of cluster look the same. `unseen`: there is no such resource to ask about.
 */
export type Default = "closed" | "open" | "privileged" | "unseen";

/**
 * The answer for one cluster: by the setting (or what the user says about it), or by a test request. `hidden`,
 * `denied`: why the setting is not known. `privileged`: this login may do everything on either kind of cluster.
 */
export type Verdict =
  | { default: "closed" }
  | { default: "open"; by: "setting" | "request" }
  | { default: "unknown"; setting: "hidden" | "denied"; privileged: boolean };

/**
 * Finds out what the brokers do with a resource that no ACL names. Changes nothing.
 * @param acls every ACL of the cluster; undefined: this login may not list them
 * @param told the value of the setting as the user gives it
 */
export async function judgeDefault(
  port: KafkaPort,
  acls: readonly Acl[] | undefined,
  told?: boolean,
  principal?: string,
): Promise<Verdict> {
  const setting = told ?? (await readEveryoneByDefault(port));
  if (typeof setting === "boolean") return setting ? { default: "open", by: "setting" } : { default: "closed" };
  const found = acls === undefined ? undefined : await askDefault(port, acls, principal);
  if (found === "closed") return { default: "closed" };
  if (found === "open") return { default: "open", by: "request" };
  return { default: "unknown", setting, privileged: found === "privileged" };
}

/** Says why a cluster is open, and how that was found out. */
export const openText = (side: Side, by: "setting" | "request"): string =>
  by === "setting"
    ? `the ${side}'s brokers let everybody use what no ACL names (${SETTING}=true)`
    : `the ${side}'s brokers let this login use what no ACL names, though it is not a super user (${SETTING}=true)`;

type Kind = "transactionalId" | "topic" | "group";

const PER_RESOURCE: Record<"cluster" | "topic" | "group", readonly AclOperation[]> = {
  cluster: ["ClusterAction", "Create", "Alter", "Describe", "DescribeConfigs", "AlterConfigs", "IdempotentWrite"],
  topic: ["Delete", "AlterConfigs", "Alter", "Create", "Write", "Read", "Describe", "DescribeConfigs"],
  group: ["Delete", "Read", "Describe"],
};
/** Maximum number of resources to ask about when looking for a super user. */
const RESOURCES_ASKED = 20;

/**
 * Asks for the right to describe a resource that no ACL names and nobody uses. Changes nothing. A refusal means that
 * the cluster is closed. Otherwise the cluster is open, if this login is not a super user.
 * @param acls every ACL of the cluster, including those of this migration
 * @param principal this login as in ACLs; undefined: not known
 */
export async function askDefault(port: KafkaPort, acls: readonly Acl[], principal?: string): Promise<Default> {
  // Start with transactional ids: this migration's ACLs often name every topic and group, but rarely a transactional
  // id.
  for (const kind of ["transactionalId", "topic", "group"] as const) {
    const name = unnamed(acls, kind);
    const allowed = name === undefined ? undefined : await isAllowed(port, kind, name);
    if (allowed === false) return "closed";
    if (allowed === true) return (await isSuperUser(port, acls, principal)) === false ? "open" : "privileged";
  }
  return "unseen";
}

/** Returns a name that no ACL covers. Undefined: all names are covered. */
function unnamed(acls: readonly Acl[], kind: Kind): string | undefined {
  const starts = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"];
  const names = [PROBE, ...starts.map((start) => `${start}-${PROBE}`)];
  return names.find((name) => !acls.some((acl) => covers(acl, kind, name)));
}

/** Returns undefined if the brokers do not answer this. */
async function isAllowed(port: KafkaPort, kind: Kind, name: string): Promise<boolean | undefined> {
  if (kind === "transactionalId") return port.mayDescribeTransactionalId(name);
  const answers = await (kind === "topic" ? port.topicOperations([name]) : port.groupOperations([name]));
  const operations = answers.get(name);
  return operations === undefined ? undefined : (operations?.length ?? 0) > 0;
}

/**
 * Decides whether this login is a super user. A super user may do everything on every resource. On a resource with
 * ACLs, other users may do only what the ACLs allow. So a login with a right that no ACL gives is a super user, and a
 * login that lacks any right is not.
 * @returns undefined if no ACL names anything: on such an open cluster everybody has the rights of a super user
 */
async function isSuperUser(port: KafkaPort, acls: readonly Acl[], principal?: string): Promise<boolean | undefined> {
  const cluster = (await port.describeCluster()).authorizedOperations;
  // If the principal is unknown, any of them may be this login.
  const granting = acls.filter(
    (a) => a.permission === "allow" && (principal === undefined || [principal, "User:*"].includes(a.principal)),
  );
  const superUserBy = (
    type: "cluster" | "topic" | "group",
    name: string,
    held: readonly string[],
  ): boolean | undefined => {
    if (PER_RESOURCE[type].some((operation) => !held.includes(operation))) return false;
    if (!acls.some((a) => covers(a, type, name))) return undefined;
    return PER_RESOURCE[type].some((operation) => byAcls(granting, type, name, operation) === false) ? true : undefined;
  };
  const byCluster = cluster === undefined ? undefined : superUserBy("cluster", "kafka-cluster", cluster);
  if (byCluster !== undefined) return byCluster;
  for (const type of ["topic", "group"] as const) {
    const names = namedBy(acls, type);
    const held = type === "topic" ? await port.topicOperations(names) : await port.groupOperations(names);
    for (const name of names) {
      const verdict = held.has(name) ? superUserBy(type, name, held.get(name) ?? []) : undefined;
      if (verdict !== undefined) return verdict;
    }
  }
  return undefined;
}

/** Some names that ACLs cover, at most `RESOURCES_ASKED`. */
function namedBy(acls: readonly Acl[], type: "topic" | "group"): string[] {
  const oneOf = ({ patternType, resourceName }: Acl) =>
    patternType === "prefixed" ? `${resourceName}${PROBE}` : resourceName === "*" ? PROBE : resourceName;
  const names = acls.filter((a) => a.resourceType === type).map(oneOf);
  return [...new Set(names)].slice(0, RESOURCES_ASKED);
}

import { type AclRule, byAcls } from "../acls";
import { isMigrationError } from "../errors";
import type { Acl, KafkaPort } from "../kafka/port";
import type { Connection } from "../model";
import { type Answers, type Missing, missingOf, needsOf, type Universe } from "./privileges";

/** The principal name of a connection's user in ACLs. Undefined if only the broker knows it (mutual TLS, OAuth). */
export function principalOf(connection: Connection): string | undefined {
  if (isAnonymous(connection)) return "User:ANONYMOUS";
  return connection.sasl !== undefined && "username" in connection.sasl
    ? `User:${connection.sasl.username}`
    : undefined;
}

/** Returns true if nothing in this connection logs in: brokers see `User:ANONYMOUS`. */
export function isAnonymous({ sasl, tls }: Connection): boolean {
  return sasl === undefined && tls?.cert === undefined;
}

/**
 * Asks the broker, logged in as the principal, for each right that the rules grant. It asks about names that exist or
 * will exist.
 * @param acls ACLs of this principal and of `User:*`, for rights that no request returns; undefined: they could not be
 *   listed
 */
export async function missingPrivileges(
  port: KafkaPort,
  rules: readonly AclRule[],
  universe: Universe,
  acls: readonly Acl[] | undefined,
): Promise<Missing[]> {
  const needs = needsOf(rules, universe);
  const names = (type: "topic" | "group") => [...new Set(needs.filter((n) => n.type === type).flatMap((n) => n.names))];
  const answers: Answers = {
    topics: await port.topicOperations(names("topic")),
    groups: await port.groupOperations(names("group")),
    cluster: (await port.describeCluster()).authorizedOperations,
    acls,
  };
  const missing = missingOf(needs, answers);
  return isSuperUser(answers) ? missing.filter((need) => need.type !== "transactionalId") : missing;
}

/**
 * Returns true for a super user or a broker without an authorizer: everything is allowed, but no ACL says so. The
 * decision uses the cluster's operations. It is used only for transactional ids, because no request returns the rights
 * on them. `All` on the cluster gives no right on a topic.
 */
function isSuperUser({ cluster, acls }: Answers): boolean {
  const all = [
    "Create",
    "Alter",
    "Describe",
    "ClusterAction",
    "DescribeConfigs",
    "AlterConfigs",
    "IdempotentWrite",
  ] as const;
  return (
    cluster !== undefined &&
    all.every((o) => cluster.includes(o)) &&
    !all.every((o) => byAcls(acls, "cluster", "kafka-cluster", o) === true)
  );
}

/** Returns undefined if this user may not list ACLs, there is no authorizer, or the principal's name is unknown. */
export async function aclsOf(administrator: KafkaPort, principal: string | undefined): Promise<Acl[] | undefined> {
  if (principal === undefined) return undefined;
  try {
    const [own, everybody] = [
      await administrator.describeAcls({ principal }),
      await administrator.describeAcls({ principal: "User:*" }),
    ];
    return [...own, ...everybody];
  } catch (error) {
    if (isMigrationError(error)) return undefined;
    throw error;
  }
}

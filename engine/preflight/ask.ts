import type { AclRule } from "../acls";
import { isMigrationError } from "../errors";
import type { Acl, KafkaPort } from "../kafka/port";
import type { Connection } from "../model";
import { type Answers, byAcls, type Missing, missingOf, needsOf, type Universe } from "./privileges";

/** The name that ACLs know a connection's user by; undefined where only the broker knows (mutual TLS, OAuth). */
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
 * Asks the broker, as the principal itself, for each thing that the rules grant, on names that exist or will.
 * @param acls ACLs of this principal and of `User:*`, for what no request tells; undefined: they could not be listed
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
 * A super user, or a broker without an authorizer: everything is allowed, and no ACL says so. Told by the cluster's
 * operations, and only for transactional ids, of which no request tells: `All` on the cluster gives none on a topic.
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

/** undefined: not allowed to list them, no authorizer, or the principal's name is not known. */
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

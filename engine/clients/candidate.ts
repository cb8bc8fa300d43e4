import type { InventoryAcl, InventoryQuotas, InventoryUser } from "../inventory/types";
import { unfitForKafkaUser } from "../kafka-user-names";
import { defined } from "../objects";
import type { ClientLogin, ClientQuestion, WrittenUser } from "./types";

/** Operations and resource types that a KafkaUser and @pulumi/kafka can express. */
const OPERATIONS = new Set([
  "All",
  "Alter",
  "AlterConfigs",
  "ClusterAction",
  "Create",
  "Delete",
  "Describe",
  "DescribeConfigs",
  "IdempotentWrite",
  "Read",
  "Write",
]);
const RESOURCES = new Set(["topic", "group", "cluster", "transactionalId"]);

/**
 * Labels of the operators, and labels by which another tool finds the objects that it manages: it would delete an
 * object with its label that it does not know.
 */
const NOT_COPIED = [
  /^([\w.-]+\.)?strimzi\.io\//,
  /^([\w.-]+\.)?eventstreams\.ibm\.com\//,
  /^argocd\.argoproj\.io\//,
  /^(kustomize|helm)\.toolkit\.fluxcd\.io\//,
  /^app\.kubernetes\.io\/(instance|managed-by)$/,
];

/** A user before it is known whether it can be declared. */
export interface Candidate {
  name: string;
  principal: string;
  login: ClientLogin;
  /** Mechanisms of the user's credentials on an origin without an operator. */
  mechanisms?: readonly string[];
  originNamespace?: string;
  labels: Record<string, string>;
  acls: readonly InventoryAcl[];
  quotas?: InventoryQuotas;
  byHand: boolean;
  /** The origin's operator has a Secret with the user's password. */
  hasSecret: boolean;
}

/** A certificate that no operator made stays as it is. */
export function loginOf({ authentication, principal, kafkaUser }: InventoryUser): ClientLogin {
  if (authentication === "tls" && kafkaUser === undefined) return "tls-external";
  if (authentication !== "unknown") return authentication;
  return /^User:.*\bCN=/i.test(principal) ? "tls-external" : "none";
}

export function fromInventory(user: InventoryUser, name: string, login: ClientLogin): Candidate {
  return defined({
    name,
    principal: user.principal,
    login,
    mechanisms: user.kafkaUser === undefined ? user.mechanisms : undefined,
    originNamespace: user.kafkaUser?.namespace,
    labels: copiedLabels(user.labels),
    acls: user.acls,
    quotas: user.quotas,
    byHand: false,
    hasSecret: user.kafkaUser !== undefined,
  }) as Candidate;
}

/** A user that somebody wrote by hand. */
export function written(user: WrittenUser, target: ClientQuestion["target"]): Candidate {
  const { name, authentication: login = "scram-sha-512", labels, acls = [], quotas } = user;
  const certificate = (login === "tls" || login === "tls-external") && !/=/.test(name);
  return defined({
    name,
    principal: `User:${certificate && target === "kafka" ? `CN=${name}` : name}`,
    login,
    labels: copiedLabels(labels),
    acls: acls.map(
      ({ resource, name: of, pattern = "literal", host = "*", permission = "allow", operations }): InventoryAcl => ({
        resource,
        name: resource === "cluster" ? "kafka-cluster" : of,
        pattern,
        host,
        permission,
        operations: [...operations],
      }),
    ),
    quotas,
    byHand: true,
    hasSecret: true,
  }) as Candidate;
}

const copiedLabels = (labels: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !NOT_COPIED.some((pattern) => pattern.test(key))));

/** Returns why a KafkaUser cannot be this user. Undefined: it can. */
export function unfitForOperator({ name, principal, login }: Candidate): string | undefined {
  const why = unfitForKafkaUser(principal, name, login === "tls" || login === "tls-external");
  return why === undefined ? undefined : `${why}; on the target the application needs another user`;
}

/** Splits ACLs into those that can be declared and the rest. */
export function split(acls: readonly InventoryAcl[]): [fit: InventoryAcl[], unfit: InventoryAcl[]] {
  const fit: InventoryAcl[] = [];
  const unfit: InventoryAcl[] = [];
  for (const acl of acls) {
    const known = RESOURCES.has(acl.resource) ? acl.operations.filter((one) => OPERATIONS.has(one)) : [];
    const unknown = acl.operations.filter((one) => !known.includes(one));
    if (known.length > 0) fit.push({ ...acl, operations: known });
    if (unknown.length > 0) unfit.push({ ...acl, operations: unknown });
  }
  return [fit, unfit];
}

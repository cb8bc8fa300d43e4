import { type ClientPlan, narrowingOf, type PlannedUser, planClients } from "../../engine/clients";
import { Mistakes } from "../../engine/errors";
import type { MirrorModel } from "../../engine/model";
import { policyKind, targetTopicName } from "../../engine/naming";
import { defined } from "../../engine/objects";
import { dialectNamed, type ResourceText, type UserModel, type UserRule } from "../dialects";
import type { ClientUsersArgs } from "../settings/clients";
import type { OperatorUsers } from "../settings/users";
import { DEFAULT_USER } from "../user/rules";
import { inventoryIn } from "./inventory";

/** Users that never move, unless the program names others. */
const OWN_USERS = { [DEFAULT_USER]: "the mirror's user", "mm2-administrator": "the migration's administrator" };

/**
 * Name of the Secret with the password of an application's user. An operator would overwrite one named like the user.
 */
export const passwordSecret = (user: string): string => `${user}-client-password`;

/** Key of the password in that Secret. */
export const PASSWORD_KEY = "password";

/** A KafkaUser on the target, and what it was made from. */
export interface ClientText {
  user: PlannedUser;
  text: ResourceText;
}

/** Everything that is known before the first resource is declared. */
export interface ClientsDescription extends Omit<ClientPlan, "mistakes"> {
  /** Empty: the target has no operator. */
  texts: readonly ClientText[];
  apiVersion?: string;
  otherApiVersions: readonly string[];
}

/** Decides which users are declared on the target, and writes their KafkaUsers. Adds all mistakes. */
export function describeClients(args: ClientUsersArgs, mistakes: Mistakes): ClientsDescription {
  const { inventory, origin, target, passwords = {}, narrow, mirror, groups, excludeGroups } = args;
  if ((target.operator === undefined) === (target.kafka === undefined))
    mistakes.add("target: set exactly one of operator and kafka (it decides who creates the users)");
  if (narrow === true && mirror === undefined)
    mistakes.add("narrow is true, but mirror is missing: nothing else says what migrates");
  if (sharesNamespace(origin.operator, target.operator))
    mistakes.add(
      `target.operator.namespace is "${target.operator!.namespace}", as on the origin: two users of one name cannot be in ` +
        "one namespace; move the target's Kafka to another namespace, or leave clients out",
    );
  const before = mistakes.list.length;
  const found = inventory === undefined ? undefined : inventoryIn(inventory, mistakes);
  const plan =
    mistakes.list.length > before
      ? { users: [], mistakes: [], warnings: [], notes: [] }
      : planClients({
          ...defined({ inventory: found?.users, unread: found?.unread, users: args.users, exclude: args.exclude }),
          ...(narrow === true && mirror !== undefined
            ? { narrowing: narrowingOf(mirror, defined({ groups, excludeGroups })) }
            : {}),
          ...copiesOf(mirror),
          own: new Map(Object.entries(args.leaveOut ?? OWN_USERS)),
          origin: origin.operator === undefined ? "kafka" : "operator",
          target: target.operator === undefined ? "kafka" : "operator",
          passwords: new Set(Object.keys(passwords)),
        });
  for (const mistake of plan.mistakes) mistakes.add(mistake);
  const { operator } = target;
  if (operator === undefined) return { ...plan, texts: [], otherApiVersions: [] };
  const dialect = dialectNamed(operator.dialect, mistakes, operator.version);
  // Many users have the same mistake, for example a field that the dialect does not have.
  const wrong = new Mistakes();
  const texts = plan.users.map((user) => ({ user, text: dialect.user(modelOf(user, operator), wrong) }));
  for (const mistake of new Set(wrong.list)) mistakes.add(mistake);
  return { ...plan, texts, apiVersion: dialect.userApiVersion, otherApiVersions: dialect.otherApiVersions };
}

/** With a renaming replication policy, topics have other names on the target. */
const copiesOf = (mirror: MirrorModel | undefined) =>
  mirror === undefined || policyKind(mirror) === "identity"
    ? {}
    : { copyOf: (topic: string) => targetTopicName(mirror, topic) };

function sharesNamespace(origin: OperatorUsers | undefined, target: OperatorUsers | undefined): boolean {
  if (origin === undefined || target === undefined) return false;
  const same = (["namespace", "provider", "kubeconfig", "context"] as const).every(
    (key) => origin[key] === target[key],
  );
  return same && origin.namespace !== undefined;
}

function modelOf(user: PlannedUser, { namespace, cluster }: OperatorUsers): UserModel {
  const { name, labels, acls, quotas } = user;
  return {
    name,
    namespace: namespace ?? "",
    cluster: cluster ?? "",
    labels,
    authentication: authenticationOf(user),
    rules: acls.map(
      ({ resource, name: of, pattern, host, permission, operations }): UserRule => ({
        type: permission,
        host,
        operations,
        resource: {
          type: resource as UserRule["resource"]["type"],
          name: of,
          patternType: pattern === "prefixed" ? "prefix" : "literal",
        },
      }),
    ),
    ...(quotas === undefined ? {} : { quotas: { ...quotas } }),
  };
}

function authenticationOf({ name, login }: PlannedUser): UserModel["authentication"] {
  if (login === "scram-sha-512" || login === "scram-sha-256")
    return { type: "scram-sha-512", passwordFrom: { secretName: passwordSecret(name), key: PASSWORD_KEY } };
  return { type: login };
}

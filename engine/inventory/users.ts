import { passwordCommand } from "../client-passwords";
import type { Acl, ClientQuota, ScramUser } from "../kafka/port";
import { isCertificate, nameIn, unfitForKafkaUser } from "../kafka-user-names";
import { defined } from "../objects";
import { type FoundKafkaUser, kafkaUserOf, type OperatorObjects } from "./objects";
import { mergeAcls } from "./sort";
import type { Fate, InventoryAcl, InventoryQuotas, InventoryUser } from "./types";

/** What is known of the origin's users. */
export interface UserFacts {
  acls: readonly Acl[];
  /** undefined: could not be read. */
  scram: readonly ScramUser[] | undefined;
  quotas: readonly ClientQuota[] | undefined;
  /** undefined: the origin has no operator. */
  objects: OperatorObjects | undefined;
  /** Principals of the mirror and of the migration's administrators. */
  own: ReadonlySet<string>;
  /** True if an operator manages the users of the target. */
  targetHasOperator: boolean;
}

/** Every principal of the origin, with its login, ACLs, quotas and fate. */
export function inventoryUsers(facts: UserFacts): InventoryUser[] {
  const kafkaUsers = new Map((facts.objects?.users ?? []).map(kafkaUserOf).map((u) => [`User:${u.principal}`, u]));
  const scram = new Map((facts.scram ?? []).map((u) => [`User:${u.name}`, u]));
  const acls = aclsByPrincipal(facts.acls);
  const quotas = userQuotas(facts.quotas ?? []);
  const principals = new Set([...kafkaUsers.keys(), ...scram.keys(), ...acls.keys(), ...quotas.keys()]);
  return [...principals].map((principal): InventoryUser => {
    const kafkaUser = kafkaUsers.get(principal);
    const credential = scram.get(principal);
    const name = kafkaUser?.name ?? credential?.name;
    const mechanisms = credential?.mechanisms;
    const user = defined<InventoryUser>({
      principal,
      name: name as string,
      moves: "yes",
      authentication: kafkaUser?.authentication ?? authenticationOf(principal, mechanisms),
      mechanisms: mechanisms as string[],
      kafkaUser: kafkaUser?.kafkaUser as NonNullable<InventoryUser["kafkaUser"]>,
      labels: kafkaUser?.labels as Record<string, string>,
      acls: mergeAcls(acls.get(principal) ?? []),
      // What the brokers say counts. Without the right to read it, the resource is the best that is known.
      quotas: (quotas.get(principal) ??
        (facts.quotas === undefined ? kafkaUser?.quotas : undefined)) as InventoryQuotas,
    });
    return { ...user, ...fateOf(user, kafkaUser, facts) };
  });
}

function authenticationOf(
  principal: string,
  mechanisms: readonly string[] | undefined,
): InventoryUser["authentication"] {
  if (mechanisms?.includes("SCRAM-SHA-512")) return "scram-sha-512";
  if (mechanisms?.includes("SCRAM-SHA-256")) return "scram-sha-256";
  return isCertificate(principal) ? "tls" : "unknown";
}

export function inventoryAcl(acl: Acl): InventoryAcl {
  const { resourceType, resourceName, patternType, host, permission, operation } = acl;
  return {
    resource: resourceType,
    name: resourceName,
    pattern: patternType,
    host,
    permission,
    operations: [operation],
  };
}

function aclsByPrincipal(acls: readonly Acl[]): Map<string, InventoryAcl[]> {
  const found = new Map<string, InventoryAcl[]>();
  for (const acl of acls) {
    const own = found.get(acl.principal);
    if (own === undefined) found.set(acl.principal, [inventoryAcl(acl)]);
    else own.push(inventoryAcl(acl));
  }
  return found;
}

/** Kafka's names of the quotas of users, and ours. */
const QUOTAS: Record<string, keyof InventoryQuotas> = {
  producer_byte_rate: "producerByteRate",
  consumer_byte_rate: "consumerByteRate",
  request_percentage: "requestPercentage",
  controller_mutation_rate: "controllerMutationRate",
};

/** True for a quota of exactly one user. It belongs to the user; all others have entries of their own. */
export const isOfUser = ({ user, clientId, ip }: ClientQuota): boolean =>
  typeof user === "string" && clientId === undefined && ip === undefined;

function userQuotas(quotas: readonly ClientQuota[]): Map<string, InventoryQuotas> {
  return new Map(
    quotas.filter(isOfUser).map(({ user, values }) => {
      const known = Object.entries(values).flatMap(([key, value]) => (key in QUOTAS ? [[QUOTAS[key]!, value]] : []));
      return [`User:${user}`, Object.fromEntries(known) as InventoryQuotas];
    }),
  );
}

const OWN_WHY = "it belongs to this migration: the mirror or its administrator logs in with it";

function fateOf(user: InventoryUser, kafkaUser: FoundKafkaUser | undefined, facts: UserFacts): Fate {
  const { principal, authentication } = user;
  if (facts.own.has(principal)) return { moves: "no", why: OWN_WHY };
  if (kafkaUser !== undefined && facts.objects?.own.includes(kafkaUser.name))
    return { moves: "no", why: "a migration with this package created it for itself" };
  if (/-ibm-es-/.test(principal)) return { moves: "no", why: "Event Streams created it for its own parts" };
  if (!principal.startsWith("User:"))
    return {
      moves: "no",
      why: "only the origin's own authorizer knows this type of principal",
      todo: "give the users of this principal ACLs of their own on the target",
    };
  if (principal === "User:*") return everybody(facts.targetHasOperator);
  const unfit = facts.targetHasOperator ? unfitForTarget(user) : undefined;
  if (unfit !== undefined) return unfit;
  if (principal === "User:ANONYMOUS")
    return {
      moves: "if",
      when: `the target has a listener without a login; ${THEN_YES}`,
    };
  if (kafkaUser === undefined && authentication === "tls")
    return { moves: "if", when: `the target trusts the authority that signed its certificate; ${THEN_YES}` };
  if (authentication.startsWith("tls"))
    return {
      moves: "yes",
      todo: "its certificate is valid on the target only if both clusters trust the same clients CA; issue a new one else",
    };
  if (authentication === "unknown")
    return {
      moves: "if",
      when: `the target accepts its login (OAuth, PLAIN and LDAP are not part of Kafka's metadata); ${THEN_YES}`,
    };
  if (kafkaUser === undefined) {
    const password = `give its password as a secret, because Kafka does not reveal it: ${passwordCommand(user.name!)}`;
    const mayBeSuper = user.acls.length === 0 && facts.acls.length > 0;
    const older = facts.targetHasOperator && user.mechanisms?.includes("SCRAM-SHA-256") === true;
    return {
      moves: "yes",
      todo:
        (mayBeSuper
          ? `leave it out (clients.exclude) if it is a super user of the brokers, because it has no ACLs; else ${password}`
          : password) + (older ? `; ${ONLY_512}` : ""),
    };
  }
  return { moves: "yes" };
}

const ONLY_512 =
  "if its application has sasl.mechanism SCRAM-SHA-256, set that to SCRAM-SHA-512 there: the target's operator makes no " +
  "other";

/** The target's operator makes users from KafkaUsers, and deletes the ACLs of all others. */
function unfitForTarget({ principal, name, authentication }: InventoryUser): Fate | undefined {
  const why = unfitForKafkaUser(principal, name ?? nameIn(principal), authentication.startsWith("tls"));
  if (why === undefined) return undefined;
  return {
    moves: "no",
    why: `its name ${why}, and the target's operator makes users from KafkaUsers only`,
    todo: "give the application another user on the target (clients.users)",
  };
}

const THEN_YES = 'write moves: "yes" then';

function everybody(targetHasOperator: boolean): Fate {
  if (!targetHasOperator) return { moves: "yes" };
  return {
    moves: "no",
    why: "these are ACLs of every user, and the target's user operator deletes ACLs without a KafkaUser",
    todo: "give them to the users that need them",
  };
}

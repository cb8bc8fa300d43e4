import { type AclRule, administratorAcls, guideAcls, leastAcls } from "../acls";
import { everyoneByDefault, saysNoAuthorizer } from "../fence/everyone";
import { isMigrationError } from "../errors";
import type { Acl, KafkaPort } from "../kafka/port";
import type { MirrorModel, Profile, Side } from "../model";
import { countText, someOf } from "../units";
import { error, type Finding, warning } from "./finding";
import { PROBE, type Universe } from "./privileges";

/** Users whose ACLs this migration makes on one cluster. */
export interface MadeUsers {
  /** As ACLs name them: `User:mm2`. */
  principals: readonly string[];
  /** The mirror's profile: `guide` has rules for everything. */
  profile: Profile;
}

type Kind = "topic" | "group";

const covers = (acl: Acl, type: Kind, name: string) =>
  acl.resourceType === type &&
  (acl.patternType === "prefixed"
    ? name.startsWith(acl.resourceName)
    : acl.resourceName === name || acl.resourceName === "*");

const grants = ({ resource }: AclRule, type: Kind, name: string) =>
  resource.type === type &&
  (resource.patternType === "prefix"
    ? name.startsWith(resource.name!)
    : resource.name === name || resource.name === "*");

/**
 * With `allow.everyone.if.no.acl.found=true` brokers let everybody use what no ACL names. The first ACL on a topic or group, this
 * migration's own, then locks everybody else out of it.
 * @param told what the brokers have, where they hide it
 */
export async function checkOpenCluster(
  port: KafkaPort,
  mirror: MirrorModel,
  users: MadeUsers,
  universe: Universe,
  told?: boolean,
): Promise<Finding[]> {
  if (told === false) return [];
  const acls = await otherAcls(port, users.principals);
  if (acls === undefined) return [];
  const rules = rulesOf(port.side, mirror, users.profile);
  const bare = (type: Kind, names: readonly string[]) =>
    names.filter((name) => rules.some((r) => grants(r, type, name)) && !acls.some((a) => covers(a, type, name)));
  const topics = bare(
    "topic",
    [...new Set([...universe.topics, ...universe.existing])].filter((name) => !name.startsWith("__")),
  );
  const groups = bare("group", universe.groups);
  if (topics.length === 0 && groups.length === 0) return [];
  const open = told ?? (await everyoneByDefault(port)) ?? (await seenByProbe(port, acls));
  if (open === false) return [];
  const { side } = port;
  const named = [
    ...(topics.length === 0 ? [] : [`${countText(topics.length, "topic")} (${someOf(topics, 5)})`]),
    ...(groups.length === 0 ? [] : [`${countText(groups.length, "group")} (${someOf(groups, 5)})`]),
  ].join(" and ");
  const first = `the ACLs for ${users.principals.join(" and ")} would be the first on ${named} of the ${side}`;
  const own = `give the clients of the ${side} ACLs of their own first, or give ${side} users that are there already (${side}.given and ${side}.administrator)`;
  if (open) {
    const seen = `the ${side}'s brokers let everybody use what no ACL names (allow.everyone.if.no.acl.found=true): ${first}, and lock everybody else out of them`;
    return [error("CLUSTER_OPEN", seen, own)];
  }
  const seen = `the ${side}'s brokers hide what allow.everyone.if.no.acl.found is, and ${first}: if it is true, everybody else is locked out of them`;
  // No request tells it where this migration's own rules cover every name, and most clusters are closed: no reason to stop.
  return [
    warning(
      "CLUSTER_OPEN_UNKNOWN",
      seen,
      `set preflight.everyoneByDefault.${side} to what the brokers have; where it is true, ${own}`,
    ),
  ];
}

function rulesOf(side: Side, mirror: MirrorModel, profile: Profile): AclRule[] {
  return [...(profile === "guide" ? guideAcls(side) : leastAcls(side, mirror)), ...administratorAcls(side, mirror)];
}

/** ACLs of others. undefined: the brokers have no authorizer. Empty where this user may not list them: nothing is known to be named. */
async function otherAcls(port: KafkaPort, own: readonly string[]): Promise<Acl[] | undefined> {
  try {
    return (await port.describeAcls()).filter((a) => !own.includes(a.principal));
  } catch (thrown) {
    if (saysNoAuthorizer(thrown)) return undefined;
    if (isMigrationError(thrown) && thrown.code === "KAFKA_UNAUTHORIZED") return [];
    throw thrown;
  }
}

/**
 * Asks the broker what this user may do with a name that no ACL has. Nothing: the cluster is closed. Something: it is open, or
 * the user is a super user, which nothing tells apart.
 */
async function seenByProbe(port: KafkaPort, acls: readonly Acl[]): Promise<false | undefined> {
  if (acls.some((a) => covers(a, "topic", PROBE))) return undefined;
  const all = await port.describeAcls().catch(() => undefined);
  if (all === undefined || all.some((a) => covers(a, "topic", PROBE))) return undefined;
  const operations = (await port.topicOperations([PROBE])).get(PROBE);
  return operations === undefined || (operations !== null && operations.length > 0) ? undefined : false;
}

import { type AclRule, administratorAcls, covers, guideAcls, leastAcls } from "../acls";
import { aclsIfAny, SETTING } from "../fence/everyone";
import { isMigrationError } from "../errors";
import type { Acl, KafkaPort } from "../kafka/port";
import type { MirrorModel, Profile, Side } from "../model";
import { connectorNames } from "../naming";
import { countText, listText, someOf } from "../units";
import { error, type PreflightFinding, warning } from "./finding";
import { judgeDefault, openText } from "../fence/open-probe";
import type { Universe } from "./privileges";

/** Users for whom this migration creates ACLs on one cluster. */
export interface MadeUsers {
  /** Principals as in ACLs, e.g. `User:mm2`. */
  principals: readonly string[];
  /** The mirror's profile. `guide` has rules for every topic and group. */
  profile: Profile;
  /**
   * The only user of the two that this migration creates ACLs for. Default both: the mirror's user and the
   * administrator.
   */
  only?: "mirror" | "administrator";
  /** Groups that move in addition to those of the mirror's pattern. Default none. */
  groups?: readonly string[];
  /** Rights that the administrator gets in addition, for Kafka Connect and for ways back. Default none. */
  more?: readonly AclRule[];
}

type Kind = "topic" | "group" | "transactionalId";

const grants = ({ resource }: AclRule, type: Kind, name: string) =>
  resource.type === type &&
  (resource.patternType === "prefix"
    ? name.startsWith(resource.name!)
    : resource.name === name || resource.name === "*");

/**
 * With `allow.everyone.if.no.acl.found=true` brokers let everybody use a resource that no ACL names. The first ACL on a
 * topic, a group, a transactional id or the cluster, here one of this migration, then locks everybody else out of it.
 * This check changes nothing.
 * @param told the brokers' value as the user gives it; needed if the brokers hide it
 * @param principal the port's login as in ACLs; undefined: not known
 */
export async function checkOpenCluster(
  port: KafkaPort,
  mirror: MirrorModel,
  users: MadeUsers,
  universe: Universe,
  told?: boolean,
  principal?: string,
): Promise<PreflightFinding[]> {
  if (told === false) return [];
  const listed = await listedAcls(port);
  if (listed === "no authorizer") return [];
  const acls = (listed ?? []).filter((a) => !users.principals.includes(a.principal));
  const rules = rulesOf(port.side, mirror, users);
  const bare = (type: Kind, names: readonly string[]) =>
    names.filter((name) => rules.some((r) => grants(r, type, name)) && !acls.some((a) => covers(a, type, name)));
  const named = await namedIn(port, users);
  const topics = bare(
    "topic",
    [...new Set([...universe.topics, ...universe.existing, ...named.topic])].filter((name) => !name.startsWith("__")),
  );
  const moved = users.only === "mirror" ? [] : (users.groups ?? []);
  const groups = bare("group", [...new Set([...universe.groups, ...moved, ...named.group])]);
  const ids = bare("transactionalId", await idsInUse(port, mirror, rules));
  const closed = [
    ...(topics.length === 0 ? [] : [`${countText(topics.length, "topic")} (${someOf(topics, 5)})`]),
    ...(groups.length === 0 ? [] : [`${countText(groups.length, "group")} (${someOf(groups, 5)})`]),
    ...(ids.length === 0 ? [] : [`${countText(ids.length, "transactional id")} (${someOf(ids, 5)})`]),
  ];
  const closesCluster =
    rules.some((r) => r.resource.type === "cluster") && !acls.some((a) => covers(a, "cluster", "kafka-cluster"));
  if (closesCluster) closed.push("the cluster itself (kafka-cluster)");
  if (closed.length === 0) return [];
  const { side } = port;
  const verdict = await judgeDefault(port, listed, told, principal);
  if (verdict.default === "closed") return [];
  const principals = users.principals.join(" and ");
  const first = `the ACLs for ${principals} would be the first on ${listText(closed)} of the ${side}`;
  const giveUsers = `give ${side} users that are there already (${side}.given and ${side}.administrator)`;
  const clients = closesCluster ? "the clients and brokers" : "the clients";
  const own = `give ${clients} of the ${side} ACLs of their own first, or ${giveUsers}`;
  const lock = "and lock everybody else out of them";
  const tell = `set preflight.everyoneByDefault.${side} to what the brokers have`;
  if (verdict.default === "open" && verdict.by === "setting") {
    const seen = openText(side, verdict.by);
    return [error("CLUSTER_OPEN", `${seen}: ${first}, ${lock}`, own)];
  }
  if (verdict.default === "open") {
    const seen = openText(side, verdict.by);
    return [
      error(
        "CLUSTER_OPEN",
        `${seen}: ${first}, ${lock}`,
        `${own}; where the brokers do not have that setting, ${tell}`,
      ),
    ];
  }
  const locked = "if it is true, everybody else is locked out of them";
  const fix = `${tell}; where it is true, ${own}`;
  // Kafka's default is false, so a hidden value means that somebody has set it. Only that person knows the value.
  if (verdict.setting === "hidden") {
    const why = verdict.privileged ? ", and this login may do everything on either kind of cluster" : "";
    const seen = `the ${side}'s brokers set ${SETTING} and hide its value${why}: ${first}; ${locked}`;
    return [error("CLUSTER_OPEN_UNKNOWN", seen, fix)];
  }
  const seen = `this login may not read whether the ${side}'s brokers set ${SETTING}, and ${first}: ${locked}`;
  return [warning("CLUSTER_OPEN_UNKNOWN", seen, fix)];
}

/**
 * The existing topics and groups that the additional rights name in full: the storage topics and groups of Kafka
 * Connect. Its workers must not be locked out of them.
 */
async function namedIn(port: KafkaPort, { only, more = [] }: MadeUsers): Promise<Record<"topic" | "group", string[]>> {
  const named = (type: "topic" | "group") =>
    only === "mirror"
      ? []
      : more.flatMap(({ resource: r }) =>
          r.type === type && r.patternType !== "prefix" && r.name !== undefined && r.name !== "*" ? [r.name] : [],
        );
  const [topics, groups] = [new Set(named("topic")), new Set(named("group"))];
  return {
    topic: topics.size === 0 ? [] : (await port.listTopics()).filter((name) => topics.has(name)),
    group: groups.size === 0 ? [] : (await port.listGroups()).map((g) => g.groupId).filter((name) => groups.has(name)),
  };
}

function rulesOf(side: Side, mirror: MirrorModel, { profile, only, groups = [], more = [] }: MadeUsers): AclRule[] {
  const mirrors = profile === "guide" ? guideAcls(side) : leastAcls(side, mirror);
  return [
    ...(only === "administrator" ? [] : mirrors),
    ...(only === "mirror" ? [] : [...administratorAcls(side, mirror, { groups }), ...more]),
  ];
}

/**
 * The transactional ids that clients use, without those that an earlier run of this mirror left. If the brokers do not
 * list them, any name that the rules cover may be in use.
 */
async function idsInUse(port: KafkaPort, mirror: MirrorModel, rules: readonly AclRule[]): Promise<string[]> {
  const resources = rules.map((r) => r.resource).filter((r) => r.type === "transactionalId");
  if (resources.length === 0) return [];
  const listed = await port.transactionalIds();
  if (listed === undefined) return resources.filter((r) => r.patternType === "prefix").map((r) => r.name!);
  const { groupId } = mirror;
  const own = Object.values(connectorNames(mirror)).map((connector) => `${groupId}-${connector}-`);
  return listed.filter((id) => id !== `connect-cluster-${groupId}` && !own.some((start) => id.startsWith(start)));
}

/** Returns undefined if this login may not list ACLs. Then no resource is known to have one. */
async function listedAcls(port: KafkaPort): Promise<Acl[] | "no authorizer" | undefined> {
  try {
    return (await aclsIfAny(port)) ?? "no authorizer";
  } catch (thrown) {
    if (isMigrationError(thrown) && thrown.code === "KAFKA_UNAUTHORIZED") return undefined;
    throw thrown;
  }
}

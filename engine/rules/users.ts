import { modelFrom } from "../mirror-configuration";
import type { MirrorModel, Side } from "../model";
import type { AclOperation } from "../acls";
import { holds } from "../acls/cover";
import { implies } from "../acls/rules";
import { type Grant, grantsOf, lacking, missing, sayGrants } from "./grants";
import type { Saying } from "./rule";
import { attempt } from "./unknown";
import { readings } from "./version";
import type { MirrorView, OwnerView, UserView, View } from "./view";
import { logsInAs, maybeAtOrigin, nameOf, sideFor } from "./sides";

/** The rights that are missing in every Kafka version that may run, with the names of the most likely version. */
export function lackedBy(user: UserView, mirror: MirrorView, side: Side): Grant[] {
  const [first = [], ...others] = readings(mirror).map((reading) =>
    missing(user, lacking(reading, side), side, modelFrom(reading)),
  );
  return others.some((gone) => gone.length === 0) ? [] : first;
}

/**
 * The rights that a user's mirrors need and the user does not have (`gone`) or is denied. Undefined if the user has all
 * of them.
 */
export function cannot(
  user: UserView,
  mirrors: readonly MirrorModel[],
  gone: readonly Grant[],
  forbidden: readonly Grant[] = [],
): Saying | undefined {
  const seen = [
    ...(gone.length === 0 ? [] : [`lacks ${sayGrants(gone).join(", ")}`]),
    ...(forbidden.length === 0 ? [] : [`is denied ${sayGrants(forbidden).join(", ")}`]),
  ];
  if (seen.length === 0) return undefined;
  const onlySome = forbidden.length === 0 && seesOnlySome(user, gone);
  return {
    seen: `user ${nameOf(user)} ${on(user)} ${seen.join(" and ")}`,
    why: onlySome
      ? "brokers show the mirror only the topics and groups of its other rules, and it leaves out all others " +
        "without an error"
      : withoutThem([...gone, ...forbidden], user, mirrors),
    instead: onlySome
      ? "add these rules, or write patterns that select only what the user may read"
      : gone.length === 0
        ? "remove the denials: they take precedence over every permission"
        : "add these rules, or change the setting that needs them (offset-syncs.topic.location, " +
          "sync.group.offsets.enabled, exactly.once.source.support, sync.topic.acls.enabled)",
  };
}

/** What a mirror does if it lacks these rights. */
function withoutThem(rights: readonly Grant[], user: UserView, mirrors: readonly MirrorModel[]): string {
  if (rights.every(isForAcls)) return "MirrorMaker 2 cannot copy ACLs, but copies everything else";
  // On the target only the sync of the groups' offsets needs rights on other groups. Its failure is only logged.
  const forSync = ({ type, name }: Grant) => type === "group" && mirrors.every(({ groupId }) => name !== groupId);
  if (sidesOf(user).every((side) => side === "target") && rights.every(forSync))
    return "MirrorMaker 2 cannot sync the groups' offsets, but copies everything else";
  return "MirrorMaker 2 reports RUNNING but copies nothing, or writes no checkpoints";
}

const sidesOf = (user: UserView): (Side | undefined)[] => user.places?.map(({ side }) => side) ?? [user.side];

/** A mirror needs rights on the cluster only to copy ACLs: Describe on the origin, Alter on the target. */
const isForAcls = ({ type, operation }: Grant) =>
  type === "cluster" && ["Describe", "Alter", "All"].includes(operation);

/**
 * Returns true if the origin's brokers hide what the user may not read. They list only topics and groups that a client
 * may describe (KIP-222 for groups; with Describe on the cluster they list all groups).
 */
function seesOnlySome(user: UserView, gone: readonly Grant[]): boolean {
  const hidden = ({ type, name, operation }: Grant) =>
    name === "*" &&
    ((type === "topic" && ["Read", "DescribeConfigs"].includes(operation)) ||
      (type === "group" && operation === "Describe"));
  if (!sidesOf(user).every((side) => side === "origin") || gone.length === 0 || !gone.every(hidden)) return false;
  const granted = grantsOf(user.rules).filter(({ name }) => !/^mm2-offset-syncs|\.internal$/.test(name));
  const may = (type: string, operation: AclOperation) =>
    granted.filter((grant) => grant.type === type && implies(grant.operation, operation));
  const all = (some: readonly Grant[], within: readonly Grant[]) =>
    some.length > 0 && some.every((one) => within.some((grant) => holds(grant, one)));
  const [read, seen] = [may("topic", "Read"), may("topic", "Describe")];
  const topics =
    !gone.some(({ type }) => type === "topic") || (all(seen, read) && all(read, may("topic", "DescribeConfigs")));
  const groups =
    !gone.some(({ type }) => type === "group") ||
    (may("group", "Describe").length > 0 && may("cluster", "Describe").length === 0);
  return topics && groups;
}

/** The mirrors that log in as this user, if their cluster is known and the user's rules are in the stack. */
export function loginsOf(user: UserView, { mirrors }: View): MirrorView[] {
  if (!user.ofMirror || user.superUser === true || (user.rules.length === 0 && user.authorization === undefined))
    return [];
  return mirrors.filter((mirror) => {
    const side = sideFor(user, mirror);
    return side !== undefined && user.name !== undefined && logsInAs(mirror, side, user.name);
  });
}

/** Other clients that log in as this user. */
export const isFor = (user: UserView): readonly string[] => user.alsoFor ?? [];

/** Returns true if a mirror logs in as this user on a cluster that is not known. */
export function mayServeMore(user: UserView, { mirrors }: View): boolean {
  return mirrors.some((mirror) => {
    const logins = (["origin", "target"] as const).filter(
      (side) => attempt(() => mirror[side].authentication?.username) === user.name,
    );
    return logins.length > 0 && sideFor(user, mirror) === undefined && maybeAtOrigin(user, mirror);
  });
}

/** The rules for all users (`*`) on the same cluster, if the stack has them. */
export function ofEveryone(user: UserView, { users }: View): UserView["rules"] {
  return users.filter((other) => other.name === "*" && together(user, other)).flatMap((other) => other.rules);
}

/** Returns true if a mirror shows that both are on the same cluster. */
export function together(one: OwnerView, other: OwnerView): boolean {
  if (one.places === undefined || other.places === undefined) return one.side !== undefined && one.side === other.side;
  return one.places.some((a) => other.places!.some((b) => a.mirror === b.mirror && a.side === b.side));
}

export const on = ({ side, places = [] }: UserView) =>
  side !== undefined ? `on the ${side}` : places.length > 1 ? "of two mirrors" : "of a cluster";
export const say = (at: UserView, what: Saying) => [{ at, say: what }];

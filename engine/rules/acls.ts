import { type Grant, aclSync, grantsOf, missing, neededBy, sayGrants, surplus } from "./grants";
import { type Rule, stackRule, userRule } from "./rule";
import type { MirrorView, UserView, View } from "./view";

/** The operations that mean something, by resource type (Kafka 4.3, AclEntry). */
const MEANINGFUL: Record<string, readonly string[]> = {
  topic: ["All", "Read", "Write", "Create", "Describe", "Delete", "Alter", "DescribeConfigs", "AlterConfigs"],
  group: ["All", "Read", "Describe", "Delete", "DescribeConfigs", "AlterConfigs"],
  cluster: ["All", "Create", "ClusterAction", "DescribeConfigs", "AlterConfigs", "IdempotentWrite", "Alter", "Describe"],
  transactionalId: ["All", "Describe", "Write"],
};

export const aclRules: Rule[] = [
  userRule(
    { name: "origin-write-everything", level: "mandatory", summary: "The mirror's user on the origin must not be allowed to write to every topic." },
    (user) => {
      if (user.side !== "origin" || !user.ofMirror) return [];
      const wide = grantsOf(user.rules).filter((g) => g.type === "topic" && g.name === "*" && (g.operation === "Write" || g.operation === "All"));
      return wide.map((g) => ({
        seen: `user ${user.name} on the origin may ${g.operation} on topic *`,
        why: "a mirror that can write to the cluster it copies can damage the only complete copy, and whoever gets its password too",
        instead: "leave the rule out with offset-syncs.topic.location=target, or allow Write on the offset-syncs topic alone",
      }));
    },
  ),
  stackRule(
    { name: "acl-unneeded", level: "advisory", summary: "The mirror's user has no ACL that the mirror does not need." },
    (view) =>
      pairs(view).flatMap(({ user, mirror }) => {
        const needed = neededBy(mirror, user.side!);
        const more = surplus(user, needed);
        if (more.length === 0) return [];
        return say(user, {
          seen: `user ${user.name} on the ${user.side} has what the mirror does not need: ${sayGrants(more).join(", ")}`,
          why: "each right too many is one more thing that a leaked password can do",
          instead: `write what is needed: ${sayGrants(grantsOf(needed)).join(", ")}`,
        });
      }),
  ),
  stackRule(
    { name: "acl-missing", level: "mandatory", summary: "The mirror's user has every ACL that the mirror's configuration asks for." },
    (view) =>
      pairs(view).flatMap(({ user, mirror }) => {
        const lacking: Grant[] = missing(user, neededBy(mirror, user.side!));
        if (lacking.length === 0) return [];
        return say(user, {
          seen: `user ${user.name} on the ${user.side} lacks ${sayGrants(lacking).join(", ")}`,
          why: "MirrorMaker 2 says RUNNING without a right and copies nothing, or no checkpoints",
          instead: "add these rules, or change the setting that asks for them (offset-syncs.topic.location, sync.group.offsets.enabled, exactly.once.source.support, sync.topic.acls.enabled)",
        });
      }),
  ),
  userRule(
    { name: "acl-meaningless", level: "advisory", summary: "No rule has an operation that its resource type does not have." },
    (user) => {
      const strange = grantsOf(user.rules).filter((g) => MEANINGFUL[g.type] !== undefined && !MEANINGFUL[g.type]!.includes(g.operation));
      return strange.map((g) => ({
        seen: `user ${user.name} has ${g.operation} on ${g.type === "cluster" ? "the cluster" : `${g.type} ${g.name}`}`,
        why: "brokers accept such a rule and never ask for it, so it only looks like a right",
        instead: `leave it out; on a ${g.type} there are ${MEANINGFUL[g.type]!.join(", ")}`,
      }));
    },
  ),
  userRule(
    { name: "acl-operation-singular", level: "mandatory", summary: "ACL rules are written with `operations`, but in the one dialect that has only `operation`." },
    (user) =>
      user.singular === 0 || user.singularKnown
        ? []
        : [
            {
              seen: `${user.singular} ACL rule${user.singular === 1 ? "" : "s"} of ${user.apiVersion} with the singular \`operation\``,
              why: "operators from Strimzi 0.49 on do not read it: the user becomes NotReady, without Secret, credential or ACL, and the field is erased",
              instead: "write `operations: [...]`",
            },
          ],
  ),
  stackRule(
    { name: "principal-of-operator", level: "mandatory", summary: "No ACL or SCRAM credential through @pulumi/kafka on a cluster whose principals a user operator owns." },
    ({ users }) => {
      const owned = new Set(users.filter((u) => u.maker === "operator").map((u) => u.side));
      return users
        .filter((u) => u.maker === "kafka" && u.side !== undefined && owned.has(u.side))
        .flatMap((user) =>
          say(user, {
            seen: `principal ${user.name} on the ${user.side} is made through @pulumi/kafka beside KafkaUsers`,
            why: "the user operator deletes every credential and ACL without a KafkaUser within two minutes",
            instead: "write a KafkaUser",
          }),
        );
    },
  ),
  stackRule(
    { name: "acl-sync-with-operator", level: "mandatory", summary: "MirrorMaker 2 copies no ACLs to a cluster whose ACLs a user operator owns." },
    ({ mirrors, users }) =>
      !users.some((u) => u.maker === "operator" && u.side !== "origin")
        ? []
        : mirrors.filter(aclSync).map((mirror) => ({
            at: mirror,
            say: {
              seen: `sync.topic.acls.enabled is ${mirror.source.config["sync.topic.acls.enabled"] === undefined ? "not set, which is true" : `"${mirror.source.config["sync.topic.acls.enabled"]}"`} in sourceConnector.config`,
              why: "the target's user operator deletes copied ACLs again, and copying needs Alter on the cluster",
              instead: 'write sync.topic.acls.enabled: "false" and move applications\' users as KafkaUsers',
            },
          })),
  ),
];

/** The mirror's users whose cluster is known, with the one mirror that they are for. */
function pairs({ users, mirrors }: View): { user: UserView; mirror: MirrorView }[] {
  const mirror = mirrors[0];
  if (mirrors.length !== 1 || mirror === undefined) return [];
  return users.filter((u) => u.ofMirror && u.side !== undefined && u.rules.length > 0).map((user) => ({ user, mirror }));
}

const say = (at: UserView, what: { seen: string; why: string; instead: string }) => [{ at, say: what }];

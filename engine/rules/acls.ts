import { modelFrom } from "../mirror-configuration";
import { isIP } from "node:net";
import { OPERATIONS_OF } from "../acls/rules";
import { entry } from "../objects";
import { OPERATIONS } from "./acl-words";
import {
  type Grant,
  aclSync,
  denied,
  forgottenBy,
  grantsOf,
  lacking,
  neededBy,
  sayGrants,
  surplus,
  usefulTo,
} from "./grants";
import { isPlaceholder } from "./placeholder";
import { firstOfEach, kafkaVersion, type Rule, type Saying, stackRule, userRule } from "./rule";
import { inEach } from "./unknown";
import { readings } from "./version";
import type { MirrorView, UserView, View } from "./view";
import { nameOf, sideFor } from "./sides";
import { cannot, isFor, lackedBy, loginsOf, mayServeMore, ofEveryone, on, say, together } from "./users";

/** The operations of a KafkaUser that have an effect, by resource type. */
const MEANINGFUL: Record<string, readonly string[]> = Object.fromEntries(
  Object.entries(OPERATIONS_OF).map(([type, all]) => [type, ["All", ...all.filter((o) => OPERATIONS.includes(o))]]),
);

export const aclRules: Rule[] = [
  userRule(
    {
      name: "origin-write-everything",
      level: "mandatory",
      summary: "The mirror's user on the origin must not be allowed to write to every topic.",
    },
    (user) => {
      if (user.side !== "origin" || !user.ofMirror || isFor(user).length > 0) return [];
      const wide = grantsOf(user.rules).filter(
        (g) =>
          g.type === "topic" &&
          g.name === "*" &&
          g.patternType === "literal" &&
          (g.operation === "Write" || g.operation === "All"),
      );
      return wide.map((g) => ({
        seen: `user ${nameOf(user)} on the origin ${g.operation === "All" ? "has" : "may"} ${g.operation} on topic *`,
        why: "the mirror, or anyone who gets its password, can then damage the only complete copy of the data",
        instead:
          "remove the rule with offset-syncs.topic.location=target, or allow Write on the offset-syncs topic only",
      }));
    },
  ),
  stackRule(
    {
      name: "acl-unneeded",
      level: "advisory",
      summary: "The mirror's user has no ACL that the mirror does not need.",
      settings: { kafkaVersion },
    },
    (view) =>
      inEach(view.users, (user) => {
        const mirrors = loginsOf(user, view);
        // Another client may need these rights. So may a mirror whose cluster is not known, and a connector that the
        // API server drops because it is in the wrong place.
        if (mirrors.length === 0 || isFor(user).length > 0 || mayServeMore(user, view)) return [];
        if (mirrors.some((mirror) => losesConnector(mirror, view))) return [];
        const needed = mirrors.flatMap((mirror) => {
          const side = sideFor(user, mirror)!;
          return [...neededBy(mirror, side), ...forgottenBy(mirror, side)];
        });
        const used = mirrors.flatMap((mirror) =>
          readings(mirror).flatMap((reading) => [
            ...neededBy(reading, sideFor(user, mirror)!),
            ...usefulTo(reading, sideFor(user, mirror)!),
          ]),
        );
        // The rule acl-refused reports a word that is not an operation.
        const more = surplus(user, used).filter(({ operation }) => OPERATIONS.includes(operation));
        if (more.length === 0) return [];
        return say(user, {
          seen:
            `user ${nameOf(user)} ${on(user)} has ACLs that the mirror does not need: ` +
            `${sayGrants(more).join(", ")}`,
          why: "a leaked password can do more than necessary",
          instead: `write only what is needed: ${sayGrants(grantsOf(needed)).join(", ")}`,
        });
      }),
  ),
  stackRule(
    {
      name: "acl-missing",
      level: "mandatory",
      summary: "The mirror's user has every ACL that the mirror's configuration needs.",
      settings: { kafkaVersion },
    },
    (view) =>
      inEach(view.users, (user) => {
        const asked = loginsOf(user, view).map((mirror) => ({
          mirror,
          needed: lacking(mirror, sideFor(user, mirror)!),
        }));
        const rules = [...user.rules, ...ofEveryone(user, view)];
        const gone: Grant[] = user.vague
          ? []
          : asked.flatMap(({ mirror }) => lackedBy({ ...user, rules }, mirror, sideFor(user, mirror)!));
        const forbidden = asked.flatMap(({ mirror, needed }) => denied(user, needed, mirror, sideFor(user, mirror)!));
        const saying = cannot(
          user,
          asked.map(({ mirror }) => modelFrom(mirror)),
          gone,
          forbidden,
        );
        return saying === undefined ? [] : say(user, saying);
      }),
  ),
  userRule(
    {
      name: "acl-meaningless",
      level: "advisory",
      summary: "No rule has an operation that its resource type does not have.",
    },
    (user) => {
      const withoutEffect = grantsOf(user.rules).filter(
        (g) => OPERATIONS.includes(g.operation) && entry(MEANINGFUL, g.type)?.includes(g.operation) === false,
      );
      const places = firstOfEach(withoutEffect, ({ type, name, patternType }) => `${type} ${patternType} ${name}`);
      const meaningless = places.map((g) => {
        const own = withoutEffect.filter(
          (o) => o.type === g.type && o.name === g.name && o.patternType === g.patternType,
        );
        const operations = [...new Set(own.map(({ operation }) => operation))];
        const them = operations.length === 1 ? "it" : "them";
        return {
          seen:
            `user ${nameOf(user)} has ${operations.join(" and ")} on ` +
            `${g.type === "cluster" ? "the cluster" : `${g.type} ${g.name}`}`,
          why: "brokers accept such a rule but never check it, so it grants nothing",
          instead: `remove ${them}; valid on a ${g.type}: ${MEANINGFUL[g.type]!.join(", ")}`,
        };
      });
      return [...meaningless, ...asterisks(user), ...hosts(user)];
    },
  ),
  userRule(
    {
      name: "acl-operation-singular",
      level: "mandatory",
      summary: "No ACL rule has the singular `operation` if the operator does not read it.",
      settings: { kafkaVersion },
    },
    (user) =>
      user.singularRead === false
        ? singular(
            user,
            "the operator does not read it: the user becomes NotReady, without Secret, credential or ACL, " +
              "and the field is erased",
          )
        : [],
  ),
  userRule(
    {
      name: "acl-operation-old",
      level: "advisory",
      summary: "ACL rules of v1beta2 are written with `operations`.",
      settings: { kafkaVersion },
    },
    (user) =>
      user.singularRead === "perhaps"
        ? singular(
            user,
            "operators up to Strimzi 0.48 read it; later ones do not, and the user then becomes NotReady, " +
              "without Secret, credential or ACL",
          )
        : [],
  ),
  stackRule(
    {
      name: "principal-of-operator",
      level: "mandatory",
      summary: "No ACL or SCRAM credential through @pulumi/kafka on a cluster whose principals a user operator owns.",
    },
    ({ users, owners = [] }) => {
      const owned = [...owners, ...users.filter((u) => u.maker === "operator")];
      return users
        .filter((u) => u.maker === "kafka" && (u.owned === true || owned.some((other) => together(u, other))))
        .flatMap((user) =>
          say(user, {
            seen:
              `principal ${nameOf(user)} ${on(user)} is created through @pulumi/kafka, but a user operator ` +
              "manages the users",
            why: "the user operator deletes credentials and ACLs without a KafkaUser within two minutes",
            instead: "write a KafkaUser",
          }),
        );
    },
  ),
  stackRule(
    {
      name: "acl-sync-with-operator",
      level: "mandatory",
      summary: "MirrorMaker 2 copies no ACLs to a cluster whose ACLs a user operator owns.",
    },
    ({ mirrors, users, owners = [] }) =>
      inEach(mirrors, (mirror) =>
        ![...owners, ...users.filter((u) => u.maker === "operator")].some((u) => sideFor(u, mirror) === "target") ||
        // Without an authorizer on both sides MirrorMaker 2 copies no ACLs.
        owners.some((owner) => owner.authorizes === false && sideFor(owner, mirror) !== undefined) ||
        !mirror.declared.source ||
        !aclSync(mirror)
          ? []
          : [
              {
                at: mirror,
                say: {
                  seen: `${ACL_SYNC} is ${saidAclSync(mirror)} in sourceConnector.config`,
                  why: "the target's user operator deletes the copied ACLs, and copying needs Alter on the cluster",
                  instead: 'write sync.topic.acls.enabled: "false" and move applications\' users as KafkaUsers',
                },
              },
            ],
      ),
  ),
];

const losesConnector = ({ resource }: MirrorView, { unknownFields = [] }: View): boolean =>
  unknownFields.some(
    (field) =>
      field.resource === resource &&
      [field.path, field.meant ?? ""].some((name) => /(^|\.)(source|checkpoint)Connector$/.test(name)),
  );

const ACL_SYNC = "sync.topic.acls.enabled";

function saidAclSync({ source }: View["mirrors"][number]): string {
  const value = source.config[ACL_SYNC];
  return value === undefined ? "not set, which is true" : `"${value}"`;
}

function singular({ singular: count, apiVersion }: UserView, why: string): Saying[] {
  if (count === 0) return [];
  const seen = `${count} ACL rule${count === 1 ? "" : "s"} of ${apiVersion} with the singular \`operation\``;
  return [{ seen, why, instead: "write `operations: [...]`, which Strimzi 0.32 and later read" }];
}

/** Hosts that are no IP address. Brokers compare the host with the client's address as a text (no CIDR, no DNS). */
function hosts(user: UserView): Saying[] {
  const own = new Set(user.rules.map(({ host = "*" }) => host));
  return [...own]
    .filter((host) => host !== "*" && isIP(host) === 0 && !isPlaceholder(host))
    .map((host) => ({
      seen: `user ${nameOf(user)} has a rule for the host "${host}"`,
      why: "brokers compare it with the client's IP address as a text: this rule matches no client",
      instead: 'write one rule for each IP address, or "*"',
    }));
}

/** Names with an asterisk that is not a wildcard. */
function asterisks(user: UserView): Saying[] {
  const wild = ({ type, name, patternType }: Grant) =>
    type !== "cluster" && name.includes("*") && (name !== "*" || patternType === "prefix");
  const own = new Map(
    grantsOf(user.rules)
      .filter(wild)
      .map((g) => [`${g.type} ${g.name} ${g.patternType}`, g]),
  );
  const instead = (name: string) => {
    if (/^\*+$/.test(name)) return 'write name "*" with patternType literal';
    const prefix = /^([^*]+?)\.?\*$/.exec(name)?.[1];
    // `orders.*` is a regular expression, or everything below `orders.`: a prefix without the dot covers both.
    if (prefix !== undefined) return `write name "${prefix}" with patternType prefix`;
    return "write names or prefixes";
  };
  return [...own.values()].map(({ type, name, patternType }) => ({
    seen: `user ${nameOf(user)} has rights on ${type} "${name}" with patternType ${patternType}`,
    why:
      'brokers treat "*" as a wildcard only if it is the whole name of a literal rule: this rule matches no ' +
      "usual name",
    instead: instead(name),
  }));
}

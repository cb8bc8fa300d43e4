import { type AclOperation, type AclRule, leastAcls } from "../acls";
import { allow, cluster, implies, topic } from "../acls/rules";
import { holds } from "../acls/cover";
import { modelFrom, reader } from "../mirror-configuration";
import type { MirrorModel, Side } from "../model";
import { internalTopics, policyKind, targetTopicName } from "../naming";
import { mirrored } from "./names";
import type { MirrorView, UserView } from "./view";

/** One operation on one resource. */
export interface Grant {
  type: string;
  name: string;
  patternType: "literal" | "prefix";
  operation: AclOperation;
}

export function grantsOf(rules: readonly AclRule[], type: string = "allow"): Grant[] {
  return rules
    .filter((rule) => (rule.type as string) === type)
    .flatMap(({ resource, operations }) =>
      operations.map((operation) => ({
        type: resource.type,
        name: resource.name ?? "kafka-cluster",
        patternType: resource.patternType ?? "literal",
        operation,
      })),
    );
}

/** The minimum rights that this mirror needs on this side, for the connectors that run and the features that are on. */
export function neededBy(mirror: MirrorView, side: Side): AclRule[] {
  const source = reader(mirror.source.config);
  const model = modelFrom(mirror);
  const beats =
    mirror.heartbeat !== undefined && reader(mirror.heartbeat.config).flag("emit.heartbeats.enabled") !== false;
  return leastAcls(
    side,
    { ...model, heartbeats: beats },
    {
      // By default a mirror tries to copy ACLs. Without the rights for that, it logs a warning and copies the records.
      syncTopicAcls: aclSync(mirror) && source.text("sync.topic.acls.enabled") !== undefined,
      source: mirror.declared.source,
      checkpoints: checkpoints(mirror),
      syncTopicConfigs: source.flag("sync.topic.configs.enabled") !== false,
      offsetSyncs: source.flag("emit.offset-syncs.enabled") !== false,
    },
  );
}

/** The rights without which the mirror does not work. */
export function lacking(mirror: MirrorView, side: Side): AclRule[] {
  const model = modelFrom(mirror);
  // Without Read on its own checkpoints topic, the connector logs a warning when it restarts and writes new
  // checkpoints.
  const checkpoints = internalTopics(model).find((t) => t.kind === "checkpoints")?.name;
  const own = ({ type, name }: AclRule["resource"]) => type === "topic" && name === checkpoints;
  return withoutRenamed(neededBy(mirror, side), model).map((rule) =>
    own(rule.resource) ? { ...rule, operations: rule.operations.filter((operation) => operation !== "Read") } : rule,
  );
}

/**
 * The rights that a source connector needs where there is none. Without it nothing is copied: the user probably forgot
 * it and did not leave it out on purpose.
 */
export const forgottenBy = (mirror: MirrorView, side: Side): AclRule[] =>
  mirror.declared.source ? [] : leastAcls(side, modelFrom(mirror), { checkpoints: checkpoints(mirror) });

/** Rights that the mirror uses if it has them, or that do no harm. It also works without them. */
export function usefulTo(mirror: MirrorView, side: Side): AclRule[] {
  const acls = mirror.declared.source && aclSync(mirror);
  const model = modelFrom(mirror);
  const forgotten = forgottenBy(mirror, side);
  // Only the checkpoint connector reads offset syncs. A user who adds one later needs this right. Connect checks the
  // cleanup policy of its storage topics, and nobody learns anything from the settings of the mirror's other topics.
  const own = internalTopics(model)
    .filter((t) => t.side === side)
    .map((t) => allow(topic(t.name), ...(t.kind === "offset-syncs" ? (["Read"] as const) : []), "DescribeConfigs"));
  // ListGroups returns all groups to a client that may describe the cluster.
  if (side === "origin")
    return [...forgotten, ...own, ...(acls || checkpoints(mirror) ? [allow(cluster, "Describe")] : [])];
  return [...forgotten, ...own, ...(acls ? [allow(cluster, "Alter")] : [])];
}

/**
 * Under the identity policy, topics of a pattern that end in `heartbeats` get another name. The text of the pattern
 * does not show whether there is such a topic. Without a right to it, everything else is still copied.
 */
export function withoutRenamed(needed: readonly AclRule[], model: MirrorModel): AclRule[] {
  const renamed = targetTopicName(model, "heartbeats").slice(0, -"heartbeats".length);
  const prefixes = needed.flatMap(({ resource }) =>
    resource.type === "topic" && resource.patternType === "prefix" ? [resource.name!] : [],
  );
  const stays = targetTopicName(model, "x") === "x" && renamed !== "";
  return needed.filter(
    ({ resource: { name = "", patternType } }) =>
      !(stays && patternType === "prefix" && name.startsWith(renamed) && prefixes.includes(name.slice(renamed.length))),
  );
}

export const checkpoints = (mirror: MirrorView): boolean =>
  mirror.declared.checkpoint && reader(mirror.checkpoint.config).flag("emit.checkpoints.enabled") !== false;

/** Kafka's default is true. */
export function aclSync(mirror: MirrorView): boolean {
  return reader(mirror.source.config).text("sync.topic.acls.enabled")?.toLowerCase() !== "false";
}

/** Returns true if one grant includes the other. Create on the cluster lets a client create every topic. */
function gives(granted: Grant, wanted: Grant): boolean {
  if (granted.type === "cluster" && wanted.type === "topic")
    return wanted.operation === "Create" && implies(granted.operation, "Create");
  return (
    granted.type === wanted.type &&
    implies(granted.operation, wanted.operation) &&
    (granted.type === "cluster" || holds(granted, wanted))
  );
}

/**
 * The rights that are needed and not given. The text does not always show all names that a pattern matches. In that
 * case rules for some of the names count, because nobody can decide from the text whether they cover all of them.
 */
export function missing(user: UserView, needed: readonly AclRule[], side: Side, model: MirrorModel): Grant[] {
  const granted = grantsOf(user.rules);
  const vague = untold(model, side);
  const own = internalTopics(model).map((t) => t.name);
  // The prefix that all copies have. A policy that keeps the names has none.
  const copies = targetTopicName(model, "");
  const some = ({ type, name, patternType }: Grant) => {
    const everyName = name === "*" || (type === "topic" && side === "target" && name === copies);
    return everyName ? vague.includes(type) : patternType === "prefix" && type !== "transactionalId";
  };
  const within = (wanted: Grant) => (g: Grant) =>
    some(wanted) &&
    g.type === wanted.type &&
    !own.includes(g.name) &&
    (wanted.name === "*" || gives({ ...wanted, operation: g.operation }, g)) &&
    implies(g.operation, wanted.operation);
  return grantsOf(needed).filter((wanted) => !granted.some((g) => gives(g, wanted)) && !granted.some(within(wanted)));
}

/**
 * Types of resources whose pattern does not match everything but has no fixed beginning either, and topics whose names
 * an unknown policy chooses.
 */
function untold(model: MirrorModel, side: Side): string[] {
  const everything = (pattern: string) => pattern.split(",").some((part) => /^\^?\.[*+]\$?$/.test(part.trim()));
  const topics = everything(model.topicsPattern) && !(side === "target" && policyKind(model) === "unknown");
  return [...(topics ? [] : ["topic"]), ...(everything(model.groupsPattern) ? [] : ["group"])];
}

/** The rights that are needed and denied. No permission outweighs a denial. A denial for a single host is ignored. */
export function denied(user: UserView, needed: readonly AclRule[], mirror: MirrorView, side: Side): Grant[] {
  const copied = side === "origin" ? mirrored(mirror) : undefined;
  const wanted = grantsOf(needed);
  return grantsOf(
    user.rules.filter((rule) => rule.host === "*"),
    "deny",
  ).filter((deny) =>
    wanted.some((w) => {
      // Without Describe, a client does not see the topic or group, whatever other rights it has.
      const stops =
        deny.operation === "All" ||
        deny.operation === w.operation ||
        (deny.operation === "Describe" && implies(w.operation, "Describe"));
      if (deny.type !== w.type || !stops) return false;
      // Also matches a literal denial for one topic, if the right is needed for more topics and the mirror copies this
      // one.
      return (
        deny.type === "cluster" ||
        holds(deny, w) ||
        (w.type === "topic" && deny.patternType === "literal" && holds(w, deny) && copied?.(deny.name) === true)
      );
    }),
  );
}

const nameOf = ({ name, patternType }: Grant) => ({ name, patternType });

/**
 * The rights that are granted, but neither needed nor implied by a needed right, and the rights that are granted for
 * more resources than needed. A prefix that ends with a separator may replace several names that are needed.
 */
export function surplus(user: UserView, needed: readonly AclRule[]): Grant[] {
  const wanted = grantsOf(needed);
  const covers = (w: Grant, g: Grant) =>
    w.type === g.type && implies(w.operation, g.operation) && (g.type === "cluster" || holds(w, g));
  // Since Kafka 2.8 every right to write implies IdempotentWrite (KIP-679).
  const idempotent = (g: Grant) =>
    g.operation === "IdempotentWrite" && wanted.some((w) => w.type === "topic" && w.operation === "Write");
  // For example, one rule for `prod.` instead of several for `prod.orders` and `prod.payments-`, or one for the name of
  // the workers' group instead of three for its storage topics.
  const together = (g: Grant) => {
    if (g.patternType !== "prefix") return false;
    const begun = wanted.filter((w) => w.name.startsWith(g.name) && covers({ ...w, ...nameOf(g) }, g));
    const ends = /[._-]$/.test(g.name) || begun.every((w) => /^[._-]/.test(w.name.slice(g.name.length)));
    // `mm2-offset-syncs` is the beginning of a name that only mirrors use.
    return ends && (new Set(begun.map((w) => w.name)).size > 1 || (begun.length > 0 && g.name === "mm2-offset-syncs"));
  };
  return grantsOf(user.rules).filter((g) => !wanted.some((w) => covers(w, g)) && !idempotent(g) && !together(g));
}

export function sayGrants(grants: readonly Grant[]): string[] {
  const byResource = new Map<string, string[]>();
  for (const { type, name, patternType, operation } of grants) {
    const resource = type === "cluster" ? "cluster" : `${type} ${name}${patternType === "prefix" ? " (prefix)" : ""}`;
    byResource.set(resource, [...(byResource.get(resource) ?? []), operation]);
  }
  return [...byResource].map(([resource, operations]) => `${[...new Set(operations)].join(" and ")} on ${resource}`);
}

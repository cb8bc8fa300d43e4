import { type AclOperation, type AclRule, leastAcls } from "../acls";
import { allow, cluster, implies, topic } from "../acls/rules";
import { holds } from "../acls/cover";
import { modelFrom, reader } from "../mirror-configuration";
import type { MirrorModel, Side } from "../model";
import { internalTopics, targetTopicName } from "../naming";
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

/** The least that this mirror needs there: rights for the connectors that run and the features that are on. */
export function neededBy(mirror: MirrorView, side: Side): AclRule[] {
  const source = reader(mirror.source.config);
  const model = modelFrom(mirror);
  const beats =
    mirror.heartbeat !== undefined && reader(mirror.heartbeat.config).flag("emit.heartbeats.enabled") !== false;
  return leastAcls(
    side,
    { ...model, heartbeats: beats },
    {
      // The default asks for rights that a mirror does without: it logs a warning and copies.
      syncTopicAcls: aclSync(mirror) && source.text("sync.topic.acls.enabled") !== undefined,
      source: mirror.declared.source,
      checkpoints: checkpoints(mirror),
      syncTopicConfigs: source.flag("sync.topic.configs.enabled") !== false,
      offsetSyncs: source.flag("emit.offset-syncs.enabled") !== false,
    },
  );
}

/** What the mirror cannot do without. */
export function lacking(mirror: MirrorView, side: Side): AclRule[] {
  const model = modelFrom(mirror);
  // Without Read on its own checkpoints the connector logs a warning when it starts again, and writes new ones.
  const checkpoints = internalTopics(model).find((t) => t.kind === "checkpoints")?.name;
  const own = ({ type, name }: AclRule["resource"]) => type === "topic" && name === checkpoints;
  return withoutRenamed(neededBy(mirror, side), model).map((rule) =>
    own(rule.resource) ? { ...rule, operations: rule.operations.filter((operation) => operation !== "Read") } : rule,
  );
}

/** What the mirror uses if it may, and does without otherwise. */
export function usefulTo(mirror: MirrorView, side: Side): AclRule[] {
  const acls = mirror.declared.source && aclSync(mirror);
  const model = modelFrom(mirror);
  // Without a source connector nothing is copied: it was rather forgotten than left out.
  const forgotten = mirror.declared.source ? [] : leastAcls(side, model, { checkpoints: checkpoints(mirror) });
  // Nobody reads them but the checkpoint connector, and whoever adds one will need this.
  const syncs = internalTopics(model)
    .filter((t) => t.kind === "offset-syncs" && t.side === side)
    .map((t) => allow(topic(t.name), "Read"));
  // ListGroups shows all groups to those who may describe the cluster.
  if (side === "origin")
    return [...forgotten, ...syncs, ...(acls || checkpoints(mirror) ? [allow(cluster, "Describe")] : [])];
  // Connect checks the cleanup policy of its storage topics.
  const storage = [model.offsetStorageTopic, model.configStorageTopic, model.statusStorageTopic];
  return [
    ...forgotten,
    ...syncs,
    ...storage.map((name) => allow(topic(name), "DescribeConfigs")),
    ...(acls ? [allow(cluster, "Alter")] : []),
  ];
}

/**
 * Under the identity policy a pattern's topics that end in `heartbeats` get another name. Whether there is one is not
 * to be seen from the text, and without a right to it everything else is copied.
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

/** Kafka's own default is true. */
export function aclSync(mirror: MirrorView): boolean {
  return String(mirror.source.config["sync.topic.acls.enabled"] ?? "true").toLowerCase() !== "false";
}

/** Does one grant give the other? Create on the cluster lets a client create every topic. */
function gives(given: Grant, wanted: Grant): boolean {
  if (given.type === "cluster" && wanted.type === "topic")
    return wanted.operation === "Create" && implies(given.operation, "Create");
  return (
    given.type === wanted.type &&
    implies(given.operation, wanted.operation) &&
    (given.type === "cluster" || holds(given, wanted))
  );
}

/**
 * What is needed and not given. Where a pattern's names can't be told one by one, rules for some of them count: whether
 * they are all is not to be decided from the text.
 * @param mirror whose patterns they are; without it only a prefix is taken for such
 */
export function missing(user: UserView, needed: readonly AclRule[], mirror?: MirrorView): Grant[] {
  const given = grantsOf(user.rules);
  const vague = mirror === undefined ? [] : untold(mirror);
  const own = mirror === undefined ? [] : internalTopics(modelFrom(mirror)).map((t) => t.name);
  const some = (wanted: Grant) =>
    (wanted.patternType === "prefix" && wanted.type !== "transactionalId") ||
    (wanted.name === "*" && vague.includes(wanted.type));
  const within = (wanted: Grant) => (g: Grant) =>
    some(wanted) &&
    g.type === wanted.type &&
    !own.includes(g.name) &&
    (wanted.name === "*" || gives({ ...wanted, operation: g.operation }, g)) &&
    implies(g.operation, wanted.operation);
  return grantsOf(needed).filter((wanted) => !given.some((g) => gives(g, wanted)) && !given.some(within(wanted)));
}

/** Types of resources whose pattern is narrower than everything, and still has no fixed beginning. */
function untold({ topicsPattern, groupsPattern }: MirrorView): string[] {
  const everything = (pattern: string) => pattern.split(",").some((part) => /^\^?\.[*+]\$?$/.test(part.trim()));
  return [...(everything(topicsPattern) ? [] : ["topic"]), ...(everything(groupsPattern) ? [] : ["group"])];
}

/** What is needed and denied, which no permission outweighs. A denial from one host only is passed over. */
export function denied(user: UserView, needed: readonly AclRule[], mirror: MirrorView, side: Side): Grant[] {
  const copied = side === "origin" ? mirrored(mirror) : undefined;
  const wanted = grantsOf(needed);
  return grantsOf(
    user.rules.filter((rule) => rule.host === "*"),
    "deny",
  ).filter((deny) =>
    wanted.some((w) => {
      // Who may not describe a topic or group does not get to see it, whatever else it may.
      const stops =
        deny.operation === "All" ||
        deny.operation === w.operation ||
        (deny.operation === "Describe" && implies(w.operation, "Describe"));
      if (deny.type !== w.type || !stops) return false;
      // Of a topic that the pattern takes, too, where more than this one is needed.
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
 * What is given, and neither needed nor implied by something needed; or given for more than is needed. A prefix that
 * ends with a separator may stand for several names that are needed.
 */
export function surplus(user: UserView, needed: readonly AclRule[]): Grant[] {
  const wanted = grantsOf(needed);
  const covers = (w: Grant, g: Grant) =>
    w.type === g.type && implies(w.operation, g.operation) && (g.type === "cluster" || holds(w, g));
  // Since Kafka 2.8 every right to write implies it (KIP-679).
  const idempotent = (g: Grant) =>
    g.operation === "IdempotentWrite" && wanted.some((w) => w.type === "topic" && w.operation === "Write");
  // One rule on `prod.` in place of several on `prod.orders` and `prod.payments-`.
  const together = (g: Grant) => {
    if (g.patternType !== "prefix" || !/[._-]$/.test(g.name)) return false;
    const begun = wanted.filter((w) => w.name.startsWith(g.name) && covers({ ...w, ...nameOf(g) }, g));
    return new Set(begun.map((w) => w.name)).size > 1;
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

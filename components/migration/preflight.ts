import { createHash } from "node:crypto";
import { defined } from "../../engine/objects";
import { Mistakes } from "../../engine/errors";
import { reader } from "../../engine/mirror-configuration";
import type { ConfigSync, PreflightOptions } from "../../engine/preflight";
import { resolveMirror } from "../mirror/resolve";
import type { Preflight } from "../../lifecycle/resources";
import type { MirrorSettings } from "../settings/mirror";
import type { Config } from "../dialects/model";
import type { AclRule } from "../../engine/acls";
import type { MirrorModel, Side } from "../../engine/model";
import { connectorAcls } from "../../engine/connectors";
import { returnAdministratorAcls } from "../../engine/way-back/rights";
import type { MigrationArgs } from "../settings/migration";
import { inventoryText } from "../clients/inventory";
import { projectFolder } from "../project";
import { throttleRights } from "./copy-throttle";
import { namesOf } from "./names";
import { ownPrincipals } from "./objects";
import { hasWaves, partsOf, returningTopics, wavePhase } from "./waves";

/**
 * Returns what the preflight needs in addition to the model: the replication that the mirror and the reset will
 * request.
 */
export function preflightOptions(args: MigrationArgs, settings: MirrorSettings, model: MirrorModel): PreflightOptions {
  const { target, source, checkpoint, heartbeat } = resolveMirror(settings, new Mistakes());
  const factor = (config: Record<string, unknown>, key: string) =>
    config[key] === undefined ? undefined : Number(config[key]);
  const { rules, allowSameRack } = args.replication ?? {};
  return defined({
    storageReplicationFactor: factor(target.config, "offset.storage.replication.factor"),
    configStorageReplicationFactor: factor(target.config, "config.storage.replication.factor") ?? 3,
    statusStorageReplicationFactor: factor(target.config, "status.storage.replication.factor") ?? 3,
    checkpointsReplicationFactor: factor(checkpoint?.config ?? {}, "checkpoints.topic.replication.factor"),
    offsetSyncsReplicationFactor: factor(source.config, "offset-syncs.topic.replication.factor"),
    heartbeatsReplicationFactor:
      heartbeat === undefined ? undefined : factor(heartbeat.config, "heartbeats.topic.replication.factor"),
    configSync: configSync(source.config),
    maxRequestSize:
      factor(source.config, "producer.override.max.request.size") ?? factor(target.config, "producer.max.request.size"),
    compressionType: compression(source.config["producer.override.compression.type"], target.config),
    replication: defined({ rules, allowSameRack }),
    fence: args.fence ?? false,
    groups: args.offsets?.groups,
    users: madeUsers(args),
    moreRights: moreRights(args, model),
    ...args.preflight,
    everyoneByDefault: everyoneByDefault(args),
  });
}

/** The producer's `compression.type`. Undefined: none, its default. */
function compression(override: unknown, worker: Config): string | undefined {
  const type = String(override ?? worker["producer.compression.type"] ?? "none").trim();
  return type === "none" ? undefined : type;
}

/**
 * Returns the rights that the administrators need for parts with a way back, for connectors and for a limit of the
 * copy. Undefined: none.
 */
function moreRights(args: MigrationArgs, model: MirrorModel): Record<Side, AclRule[]> | undefined {
  const { rest, waves } = partsOf(args, model);
  const parts = [rest, ...waves].filter(({ wayBack }) => wayBack !== undefined);
  const { connectors = [] } = args;
  const of = (side: Side) => [
    ...parts.flatMap(({ mirror }) => returnAdministratorAcls(side, mirror, args.offsets?.groups ?? [])),
    ...connectorAcls(side, connectors),
    ...throttleRights(side, args),
  ];
  const rights = { origin: of("origin"), target: of("target") };
  return rights.origin.length + rights.target.length === 0 && parts.length + connectors.length === 0
    ? undefined
    : rights;
}

/** Returns the source connector's settings for topic configurations. Undefined: there are none. */
function configSync(config: Config): ConfigSync | undefined {
  const { text, flag } = reader(config);
  const sync = defined({
    enabled: flag("sync.topic.configs.enabled"),
    exclude: text("config.properties.exclude") ?? text("config.properties.blacklist"),
    defaultsFrom: text("use.defaults.from") === "source" ? ("source" as const) : undefined,
    incremental: text("use.incremental.alter.configs"),
  });
  return Object.keys(sync).length === 0 ? undefined : sync;
}

/**
 * Returns the mirror's users and the administrators that an operator creates, if this migration grants their ACLs.
 * Undefined: there are none.
 */
function madeUsers(args: MigrationArgs): PreflightOptions["users"] {
  const principals = ownPrincipals(args);
  const of = (side: Side) => {
    const { operator, administrator } = args[side];
    const admin =
      operator === undefined || administrator !== undefined ? [] : [`User:${namesOf(side, args[side]).administrator}`];
    const mirror = principals[side];
    if (mirror.length + admin.length === 0) return undefined;
    const users = { principals: [...mirror, ...admin], profile: args.profile ?? ("least" as const) };
    if (admin.length === 0) return { ...users, only: "mirror" as const };
    return mirror.length === 0 ? { ...users, only: "administrator" as const } : users;
  };
  const users = defined({ origin: of("origin"), target: of("target") });
  return Object.keys(users).length === 0 ? undefined : users;
}

/** For the origin, the fence's options can contain this value, too. */
export function everyoneByDefault(args: MigrationArgs): PreflightOptions["everyoneByDefault"] {
  const origin = args.preflight?.everyoneByDefault?.origin ?? args.fenceOptions?.everyoneByDefault;
  const sides = defined({ origin, target: args.preflight?.everyoneByDefault?.target });
  return Object.keys(sides).length === 0 ? undefined : sides;
}

type PreflightArgs = ConstructorParameters<typeof Preflight>[1];

/** What the preflight compares with the clusters and with the waves of the last `up`. */
export function wavesForPreflight(
  args: MigrationArgs,
): Pick<PreflightArgs, "waves" | "splitGroups" | "excludeGroups" | "wayBack" | "left"> {
  const returning = returningTopics(args);
  const left = returning.length === 0 ? {} : { left: returning };
  if (!hasWaves(args)) return { ...left, ...defined({ wayBack: args.wayBack }) };
  const { waves = [], splitGroups } = args;
  const { excludeGroups = [] } = args.offsets ?? {};
  return {
    ...left,
    waves: waves.map((wave) => ({
      name: wave.name,
      topics: wave.topics,
      groups: wave.groups ?? "",
      phase: wavePhase(wave),
      ...defined({ wayBack: wave.wayBack }),
    })),
    ...(splitGroups === undefined ? {} : { splitGroups: [...splitGroups] }),
    ...(excludeGroups.length === 0 ? {} : { excludeGroups: [...excludeGroups] }),
  };
}

/** The inventory that the preflight compares with the origin. Nothing if none is set, or if it cannot be read. */
export function estateForPreflight({ inventory }: MigrationArgs): Pick<PreflightArgs, "estate"> {
  const text = inventory === undefined ? undefined : inventoryText(inventory);
  if (inventory === undefined || text === undefined) return {};
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { estate: { file: inventory, root: projectFolder(), digest } };
}

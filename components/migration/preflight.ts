import { defined } from "../../engine/defined";
import { Mistakes } from "../../engine/errors";
import { reader } from "../../engine/mirror-configuration";
import type { ConfigSync, PreflightOptions } from "../../engine/preflight";
import { resolveMirror } from "../mirror/resolve";
import type { MirrorSettings } from "../mirror/settings";
import type { Config } from "../dialects/model";
import type { MigrationArgs } from "./args";

/** What the preflight has to know beside the model: the replication that the mirror and the reset will ask for. */
export function preflightOptions(args: MigrationArgs, settings: MirrorSettings): PreflightOptions {
  const { target, source, checkpoint, heartbeat } = resolveMirror(settings, new Mistakes());
  const factor = (config: Record<string, unknown>, key: string) => (config[key] === undefined ? undefined : Number(config[key]));
  const { rules, allowSameRack } = args.replication ?? {};
  return defined({
    storageReplicationFactor: factor(target.config, "offset.storage.replication.factor"),
    configStorageReplicationFactor: factor(target.config, "config.storage.replication.factor") ?? 3,
    statusStorageReplicationFactor: factor(target.config, "status.storage.replication.factor") ?? 3,
    checkpointsReplicationFactor: factor(checkpoint?.config ?? {}, "checkpoints.topic.replication.factor"),
    offsetSyncsReplicationFactor: factor(source.config, "offset-syncs.topic.replication.factor"),
    heartbeatsReplicationFactor: heartbeat === undefined ? undefined : factor(heartbeat.config, "heartbeats.topic.replication.factor"),
    configSync: configSync(source.config),
    replication: defined({ rules, allowSameRack }),
    fence: args.fence ?? false,
    groups: args.offsets?.groups,
    ...args.preflight,
  });
}

/** What the source connector is told about topic settings; undefined: nothing. */
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

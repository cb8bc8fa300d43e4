import { type Config, reader } from "../mirror-configuration";
import { versionAtLeast } from "../version";
import { type Block, read, type Reading } from "./keys";
import { ofDedicatedMode } from "./keys/dedicated";
import type { Saying } from "./rule";
import { attempt, inEach } from "./unknown";
import { type MirrorView, namesIn } from "./view";

export interface Written {
  key: string;
  value: Config[string] | undefined;
  block: Block;
  /** In messages: `sourceConnector.config "tasks.max"`. */
  path: string;
  reading: Reading;
}

/**
 * A custom class may read keys of its own. With one of these keys set to a custom class, only typing mistakes are
 * reported.
 */
const CLASSES = [
  "replication.policy.class",
  "topic.filter.class",
  "group.filter.class",
  "config.property.filter.class",
  "forwarding.admin.class",
  "metric.reporters",
  "connector.client.config.override.policy",
];

/** The path under which the mirror's dialect has this block. */
export function configPath(mirror: MirrorView, block: Block): string {
  if (block !== "target" && block !== "origin") return `${block}Connector.config`;
  return `${namesIn(mirror)[block === "target" ? "workers" : "origin"]}.config`;
}

function configOf(mirror: MirrorView, block: Block): Config | undefined {
  if (block === "source") return mirror.declared.source ? mirror.source.config : undefined;
  if (block === "checkpoint") return mirror.declared.checkpoint ? mirror.checkpoint.config : undefined;
  if (block === "heartbeat") return mirror.heartbeat?.config;
  // If the workers keep their state on the origin, its configuration belongs to the workers.
  if (block === "origin")
    return mirror.aliases?.connectCluster === mirror.origin.alias && mirror.aliases.connectCluster !== undefined
      ? undefined
      : mirror.origin.config;
  return mirror.target.config;
}

/** Every key of a mirror's configurations, with what reads it. */
export function written(mirror: MirrorView): Written[] {
  const aliases = (["origin", "target"] as const).flatMap((side) => attempt(() => mirror[side].alias) ?? []);
  return inEach(["source", "checkpoint", "heartbeat", "target", "origin"] as const, (block) => {
    const config = configOf(mirror, block) ?? {};
    const own = CLASSES.some(
      (key) => !/^(org\.apache\.kafka\.|io\.strimzi\.kafka\.|$)/.test(String(attempt(() => config[key]) ?? "")),
    );
    return Object.keys(config).map((key): Written => {
      const value = attempt(() => config[key]);
      const reading = read(block, key, own);
      const path = `"${key}" in ${configPath(mirror, block)}`;
      const clear = reading.is === "read" || reading.is === "misplaced";
      const other = clear ? undefined : ofDedicatedMode(block, key, aliases, read);
      return { key, value, block, path, reading: other ?? reading };
    });
  });
}

/** The overrides that the policy `Principal` allows. */
const PRINCIPAL = /\.override\.(sasl\.jaas\.config|sasl\.mechanism|security\.protocol)$/;

/** Reports client settings of a connector that its workers do not allow. */
export function overrides(mirror: MirrorView): Saying[] {
  const key = "connector.client.config.override.policy";
  const policy = reader(mirror.target.config).text(key);
  const old = policy === undefined && mirror.versionAssumed !== true && !versionAtLeast(mirror.kafkaVersion, "3.0");
  const [, name = old ? "None" : ""] =
    /^(?:org\.apache\.kafka\.connect\.connector\.policy\.)?(None|Principal)(?:ConnectorClientConfigOverridePolicy)?$/.exec(
      policy ?? "",
    ) ?? [];
  if (name === "") return [];
  const workers = configPath(mirror, "target");
  const first = written(mirror).filter(
    ({ key }) => key.startsWith("producer.override.") && !(name === "Principal" && PRINCIPAL.test(key)),
  );
  return first.map(({ path }) => ({
    seen:
      `${path} is an override, which "${key}" in ${workers} does not ` +
      `allow${old ? ` (before Kafka 3.0 its default is None)` : ""}`,
    why: "Connect refuses the connector, and it does not run",
    instead: `write "${key}": "All" in ${workers}`,
  }));
}

import { type Config, reader } from "../mirror-configuration";
import { checkpoints } from "./grants";
import { choosesReplicas } from "./addresses";
import { attempt } from "./unknown";
import { type MirrorView, namesIn } from "./view";

const INTERNAL = [
  ["source", "offset-syncs.topic.replication.factor"],
  ["checkpoint", "checkpoints.topic.replication.factor"],
  ["heartbeat", "heartbeats.topic.replication.factor"],
] as const;
const STORAGE = [
  "offset.storage.replication.factor",
  "config.storage.replication.factor",
  "status.storage.replication.factor",
];

/** Replication factors that MirrorMaker 2 requests by default (Kafka 4.3, MirrorConnectorConfig). */
const DATA_DEFAULT = 2;
const INTERNAL_DEFAULT = 3;

interface Factor {
  key: string;
  where: string;
  value: number;
  /** The value in messages. */
  said: string;
}

/** The replication factors of the mirror's topics on the target. Those of the workers' storage are in `storageOf`. */
export function factorsOf(mirror: MirrorView): Factor[] {
  if (isService(mirror, "target")) return [];
  const factor = (config: Config, where: string, key: string, byDefault: number): Factor => {
    const value = reader(config).number(key);
    return {
      key,
      where,
      value: value ?? byDefault,
      said: value === undefined ? `not set, which is ${byDefault}` : String(value),
    };
  };
  const { source, heartbeat, declared } = mirror;
  const runs = {
    // The number of the target's brokers does not matter for offset syncs on the origin.
    source: declared.source && reader(source.config).text("offset-syncs.topic.location") === "target",
    checkpoint: checkpoints(mirror),
    heartbeat: heartbeat !== undefined,
  };
  return [
    ...(declared.source
      ? [factor(source.config, "in sourceConnector.config", "replication.factor", DATA_DEFAULT)]
      : []),
    ...INTERNAL.flatMap(([connector, key]) =>
      runs[connector]
        ? [factor(mirror[connector]!.config, `in ${connector}Connector.config`, key, INTERNAL_DEFAULT)]
        : [],
    ),
  ];
}

/** The brokers are only known for the target, so a workers' cluster elsewhere is left out. */
const atTarget = (mirror: MirrorView) => attempt(() => mirror.workersAt) === undefined && !isService(mirror, "target");

export const storageOf = (mirror: MirrorView): Factor[] =>
  (atTarget(mirror) ? STORAGE : []).map((key) => {
    const value = reader(mirror.target.config).number(key);
    return {
      key,
      where: `in ${namesIn(mirror).workers}.config`,
      value: value ?? INTERNAL_DEFAULT,
      said: value === undefined ? `not set, which is ${INTERNAL_DEFAULT}` : String(value),
    };
  });

/** Returns true if the cluster is a service that chooses the number of replicas itself. */
export const isService = (mirror: MirrorView, side: "origin" | "target"): boolean =>
  attempt(() => choosesReplicas(mirror[side])) === true;

/** A factor of -1 means the brokers' default. */
export const oneByDefault = (mirror: MirrorView) => mirror.targetDefaultReplicas === 1;
export const isOne = (mirror: MirrorView, factor: number | undefined) =>
  factor === 1 || (factor === -1 && oneByDefault(mirror));
export const DATA = "replication.factor";

/** Keys that request one replica. Offset syncs on the origin do not concern the target. */
export function onesOf(mirror: MirrorView, stays: boolean): string[] {
  const { source, declared, target } = mirror;
  const one = (config: Config, key: string) => isOne(mirror, reader(config).number(key));
  const syncsAtOrigin = reader(source.config).text("offset-syncs.topic.location") !== "target";
  const connectors = INTERNAL.filter(([connector, key]) => {
    if (mirror[connector] === undefined || !one(mirror[connector].config, key)) return false;
    return !isService(mirror, connector === "source" && syncsAtOrigin ? "origin" : "target");
  });
  const storage = STORAGE.filter((key) => one(target.config, key));
  return [
    ...(stays && declared.source && !isService(mirror, "target") && one(source.config, DATA) ? [DATA] : []),
    ...connectors.map(([, key]) => key),
    ...(atTarget(mirror) ? storage : []),
  ];
}

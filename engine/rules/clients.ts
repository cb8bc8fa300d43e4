import { reader } from "../mirror-configuration";
import { versionAtLeast, versionsOf } from "../version";
import { configPath } from "./written";
import type { MirrorView } from "./view";

type Connector = "source" | "checkpoint" | "heartbeat";

/** A Kafka client of a mirror, with the settings that reach it. */
export interface Client {
  kind: "producer" | "consumer" | "admin" | "worker";
  /** What does not start if the client cannot be created. */
  stops: string;
  /** The text of a key, if it is set anywhere. */
  text(key: string): string | undefined;
  /**
   * The number of a key, or `byDefault` if it is not set. Undefined for any other text, such as a placeholder: its
   * number is not known.
   */
  number(key: string, byDefault?: number): number | undefined;
  flag(key: string): boolean | undefined;
  /** The place that wins, for messages. */
  path(key: string): string;
  /** The client writes the copied records: Connect sets `enable.idempotence` to false, unless somebody sets it. */
  copies?: boolean;
  /**
   * Connect makes the producer transactional, and so idempotent: it replaces these two settings (KIP-618, Kafka 3.3).
   * Undefined: not known, because the workers' setting is a placeholder.
   */
  transactional: boolean | undefined;
}

type Layer = readonly [block: Connector | "target", prefix: string];

/** Every client of a mirror whose settings can be written in the resource. The first layer wins. */
export function clientsOf(mirror: MirrorView): Client[] {
  const syncs = reader(mirror.source.config).text("offset-syncs.topic.location") === "target" ? "target" : "source";
  const connectors = (["source", "checkpoint", "heartbeat"] as const).filter((name) =>
    name === "heartbeat" ? mirror.heartbeat !== undefined : mirror.declared[name],
  );
  const exactlyOnce = supportsExactlyOnce(mirror);
  const client = (
    kind: Client["kind"],
    stops: string,
    layers: readonly Layer[],
    more: Partial<Client> = {},
  ): Client => {
    const configs = layers.map(([block, prefix]) => ({
      prefix,
      path: configPath(mirror, block),
      config: reader(block === "target" ? mirror.target.config : (mirror[block]?.config ?? {})),
    }));
    const layerOf = (key: string) => configs.find(({ config, prefix }) => config.text(prefix + key) !== undefined);
    const text = (key: string) => {
      const layer = layerOf(key);
      return layer?.config.text(layer.prefix + key);
    };
    return {
      kind,
      stops,
      text,
      number: (key, byDefault) => {
        const value = text(key);
        if (value === undefined) return byDefault;
        return /^[+-]?\d+$/.test(value) ? Number(value) : undefined;
      },
      flag: (key) => {
        const value = text(key)?.toLowerCase();
        return value === "true" ? true : value === "false" ? false : undefined;
      },
      path: (key) => {
        const layer = layerOf(key);
        return layer === undefined ? `"${key}"` : `"${layer.prefix}${key}" in ${layer.path}`;
      },
      transactional: false,
      ...more,
    };
  };
  const ofConnector = (name: Connector): Client[] => {
    const fails = `the ${name} connector`;
    return [
      client(
        "producer",
        `the tasks of ${fails}`,
        [
          [name, "producer.override."],
          ["target", "producer."],
        ],
        {
          copies: true,
          transactional: exactlyOnce,
        },
      ),
      ...(["source", "target"] as const).map((side) =>
        client("admin", fails, [
          [name, `${side}.admin.`],
          [name, "admin."],
        ]),
      ),
    ];
  };
  return [
    client("worker", "the workers", [["target", ""]]),
    client("admin", "the workers", [["target", ""]]),
    ...connectors.flatMap(ofConnector),
    ...(connectors.includes("source")
      ? [
          client("producer", "the source connector", [
            ["source", `${syncs}.producer.`],
            ["source", "producer."],
          ]),
          client("consumer", "the tasks of the source connector", [
            ["source", "source.consumer."],
            ["source", "consumer."],
          ]),
        ]
      : []),
    ...(connectors.includes("checkpoint")
      ? (["source", "target"] as const).map((side) =>
          client("consumer", "the checkpoint connector", [
            ["checkpoint", `${side}.consumer.`],
            ["checkpoint", "consumer."],
          ]),
        )
      : []),
  ];
}

/** Returns true if the workers write with exactly-once. Undefined for a placeholder. */
function supportsExactlyOnce(mirror: MirrorView): boolean | undefined {
  if (!versionsOf(mirror).some((version) => versionAtLeast(version, "3.3"))) return false;
  const support = reader(mirror.target.config).text("exactly.once.source.support")?.toLowerCase();
  if (support === undefined || ["disabled", "preparing"].includes(support)) return false;
  return support === "enabled" ? true : undefined;
}

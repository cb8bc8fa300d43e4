import { type Config, modelFrom, reader } from "../mirror-configuration";
import type { Side } from "../model";
import { internalTopics } from "../naming";
import { versionAtLeast } from "../version";
import { policyRules } from "./policy";
import { producerOf } from "./producer";
import { kafkaVersion, mirrorRule, type Rule, type Saying } from "./rule";
import { attempt, inEach } from "./unknown";
import { versionOf } from "./version";
import { type MirrorView, namesIn } from "./view";
import { agreementRule } from "./agreement";

const CONNECTORS = ["source", "checkpoint", "heartbeat"] as const;

function configs(mirror: MirrorView): { path: string; config: Config }[] {
  return CONNECTORS.flatMap((name) =>
    mirror[name] === undefined ? [] : [{ path: `${name}Connector.config`, config: mirror[name].config }],
  );
}

/**
 * The operator removes these keys from the workers' configuration. It only logs a line (Strimzi 0.51,
 * KafkaMirrorMaker2ClusterSpec). The connectors get them all the same.
 */
const DROPPED_PREFIXES = [
  "ssl.",
  "sasl.",
  "security.",
  "listeners",
  "plugin.path",
  "rest.",
  "bootstrap.servers",
  "consumer.interceptor.classes",
  "producer.interceptor.classes",
];
const KEPT = ["ssl.endpoint.identification.algorithm", "ssl.cipher.suites", "ssl.protocol", "ssl.enabled.protocols"];
/** The operators pass on only these keys of a login of type `custom`. */
const CUSTOM_LOGIN = /^(sasl|ssl\.keystore)\./;

function lostOfLogin(mirror: MirrorView): (side: Side) => Saying[] {
  return (side) => {
    const login = attempt(() => mirror[side].authentication);
    if (attempt(() => login?.type) !== "custom") return [];
    const config = attempt(() => login?.settings.config);
    if (typeof config !== "object" || config === null) return [];
    const field = namesIn(mirror)[side];
    return Object.keys(config)
      .filter((key) => !CUSTOM_LOGIN.test(key))
      .map((key) => ({
        seen: `${field}.authentication.config "${key}"`,
        why: 'the operator passes on only keys that begin with "sasl." or "ssl.keystore."',
        instead: `use tls, bootstrapServers or config of ${field}`,
      }));
  };
}

/** Keys of the workers' configuration that became fields. */
const FIELDS_OF_V1: Record<string, string> = {
  "group.id": "groupId",
  "config.storage.topic": "configStorageTopic",
  "offset.storage.topic": "offsetStorageTopic",
  "status.storage.topic": "statusStorageTopic",
};
const DROPPED_KEYS: Record<string, string> = {
  name: "leave it out: the operator names connectors",
  "connector.class": "leave it out: the operator chooses it",
  "tasks.max": "set tasksMax instead",
};

export const configurationRules: Rule[] = [
  agreementRule,
  ...policyRules,
  mirrorRule(
    {
      name: "separator-empty",
      level: "advisory",
      summary: "replication.policy.separator is not empty: it is part of the internal topics' names.",
      settings: { kafkaVersion },
    },
    (mirror) => {
      if (!configs(mirror).some(({ config }) => config["replication.policy.separator"] === "")) return [];
      const model = modelFrom(mirror);
      const names = internalTopics(model)
        .filter((t) => t.kind === "checkpoints" || t.kind === "offset-syncs")
        .map((t) => t.name);
      const renames = versionAtLeast(mirror.kafkaVersion, "3.1");
      return [
        {
          seen: 'replication.policy.separator is ""',
          why: renames
            ? `${versionOf(mirror)} uses it in internal names too: they become ${names.join(" and ")}, and ` +
              `fooheartbeats becomes ${mirror.origin.alias}fooheartbeats`
            : `${versionOf(mirror)} keeps the dots (${names.join(", ")}), but Kafka 3.1 and later do not: the ` +
              "names change with the version",
          instead: "leave it out; the identity policy does not need it",
        },
      ];
    },
  ),
  mirrorRule(
    { name: "aliases", level: "mandatory", summary: "Aliases are unique, and the same in clusters and mirrors." },
    (mirror) => {
      const sayings: Saying[] = [];
      const { clusters, connectCluster, source, target }: NonNullable<MirrorView["aliases"]> = mirror.aliases ?? {
        clusters: [mirror.origin.alias, mirror.target.alias],
      };
      const twice = clusters.find((alias, i) => alias !== "" && clusters.indexOf(alias) !== i);
      if (twice !== undefined) {
        sayings.push({
          seen:
            mirror.aliases === undefined
              ? `origin and target are both "${twice}"`
              : `clusters has the alias "${twice}" twice`,
          why: "MirrorMaker 2 uses aliases in topic names; operators of Strimzi 1.0 and later do not check them",
          instead: "give each cluster its own alias",
        });
      }
      if (mirror.repeated) {
        sayings.push({
          seen: `mirrors[] has "${mirror.origin.alias}" twice as source`,
          why: "both would use the same names for connectors, checkpoints and offset syncs",
          instead: "give each origin its own alias, or put both patterns into one entry",
        });
      }
      const known = clusters.length === 0 ? "clusters has no entry" : `clusters are ${clusters.join(" and ")}`;
      for (const [field, alias] of [
        ["connectCluster", connectCluster],
        ["mirrors[].sourceCluster", source],
        ["mirrors[].targetCluster", target],
      ] as const) {
        if (alias !== undefined && !clusters.includes(alias)) {
          sayings.push({
            seen: `${field} is "${alias}", ${known}`,
            why: "the operator finds no such cluster and creates nothing",
            instead: "write an alias of clusters",
          });
        }
      }
      if (source !== undefined && source === target) {
        sayings.push({
          seen: `mirrors[] has "${source}" as sourceCluster and targetCluster`,
          why: "a cluster that is mirrored to itself writes to the topics that it reads",
          instead: "name the origin as sourceCluster",
        });
      }
      // Two entries for the same cluster count as one.
      const both = [connectCluster, target].every((alias) => alias !== undefined && clusters.includes(alias));
      if (both && connectCluster !== target && attempt(() => mirror.aliases?.sameServers ?? false) === false) {
        sayings.push({
          seen: `connectCluster is "${connectCluster}" and targetCluster "${target}"`,
          why:
            "workers write to the cluster that holds their state: operators refuse this, and older ones copy " +
            "to the wrong cluster",
          instead: "name the target in both",
        });
      }
      return sayings;
    },
  ),
  mirrorRule(
    { name: "heartbeat-block", level: "mandatory", summary: "No heartbeat connector in a dialect without one." },
    (mirror) =>
      mirror.heartbeat === undefined || mirror.heartbeatKnown
        ? []
        : [
            {
              seen: `a heartbeat connector in ${mirror.apiVersion}`,
              why: "that version has no such field and drops it",
              instead: "leave heartbeatConnector out, or use an API version that has it",
            },
          ],
  ),
  mirrorRule(
    { name: "dropped-options", level: "mandatory", summary: "No option that the operator silently drops." },
    (mirror) => {
      // The connectors get a resource's origin config as it is (`source.cluster.`), and the workers do not need it.
      const asWritten = mirror.fieldNames !== undefined;
      const dropped = inEach<Side, Saying>(asWritten ? ["target"] : ["origin", "target"], (side) =>
        Object.keys(mirror[side].config).flatMap((key) => {
          const name = key.toLowerCase();
          const prefix = KEPT.includes(name) ? undefined : DROPPED_PREFIXES.find((p) => name.startsWith(p));
          if (prefix === undefined) return [];
          const field = namesIn(mirror)[side === "target" ? "workers" : side];
          const connection = /^(ssl|sasl|security|bootstrap)/.test(prefix);
          const instead = connection ? `use tls, authentication or bootstrapServers of ${field}` : "leave it out";
          const why =
            side === "target"
              ? `the operator drops "${prefix}" keys`
              : `only the connectors get "${prefix}" keys of the origin, in place of what its other fields say`;
          return [{ seen: `${field}.config "${key}"`, why, instead }];
        }),
      );
      // A component reports these keys itself, for every dialect.
      const asResource = mirror.fieldNames !== undefined && mirror.apiVersion.endsWith("/v1");
      // The target's configuration may not be known yet.
      const replaced = inEach(Object.entries(asResource ? FIELDS_OF_V1 : {}), ([key, field]): Saying[] =>
        Object.hasOwn(mirror.target.config, key)
          ? [
              {
                seen: `${namesIn(mirror).workers}.config "${key}"`,
                why: `in ${mirror.apiVersion} the operator takes ${field} of the target and ignores this key`,
                instead: `write target.${field}`,
              },
            ]
          : [],
      );
      const overruled = inEach(CONNECTORS, (name) =>
        Object.keys(mirror[name]?.config ?? {}).flatMap((key): Saying[] =>
          Object.hasOwn(DROPPED_KEYS, key)
            ? [{ seen: `${name}Connector.config "${key}"`, why: "the operator drops it", instead: DROPPED_KEYS[key]! }]
            : [],
        ),
      );
      const unknown = (attempt(() => mirror.fieldsOfOtherVersions) ?? []).filter(({ implied }) => implied !== true);
      const others = [...dropped, ...replaced, ...overruled, ...inEach(["origin", "target"], lostOfLogin(mirror))];
      return [
        ...others,
        ...unknown.map(({ path, instead }) => ({
          seen: `${path} in ${mirror.apiVersion}`,
          why: "that version has no such field and drops it",
          instead,
        })),
      ];
    },
  ),
  mirrorRule(
    { name: "exclusions-twice", level: "mandatory", summary: "An exclusion uses only one of its two names." },
    (mirror) =>
      mirror.doubleExclusions.map((pair) => ({
        seen: `${pair.old} next to ${pair.new}`,
        why: `the operator takes ${pair.new} and ignores the other`,
        instead: `put everything into ${pair.new}`,
      })),
  ),
  mirrorRule(
    {
      name: "exactly-once",
      level: "mandatory",
      summary: "Settings for exactly-once do not contradict each other.",
      settings: { kafkaVersion },
    },
    (mirror) => {
      const sayings: Saying[] = [];
      const required = reader(mirror.source.config).text("exactly.once.support")?.toLowerCase() === "required";
      const model = modelFrom(mirror);
      if (required && model.isolationLevel !== "read_committed") {
        sayings.push({
          seen:
            `"exactly.once.support" is "required" with consumer.isolation.level ${model.isolationLevel} in ` +
            "sourceConnector.config",
          why: "MirrorMaker 2 refuses that, and the connector is not created",
          instead: 'write "consumer.isolation.level": "read_committed"',
        });
      }
      if (required && !model.exactlyOnce) {
        sayings.push({
          seen:
            `"exactly.once.support" is "required" in sourceConnector.config, ${namesIn(mirror).workers}.config ` +
            `has no "exactly.once.source.support": "enabled"`,
          why: "workers without it refuse the connector",
          instead: `enable it in ${namesIn(mirror).workers}.config too, or remove it`,
        });
      }
      if (model.exactlyOnce && !versionAtLeast(mirror.kafkaVersion, "3.5")) {
        sayings.push({
          seen: `"exactly.once.source.support" is enabled on ${versionOf(mirror)}`,
          why: "exactly-once needs the MirrorMaker 2 of Kafka 3.5 or later",
          instead: "use a newer version, or remove it",
        });
      }
      const producer = producerOf(mirror);
      if (model.exactlyOnce && producer.flag("enable.idempotence") === false) {
        sayings.push({
          seen: `${producer.path("enable.idempotence")} is false with exactly-once`,
          why: "transactions need an idempotent producer",
          instead: "remove it",
        });
      }
      return sayings;
    },
  ),
];

import type { Config } from "../mirror-configuration";
import { absence, type Block, type KeyFact, type Reading, refusal, refusedClass, RESET, unlessOwnChoice } from "./keys";
import { mirrorRule, kafkaVersion, type Rule, type Saying, stackRule } from "./rule";
import { inEach } from "./unknown";
import { negativeTime, refusedInterval } from "./times";
import { unitDoubt } from "./units";
import { versionsOf } from "../version";
import { versionOf } from "./version";
import { type MirrorView, namesIn, type Subject } from "./view";
import { merged, oncePerKey } from "./merged";
import { overrides, type Written, written } from "./written";

const connectorOf = (mirror: MirrorView, block: Block) =>
  block === "target" || block === "origin" ? undefined : mirror[block];

const each = (mirrors: readonly MirrorView[], look: (mirror: MirrorView) => Saying[]): { at: Subject; say: Saying }[] =>
  inEach(mirrors, (at) => look(at).map((say) => ({ at, say })));

const known = (mirror: MirrorView): (Written & { reading: { is: "read"; fact: KeyFact } })[] =>
  written(mirror).filter(
    (one): one is Written & { reading: { is: "read"; fact: KeyFact } } => one.reading.is === "read",
  );

/** The keys that the running version reads. The values of all others have no effect. */
const inForce = (mirror: MirrorView) =>
  known(mirror).filter(
    ({ reading }) => mirror.versionAssumed === true || absence(reading.fact, mirror.kafkaVersion) === undefined,
  );

const meant = ({ meant: key, belongs }: Extract<Reading, { is: "misspelt" }>) =>
  `did you mean "${key}"?${belongs === undefined ? "" : ` ${belongs}`}`;

export const settingRules: Rule[] = [
  stackRule(
    { name: "misspelt-key", level: "mandatory", summary: "No key of a configuration is misspelled." },
    ({ mirrors }) =>
      oncePerKey(mirrors, (mirror) =>
        written(mirror).flatMap(({ path, reading }): Saying[] =>
          reading.is !== "misspelt"
            ? []
            : [
                {
                  seen: `${path} is not a key of Kafka`,
                  why: "nothing reads it, and the intended setting keeps its default",
                  instead: meant(reading),
                },
              ],
        ),
      ),
  ),
  stackRule(
    {
      name: "misplaced-key",
      level: "advisory",
      refused: true,
      summary: "Every key is in the block that reads it, and reaches the intended client.",
    },
    ({ mirrors }) => oncePerKey(mirrors, (mirror) => merged(written(mirror).flatMap((one) => astray(one, mirror)))),
  ),
  stackRule({ name: "refused-value", level: "mandatory", summary: "Kafka accepts every value." }, ({ mirrors }) =>
    each(mirrors, (mirror) => [
      ...overrides(mirror),
      ...inForce(mirror).flatMap(({ path, value, block, reading }): Saying[] => {
        const unread = value === undefined || reading.prefix === "consumer.override.";
        if (unread || reading.fact.type === "password") return [];
        const reason = refusal(reading.fact, value, versionsOf(mirror));
        const interval =
          reason === undefined && refusedInterval(reading.fact, Number(value), connectorOf(mirror, block));
        if (!reason && !interval) return [];
        return [
          {
            seen: `${path} is "${value}", which ${reason ?? interval}`,
            why: interval ? "the connector or its task fails when it starts" : consequence(block, reading),
            instead: interval
              ? `write at least 1; the default is ${reading.fact.byDefault}`
              : allowed(reading.fact, String(value), versionsOf(mirror)),
          },
        ];
      }),
    ]),
  ),
  stackRule(
    {
      name: "unit-doubtful",
      level: "advisory",
      refused: true,
      summary: "No number looks like it has another unit.",
    },
    ({ mirrors }) =>
      each(mirrors, (mirror) =>
        inForce(mirror).flatMap(({ path, value, reading }) => {
          const doubt =
            value === undefined || refusal(reading.fact, value) !== undefined
              ? undefined
              : unitDoubt(reading.fact, Number(value));
          return doubt === undefined ? [] : [{ ...doubt, seen: `${path} is ${value}, ${doubt.seen}` }];
        }),
      ),
  ),
  stackRule(
    { name: "time-negative", level: "advisory", refused: true, summary: "No time is negative." },
    ({ mirrors }) =>
      each(mirrors, (mirror) =>
        inForce(mirror).flatMap(({ path, value, block, reading }) => {
          if (value === undefined || refusal(reading.fact, value) !== undefined) return [];
          const saying = negativeTime(reading.fact, Number(value), connectorOf(mirror, block));
          return saying === undefined ? [] : [{ ...saying, seen: `${path} is ${value}, ${saying.seen}` }];
        }),
      ),
  ),
  mirrorRule(
    {
      name: "key-of-another-version",
      level: "advisory",
      refused: true,
      summary: "Every key exists in the version of Kafka that runs.",
      settings: { kafkaVersion },
    },
    (mirror) => {
      if (mirror.versionAssumed === true) return [];
      return known(mirror).flatMap(({ path, reading }): Saying[] => {
        const reason = absence(reading.fact, mirror.kafkaVersion);
        if (reason === undefined) return [];
        const old = reason.includes("up to") ? reading.fact.name.replace(/blacklist$/, "exclude") : undefined;
        return [
          {
            seen: `${path} is not read by ${versionOf(mirror)}: Kafka ${reason}`,
            why: "the setting has no effect",
            instead:
              old === undefined
                ? "use that version or a later one, or leave it out"
                : old === reading.fact.name
                  ? "leave it out"
                  : `write ${old}`,
          },
        ];
      });
    },
  ),
];

/**
 * Keys of the connectors that select topics and groups, and the fields of the mirror that the operator writes over
 * them.
 */
const SELECTING: Record<string, readonly string[]> = {
  topics: ["topicsPattern"],
  "topics.exclude": ["topicsExcludePattern", "topicsBlacklistPattern"],
  "topics.blacklist": ["topicsExcludePattern", "topicsBlacklistPattern"],
  groups: ["groupsPattern"],
  "groups.exclude": ["groupsExcludePattern", "groupsBlacklistPattern"],
  "groups.blacklist": ["groupsExcludePattern", "groupsBlacklistPattern"],
};

/** Reports a key that a field of the mirror replaces, or that only the checkpoint connector has. */
function selectsNothing({ key, path, block, value }: Written, mirror: MirrorView): Saying[] {
  const fields = SELECTING[key]!;
  // The same text in both places does no harm.
  if (key === "topics" && value === mirror.topicsPattern) return [];
  if (key === "groups" && value === mirror.groupsPattern) return [];
  const field = fields.find((name) => mirror.patternFields?.includes(name));
  if (field !== undefined) {
    return [
      {
        seen: `${path} has no effect`,
        why: `the operator writes ${field} of mirrors[] over it`,
        instead: `put everything into ${field}`,
      },
    ];
  }
  const copies = mirror.declared.source && !Object.hasOwn(mirror.source.config, key);
  if (block !== "checkpoint" || !key.startsWith("topics") || !copies) return [];
  return [
    {
      seen: `${path} has no effect on the copy`,
      why: "the source connector selects its topics itself, and nothing else narrows them",
      instead: `write ${fields[0]} in mirrors[], which reaches every connector`,
    },
  ];
}

/** Why a key does not reach the client that it is meant for. */
function astray({ key, path, block, reading, value }: Written, mirror: MirrorView): Saying[] {
  if (reading.is === "misplaced") {
    const own = namesIn(mirror).topicsExclude;
    const instead = reading.instead.replace(/(topics|groups)ExcludePattern/, (_name, what: string) =>
      own.replace("topics", what),
    );
    return [{ seen: `${path} has no effect on the copy`, why: reading.why, instead }];
  }
  if (reading.is === "read" && Object.hasOwn(SELECTING, key))
    return selectsNothing({ key, path, block, reading, value }, mirror);
  if (reading.is !== "read" || reading.prefix === undefined || /^(ssl|sasl|security)\./.test(reading.fact.name))
    return [];
  const { name } = reading.fact;
  const elsewhere = (config: Config, ...keys: string[]) => keys.some((other) => Object.hasOwn(config, other));
  if (block === "source" && ["producer.", "target.producer."].includes(reading.prefix)) {
    if (
      elsewhere(mirror.source.config, `producer.override.${name}`) ||
      elsewhere(mirror.target.config, `producer.${name}`)
    )
      return [];
    return [
      {
        seen: `${path} reaches only the producer of offset syncs`,
        why: "the producer that copies the records keeps its default",
        instead: unlessOwnChoice(name, `write producer.override.${name}`),
      },
    ];
  }
  if (block === "source" && reading.prefix === "consumer.override.") {
    return [
      {
        seen: `${path} has no effect on the copy`,
        why: "it is for sink connectors: MirrorMaker 2 creates its own consumer",
        instead: unlessOwnChoice(name, `write consumer.${name}`),
      },
    ];
  }
  if (
    block === "target" &&
    key.startsWith("consumer.") &&
    !elsewhere(mirror.source.config, `consumer.${name}`, `source.consumer.${name}`)
  ) {
    return [
      {
        seen: `${path} does not reach the consumer that copies`,
        why: "MirrorMaker 2 reads the consumer's settings from the source connector",
        instead: unlessOwnChoice(name, `write consumer.${name} in sourceConnector.config`),
      },
    ];
  }
  return [];
}

function consequence(block: Block, reading: { prefix?: string; client?: string }): string {
  if (block === "target" && reading.prefix === undefined) return "the workers do not start";
  if (reading.prefix?.endsWith(".cluster.") === true)
    return "no client of that cluster is created, and the connector fails";
  if (reading.client !== undefined) return `the ${reading.client} is not created, and everything that needs it fails`;
  return block === "origin" ? "the connectors fail" : "Connect refuses the connector, and it does not run";
}

function allowed({ name, type, range, words, byDefault }: KeyFact, value: string, versions: readonly string[]): string {
  const standard = byDefault === undefined ? "" : `; the default is ${byDefault}`;
  const plugin = refusedClass(name, value, versions)?.instead;
  if (plugin !== undefined) return plugin;
  if (name === RESET) return 'write "earliest", the default of MirrorMaker 2';
  if (words !== undefined) return `write one of ${words.allowed.join(", ")}`;
  if (type === "boolean") return `write "true" or "false"${standard}`;
  if (type === "partitions") return `write -1, or a number of partitions${standard}`;
  if (type === "factor") return `write -1, or a number of brokers${standard}`;
  const from =
    range === undefined
      ? ""
      : range.most === Infinity
        ? ` of at least ${range.least}`
        : ` from ${range.least} to ${range.most}`;
  return `write a ${type === "double" ? "number" : "whole number"}${from}${standard}`;
}

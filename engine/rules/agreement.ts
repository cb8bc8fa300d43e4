import { APACHE_DEFAULT, type Config, modelFrom } from "../mirror-configuration";
import { internalTopics, policyKind, targetTopicName } from "../naming";
import { versionAtLeast } from "../version";
import { checkpoints } from "./grants";
import { kafkaVersion, mirrorRule, type Rule, type Saying } from "./rule";
import { readings } from "./version";
import type { MirrorView } from "./view";

/** Keys that decide where the internal topics are and how they and the copies are named, with Kafka's defaults. */
export const SHARED: Record<string, string> = {
  "replication.policy.class": APACHE_DEFAULT,
  "replication.policy.separator": ".",
  "replication.policy.internal.topic.separator.enabled": "true",
  "offset-syncs.topic.location": "source",
};

/** What is different: the place of the offset syncs, so that they are not found, or only the names of the copies. */
type Difference = "syncs" | "copies";

/**
 * What this key makes the checkpoint connector see differently from the source connector. A different value does not
 * always matter. Before Kafka 3.1, for example, the separator is in no internal name, and under the identity policy it
 * is in no topic's name.
 */
function difference(mirror: MirrorView, key: string): Difference | undefined {
  const [mine, its] = [mirror.source.config[key], mirror.checkpoint.config[key]];
  if (String(mine ?? SHARED[key]) === String(its ?? SHARED[key])) return undefined;
  const { [key]: _mine, ...rest } = mirror.source.config;
  const config: Config = its === undefined ? rest : { ...rest, [key]: its };
  const other = Object.create(mirror, { source: { value: { config } } }) as MirrorView;
  const [own, others] = [whereabouts(mirror), whereabouts(other)];
  if (own.internal !== others.internal) return "syncs";
  return own.copies === others.copies ? undefined : "copies";
}

const CLASS = "replication.policy.class";

/** If the connectors have different policy classes, report a key only if it matters with each of the two. */
function differenceInEither(mirror: MirrorView, key: string): Difference | undefined {
  const classes = [...new Set([mirror.source.config[CLASS], mirror.checkpoint.config[CLASS]])];
  if (key === CLASS || classes.length < 2) return difference(mirror, key);
  const withClass = ({ config }: { config: Config }, value: Config[string] | undefined) => {
    const { [CLASS]: _own, ...rest } = config;
    return { value: { config: value === undefined ? rest : { ...rest, [CLASS]: value } } };
  };
  const each = classes.map((value) =>
    difference(
      Object.create(mirror, {
        source: withClass(mirror.source, value),
        checkpoint: withClass(mirror.checkpoint, value),
      }) as MirrorView,
      key,
    ),
  );
  return leastOf(each);
}

/** Undefined if one is undefined. `syncs` only if all are. */
const leastOf = (all: readonly (Difference | undefined)[]): Difference | undefined =>
  all.includes(undefined) ? undefined : all.includes("copies") ? "copies" : "syncs";

function whereabouts(mirror: MirrorView): { copies: string; internal: string } {
  const model = modelFrom(mirror);
  // KIP-716 came with Kafka 3.0.
  const located = versionAtLeast(mirror.kafkaVersion, "3.0")
    ? model
    : { ...model, offsetSyncsLocation: "source" as const };
  const own = internalTopics(located).filter(({ kind }) => kind === "checkpoints" || kind === "offset-syncs");
  // Apache's and Strimzi's identity policies give the same names.
  const kind = policyKind(model);
  return {
    copies: `${kind === "unknown" ? model.policyClass : kind} ${targetTopicName(model, "x")}`,
    internal: own.map(({ side, name }) => `${side} ${name}`).join(),
  };
}

export const agreementRule: Rule = mirrorRule(
  {
    name: "policy-agreement",
    level: "mandatory",
    summary:
      "The source and the checkpoint connector have the same replication policy, separator and place of " +
      "offset syncs.",
    settings: { kafkaVersion },
  },
  (mirror) => {
    if (!mirror.declared.source || !checkpoints(mirror)) return [];
    const said = (["syncs", "copies"] as const).map((what): Saying[] => {
      // Report only what is wrong in every Kafka version that may run.
      const keys = Object.keys(SHARED).filter(
        (key) => leastOf(readings(mirror).map((reading) => differenceInEither(reading, key))) === what,
      );
      const seen = keys.map((key) => {
        const [a, b] = [mirror.source.config[key], mirror.checkpoint.config[key]];
        return `"${key}" is ${valueOf(a)} in sourceConnector.config and ${valueOf(b)} in checkpointConnector.config`;
      });
      const instead = keys.length > 1 ? "set each to the same value in both" : "set both to the same value";
      return keys.length === 0 ? [] : [{ seen: seen.join(", "), why: WHY[what], instead }];
    });
    return said.flat();
  },
);

const WHY: Readonly<Record<Difference, string>> = {
  syncs:
    "the checkpoint connector would look for the offset syncs in another place, and no checkpoint would be written",
  copies: "the checkpoints would name topics that are not the copies, so no group could continue from them",
};

const valueOf = (value: Config[string] | undefined) => (value === undefined ? "not set" : `"${value}"`);

import { APACHE_DEFAULT, type Config, modelFrom } from "../mirror-configuration";
import { internalTopics, targetTopicName } from "../naming";
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

/**
 * Returns true if this key makes the checkpoint connector look in another place than the source connector. A different
 * value does not always matter. Before Kafka 3.1, for example, the separator is in no internal name, and under the
 * identity policy it is in no topic's name.
 */
function disagree(mirror: MirrorView, key: string): boolean {
  const [mine, its] = [mirror.source.config[key], mirror.checkpoint.config[key]];
  if (String(mine ?? SHARED[key]) === String(its ?? SHARED[key])) return false;
  const { [key]: _mine, ...rest } = mirror.source.config;
  const config: Config = its === undefined ? rest : { ...rest, [key]: its };
  const other = Object.create(mirror, { source: { value: { config } } }) as MirrorView;
  return JSON.stringify(whereabouts(mirror)) !== JSON.stringify(whereabouts(other));
}

const CLASS = "replication.policy.class";

/** If the connectors have different policy classes, report a key only if it matters with each of the two. */
function disagreeEither(mirror: MirrorView, key: string): boolean {
  const classes = [...new Set([mirror.source.config[CLASS], mirror.checkpoint.config[CLASS]])];
  if (key === CLASS || classes.length < 2) return disagree(mirror, key);
  const withClass = ({ config }: { config: Config }, value: Config[string] | undefined) => {
    const { [CLASS]: _own, ...rest } = config;
    return { value: { config: value === undefined ? rest : { ...rest, [CLASS]: value } } };
  };
  return classes.every((value) =>
    disagree(
      Object.create(mirror, {
        source: withClass(mirror.source, value),
        checkpoint: withClass(mirror.checkpoint, value),
      }) as MirrorView,
      key,
    ),
  );
}

function whereabouts(mirror: MirrorView): unknown {
  const model = modelFrom(mirror);
  // KIP-716 came with Kafka 3.0.
  const located = versionAtLeast(mirror.kafkaVersion, "3.0")
    ? model
    : { ...model, offsetSyncsLocation: "source" as const };
  const own = internalTopics(located).filter(({ kind }) => kind === "checkpoints" || kind === "offset-syncs");
  return [model.policyClass, targetTopicName(model, "x"), own.map(({ side, name }) => `${side} ${name}`)];
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
    return Object.keys(SHARED).flatMap((key): Saying[] => {
      // Report only what is wrong in every Kafka version that may run.
      if (!readings(mirror).every((reading) => disagreeEither(reading, key))) return [];
      const [a, b] = [mirror.source.config[key], mirror.checkpoint.config[key]];
      return [
        {
          seen: `"${key}" is ${said(a)} in sourceConnector.config and ${said(b)} in checkpointConnector.config`,
          why: "the connectors would use different names for the same topics, and no checkpoint would be written",
          instead: "set both to the same value",
        },
      ];
    });
  },
);

const said = (value: Config[string] | undefined) => (value === undefined ? "not set" : `"${value}"`);

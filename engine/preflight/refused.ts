import type { KafkaPort } from "../kafka/port";
import { someOf } from "../units";
import { EXCLUDED, type SyncFacts, syncedSettings } from "./config-sync";
import type { PreflightFacts } from "./facts";
import { error, type PreflightFinding, warning } from "./finding";
import type { RefusedSetting, RefusedSettings } from "./facts";

/**
 * Asks the target whether it takes what MirrorMaker 2 will copy, with the request that alters settings, validated only.
 * A broker names one setting that it refuses, so each setting of a refused topic is asked for on its own.
 */
export async function readRefused(
  target: KafkaPort,
  facts: SyncFacts & Pick<PreflightFacts, "selected">,
): Promise<RefusedSettings> {
  const asked = new Map(
    facts.selected.flatMap((topic) => {
      const settings = syncedSettings(topic, facts);
      return Object.keys(settings).length === 0 ? [] : [[topic.targetName, { topic, settings }] as const];
    }),
  );
  if (asked.size === 0) return new Map();
  const whole = await target.refusedTopicConfigs(new Map([...asked].map(([name, { settings }]) => [name, settings])));
  const found = new Map<string, RefusedSetting[]>();
  const most = Math.max(0, ...[...whole.keys()].map((name) => Object.keys(asked.get(name)!.settings).length));
  for (let i = 0; i < most; i++) {
    // A request may name a topic only once.
    const one = new Map(
      [...whole.keys()].flatMap((name) => {
        const entry = Object.entries(asked.get(name)!.settings)[i];
        return entry === undefined ? [] : [[name, entry] as const];
      }),
    );
    const refused = await target.refusedTopicConfigs(
      new Map([...one].map(([name, e]) => [name, Object.fromEntries([e])])),
    );
    for (const [name, message] of refused) {
      const [key, value] = one.get(name)!;
      found.set(name, [...(found.get(name) ?? []), { key, value, message }]);
    }
  }
  return new Map(
    [...whole].map(([name, message]) => [asked.get(name)!.topic.origin.name, found.get(name) ?? [{ message }]]),
  );
}

/**
 * Checks settings that the target refuses. MirrorMaker 2 only logs a warning then (`createNewTopics` and
 * `incrementalAlterConfigs` of MirrorSourceConnector, Kafka 3.5 to 4.3).
 */
export function checkRefused(facts: PreflightFacts): PreflightFinding[] {
  const of = (exists: boolean) =>
    facts.selected.flatMap(({ origin, target }) => {
      const refused = facts.refused?.get(origin.name);
      return refused === undefined || (target !== undefined) !== exists ? [] : [{ name: origin.name, refused }];
    });
  const [absent, there] = [of(false), of(true)];
  const texts = (topics: typeof absent) =>
    someOf(
      topics.map(({ name, refused }) => `${name} ${refusedText(refused)}`),
      5,
    );
  return [
    ...(absent.length === 0
      ? []
      : [
          error(
            "TARGET_REFUSES_SETTINGS",
            "the target refuses settings of topics that it does not have yet, so MirrorMaker 2 cannot create these " +
              `topics; it logs a warning, copies nothing into them, and its task waits for them: ${texts(absent)}`,
            fix(absent, facts, "create the topic on the target beforehand, with the same partitions and without it"),
          ),
        ]),
    ...(there.length === 0
      ? []
      : [
          warning(
            "TARGET_REFUSES_SETTINGS",
            "the target refuses settings of topics, so MirrorMaker 2 copies none of the settings of these topics, and " +
              `only logs a warning: ${texts(there)}`,
            fix(there, facts),
          ),
        ]),
  ];
}

function refusedText(refused: readonly RefusedSetting[]): string {
  const text = ({ key, value, message }: RefusedSetting) =>
    `${key === undefined ? "" : `${key}=${value} `}("${message.replace(/\.$/, "")}")`;
  return refused.map(text).join(" and ");
}

function fix(
  topics: readonly { refused: readonly RefusedSetting[] }[],
  facts: PreflightFacts,
  another?: string,
): string {
  const keys = [
    ...new Set(topics.flatMap(({ refused }) => refused.flatMap(({ key }) => (key === undefined ? [] : [key])))),
  ];
  const onOrigin = "change the setting on the origin's topic to a value that the target takes, or remove it there";
  const exclude = [facts.configSync?.exclude ?? EXCLUDED, ...keys.map((key) => key.replaceAll(".", "\\."))].join(",");
  return [
    onOrigin,
    ...(keys.length === 0
      ? []
      : [`do not copy it (mirror.sourceConnector.config: config.properties.exclude: '${exclude}')`]),
    ...(another === undefined ? [] : [another]),
  ].join("; or ");
}

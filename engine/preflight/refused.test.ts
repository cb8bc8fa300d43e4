import { describe, expect, it } from "vitest";
import type { KafkaPort } from "../kafka/port";
import { facts, selected, topic } from "../../test/engine/preflight/facts";
import { valuesAfter } from "./config-sync";
import type { PreflightFacts, SelectedTopic } from "./facts";
import { decide } from "./preflight";
import { readRefused } from "./refused";
import type { ConfigSync } from "./facts";

/** A newer target (Kafka 4.3): larger segments only, and no message format. Like a broker, it names one fault. */
function target(asked: Record<string, Record<string, string>>[] = []) {
  const fault = (settings: Readonly<Record<string, string>>) => {
    if ("message.format.version" in settings) return "Unknown topic config name: message.format.version";
    if (Number(settings["segment.bytes"] ?? 1e9) < 1_048_576)
      return "Invalid value 1000 for configuration segment.bytes: Value must be at least 1048576";
    const [min = 0, max = 1e18] = ["min.compaction.lag.ms", "max.compaction.lag.ms"].map((k) => settings[k]);
    return Number(min) > Number(max) ? "conflict topic config setting" : undefined;
  };
  const refusedTopicConfigs: KafkaPort["refusedTopicConfigs"] = async (wanted) => {
    asked.push(Object.fromEntries(wanted) as Record<string, Record<string, string>>);
    return new Map(
      [...wanted].flatMap(([name, settings]) => (fault(settings) === undefined ? [] : [[name, fault(settings)!]])),
    );
  };
  return { refusedTopicConfigs } as KafkaPort;
}

async function check(topics: SelectedTopic[], configSync?: ConfigSync) {
  const known: PreflightFacts = facts({ selected: topics, ...(configSync === undefined ? {} : { configSync }) });
  const refused = await readRefused(target(), known);
  const found = decide({ ...known, refused }, {}).filter(({ code }) => code === "TARGET_REFUSES_SETTINGS");
  return { found, facts: { ...known, refused } };
}

const old = { "segment.bytes": "1000", "message.format.version": "2.8", "retention.ms": "5" };

describe("settings that a target of another version refuses", () => {
  it("stop the migration: MirrorMaker 2 cannot create the topic, and only logs it", async () => {
    const topics = [
      selected(topic("orders", [[0, 1]], old)),
      selected(topic("fine", [[0, 1]], { "retention.ms": "5" })),
    ];
    const [found, ...others] = (await check(topics)).found;
    expect(others).toEqual([]);
    expect(found).toMatchObject({ code: "TARGET_REFUSES_SETTINGS", severity: "error" });
    expect(found!.seen).toContain(
      'orders segment.bytes=1000 ("Invalid value 1000 for configuration segment.bytes: Value must be at least 1048576") ' +
        'and message.format.version=2.8 ("Unknown topic config name: message.format.version")',
    );
    expect(found!.seen).not.toContain("fine");
    expect(found!.fix).toMatch(
      /on the origin's topic.*config\.properties\.exclude: '.*min.*,segment\\\.bytes,message\\\.format\\\.version'/,
    );
  });

  it("are a warning for a topic that exists: it keeps its own settings", async () => {
    const there = selected(topic("orders", [[0, 1]], old), topic("orders", [[0, 0]], { "retention.ms": "-1" }));
    const { found, facts: after } = await check([there]);
    expect(found.map((f) => [f.code, f.severity])).toEqual([["TARGET_REFUSES_SETTINGS", "warning"]]);
    expect(found[0]!.seen).toMatch(/copies none of the settings of these topics/);
    expect(valuesAfter(there, "retention.ms", after)).toEqual(["-1"]);
    expect((await check([there], { enabled: false })).found).toEqual([]);
  });

  it("are not refused if they are excluded or have their default", async () => {
    const topics = [selected(topic("orders", [[0, 1]], { "segment.bytes": "1000" })), selected(topic("plain"))];
    expect((await check(topics, { exclude: "segment\\..*" })).found).toEqual([]);
    const asked: Record<string, Record<string, string>>[] = [];
    await readRefused(target(asked), facts({ selected: [selected(topic("plain"))] }));
    expect(asked).toEqual([]);
  });

  it("are shown with the broker's message if only their combination is refused", async () => {
    const both = { "min.compaction.lag.ms": "9", "max.compaction.lag.ms": "8" };
    const [found] = (await check([selected(topic("orders", [[0, 1]], both))])).found;
    expect(found!.seen).toContain('orders ("conflict topic config setting")');
    expect(found!.fix).not.toContain("config.properties.exclude");
  });
});

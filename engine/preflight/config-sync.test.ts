import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TOPIC_KEYS, valuesAfter } from "./config-sync";
import type { PreflightFacts, TopicFacts } from "./facts";
import { checkLimits, timedQuestions } from "./limits";
import { brokers, facts, mirror, selected, topic } from "../../test/engine/preflight/facts";

const HOUR = "3600000";
const target = (set: Record<string, string> = {}) => ({ clusterId: "two", brokers: brokers(3, set) });
const existing = (own: Record<string, string>) => topic("orders", [[0, 0]], own);

function world(
  origin: TopicFacts,
  onTarget: TopicFacts | undefined,
  over: Partial<PreflightFacts> = {},
): PreflightFacts {
  return facts({ selected: [selected(origin, onTarget)], target: target({ "log.retention.ms": HOUR }), ...over });
}

const after = (key: (typeof TOPIC_KEYS)[number], w: PreflightFacts) => valuesAfter(w.selected[0]!, key, w);

describe("a setting after MirrorMaker 2 has run", () => {
  it("is the brokers' default if the origin's topic does not set it", () => {
    const w = world(topic("orders"), existing({ "retention.ms": "-1" }));
    expect(after("retention.ms", w)).toEqual([HOUR]);
    expect(timedQuestions(w).map((q) => [q.limit, q.limitMs])).toContainEqual(["retention", 3_600_000]);
    const found = checkLimits({
      ...w,
      timed: [{ limit: "retention", topic: "orders", limitMs: 3_600_000, partitions: [0] }],
    });
    const deletes = found.find((f) => f.code === "TARGET_RETENTION_DELETES")!;
    expect(deletes.seen).toMatch(
      /orders has records older than 1 h .*retention.ms=-1 on the target's topic will not last/,
    );
    expect(deletes.fix).toMatch(/on the origin's topic/);
    expect(found.map((f) => f.code)).toContain("TARGET_SETTINGS_LOST");
  });

  it("ignores a time limit that the sync removes from the target's topic", () => {
    const limits = existing({ "message.timestamp.before.max.ms": HOUR, "message.timestamp.after.max.ms": "1" });
    const byDefault = {
      "message.timestamp.before.max.ms": { value: "9", ofTopic: false },
      "message.timestamp.after.max.ms": { value: "9", ofTopic: false },
    };
    const origin = topic("orders");
    const w = world({ ...origin, settings: { ...origin.settings, ...byDefault } }, limits);
    expect(timedQuestions(w).filter((q) => q.limit === "before")).toEqual([]);
    expect(timedQuestions(w).filter((q) => q.limit === "after")).toEqual([
      { limit: "after", topic: "orders", limitMs: 3_600_000 },
    ]);
    // An origin before Kafka 3.6 does not have this key, so MirrorMaker 2 does not change it.
    expect(timedQuestions(world(origin, limits)).filter((q) => q.limit === "before")).toEqual([
      { limit: "before", topic: "orders", limitMs: 3_600_000 },
    ]);
  });

  it("is the origin's own value, even if the target's topic has another", () => {
    const w = world(topic("orders", [[0, 1]], { "retention.ms": "7" }), existing({ "retention.ms": "-1" }));
    expect(after("retention.ms", w)).toEqual(["7"]);
  });

  it("is the origin's value if its brokers set it dynamically, but not if only their file sets it", () => {
    const from = (source: "dynamic-broker" | "dynamic-default-broker" | "static-broker") => {
      const origin = topic("orders");
      return { ...origin, settings: { ...origin.settings, "retention.ms": { value: "7", ofTopic: false, source } } };
    };
    expect(after("retention.ms", world(from("dynamic-broker"), existing({ "retention.ms": "-1" })))).toEqual(["7"]);
    expect(after("retention.ms", world(from("dynamic-default-broker"), undefined))).toEqual(["7"]);
    expect(after("retention.ms", world(from("static-broker"), existing({ "retention.ms": "-1" })))).toEqual(["-1"]);
    expect(after("retention.ms", world(from("static-broker"), undefined))).toEqual([HOUR]);
  });

  it("stays unchanged without config sync or if the key is excluded", () => {
    const own = existing({ "retention.ms": "-1", "message.timestamp.type": "LogAppendTime" });
    expect(after("message.timestamp.type", world(topic("orders"), own))).toEqual(["LogAppendTime"]);
    expect(after("retention.ms", world(topic("orders"), own, { configSync: { enabled: false } }))).toEqual(["-1"]);
    const exclude = "retention\\..*, message\\.timestamp\\.before\\.max\\.ms";
    expect(after("retention.ms", world(topic("orders"), own, { configSync: { exclude } }))).toEqual(["-1"]);
    // This list replaces MirrorMaker 2's default list.
    expect(after("message.timestamp.type", world(topic("orders"), own, { configSync: { exclude } }))).toEqual([
      "CreateTime",
    ]);
  });

  it("is the origin's default with use.defaults.from=source", () => {
    const w = world(topic("orders"), existing({ "retention.ms": "-1" }), { configSync: { defaultsFrom: "source" } });
    expect(after("retention.ms", w)).toEqual(["604800000"]);
  });

  it("is the brokers' default even for excluded keys if each sync replaces everything", () => {
    const own = existing({ "retention.ms": "-1", "message.timestamp.type": "LogAppendTime" });
    const by = (kafkaVersion: string, incremental?: string) =>
      world(topic("orders"), own, {
        mirror: { ...mirror, kafkaVersion },
        ...(incremental === undefined ? {} : { configSync: { incremental } }),
      });
    expect(after("message.timestamp.type", by("3.4.1"))).toEqual(["CreateTime"]);
    expect(after("message.timestamp.type", by("3.9.0", "never"))).toEqual(["CreateTime"]);
    expect(after("message.timestamp.type", by("3.9.0"))).toEqual(["LogAppendTime"]);
    expect(after("message.timestamp.type", by("4.1.0", "never"))).toEqual(["LogAppendTime"]);
  });

  it("does not depend on the target's topic if the sync is on and the key is not excluded", () => {
    const value = fc.constantFrom("-1", "5", HOUR);
    const keys = TOPIC_KEYS.filter(
      (k) => k !== "message.timestamp.type" && k !== "message.timestamp.difference.max.ms",
    );
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.option(value), fc.option(value), (key, ofOrigin, ofTarget) => {
        const settings = topic("orders").settings;
        const origin = {
          ...topic("orders"),
          settings: { ...settings, [key]: { value: ofOrigin ?? "9", ofTopic: ofOrigin !== null } },
        };
        const [bare, own] = [existing({}), existing(ofTarget === null ? {} : { [key]: ofTarget })];
        delete (bare.settings as Record<string, unknown>)[key];
        const [without, having] = [after(key, world(origin, bare)), after(key, world(origin, own))];
        if (ofTarget === null) return;
        expect(having).toEqual(without);
        if (ofOrigin !== null) expect(having).toEqual([ofOrigin]);
      }),
    );
  });
});

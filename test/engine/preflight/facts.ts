import type { InternalTopicCheck } from "../../../engine/cleanup";
import type { BrokerFacts, PreflightFacts, SelectedTopic, TopicFacts } from "../../../engine/preflight/facts";
import type { MirrorModel } from "../../../engine/model";
import { internalTopics, targetTopicName } from "../../../engine/naming";
import { model } from "../replication/fake-target";

export const mirror: MirrorModel = model.mirror;

export function brokers(count: number, settings: Record<string, string> = {}): BrokerFacts[] {
  const defaults = {
    "log.retention.hours": "168",
    "message.max.bytes": "1048588",
    "log.message.timestamp.after.max.ms": "3600000",
    "log.message.timestamp.before.max.ms": "9223372036854775807",
    "log.message.timestamp.type": "CreateTime",
    "log.cleanup.policy": "delete",
    "compression.type": "producer",
    "min.insync.replicas": "1",
    "delete.topic.enable": "true",
    "auto.create.topics.enable": "false",
  };
  return Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    rack: `rack-${i + 1}`,
    settings: { ...defaults, ...settings },
  }));
}

/** A topic with the defaults of a Kafka 4.3 broker; `set` are values of its own. */
export function topic(
  name: string,
  bounds: [number, number][] = [[0, 10]],
  set: Record<string, string> = {},
): TopicFacts {
  const defaults = {
    "retention.ms": "604800000",
    "retention.bytes": "-1",
    "max.message.bytes": "1048588",
    "cleanup.policy": "delete",
    "message.timestamp.type": "CreateTime",
    "compression.type": "producer",
  };
  const settings = Object.fromEntries(Object.entries(defaults).map(([k, value]) => [k, { value, ofTopic: false }]));
  for (const [k, value] of Object.entries(set)) settings[k] = { value, ofTopic: true };
  return { name, settings, factor: 1, bounds: bounds.map(([start, end]) => ({ start, end })) };
}

export function selected(origin: TopicFacts, target?: TopicFacts, by: MirrorModel = mirror): SelectedTopic {
  return { origin, targetName: targetTopicName(by, origin.name), ...(target === undefined ? {} : { target }) };
}

/** Internal topics in one state; `records` says whether the mirror has written to them. */
export function internals(
  state: InternalTopicCheck["state"],
  records = 0,
  by: MirrorModel = mirror,
): InternalTopicCheck[] {
  return internalTopics(by).map((t) => ({
    ...t,
    state,
    records,
    reasons: state === "foreign" ? ["cleanup.policy is delete, not compact"] : [],
  }));
}

/** Two clusters that a migration may start on: nothing of it is there yet. */
export function facts(over: Partial<PreflightFacts> = {}): PreflightFacts {
  return {
    mirror,
    origin: { clusterId: "one", brokers: brokers(3) },
    target: { clusterId: "two", brokers: brokers(3) },
    originTopics: ["orders"],
    originGroups: ["billing"],
    selected: [selected(topic("orders"))],
    internals: internals("absent"),
    mirrorGroup: { state: "Dead", protocolType: "", members: 0, committed: 0 },
    started: false,
    mirrored: new Map(),
    synced: new Set(),
    timed: [],
    known: new Set(),
    ...over,
  };
}

/** The same while the mirror runs: `orders` is copied up to offset 7 of 10. */
export function running(over: Partial<PreflightFacts> = {}): PreflightFacts {
  return facts({
    selected: [selected(topic("orders"), topic("orders", [[0, 8]]))],
    internals: internals("present", 5),
    mirrorGroup: { state: "Stable", protocolType: "connect", members: 1, committed: 0 },
    started: true,
    mirrored: new Map([["orders:0", 7]]),
    synced: new Set(["orders:0"]),
    ...over,
  });
}

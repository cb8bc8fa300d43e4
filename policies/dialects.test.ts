import { describe, expect, test } from "vitest";
import { dialects, type DialectName } from "../components/dialects";
import type { AnyResource } from "./read";
import { found, kafka, stack, step } from "../test/policies/resources";

/** The same parts of a resource in every dialect. */
interface Parts {
  mirror: any;
  origin: any;
  target: any;
  entry: any;
  originUser: any;
  targetUser: any;
}

const partsOf = ({ mirror, origin: originUser, target: targetUser }: any): Parts => {
  const entry = mirror.spec.mirrors[0];
  const [origin, target] = mirror.spec.clusters ?? [entry.source, mirror.spec.target];
  return { mirror, origin, target, entry, originUser, targetUser };
};

type Change = (parts: Parts) => unknown;
interface Case {
  rule: string;
  bad: Change;
  good?: Change;
  more?: AnyResource[];
  settings?: Record<string, unknown>;
  /** Dialects in which this mistake cannot occur. */
  not?: DialectName[];
}

const old = "event-streams-v1beta1";
const config = (entry: any, connector: string) => entry[`${connector}Connector`].config;
const acls = (user: any): any[] => user.spec.authorization.acls;
const rule = (dialect: DialectName, operation: string, resource: object) => ({
  host: "*",
  ...(dialect === old ? { operation } : { operations: [operation] }),
  resource,
});

const beta2: DialectName[] = ["strimzi-v1beta2", "event-streams-v1beta2"];
const singular: Case["bad"] = ({ originUser }) =>
  acls(originUser).push({ operation: "Read", resource: { type: "topic", name: "a" } });

const cases = (dialect: DialectName): Case[] => [
  {
    rule: "origin-write-everything",
    bad: ({ originUser }) => acls(originUser).push(rule(dialect, "All", { type: "topic", name: "*" })),
    good: ({ targetUser }) => acls(targetUser).push(rule(dialect, "All", { type: "topic", name: "*" })),
  },
  {
    rule: "acl-unneeded",
    bad: ({ targetUser }) => acls(targetUser).push(rule(dialect, "Delete", { type: "topic", name: "orders" })),
    good: ({ targetUser }) => acls(targetUser).push(rule(dialect, "Write", { type: "topic", name: "orders" })),
  },
  {
    rule: "acl-missing",
    bad: ({ targetUser }) =>
      void (targetUser.spec.authorization.acls = acls(targetUser).filter((a) => a.resource.type !== "group")),
  },
  {
    rule: "acl-missing",
    bad: ({ entry }) => (config(entry, "checkpoint")["sync.group.offsets.enabled"] = true),
    good: ({ entry }) => (config(entry, "checkpoint")["sync.group.offsets.enabled"] = "FALSE"),
  },
  {
    rule: "acl-missing",
    bad: ({ target }) => ((target.config ??= {})["exactly.once.source.support"] = "enabled"),
    good: ({ target }) => ((target.config ??= {})["exactly.once.source.support"] = "disabled"),
  },
  {
    rule: "acl-meaningless",
    bad: ({ originUser }) => acls(originUser).push(rule(dialect, "Write", { type: "group", name: "a" })),
    good: ({ originUser }) => acls(originUser).push(rule(dialect, "Delete", { type: "group", name: "a" })),
  },
  { rule: "acl-operation-singular", not: [old, ...beta2], bad: singular },
  { rule: "acl-operation-old", not: [old, "strimzi-v1", "event-streams-v1"], bad: singular },
  { rule: "principal-of-operator", bad: () => {}, more: [kafka("UserScramCredential", { username: "app" })] },
  { rule: "acl-sync-with-operator", bad: ({ entry }) => delete config(entry, "source")["sync.topic.acls.enabled"] },
  {
    // Internal names contain the separator since Kafka 3.1.
    rule: "policy-agreement",
    bad: ({ entry, mirror }) => {
      mirror.spec.version = "3.6.0";
      config(entry, "checkpoint")["replication.policy.separator"] = "_";
    },
    good: ({ entry, mirror }) => {
      mirror.spec.version = "3.6.0";
      for (const c of ["source", "checkpoint"]) config(entry, c)["replication.policy.separator"] = "_";
    },
  },
  {
    rule: "policy-class-exists",
    bad: ({ entry }) =>
      ["source", "checkpoint"].forEach(
        (c) =>
          (config(entry, c)["replication.policy.class"] =
            `${dialect === old ? "org.apache" : "io.strimzi"}.kafka.connect.mirror.IdentityReplicationPolicy`),
      ),
    good: ({ entry, mirror }) => {
      mirror.spec.version = "3.6.0";
      for (const c of ["source", "checkpoint"])
        config(entry, c)["replication.policy.class"] =
          `${dialect === old ? "org.apache" : "io.strimzi"}.kafka.connect.mirror.IdentityReplicationPolicy`;
    },
  },
  { rule: "separator-empty", bad: ({ entry }) => (config(entry, "checkpoint")["replication.policy.separator"] = "") },
  { rule: "aliases", bad: ({ origin, target }) => (origin.alias = target.alias) },
  { rule: "aliases", bad: ({ mirror, entry }) => mirror.spec.mirrors.push(structuredClone(entry)) },
  {
    rule: "heartbeat-block",
    not: [old, "event-streams-v1beta2", "strimzi-v1beta2"],
    bad: ({ entry }) => (entry.heartbeatConnector = {}),
  },
  {
    rule: "dropped-options",
    bad: ({ target }) => (target.config["sasl.mechanism"] = "PLAIN"),
    good: ({ target }) => (target.config["ssl.protocol"] = "TLSv1.3"),
  },
  { rule: "dropped-options", bad: ({ entry }) => (config(entry, "checkpoint").name = "x") },
  {
    rule: "exclusions-twice",
    not: ["strimzi-v1", "event-streams-v1", old],
    bad: ({ entry }) => Object.assign(entry, { topicsBlacklistPattern: "a", topicsExcludePattern: "b" }),
    good: ({ entry }) => (entry.topicsBlacklistPattern = "a"),
  },
  {
    rule: "exactly-once",
    bad: ({ entry }) => (config(entry, "source")["exactly.once.support"] = "required"),
    good: ({ entry }) => (config(entry, "source")["exactly.once.support"] = "requested"),
  },
  {
    rule: "pattern-swallows",
    bad: ({ entry }) => (entry.topicsPattern = "orders|_schemas"),
    good: ({ entry }) => (entry.topicsPattern = "orders|schemas"),
  },
  {
    rule: "storage-topics-in-pattern",
    bad: ({ entry }) => (entry.topicsPattern = "migration-connect-cluster-(status|x)"),
  },
  {
    rule: "storage-topics-unique",
    bad: ({ target }) =>
      dialect.endsWith("-v1")
        ? (target.offsetStorageTopic = target.configStorageTopic)
        : (target.config["offset.storage.topic"] = target.config["config.storage.topic"]),
  },
  {
    rule: "heartbeats-renamed",
    not: [old],
    bad: ({ entry }) => (entry.topicsPattern = "orders,a\\.heartbeats"),
    good: ({ entry }) => (entry.topicsPattern = "orders,heartbeat"),
  },
  { rule: "data-replication-one", bad: ({ entry }) => (config(entry, "source")["replication.factor"] = "1") },
  { rule: "internal-replication-one", bad: ({ target }) => (target.config["status.storage.replication.factor"] = 1) },
  {
    rule: "storage-replication-unset",
    settings: { targetBrokers: 2 },
    bad: ({ target }) => delete target.config["config.storage.replication.factor"],
    good: ({ target }) =>
      ["offset", "config", "status"].forEach((what) => (target.config[`${what}.storage.replication.factor`] = "2")),
  },
  {
    rule: "replication-above-brokers",
    settings: { targetBrokers: 2 },
    bad: ({ entry }) => (config(entry, "checkpoint")["checkpoints.topic.replication.factor"] = 3),
    good: ({ entry }) => (config(entry, "checkpoint")["checkpoints.topic.replication.factor"] = 2),
  },
  {
    rule: "replication-above-min-isr",
    settings: { targetMinInsyncReplicas: 2 },
    bad: ({ entry }) => (config(entry, "checkpoint")["checkpoints.topic.replication.factor"] = 2),
  },
  {
    rule: "tasks-and-partitions",
    bad: ({ mirror }) => (mirror.spec.replicas = 3),
    good: ({ mirror }) => (mirror.spec.replicas = 2),
  },
  {
    rule: "plain-text-secret",
    bad: ({ target }) => (target.config["x.password"] = "a"),
    good: ({ target }) => (target.config["x.password"] = "${secrets:a/b:c}"),
  },
  { rule: "tls-insecure", bad: ({ target }) => (target.config["ssl.endpoint.identification.algorithm"] = "") },
  {
    rule: "tls-insecure",
    bad: ({ origin }) => {
      delete origin.tls;
      origin.authentication.type = "plain";
    },
    good: ({ origin }) => delete origin.tls,
  },
  { rule: "tls-missing", bad: ({ origin }) => delete origin.tls },
  { rule: "tls-without-ca", bad: ({ target }) => (target.tls = {}) },
  {
    rule: "checkpoints-kept",
    bad: ({ entry }) => delete entry.checkpointConnector,
    good: ({ entry }) => (entry.checkpointConnector = { config: {} }),
  },
  {
    rule: "group-sync",
    more: [step("ConsumerOffsets")],
    bad: ({ entry }) => (config(entry, "checkpoint")["sync.group.offsets.enabled"] = "true"),
  },
  {
    rule: "message-size",
    more: [kafka("Topic", { name: "orders", config: { "max.message.bytes": "2000000" } })],
    bad: () => {},
    good: ({ entry }) => (config(entry, "source")["producer.override.max.request.size"] = 2000000),
  },
  {
    rule: "producer-order",
    bad: ({ entry }) =>
      Object.assign(config(entry, "source"), {
        "producer.override.max.in.flight.requests.per.connection": 2,
        "producer.override.enable.idempotence": false,
      }),
    good: ({ entry }) =>
      Object.assign(config(entry, "source"), {
        "producer.override.max.in.flight.requests.per.connection": 2,
        "producer.override.enable.idempotence": true,
      }),
  },
];

describe.each(Object.keys(dialects) as DialectName[])("%s, written by hand", (dialect) => {
  const mine = cases(dialect).filter(({ not }) => !not?.includes(dialect));

  test.each(mine.map((one, i) => [`${i} ${one.rule}`, one] as const))(
    "%s",
    (_name, { rule: name, bad, good, more = [], settings }) => {
      const at = (change: Change, also: AnyResource[]) =>
        stack({
          dialect,
          mirror: { topicsPattern: "orders" },
          change: (parts) => void change(partsOf(parts)),
          more: also,
        });
      expect(found(name, at(bad, more), settings)).not.toEqual([]);
      // Without `good`, compare with the components' own text, which differs only a little.
      expect(found(name, at(good ?? (() => {}), good === undefined ? [] : more), settings)).toEqual([]);
    },
  );
});

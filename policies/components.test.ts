import { describe, expect, test } from "vitest";
import { resolveMigration } from "../components/migration/checks";
import { mirrorModelOf } from "../components/mirror/resolve";
import { describeMirror } from "../components/mirror/text";
import { describeUser } from "../components/user/settings";
import { allow, topic } from "../engine/acls/rules";
import { rules } from "../engine/rules";
import { all, found, stack, step } from "../test/policies/resources";

/** The component's message about these settings, without the component's standard text around it. */
function refused(declare: () => unknown): string {
  try {
    declare();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const mirror = (settings: object) =>
  refused(() =>
    describeMirror({ origin: { bootstrapServers: "o:1" }, target: { bootstrapServers: "t:1" }, ...settings } as never),
  );
const without = (message: string) => message.replace(/^KafkaMirrorMaker2 \S+: |^KafkaUser \S+: /, "");

test("a component accepts a separator that only one connector gets, if its Kafka ignores it", () => {
  const declared = (kafkaVersion: string, config: object = {}) =>
    mirror({
      dialect: "strimzi-v1beta2",
      kafkaVersion,
      sourceConnector: { config: { ...config, "replication.policy.separator": "" } },
      checkpointConnector: { config },
    });
  // The identity policy reads the separator for internal topics since Kafka 3.1.
  expect([declared("2.8.2"), declared("3.0.1")]).toEqual(["", ""]);
  expect(declared("3.1.0")).toContain("policy-agreement");
});

describe("a component refuses what a mandatory rule forbids, with the rule's message", () => {
  const identity = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy";
  const both = (config: object) => ({ sourceConnector: { config }, checkpointConnector: { config } });
  const source = (p: any) => p.mirror.spec.mirrors[0].sourceConnector.config;
  const custom = { type: "custom", sasl: true, config: { "sasl.jaas.config": 'x required password="hunter2";' } };

  const ofMirror: [string, object, (parts: any) => unknown, Record<string, unknown>?][] = [
    ["dropped-options", { sourceConnector: { config: { "tasks.max": 4 } } }, (p) => (source(p)["tasks.max"] = 4)],
    [
      "dropped-options",
      { target: { bootstrapServers: "t:1", config: { "ssl.provider": "x" } } },
      (p) => (p.mirror.spec.target.config["ssl.provider"] = "x"),
    ],
    [
      "policy-agreement",
      { checkpointConnector: { config: { "replication.policy.separator": "_" } } },
      (p) => (p.mirror.spec.mirrors[0].checkpointConnector.config["replication.policy.separator"] = "_"),
    ],
    [
      "policy-class-exists",
      both({ "replication.policy.class": identity }),
      (p) => (source(p)["replication.policy.class"] = identity),
    ],
    [
      "aliases",
      { origin: { bootstrapServers: "o:1", alias: "target-cluster" } },
      (p) => (p.mirror.spec.mirrors[0].source.alias = "target-cluster"),
    ],
    ["heartbeat-block", { heartbeatConnector: {} }, (p) => (p.mirror.spec.mirrors[0].heartbeatConnector = {})],
    [
      "exactly-once",
      { sourceConnector: { config: { "exactly.once.support": "required" } } },
      (p) => (source(p)["exactly.once.support"] = "required"),
    ],
    [
      "storage-topics-unique",
      { target: { bootstrapServers: "t:1", groupId: "g", statusStorageTopic: "a", configStorageTopic: "a" } },
      (p) => Object.assign(p.mirror.spec.target, { statusStorageTopic: "a", configStorageTopic: "a" }),
    ],
    [
      "storage-replication-unset",
      { target: { bootstrapServers: "t:1", brokers: 1, config: { "offset.storage.replication.factor": null } } },
      (p) =>
        Object.assign(p.mirror.spec.target.config, {
          "offset.storage.replication.factor": undefined,
          "config.storage.replication.factor": 1,
          "status.storage.replication.factor": 1,
        }),
      { targetBrokers: 1 },
    ],
    [
      "replication-above-brokers",
      { replicationFactor: 3, target: { bootstrapServers: "t:1", brokers: 1 } },
      (p) => (source(p)["replication.factor"] = 3),
      { targetBrokers: 1 },
    ],
    [
      "tls-insecure",
      {
        origin: {
          bootstrapServers: "o:1",
          tls: false,
          authentication: { type: "plain", username: "a", passwordSecret: { secretName: "b", password: "c" } },
        },
      },
      (p) => {
        delete p.mirror.spec.mirrors[0].source.tls;
        p.mirror.spec.mirrors[0].source.authentication.type = "plain";
      },
    ],
    [
      "message-size",
      { sourceConnector: { config: { "producer.override.max.request.size": 99999999 } } },
      (p) => (source(p)["producer.override.max.request.size"] = 99999999),
    ],
    [
      "misspelt-key",
      { checkpointConnector: { config: { "emit.checkpoint.interval.seconds": 5 } } },
      (p) => (p.mirror.spec.mirrors[0].checkpointConnector.config["emit.checkpoint.interval.seconds"] = 5),
    ],
    [
      "names-refused",
      { target: { bootstrapServers: "t:1", statusStorageTopic: "a/b" } },
      (p) => (p.mirror.spec.target.statusStorageTopic = "a/b"),
    ],
    [
      "refused-value",
      { sourceConnector: { config: { "offset.lag.max": "x" } } },
      (p) => (source(p)["offset.lag.max"] = "x"),
    ],
    ["address-refused", { target: { bootstrapServers: "t" } }, (p) => (p.mirror.spec.target.bootstrapServers = "t")],
    [
      "settings-contradict",
      { sourceConnector: { config: { "producer.override.max.in.flight.requests.per.connection": 6 } } },
      (p) => (source(p)["producer.override.max.in.flight.requests.per.connection"] = 6),
    ],
    [
      "producer-order",
      {
        sourceConnector: {
          config: {
            "producer.override.max.in.flight.requests.per.connection": 2,
            "producer.override.enable.idempotence": false,
          },
        },
      },
      (p) =>
        Object.assign(source(p), {
          "producer.override.max.in.flight.requests.per.connection": 2,
          "producer.override.enable.idempotence": false,
        }),
    ],
  ];

  test.each(ofMirror)("%s", (rule, settings, change, configured) => {
    const [finding] = found(rule, stack({ change }), configured);
    expect(finding!.level).toBe("mandatory");
    expect(mirror(settings)).toContain(without(finding!.message));
  });

  test.each<[string, object, string]>([
    [
      "a connector",
      { sourceConnector: { config: { "consumer.sasl.jaas.config": 'x required password="hunter2";' } } },
      "sourceConnector.config.consumer.sasl.jaas.config",
    ],
    [
      "an authentication",
      { origin: { bootstrapServers: "o:1", authentication: custom } },
      "origin.authentication.config.sasl.jaas.config",
    ],
    ["an annotation", { annotations: { "registry.password": "hunter2" } }, "annotations.registry.password"],
  ])("plain-text-secret in %s, without showing the value", (_where, settings, path) => {
    expect(mirror(settings)).toContain(`${path} contains a secret in plain text: it is visible in Git`);
    expect(mirror(settings)).not.toContain("hunter2");
  });

  const cluster = (side: string) => ({
    bootstrapServers: `${side}:9093`,
    operator: { cluster: side, namespace: `${side}-ns` },
  });
  const migration = (settings: object) =>
    refused(() => resolveMigration({ origin: cluster("origin"), target: cluster("target"), ...settings } as never));

  const ofMigration: [string, object, (parts: any) => unknown][] = [
    [
      "group-sync",
      { mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": true } } } },
      (p) => (p.mirror.spec.mirrors[0].checkpointConnector.config["sync.group.offsets.enabled"] = true),
    ],
    [
      "checkpoints-kept",
      { mirror: { checkpointConnector: { config: { "emit.checkpoints.enabled": false } } } },
      (p) => (p.mirror.spec.mirrors[0].checkpointConnector.config["emit.checkpoints.enabled"] = false),
    ],
    [
      "acl-sync-with-operator",
      { mirror: { sourceConnector: { config: { "sync.topic.acls.enabled": true } } } },
      (p) => (p.mirror.spec.mirrors[0].sourceConnector.config["sync.topic.acls.enabled"] = true),
    ],
  ];

  test.each(ofMigration)("a migration, which knows more than its mirror: %s", (rule, settings, change) => {
    const finding = all([...stack({ change }), step("ConsumerOffsets"), step("Gate")]).find((f) => f.rule === rule)!;
    expect(finding.level).toBe("mandatory");
    expect(migration(settings)).toContain(without(finding.message));
    expect(migration({})).toBe("");
  });

  test("a migration that sends a password without TLS", () => {
    const given = { username: "someone", password: "x", mechanism: "PLAIN" };
    const open = { origin: { bootstrapServers: "origin:9092", tls: false, given, administrator: given } };
    expect(migration(open)).toMatch(
      /mirror: the origin has authentication "plain" and no tls: the password or token goes over the network unencrypted/,
    );
    expect(migration({ origin: { ...open.origin, tls: true } })).toBe("");
  });

  test("mistakes of the migration and of its mirror are reported together", () => {
    const message = migration({ phase: "cutovr", mirror: { topicsPattern: "[", replicas: -1 } });
    expect(message).toMatch(/^MIGRATION_SETTINGS: the migration's settings have 3 mistakes/);
  });

  test("a given authentication with a plain-text secret", () => {
    const given = { username: "someone", mechanism: "OAUTHBEARER", token: "x", authentication: custom };
    const message = migration({
      origin: { bootstrapServers: "origin:9093", given, administrator: { username: "a", password: "x" } },
    });
    expect(message).toContain("mirror: origin.authentication.config.sasl.jaas.config contains a secret in plain text");
    expect(message).not.toContain("hunter2");
  });

  test("the guide's rights, which are too few for exactly-once", () => {
    const settings = { dialect: "strimzi-v1beta2", profile: "guide", mirror: { exactlyOnce: true } } as const;
    const [finding] = found(
      "acl-missing",
      stack({
        dialect: "strimzi-v1beta2",
        mirror: { profile: "guide", exactlyOnce: true },
        user: { profile: "least" },
        change: ({ target }) =>
          (target.spec.authorization.acls = target.spec.authorization.acls.filter(
            (a: any) => a.resource.type !== "transactionalId",
          )),
      }),
    );
    expect(finding!.message).toContain("lacks Write on transactionalId connect-cluster-");
    expect(migration(settings)).toContain(without(finding!.message));
    expect(migration({ ...settings, mirror: {} })).toBe("");
    const place = {
      dialect: "strimzi-v1beta2",
      cluster: "target",
      namespace: "target-ns",
      role: "target",
      profile: "guide",
    } as const;
    expect(
      refused(() => describeUser({ ...place, mirror: mirrorModelOf({ profile: "guide", exactlyOnce: true }) })),
    ).toContain(without(finding!.message));
  });

  test("a copy of ACLs, for which the created users have no rights", () => {
    const administrator = { username: "a", password: "x" };
    const made = (side: string) => ({ bootstrapServers: `${side}:9093`, kafka: { provider: {} }, administrator });
    const message = migration({
      origin: made("origin"),
      target: made("target"),
      mirror: { sourceConnector: { config: { "sync.topic.acls.enabled": true } } },
    });
    expect(message).toContain(
      "mirror: user mm2-credentials on the origin lacks Describe on cluster: MirrorMaker 2 cannot copy ACLs",
    );
    expect(message).toContain(
      "mirror: user mm2-credentials on the target lacks Alter on cluster: MirrorMaker 2 cannot copy ACLs",
    );
    expect(migration({ origin: made("origin"), target: made("target") })).not.toContain("lacks");
  });

  test("custom rules for the mirror's user that are too few", () => {
    const place = {
      dialect: "strimzi-v1",
      cluster: "origin",
      namespace: "origin-ns",
      role: "origin",
      mirror: mirrorModelOf({}),
    } as const;
    const rules = [allow(topic("*"), "Read")];
    const [finding] = found(
      "acl-missing",
      stack({
        change: ({ origin }) =>
          (origin.spec.authorization.acls = [{ operations: ["Read"], resource: { type: "topic", name: "*" } }]),
      }),
    );
    // It is not known whether the mirror writes checkpoints, and therefore whether it must describe groups.
    expect(finding!.message).toContain(
      "user mm2-credentials on the origin lacks DescribeConfigs on topic *, Describe on group *",
    );
    expect(refused(() => describeUser({ ...place, rules }))).toContain(
      "user mm2-credentials on the origin lacks DescribeConfigs on topic *:",
    );
    expect(refused(() => describeUser({ ...place, rules, name: "mm2-administrator" }))).toBe("");
  });

  test("a user's annotation with a secret", () => {
    const user = {
      dialect: "strimzi-v1",
      cluster: "origin",
      namespace: "origin-ns",
      role: "origin",
      annotations: { password: "hunter2" },
    } as const;
    expect(refused(() => describeUser(user))).toContain("annotations.password contains a secret in plain text");
  });

  test("custom rules that allow writes everywhere on the origin", () => {
    const rules = [allow(topic("*"), "Read", "Write")];
    const place = { dialect: "strimzi-v1", cluster: "origin", namespace: "origin-ns" } as const;
    const [finding] = found(
      "origin-write-everything",
      stack({
        change: ({ origin }) =>
          origin.spec.authorization.acls.push({ operations: ["Write"], resource: { type: "topic", name: "*" } }),
      }),
    );
    expect(refused(() => describeUser({ ...place, role: "origin", rules }))).toContain(without(finding!.message));
    expect(refused(() => describeUser({ ...place, role: "origin", rules, name: "copier" }))).toContain(
      "user copier on the origin may Write on topic *",
    );
    expect(refused(() => describeUser({ ...place, role: "target", rules }))).toBe("");
    // Accepted, because this is known and documented, and users have it.
    expect(refused(() => describeUser({ ...place, role: "origin", profile: "guide" }))).toBe("");
  });

  test("rules that need the rest of the stack are left to the pack", () => {
    expect(mirror({ replicationFactor: 1 })).toBe("");
  });

  test.each([
    ["acl-refused", [allow(topic("*"), "Read", "read" as "Read")]],
    ["acl-refused", [allow({ type: "Topic" as "topic", name: "*", patternType: "literal" }, "Read")]],
    ["acl-without-operations", [allow(topic("*"), "Read", "DescribeConfigs"), allow(topic("x"))]],
  ])("custom rules for a user: %s", (rule, rules) => {
    const place = { dialect: "strimzi-v1", cluster: "origin", namespace: "origin-ns", role: "origin" } as const;
    expect(refused(() => describeUser({ ...place, rules }))).toContain(`[${rule}]`);
  });

  /** Why a component does not report some rules. The tests above show that it refuses the others. */
  const LEFT_TO_THE_PACK: Record<string, string> = {
    "acl-operation-singular": "a dialect writes the form that its operator reads",
    "principal-of-operator": "one way of making users is chosen for each cluster",
    "endless-loop": "a migration has one direction",
    "copied-twice": "a migration has one mirror",
    "unknown-field": "a dialect writes the fields of its API version, and refuses others itself",
    "field-refused": "a dialect and its settings refuse such values themselves",
    "exclusions-twice": "a dialect writes one name",
    "data-replication-one": "needs the whole stack",
    "replication-above-min-isr": "the brokers' own setting is not known",
    "deletion-without-gate": "needs the whole stack",
    "gate-abandoned": "said on purpose",
  };

  test("every mandatory rule is enforced, or listed with the reason why not", () => {
    const refused = new Set(
      [...ofMirror, ...ofMigration]
        .map(([rule]) => rule)
        .concat("plain-text-secret", "origin-write-everything", "acl-missing", "acl-refused", "acl-without-operations"),
    );
    const silent = rules
      .filter((rule) => rule.level === "mandatory" && !refused.has(rule.name))
      .map((rule) => rule.name);
    expect(silent.sort()).toEqual(Object.keys(LEFT_TO_THE_PACK).sort());
  });
});

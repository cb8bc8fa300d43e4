import { describe, expect, test } from "vitest";
import { resolveMigration } from "../../components/migration/checks";
import { describeMirror } from "../../components/mirror/text";
import { describeUser } from "../../components/user/settings";
import { allow, topic } from "../../engine/acls/rules";
import { all, found, stack, step } from "./resources";

/** What the component says to settings, without its own frame around it. */
function refused(declare: () => unknown): string {
  try {
    declare();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const mirror = (settings: object) => refused(() => describeMirror({ origin: { bootstrapServers: "o:1" }, target: { bootstrapServers: "t:1" }, ...settings } as never));
const without = (message: string) => message.replace(/^KafkaMirrorMaker2 \S+: |^KafkaUser \S+: /, "");

describe("a component refuses what a mandatory rule forbids, with the rule's own message", () => {
  test.each<[string, object, (parts: any) => unknown]>([
    ["dropped-options", { sourceConnector: { config: { "tasks.max": 4 } } }, (p) => (p.mirror.spec.mirrors[0].sourceConnector.config["tasks.max"] = 4)],
    ["dropped-options", { target: { bootstrapServers: "t:1", config: { "ssl.provider": "x" } } }, (p) => (p.mirror.spec.target.config["ssl.provider"] = "x")],
    [
      "policy-agreement",
      { checkpointConnector: { config: { "replication.policy.separator": "_" } } },
      (p) => (p.mirror.spec.mirrors[0].checkpointConnector.config["replication.policy.separator"] = "_"),
    ],
    [
      "policy-class-exists",
      Object.fromEntries(["sourceConnector", "checkpointConnector"].map((c) => [c, { config: { "replication.policy.class": "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy" } }])),
      (p) => (p.mirror.spec.mirrors[0].sourceConnector.config["replication.policy.class"] = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy"),
    ],
  ])("%s", (rule, settings, change) => {
    const [finding] = found(rule, stack({ change }));
    expect(finding!.level).toBe("mandatory");
    expect(mirror(settings)).toContain(without(finding!.message));
  });

  const cluster = (side: string) => ({ bootstrapServers: `${side}:9093`, operator: { cluster: side, namespace: `${side}-ns` } });
  const migration = (settings: object) => refused(() => resolveMigration({ origin: cluster("origin"), target: cluster("target"), ...settings } as never));

  test.each<[string, object, (parts: any) => unknown]>([
    ["group-sync", { mirror: { checkpointConnector: { config: { "sync.group.offsets.enabled": true } } } }, (p) => (p.mirror.spec.mirrors[0].checkpointConnector.config["sync.group.offsets.enabled"] = true)],
    ["checkpoints-kept", { mirror: { checkpointConnector: { config: { "emit.checkpoints.enabled": false } } } }, (p) => (p.mirror.spec.mirrors[0].checkpointConnector.config["emit.checkpoints.enabled"] = false)],
    ["acl-sync-with-operator", { mirror: { sourceConnector: { config: { "sync.topic.acls.enabled": true } } } }, (p) => (p.mirror.spec.mirrors[0].sourceConnector.config["sync.topic.acls.enabled"] = true)],
  ])("the migration, which knows more than its mirror: %s", (rule, settings, change) => {
    const finding = all([...stack({ change }), step("ConsumerOffsets"), step("Gate")]).find((f) => f.rule === rule)!;
    expect(finding.level).toBe("mandatory");
    expect(migration(settings)).toContain(without(finding.message));
    expect(migration({})).toBe("");
  });

  test("a migration that sends a password without TLS", () => {
    const given = { username: "someone", password: "x", mechanism: "PLAIN" };
    const open = { origin: { bootstrapServers: "origin:9092", tls: false, given, administrator: given } };
    expect(migration(open)).toMatch(/mirror: the origin has authentication "plain" and no tls: the password or token goes over the network as it is/);
    expect(migration({ origin: { ...open.origin, tls: true } })).toBe("");
  });

  test("mistakes of the migration and of its mirror come together", () => {
    const message = migration({ phase: "cutovr", mirror: { topicsPattern: "[", replicas: -1 } });
    expect(message).toMatch(/^MIGRATION_SETTINGS: the migration's settings have 3 mistakes/);
  });

  test("a secret in plain text, whose value is not repeated", () => {
    const message = mirror({ sourceConnector: { config: { "consumer.sasl.jaas.config": 'x required password="hunter2";' } } });
    expect(message).toContain("sourceConnector.config.consumer.sasl.jaas.config holds a secret as plain text");
    expect(message).not.toContain("hunter2");
  });

  test("rules of one's own that write everywhere on the origin", () => {
    const rules = [allow(topic("*"), "Read", "Write")];
    const place = { dialect: "strimzi-v1", cluster: "origin", namespace: "origin-ns" } as const;
    const [finding] = found("origin-write-everything", stack({ change: ({ origin }) => origin.spec.authorization.acls.push({ operations: ["Write"], resource: { type: "topic", name: "*" } }) }));
    expect(refused(() => describeUser({ ...place, role: "origin", rules }))).toContain(without(finding!.message));
    expect(refused(() => describeUser({ ...place, role: "origin", rules, name: "copier" }))).toContain("user copier on the origin may Write on topic *");
    expect(refused(() => describeUser({ ...place, role: "target", rules }))).toBe("");
    // Known, documented, and what people have.
    expect(refused(() => describeUser({ ...place, role: "origin", profile: "guide" }))).toBe("");
  });

  test("what needs the rest of the stack is left to the pack", () => {
    expect(mirror({ replicationFactor: 1 })).toBe("");
  });
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { annotated, type PulumiProject, pulumiProject } from "./project";
import { pulumiYaml } from "@kafka-migration/sandbox/testing";

let project: PulumiProject;

/** A migration by the component, and by hand what its rules are about. No cluster is there. */
const PROGRAM = `
const { Migration } = require("pulumi-kafka-migration");
const k8s = require("@pulumi/kubernetes");
const kubeconfig = JSON.stringify({ apiVersion: "v1", kind: "Config", "current-context": "c", contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }], users: [{ name: "u", user: { token: "x" } }] });
const provider = new k8s.Provider("home", { kubeconfig });
const given = { username: "mm2-credentials", password: "a password of the origin" };
const cluster = (side) => ({ bootstrapServers: side + "-kafka-bootstrap:9093", given, administrator: given, ca: "a CA" });
new Migration("orders", { abandon: true, mirror: { provider, topicsPattern: "orders" }, origin: cluster("origin"), target: cluster("target") });
new k8s.apiextensions.CustomResource("by-hand", {
  apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser", metadata: { name: "mm2-credentials", namespace: "origin-ns", labels: { "strimzi.io/cluster": "origin" } },
  spec: { authentication: { type: "scram-sha-512" }, authorization: { type: "simple", acls: [{ operation: "Read", resource: { type: "topic", name: "orders" } }, { operations: ["Write"], resource: { type: "topic", name: "*" } }] } },
}, { provider });
`;

/**
 * Before the first `up`: addresses, names, rights and whole blocks are outputs of a resource that does not exist yet.
 * What they will be is right, so a mandatory finding is a false one, but for the one mistake that can be read already.
 */
const LATER = `
const pulumi = require("@pulumi/pulumi");
const k8s = require("@pulumi/kubernetes");
const kafka = require("@pulumi/kafka");
const { Migration, Mirror, MirrorUser } = require("pulumi-kafka-migration");
class Later extends pulumi.dynamic.Resource {}
const later = new Later({ create: async () => ({ id: "x", outs: {} }) }, "later", { address: undefined, name: undefined, acls: undefined, block: undefined });
const unknown = (value) => pulumi.all([later.id, value]).apply(([, v]) => v);
const kubeconfig = JSON.stringify({ apiVersion: "v1", kind: "Config", "current-context": "c", contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }], users: [{ name: "u", user: { token: "x" } }] });
const provider = new k8s.Provider("home", { kubeconfig });
const custom = (name, apiVersion, kind, metadata, spec) => new k8s.apiextensions.CustomResource(name, { apiVersion, kind, metadata, spec }, { provider });
const acl = (operations, type, name) => ({ operations, resource: { type, name, patternType: "literal" } });

// By hand, in v1: what is not known is a part.
custom("origin-user", "kafka.strimzi.io/v1", "KafkaUser", { name: "mm2-credentials", namespace: "origin-ns", labels: { "strimzi.io/cluster": unknown("origin") } },
  { authentication: { type: "scram-sha-512" }, authorization: { type: "simple", acls: [acl(["Read", "DescribeConfigs"], "topic", unknown("*")), acl(["Describe"], "group", "*")] } });
custom("target-user", "kafka.strimzi.io/v1", "KafkaUser", { name: "mm2-credentials", namespace: "target-ns", labels: { "strimzi.io/cluster": "target" } },
  { authentication: { type: "scram-sha-512" }, authorization: { type: "simple", acls: unknown([]) } });
custom("third-user", "kafka.strimzi.io/v1", "KafkaUser", { name: unknown("app"), namespace: "origin-ns", labels: { "strimzi.io/cluster": "origin" } },
  { authorization: { type: "simple", acls: [acl(["Write"], "topic", "*")] } });
custom("mirror", "kafka.strimzi.io/v1", "KafkaMirrorMaker2", { name: "data-migration", namespace: "migration" }, {
  replicas: 1,
  target: { alias: "target-cluster", bootstrapServers: unknown("target-kafka-bootstrap:9093"), groupId: "g", offsetStorageTopic: unknown("a"), configStorageTopic: unknown("b"), statusStorageTopic: unknown("c"),
    authentication: unknown({ type: "scram-sha-512", username: "mm2-credentials", passwordSecret: { secretName: "s", password: "password" } }), tls: unknown({ trustedCertificates: [] }),
    config: unknown({}) },
  mirrors: [{
    source: { alias: "origin-cluster", bootstrapServers: unknown("origin-kafka-bootstrap:9093"), authentication: { type: unknown("plain"), username: unknown("mm2-credentials"), passwordSecret: { secretName: unknown("s"), password: "password" } } },
    sourceConnector: { config: { "sync.topic.acls.enabled": unknown("false"), "replication.policy.class": unknown("org.apache.kafka.connect.mirror.IdentityReplicationPolicy"), "replication.policy.separator": unknown("-"), "replication.factor": unknown(3), "tasks.max": 4 } },
    checkpointConnector: unknown({ config: {} }),
    topicsPattern: unknown("orders"),
  }],
});
// The older form, whose clusters are not known.
custom("older", "kafka.strimzi.io/v1beta2", "KafkaMirrorMaker2", { name: unknown("older"), namespace: "migration" }, {
  clusters: unknown([]), connectCluster: unknown("t"), mirrors: [{ sourceCluster: "o", targetCluster: "t", sourceConnector: {}, checkpointConnector: {} }],
});
custom("oldest", "kafka.strimzi.io/v1beta2", "KafkaMirrorMaker2", { name: "oldest", namespace: "migration" }, { clusters: [{ alias: unknown("o"), bootstrapServers: unknown("o:9093") }, { alias: "t", bootstrapServers: unknown("t:9093") }], connectCluster: "t", mirrors: unknown([]) });
// Through @pulumi/kafka.
const somewhere = new kafka.Provider("somewhere", { bootstrapServers: [unknown("x:9093")], tlsEnabled: true });
new kafka.Topic("orders", { name: unknown("orders"), partitions: 3, replicationFactor: unknown(3), config: { "min.insync.replicas": unknown("2"), "max.message.bytes": unknown("1000") } }, { provider: somewhere });
new kafka.UserScramCredential("someone", { username: unknown("someone"), scramMechanism: "SCRAM-SHA-512", scramIterations: 4096, password: "x" }, { provider: somewhere });
new kafka.Acl("right", { aclResourceType: "Topic", aclResourceName: "*", aclPrincipal: unknown("User:mm2-credentials"), aclHost: "*", aclOperation: unknown("Write"), aclPermissionType: "Allow", resourcePatternTypeFilter: "Literal" }, { provider: somewhere });
// By the components.
const given = { username: unknown("mm2-credentials"), password: unknown("p") };
const cluster = (side) => ({ bootstrapServers: unknown(side + "-kafka-bootstrap:9093"), given, administrator: given, ca: unknown("a CA") });
new Migration("payments", { mirror: { provider, name: "payments", topicsPattern: "payments" }, origin: { ...cluster("origin"), alias: "p-origin" }, target: { ...cluster("target"), alias: "p-target", groupId: "p", offsetStorageTopic: "p-o", configStorageTopic: "p-c", statusStorageTopic: "p-s" } });
const login = { type: "scram-sha-512", username: unknown("copier"), passwordSecret: { secretName: unknown("s"), password: "password" } };
const end = (alias) => ({ alias, bootstrapServers: unknown(alias + ":9093"), authentication: login, tls: { trustedCertificates: [{ secretName: unknown("s"), certificate: "ca.crt" }] } });
new Mirror("single", { name: unknown("single"), annotations: { "x/password": unknown("y") }, kubeconfig, topicsPattern: "invoices", origin: end("s-origin"), target: { ...end("s-target"), groupId: "s", offsetStorageTopic: "s-o", configStorageTopic: "s-c", statusStorageTopic: "s-s" } }, { provider });
new MirrorUser("alone", { role: "origin", cluster: unknown("blue"), namespace: unknown("blue-ns"), name: unknown("copier"), kubeconfig }, { provider });
`;

beforeAll(async () => {
  project = await pulumiProject();
  await project.write("Pulumi.yaml", pulumiYaml("policies-test"));
  await project.write("package.json", '{ "name": "policies-test", "dependencies": { "@pulumi/pulumi": "*" } }');
  await project.stack("test");
}, 120_000);
afterAll(() => project?.stop());

async function reviewOf(program: string, settings: object) {
  await project.write("index.js", program);
  await project.write("settings.json", JSON.stringify(settings));
  return project.review("--pack-config", "settings.json");
}

test("the review runs the real preview with the package's pack, and reports the findings", async () => {
  const { code, stdout, stderr, text } = await reviewOf(PROGRAM, {
    "acl-meaningless": "disabled",
    "storage-replication-unset": { targetBrokers: 3 },
    "policy-class-exists": { kafkaVersion: "4.1.0" },
  });
  expect(code, text + stderr).toBe(1);
  expect(annotated(stdout)).toEqual([
    "error acl-missing",
    "error acl-operation-singular",
    "error gate-abandoned",
    "error origin-write-everything",
    "warning acl-unneeded",
  ]);
  expect(stdout).toContain("user mm2-credentials on the origin may Write on topic *");
  expect(text).toContain("| create | KafkaMirrorMaker2 | orders-mirror |");
  expect(text).toContain("What is deleted later");
  expect(stdout + text).not.toContain("a password of the origin");
}, 240_000);

test("a first preview has no mandatory finding about unknown values", async () => {
  const { code, stdout, stderr, text } = await reviewOf(LATER, {});
  expect(
    annotated(stdout).filter((line) => line.startsWith("error")),
    stdout + text + stderr,
  ).toEqual(["error dropped-options"]);
  expect(stdout).toContain('sourceConnector.config "tasks.max": the operator drops it');
  expect(code).toBe(1);
}, 240_000);

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { supervise, type Supervisor } from "../../sandbox/processes";
import { pulumiEnvironment, type PulumiEnvironment } from "../../sandbox/pulumi";

const root = resolve(__dirname, "../..");
let supervisor: Supervisor;
let pulumi: PulumiEnvironment;
let project: string;

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
 * Before the first `up`: addresses, names, rights and whole blocks are outputs of a resource that does not exist yet. What
 * they will be is right, so a mandatory finding is a false one, but for the one mistake that can be read already.
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
custom("oldest", "kafka.strimzi.io/v1beta2", "KafkaMirrorMaker2", { name: "oldest", namespace: "migration" }, { clusters: [{ alias: unknown("o") }, { alias: "t" }], connectCluster: "t", mirrors: unknown([]) });
// Through @pulumi/kafka.
const somewhere = new kafka.Provider("somewhere", { bootstrapServers: [unknown("x:9093")], tlsEnabled: true });
new kafka.Topic("orders", { name: unknown("orders"), partitions: 3, replicationFactor: unknown(3), config: { "min.insync.replicas": unknown("2"), "max.message.bytes": unknown("1000") } }, { provider: somewhere });
new kafka.UserScramCredential("someone", { username: unknown("someone"), scramMechanism: "SCRAM-SHA-512", scramIterations: 4096, password: "x" }, { provider: somewhere });
new kafka.Acl("right", { aclResourceType: "Topic", aclResourceName: "*", aclPrincipal: unknown("User:mm2-credentials"), aclHost: "*", aclOperation: unknown("Write"), aclPermissionType: "Allow", resourcePatternTypeFilter: "Literal" }, { provider: somewhere });
// By the components.
const given = { username: unknown("mm2-credentials"), password: unknown("p") };
const cluster = (side) => ({ bootstrapServers: unknown(side + "-kafka-bootstrap:9093"), given, administrator: given, ca: unknown("a CA") });
new Migration("payments", { mirror: { provider, name: "payments", topicsPattern: "payments" }, origin: { ...cluster("origin"), alias: "p-origin" }, target: { ...cluster("target"), alias: "p-target", groupId: "p", offsetStorageTopic: "p-o", configStorageTopic: "p-c", statusStorageTopic: "p-s" } });
new MirrorUser("alone", { role: "origin", cluster: unknown("blue"), namespace: unknown("blue-ns"), name: unknown("copier"), kubeconfig }, { provider });
`;

beforeAll(async () => {
  supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-policies-")));
  pulumi = await pulumiEnvironment({ folder: join(supervisor.folder, "pulumi") });
  project = join(supervisor.folder, "project");
  await install(join(project, "node_modules"));
  await writeFile(join(project, "Pulumi.yaml"), "name: policies-test\nruntime: nodejs\nmain: index.js\n");
  await writeFile(join(project, "package.json"), '{ "name": "policies-test", "dependencies": { "@pulumi/pulumi": "*" } }');
  expect(await pulumi.run(["stack", "init", "test"], { cwd: project, limitMs: 60_000 })).toMatchObject({ exitCode: 0 });
}, 120_000);

/** As npm would: the package's own files, and beside it what it depends on. */
async function install(modules: string): Promise<void> {
  const own = join(modules, "pulumi-kafka-migration");
  await mkdir(own, { recursive: true });
  await cp(join(root, "dist"), join(own, "dist"), { recursive: true, filter: (path) => !/dist\/(sandbox|bench)$/.test(path) });
  await cp(join(root, "package.json"), join(own, "package.json"));
  for (const name of await readdir(join(root, "node_modules"))) if (!name.startsWith(".")) await symlink(join(root, "node_modules", name), join(modules, name));
  // The sandbox's language host is too old to start packs: under a runtime without one Pulumi starts it through a script.
  const description = join(own, "dist", "policies", "PulumiPolicy.yaml");
  const text = await readFile(description, "utf8");
  expect(text).toContain("runtime: nodejs\n");
  await writeFile(description, text.replace("runtime: nodejs\n", "runtime: node\n"));
}

/** The review as a user runs it, with the pack that it brings. */
async function review(program: string, settings: object): Promise<{ code: number; stdout: string; stderr: string; text: string }> {
  await writeFile(join(project, "index.js"), program);
  const file = join(project, "comment.md");
  await writeFile(join(project, "settings.json"), JSON.stringify(settings));
  const args = [join(project, "node_modules/pulumi-kafka-migration/dist/policies/review/main.js"), "--cwd", project, "--pack-config", join(project, "settings.json"), "--comment", file];
  const run = await new Promise<{ code: number; stdout: string; stderr: string }>((done) =>
    execFile(process.execPath, args, { cwd: project, env: pulumi.env, timeout: 200_000 }, (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr })),
  );
  return { ...run, text: await readFile(file, "utf8").catch(() => run.stdout + run.stderr) };
}

const annotated = (stdout: string) => [...new Set([...stdout.matchAll(/^::(error|warning) file=Pulumi.yaml,title=([\w -]+)::/gm)].map(([, kind, rule]) => `${kind} ${rule}`))].sort();

afterAll(() => supervisor?.stop());

test("the review runs the real preview with the package's pack, and says what was found", async () => {
  const { code, stdout, stderr, text } = await review(PROGRAM, { "acl-meaningless": "disabled", "storage-replication-unset": { targetBrokers: 3 }, "policy-class-exists": { kafkaVersion: "4.1.0" } });
  expect(code, text + stderr).toBe(1);
  expect(annotated(stdout)).toEqual(["error acl-missing", "error acl-operation-singular", "error gate-abandoned", "error origin-write-everything", "warning acl-unneeded"]);
  expect(stdout).toContain("user mm2-credentials on the origin may Write on topic *");
  expect(text).toContain("| create | KafkaMirrorMaker2 | orders-mirror |");
  expect(text).toContain("What is deleted later");
  expect(stdout + text).not.toContain("a password of the origin");
}, 240_000);

test("on a first preview nothing mandatory is said of what is not known yet", async () => {
  const { code, stdout, stderr, text } = await review(LATER, {});
  expect(annotated(stdout).filter((line) => line.startsWith("error")), stdout + text + stderr).toEqual(["error dropped-options"]);
  expect(stdout).toContain('sourceConnector.config "tasks.max": the operator drops it');
  expect(code).toBe(1);
}, 240_000);

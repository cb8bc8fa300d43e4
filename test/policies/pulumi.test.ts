import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
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

beforeAll(async () => {
  supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-policies-")));
  pulumi = await pulumiEnvironment({ folder: join(supervisor.folder, "pulumi") });
  project = join(supervisor.folder, "project");
  await mkdir(join(project, "node_modules"), { recursive: true });
  await mkdir(join(project, "pack"));
  await symlink(root, join(project, "node_modules", "pulumi-kafka-migration"));
  await symlink(join(root, "node_modules", "@pulumi"), join(project, "node_modules", "@pulumi"));
  await writeFile(join(project, "Pulumi.yaml"), "name: policies-test\nruntime: nodejs\nmain: index.js\n");
  await writeFile(join(project, "package.json"), '{ "name": "policies-test", "dependencies": { "@pulumi/pulumi": "*" } }');
  await writeFile(join(project, "index.js"), PROGRAM);
  // The compiled pack under a runtime without a language host: the sandbox's one can't start packs.
  await writeFile(join(project, "pack", "PulumiPolicy.yaml"), "runtime: node\n");
  await writeFile(join(project, "pack", "package.json"), await readFile(join(root, "policies", "package.json"), "utf8"));
  await writeFile(join(project, "pack", "index.js"), `require(${JSON.stringify(join(root, "dist", "policies"))});\n`);
  expect(await pulumi.run(["stack", "init", "test"], { cwd: project, limitMs: 60_000 })).toMatchObject({ exitCode: 0 });
}, 120_000);
afterAll(() => supervisor?.stop());

test("the review runs the real preview with the pack, and says what was found", async () => {
  const file = join(project, "comment.md");
  const settings = join(project, "settings.json");
  await writeFile(settings, '{ "acl-meaningless": "disabled", "storage-replication-unset": { "targetBrokers": 3 } }');
  const args = [join(root, "dist/policies/review/main.js"), "--cwd", project, "--pack", "pack", "--pack-config", settings, "--comment", file];
  const { code, stdout, stderr } = await new Promise<{ code: number; stdout: string; stderr: string }>((done) =>
    execFile(process.execPath, args, { cwd: project, env: pulumi.env, timeout: 200_000 }, (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr })),
  );
  const text = await readFile(file, "utf8").catch(() => stdout + stderr);
  expect(code, text + stderr).toBe(1);
  const rules = [...stdout.matchAll(/^::(error|warning) file=Pulumi.yaml,title=([\w -]+)::/gm)].map(([, kind, rule]) => `${kind} ${rule}`);
  expect([...new Set(rules)].sort()).toEqual(["error acl-missing", "error acl-operation-singular", "error gate-abandoned", "error origin-write-everything", "warning acl-unneeded"]);
  expect(stdout).toContain("user mm2-credentials on the origin may Write on topic *");
  expect(text).toContain("| create | KafkaMirrorMaker2 | orders-mirror |");
  expect(text).toContain("What is deleted later");
  expect(stdout + text).not.toContain("a password of the origin");
}, 240_000);

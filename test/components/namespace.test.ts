import { copyFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pulumiEnvironment, type PulumiEnvironment, supervise, type Supervisor } from "@kafka-migration/sandbox";
import { KubernetesRest } from "@kafka-migration/sandbox/kubernetes";
import { withKubernetes, pulumiYaml } from "@kafka-migration/sandbox/testing";

const kubernetes = withKubernetes();
const root = resolve(__dirname, "../..");
let supervisor: Supervisor;
let pulumi: PulumiEnvironment;
let cwd: string;
let rest: KubernetesRest;

beforeAll(async () => {
  supervisor = supervise(mkdtempSync(join(tmpdir(), "kafka-migration-namespace-")));
  pulumi = await pulumiEnvironment({ folder: join(supervisor.folder, "pulumi") });
  rest = new KubernetesRest(kubernetes.api.server, kubernetes.api.token, kubernetes.api.ca);
  cwd = join(supervisor.folder, "project");
  mkdirSync(join(cwd, "node_modules"), { recursive: true });
  symlinkSync(root, join(cwd, "node_modules", "pulumi-kafka-migration"));
  symlinkSync(join(root, "node_modules", "@pulumi"), join(cwd, "node_modules", "@pulumi"));
  writeFileSync(join(cwd, "Pulumi.yaml"), pulumiYaml("namespace-test", "app/program/index.js"));
  // Plugins and steps run in the program's folder: a kubeconfig beside Pulumi.yaml has to be found from there.
  mkdirSync(join(cwd, "app", "program"), { recursive: true });
  copyFileSync(kubernetes.api.kubeconfig, join(cwd, "kubeconfig"));
  writeFileSync(join(cwd, "package.json"), '{ "name": "namespace-test", "dependencies": { "@pulumi/pulumi": "*" } }');
  await run("stack", "init", "test");
}, 300_000);
afterAll(async () => {
  rest?.close();
  await supervisor?.stop();
});

async function run(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await pulumi.run([...args, "--non-interactive"], {
    cwd,
    env: { KUBECONFIG: "/nowhere/kubeconfig" },
    limitMs: 120_000,
  });
  expect(exitCode, stdout + stderr).toBe(0);
  return stdout;
}

/** The part of a migration that makes the namespace; the rest needs brokers. */
const PROGRAM = `
const pulumi = require("@pulumi/pulumi");
const { kubernetesCluster } = require("pulumi-kafka-migration");
const { Files } = require(${JSON.stringify(join(root, "dist/stacks/files.js"))});
const { projectFolder } = require(${JSON.stringify(join(root, "dist/components/project.js"))});
const { createdNamespace } = require(${JSON.stringify(join(root, "dist/components/migration/namespace.js"))});
const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
createdNamespace("namespace", { mirror: { namespace: "mirrors", provider: kubernetesCluster("home", { kubeconfig: new Files(projectFolder()).kubeconfig("kubeconfig") }) } }, parent);
`;

const get = async (path: string) => (await rest.call("GET", path)).status;

test("a namespace that the migration created is not deleted, and neither is what others put there", async () => {
  writeFileSync(join(cwd, "app/program/index.js"), PROGRAM);
  await run("up", "--yes", "--skip-preview");
  expect(await get("/api/v1/namespaces/mirrors")).toBe(200);
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "somebody-elses" } };
  expect((await rest.call("POST", "/api/v1/namespaces/mirrors/secrets", secret)).status).toBe(201);
  // As in phase cleanup, which no longer declares it; and by destroy, after another up has taken it over.
  writeFileSync(join(cwd, "app/program/index.js"), "");
  await run("up", "--yes", "--skip-preview");
  expect(await get("/api/v1/namespaces/mirrors/secrets/somebody-elses")).toBe(200);
  writeFileSync(join(cwd, "app/program/index.js"), PROGRAM);
  await run("up", "--yes", "--skip-preview");
  await run("destroy", "--yes", "--skip-preview");
  const namespace = (await rest.call("GET", "/api/v1/namespaces/mirrors")).body as { status: { phase: string } };
  expect(namespace.status.phase).toBe("Active");
  expect(await get("/api/v1/namespaces/mirrors/secrets/somebody-elses")).toBe(200);
}, 300_000);

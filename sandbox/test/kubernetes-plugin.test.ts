import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiClient } from "../kubernetes-plugin/client";
import { connectionOf, parseKubeconfig } from "../kubernetes-plugin/kubeconfig";
import { writeLauncher } from "../kubernetes-plugin/launcher";
import type { PlainObject } from "../kubernetes-plugin/values";
import { supervise, type Supervisor } from "../processes";
import { pulumiEnvironment, type PulumiEnvironment, type PulumiResult } from "../pulumi";
import { withKubernetes } from "../testing/kubernetes";
import { pulumiYaml } from "../testing/project";

/**
 * The real engine on the stand-in; what each operation does to the API server is in kubernetes-plugin-api.test.ts,
 * which needs no engine.
 */
const kubernetes = withKubernetes();
let supervisor: Supervisor;
let pulumi: PulumiEnvironment;
let client: ApiClient;

/** What the program declares, given to it as JSON. */
interface Declared {
  provider?: object;
  user?: { annotations?: Record<string, string>; spec?: object; opts?: object };
  /** Password of a Secret of the program's own. */
  password?: string;
  /** Reads the user's Secret and copies its password. */
  copy?: boolean;
  configMaps?: number;
  /** Id of a Secret that may not exist. */
  get?: string;
  /** JavaScript that is run last. */
  more?: string;
}

const program = `
const k8s = require("@pulumi/kubernetes");
const pulumi = require("@pulumi/pulumi");
const d = JSON.parse(process.env.DECLARED);
const provider = new k8s.Provider("cluster", { kubeconfig: process.env.CLUSTER, ...d.provider });
let user;
if (d.user) {
  const { annotations, spec, opts } = d.user;
  user = new k8s.apiextensions.CustomResource("user", {
    apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser", metadata: { name: "mm2", namespace: "origin-ns", annotations },
    spec: { authentication: { type: "scram-sha-512" }, ...spec },
  }, { provider, ...opts });
}
if (d.copy) {
  const source = k8s.core.v1.Secret.get("source", user.id, { provider });
  new k8s.core.v1.Secret("copy", { metadata: { name: "copy", namespace: "mirror-ns" }, data: { password: source.data.apply(data => data.password) } }, { provider });
  exports.password = source.data.apply(data => Buffer.from(data.password, "base64").toString());
  exports.id = user.id;
}
if (d.password) new k8s.core.v1.Secret("own", { metadata: { name: "own", namespace: "mirror-ns" }, stringData: { password: d.password } }, { provider });
if (d.get) k8s.core.v1.Secret.get("get", d.get, { provider });
for (let i = 0; i < (d.configMaps || 0); i++) new k8s.core.v1.ConfigMap("c" + i, { metadata: { namespace: "mirror-ns" }, data: { n: String(i) } }, { provider });
if (d.more) eval(d.more);
`;

beforeAll(async () => {
  supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-plugin-")));
  pulumi = await pulumiEnvironment({ folder: join(supervisor.folder, "pulumi"), standIn: true });
  const { config } = await connectionOf(await parseKubeconfig(kubernetes.api.kubeconfig), {});
  client = new ApiClient(config, new AbortController().signal);
  for (const namespace of ["origin-ns", "mirror-ns"]) await kubernetes.api.createNamespace(namespace);
}, 180_000);
afterAll(() => supervisor?.stop());

interface Stack {
  run(
    args: string[],
    declared: Declared,
    more?: { signal?: AbortSignal; onLine?: (line: string) => void; cluster?: string },
  ): Promise<PulumiResult & { text: string }>;
  state(): Promise<{
    text: string;
    resources: { urn: string; id?: string; outputs?: Record<string, never>; initErrors?: string[] }[];
  }>;
}

/**
 * A project of its own for each test; it is destroyed at the end, so that the next test starts with an empty cluster.
 */
async function withStack(name: string, work: (stack: Stack) => Promise<void>): Promise<void> {
  const cwd = join(supervisor.folder, name);
  await mkdir(cwd);
  await symlink(resolve(__dirname, "../../node_modules"), join(cwd, "node_modules"));
  await writeFile(join(cwd, "Pulumi.yaml"), pulumiYaml(name));
  await writeFile(join(cwd, "package.json"), JSON.stringify({ name, dependencies: { "@pulumi/kubernetes": "*" } }));
  await writeFile(join(cwd, "index.js"), program);
  expect((await pulumi.run(["stack", "init", "test"], { cwd })).exitCode).toBe(0);
  const stack: Stack = {
    async run(args, declared, { signal, onLine, cluster } = {}) {
      const env = { DECLARED: JSON.stringify(declared), CLUSTER: cluster ?? kubernetes.api.kubeconfig };
      const result = await pulumi.run([...args, "--color=never"], {
        cwd,
        env,
        limitMs: 90_000,
        ...(signal ? { signal } : {}),
        ...(onLine ? { onLine } : {}),
      });
      return { ...result, text: result.stdout + result.stderr };
    },
    async state() {
      const { stdout } = await pulumi.run(["stack", "export"], { cwd });
      return {
        text: stdout,
        resources: (JSON.parse(stdout) as { deployment: { resources?: [] } }).deployment.resources ?? [],
      };
    },
  };
  await work(stack);
  const destroyed = await stack.run(["destroy", "--yes", "--skip-preview"], {});
  expect(destroyed.exitCode, destroyed.text).toBe(0);
}

const up = ["up", "--yes", "--skip-preview"];
const READY = { "pulumi.com/waitFor": '["jsonpath={.status.secret}","condition=Ready"]' };
const USERS = "/apis/kafka.strimzi.io/v1beta2/namespaces/origin-ns/kafkausers";
const SECRETS = "/api/v1/namespaces/origin-ns/secrets";
const get = (path: string): Promise<PlainObject | undefined> => client.request("GET", path).catch(() => undefined);
const merge = (path: string, body: object) =>
  client.request("PATCH", path, { body, contentType: "application/merge-patch+json" });
const passed = (result: { exitCode: number; text: string }) => expect(result.exitCode, result.text).toBe(0);

async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; await delay(50)) {
    const found = await probe();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not come within 60 s`);
}

/** Plays the user operator for generation `generation` of a user: its Secret, then its status. */
async function reconcile(name: string, generation: number, password: string): Promise<void> {
  await until(`generation ${generation} of ${name}`, async () => {
    const metadata = (await get(`${USERS}/${name}`))?.["metadata"] as { generation?: number } | undefined;
    return metadata?.generation === generation ? true : undefined;
  });
  const data = { password: Buffer.from(password).toString("base64") };
  // As `kubectl apply` would have left it: the annotation that the real plugin keeps in plain text.
  const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "applied" };
  if (await get(`${SECRETS}/${name}`)) await merge(`${SECRETS}/${name}`, { data });
  else await client.request("POST", SECRETS, { body: { metadata: { name, annotations }, data } });
  await merge(`${USERS}/${name}/status`, {
    status: { observedGeneration: generation, secret: name, conditions: [{ type: "Ready", status: "True" }] },
  });
}

describe("the kubernetes plugin's stand-in, with the real Pulumi and the real API server", () => {
  it(
    "creates a user, waits for its Secret, reads and copies it, and deletes everything",
    () =>
      withStack("story", async (stack) => {
        const declared: Declared = { user: { annotations: READY }, copy: true, password: "plain-one", configMaps: 10 };
        const changed: Declared = {
          ...declared,
          user: { annotations: READY, spec: { quotas: { producerByteRate: 1000 } } },
          password: "plain-two",
        };
        const preview = await stack.run(["preview"], declared);
        passed(preview);
        expect(preview.text).toContain("+ 15 to create");
        expect(await get(`${USERS}/mm2`)).toBeUndefined();

        const [first] = await Promise.all([stack.run(up, declared), reconcile("mm2", 1, "first-passw0rd")]);
        passed(first);
        expect(first.text).toMatch(/password: \[secret\]/);
        expect(first.text).toMatch(/id +: "origin-ns\/mm2"/);
        expect(await get("/api/v1/namespaces/mirror-ns/secrets/copy")).toMatchObject({
          data: { password: Buffer.from("first-passw0rd").toString("base64") },
        });

        const same = await stack.run(["up", "--yes"], declared);
        passed(same);
        expect(same.text).toContain("15 unchanged");
        expect(same.text).not.toMatch(/to (update|replace|create)/);

        const [second] = await Promise.all([stack.run(up, changed), reconcile("mm2", 2, "second-passw0rd")]);
        passed(second);
        // The copy follows the rotation; a changed value replaces a Secret, deleted first.
        expect(second.text).toMatch(/~ 1 updated[\s\S]*\+-2 replaced/);
        expect(second.text.indexOf("Secret own deleted original")).toBeLessThan(
          second.text.indexOf("Secret own created replacement"),
        );
        const live = (await get(`${USERS}/mm2`)) as unknown as {
          metadata: {
            annotations: object;
            managedFields: { manager: string; operation: string; subresource?: string }[];
          };
        };
        const { resources, text } = await stack.state();
        const user = resources.find((resource) => resource.urn.includes("KafkaUser"));
        expect(user?.id).toBe("origin-ns/mm2");
        expect(live.metadata.managedFields.filter((entry) => entry.subresource === undefined)).toMatchObject([
          { manager: user?.outputs?.["__fieldManager"], operation: "Apply" },
        ]);
        expect(live.metadata.annotations).toEqual(READY);
        expect(resources.filter((resource) => /^mirror-ns\/c\d+-[0-9a-f]{8}$/.test(resource.id ?? ""))).toHaveLength(
          10,
        );
        for (const secret of ["first-passw0rd", "second-passw0rd", "plain-one", "plain-two"]) {
          for (const form of [secret, Buffer.from(secret).toString("base64")])
            for (const place of [text, first.text, second.text, same.text]) expect(place).not.toContain(form);
        }
        // The known leak of Secret.get.
        expect(text).toContain('"kubectl.kubernetes.io/last-applied-configuration": "applied"');

        const refreshed = await stack.run(["refresh", "--yes"], changed);
        passed(refreshed);
        passed(await stack.run(["destroy", "--yes", "--skip-preview"], changed));
        expect(await get(`${USERS}/mm2`)).toBeUndefined();
        expect(await get("/api/v1/namespaces/mirror-ns/secrets/copy")).toBeUndefined();
        // The source is not the program's.
        expect(await get(`${SECRETS}/mm2`)).toBeDefined();
        await client.request("DELETE", `${SECRETS}/mm2`);
      }),
    300_000,
  );

  it(
    "keeps what is not ready, creates no dependents, waits again, and ends a wait at Ctrl-C",
    () =>
      withStack("waiting", async (stack) => {
        const wait = { ...READY, "pulumi.com/timeoutSeconds": "600" };
        const late = await stack.run(up, {
          user: { annotations: wait, opts: { customTimeouts: { create: "2s" } } },
          copy: true,
        });
        expect(late.exitCode).not.toBe(0);
        expect(late.text).toContain("failed to fully initialize or become live: timed out waiting for the condition");
        const kept = await stack.state();
        expect(kept.resources.find((resource) => resource.id === "origin-ns/mm2")?.initErrors?.[0]).toContain(
          "timed out",
        );
        expect(kept.text).not.toContain("copy");

        const abort = new AbortController();
        let interrupted = 0;
        const interrupt = (line: string): void => {
          if (!line.includes("selected nothing") || abort.signal.aborted) return;
          interrupted = Date.now();
          abort.abort();
        };
        const cancelled = await stack.run(
          up,
          { user: { annotations: wait }, copy: true },
          { signal: abort.signal, onLine: interrupt },
        );
        expect(cancelled.exitCode).not.toBe(0);
        expect(abort.signal.aborted, cancelled.text).toBe(true);
        expect(Date.now() - interrupted).toBeLessThan(20_000);

        const [again] = await Promise.all([
          stack.run(up, { user: { annotations: wait }, copy: true }),
          reconcile("mm2", 1, "again"),
        ]);
        passed(again);
        expect((await stack.state()).resources.flatMap((resource) => resource.initErrors ?? [])).toEqual([]);
        await client.request("DELETE", `${SECRETS}/mm2`);
      }),
    300_000,
  );

  it(
    "previews without a cluster but fails the up, replaces all on another, refuses what it does not support",
    () =>
      withStack("servers", async (stack) => {
        const text = await readFile(kubernetes.api.kubeconfig, "utf8");
        const closed = { cluster: text.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1") };
        passed(await stack.run(["preview"], { user: {} }, closed));
        const failed = await stack.run(up, { user: {} }, closed);
        expect(failed.exitCode).not.toBe(0);
        expect(failed.text).toMatch(/configured Kubernetes cluster is unreachable: .*connection refused/);

        passed(await stack.run(up, { user: {} }));
        const elsewhere = await stack.run(
          ["preview"],
          { user: {} },
          { cluster: text.replace("127.0.0.1", "localhost") },
        );
        passed(elsewhere);
        expect(elsewhere.text).toContain("+-2 to replace");

        const refused = async (declared: Declared) => {
          const result = await stack.run(["preview"], declared);
          expect(result.exitCode).not.toBe(0);
          return result.text;
        };
        expect(await refused({ provider: { renderYamlToDirectory: "x", enableServerSideApply: false } })).toMatch(
          /enableServerSideApply: false is not supported[\s\S]*renderYamlToDirectory is not supported/,
        );
        expect(await refused({ user: { annotations: { "pulumi.com/waitfor": "x" } } })).toContain(
          "pulumi.com/waitfor is not known",
        );
        expect(await refused({ more: 'new k8s.apps.v1.Deployment("d", { spec: {} }, { provider })' })).toContain(
          "kubernetes:apps/v1:Deployment is not supported by this stand-in",
        );
        expect(await refused({ more: 'new k8s.yaml.ConfigGroup("g", { yaml: "a: 1" }, { provider })' })).toContain(
          "kubernetes:yaml:decode: not supported by this stand-in",
        );
        expect(await refused({ get: "origin-ns/absent" })).toContain("resource 'origin-ns/absent' does not exist");
      }),
    300_000,
  );
});

describe("the launcher", () => {
  it("writes a script that prints its version, and a plugin that ends with its parent", async () => {
    const script = await writeLauncher(join(supervisor.folder, "it's a bin"));
    const version = spawn(script, ["--version"], { stdio: ["ignore", "pipe", "inherit"] });
    expect(String((await once(version.stdout, "data"))[0])).toMatch(/^\d+\.\d+\.\d+\n$/);

    // The shell stays the plugin's parent, and is killed as an engine might be.
    const shell = spawn("sh", ["-c", '"$0" 127.0.0.1:1 & echo "$!"; wait', script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    shell.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [pid = 0, port = 0] = await until("the plugin's port", () =>
      Promise.resolve(/^\d+\n\d+\n$/.test(output) ? output.trim().split("\n").map(Number) : undefined),
    );
    expect(port).toBeGreaterThan(0);
    shell.kill("SIGKILL");
    await until("the plugin's end", () => Promise.resolve(isAlive(pid) ? undefined : true));
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

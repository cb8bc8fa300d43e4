import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { type KafkaCluster, startKafkaCluster } from "@kafka-migration/sandbox/kafka";
import {
  applicationClient,
  kubernetesObjects,
  listEverything,
  openProject,
  resumeGroup,
  secretValues,
  stopGroup,
} from "@kafka-migration/sandbox/story";
import { programProject } from "../support/program";
import { createTopic, produce, withSandbox } from "./support";

/** `west` has no operator. Its Secrets beside the mirror are made by somebody else. */
const PROGRAM = `
const pulumi = require("@pulumi/pulumi");
const { Migration, kubernetesCluster } = require("./dist");
const config = new pulumi.Config();
const [east, west, target] = ["east", "west", "target"].map((name) => config.requireObject(name));
const provider = kubernetesCluster("mirror", { kubeconfig: config.require("kubeconfig") });
const operated = (name) => ({ operator: { cluster: name, namespace: name + "-ns" } });
const common = { phase: config.get("phase"), fence: true, verify: { mode: "full" }, gate: { limitSeconds: 120 } };
new Migration("east", {
  ...common,
  origin: { ...east, ...operated("origin"), brokers: 1 },
  target: { ...target, ...operated("target"), brokers: 1 },
  mirror: { provider, topicsPattern: "east-.*", groupsPattern: "east-.*" },
});
new Migration("west", {
  ...common,
  origin: {
    alias: "west-cluster", bootstrapServers: west.bootstrapServers, ca: west.ca, brokers: 1,
    given: { username: west.username }, existingSecrets: { credentials: true, ca: true },
    names: { credentialsSecret: "west-login", caSecret: "west-ca" },
    administrator: { username: west.username, password: config.requireSecret("westPassword") },
  },
  target: {
    ...target, ...operated("target"), brokers: 1, groupId: "west",
    offsetStorageTopic: "west-offsets", configStorageTopic: "west-configs", statusStorageTopic: "west-status",
    names: {
      user: "mm2-west", administrator: "mm2-west-admin",
      credentialsSecret: "west-target-login", caSecret: "west-target-ca",
    },
  },
  mirror: { provider, name: "west", topicsPattern: "west-.*", groupsPattern: "west-.*" },
});
`;

const at = withSandbox({ target: { brokers: 1 } });

test("two origins move to one target in one program, one of them with Secrets of somebody else", async () => {
  const { sandbox } = at;
  const west = await startKafkaCluster({
    name: "origin",
    brokers: 1,
    folder: join(sandbox.folder, "west"),
    parts: sandbox.parts,
    progress: () => {},
  });
  const apps = (cluster: Pick<KafkaCluster, "connection">) => applicationClient(cluster.connection, "apps");
  await createTopic(sandbox, "east-orders", 3);
  await produce(sandbox, "east-orders", 300, { partitions: 3 });
  await createTopic({ origin: west }, "west-bills", 2);
  await produce({ origin: west }, "west-bills", 200, { partitions: 2 });
  const groups = [
    await stopGroup(apps(sandbox.origin), { groupId: "east-reader", topic: "east-orders", at: 0.4 }),
    await stopGroup(apps(west), { groupId: "west-reader", topic: "west-bills", at: 0.6 }),
  ];

  const cwd = join(sandbox.folder, "two-origins");
  await programProject(cwd, "two-origins", PROGRAM);
  const project = await openProject(sandbox.pulumi, cwd, "dev", () => {});
  const { username, password } = west.admin;
  await project.set(
    {
      east: { bootstrapServers: sandbox.origin.bootstrapServers },
      west: { bootstrapServers: west.bootstrapServers, ca: west.ca, username },
      target: { bootstrapServers: sandbox.target.bootstrapServers },
      kubeconfig: sandbox.kubeconfig,
    },
    { westPassword: password },
  );
  await secret(sandbox.kubeconfig, "west-login", { password });
  await secret(sandbox.kubeconfig, "west-ca", { "ca.crt": west.ca });
  const theirs = ["Secret migration/west-ca", "Secret migration/west-login"];
  await project.up();
  const state = await project.exported();
  expect((await secretValues(sandbox)).filter((value) => state.includes(value))).toEqual([]);
  expect((await project.preview()).stdout).toMatch(/\d+ unchanged/);

  await project.set({ phase: "cutover" });
  await project.up();
  for (const group of groups) expect(await resumeGroup(apps(sandbox.target), group)).toEqual([]);

  await project.set({ phase: "cleanup" });
  await project.up();
  await project.destroy();
  expect((await kubernetesObjects(sandbox)).sort()).toEqual(theirs);
  const left = await listEverything(sandbox.target);
  expect([...left.topics.keys()].filter((topic) => !topic.startsWith("__")).sort()).toEqual([
    "east-orders",
    "west-bills",
  ]);
  expect(left.principals).toEqual([]);
  for (const origin of [sandbox.origin, west])
    expect((await listEverything(origin)).topics.has("mm2-offset-syncs.target-cluster.internal")).toBe(false);
}, 900_000);

async function secret(kubeconfig: string, name: string, data: Record<string, string>): Promise<void> {
  const config = new KubeConfig();
  config.loadFromString(await readFile(kubeconfig, "utf8"));
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  await config.makeApiClient(CoreV1Api).createNamespacedSecret({
    namespace: "migration",
    body: { metadata: { name }, data: Object.fromEntries(encoded) },
  });
}

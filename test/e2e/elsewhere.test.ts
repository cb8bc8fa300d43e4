import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { repositoryRoot } from "@kafka-migration/sandbox";
import { connectKube, SECRETS } from "@kafka-migration/sandbox/kubernetes";
import {
  applicationClient,
  kubernetesObjects,
  listEverything,
  registerCodecs,
  stopGroup,
} from "@kafka-migration/sandbox/story";
import { createTopic, produce, withSandbox } from "./support";

const MINUTES = 60_000;

/** The clusters, the API server and the operator run elsewhere, as far as the `npm start` under test can know. */
const at = withSandbox({ target: { brokers: 1 } });
const sides = ["origin", "target"] as const;
const everything = async () => ({
  kafka: await Promise.all(
    sides.map(async (side) => {
      const { topics, groups, principals } = await listEverything(at.sandbox[side]);
      return {
        side,
        topics: [...topics.keys()].filter((name) => !name.startsWith("__")).sort(),
        groups: groups.sort(),
        principals: principals.sort(),
      };
    }),
  ),
  kubernetes: (await kubernetesObjects(at.sandbox)).sort(),
});
let before: Awaited<ReturnType<typeof everything>>;

beforeAll(async () => {
  registerCodecs();
  await createTopic(at.sandbox, "someone-elses", 2);
  await produce(at.sandbox, "someone-elses", 20);
  await stopGroup(applicationClient(at.sandbox.origin.connection, "tests"), {
    groupId: "someone-elses-group",
    topic: "someone-elses",
    at: 0.5,
  });
  before = await everything();
  // A user operator that runs by itself makes none.
  const kube = await connectKube(at.sandbox.kubeconfig);
  for (const side of sides)
    await kube.delete(SECRETS, at.sandbox[side].namespace, `${at.sandbox[side].label}-cluster-ca-cert`);
  kube.close();
}, 5 * MINUTES);

/** How to reach a cluster, in a file that only this user may read. */
function written(side: (typeof sides)[number]): string {
  const { bootstrapServers, ca, admin, label, namespace } = at.sandbox[side];
  const file = join(at.sandbox.folder, `${side}.json`);
  writeFileSync(file, JSON.stringify({ bootstrapServers, ca, ...admin, cluster: label, namespace }), { mode: 0o600 });
  return file;
}

test(
  "npm start with existing clusters, Kubernetes and operators migrates, cleans up, and changes nothing else",
  async () => {
    const folder = join(at.sandbox.folder, "elsewhere");
    mkdirSync(folder);
    const log = `${folder}.log`;
    const args = [
      "--origin",
      written("origin"),
      "--target",
      written("target"),
      "--kubeconfig",
      at.sandbox.kubeconfig,
      "--bulk-mb",
      "1",
    ];
    const start = at.sandbox.supervisor.start({
      name: "elsewhere",
      command: process.execPath,
      args: [join(repositoryRoot, "sandbox/dist/main.js"), ...args],
      env: { ...process.env, TMPDIR: folder },
      log,
    });
    const { code } = await start.exited;
    const said = readFileSync(log, "utf8");
    expect(code, said).toBe(0);
    expect(said).not.toMatch(/(origin|target): \d+ brokers? ready|API server ready|operator: ready/);
    expect(said).toMatch(/operators: the user operators of origin and target are there/);
    expect(said).toMatch(/topics migrated +\d+ with \d+ partitions; missing: none/);
    expect(said).toMatch(/each with the record after its last: all exact/);
    expect(said).toMatch(/residue +none/);
    expect(await everything()).toEqual(before);
    expect(readdirSync(folder)).toEqual([]);
    for (const side of sides) expect(said).not.toContain(at.sandbox[side].admin.password);
  },
  15 * MINUTES,
);

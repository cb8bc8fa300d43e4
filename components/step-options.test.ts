import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, test } from "vitest";
import { Migration, type MigrationArgs } from "../index";
import { estateForPreflight } from "./migration/preflight";
import { opened, recordingMocks } from "../test/components/support/mocks";

let mocks: ReturnType<typeof recordingMocks>;
beforeEach(async () => {
  mocks = recordingMocks();
  await mocks.ready;
});

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});

/** Returns a function that finds the inputs of a migration's steps with these options. */
async function steps(more: Partial<MigrationArgs>) {
  new Migration("m", { origin: operated("origin"), target: operated("target"), ...more });
  await pulumi.runtime.disconnect();
  return (type: string, name: string) => opened(mocks.only(`:${type}`).find((d) => d.name === `m-${name}`)?.inputs);
}

const FENCED = [
  ["Gate", "gate"],
  ["Verification", "verification"],
  ["ConsumerOffsets", "consumer-offsets"],
] as const;

test("the gate gets the losses that the user accepted", async () => {
  const inputs = await steps({ gate: { acceptTruncation: ["sessions.expired"] } });
  expect(inputs("Gate", "gate").options.acceptTruncation).toEqual(["sessions.expired"]);
});

test("the fence and every step behind it get the fence's options", async () => {
  const fenceOptions = { everyoneByDefault: false, except: ["User:audit"] };
  const inputs = await steps({ fence: true, fenceOptions });
  expect(inputs("Fence", "fence")).toMatchObject({ enabled: true, options: fenceOptions });
  for (const [type, name] of FENCED) expect(inputs(type, name)).toMatchObject({ fence: true, fenceOptions });
});

test.each([false, true])(
  "the fence waits as long as the gate, unless the migration is abandoned: %s",
  async (abandon) => {
    const inputs = await steps({ phase: "cutover", fence: true, gate: { limitSeconds: 60 }, abandon });
    expect(inputs("Fence", "fence").gate?.limitMs).toBe(abandon ? undefined : 60_000);
  },
);

test("without fence options no step has a new key, so the state does not change", async () => {
  const inputs = await steps({ fence: true });
  expect(inputs("Fence", "fence").options).toEqual({});
  expect(inputs("Gate", "gate").options).not.toHaveProperty("acceptTruncation");
  for (const [type, name] of FENCED) expect(inputs(type, name)).not.toHaveProperty("fenceOptions");
});

test("steps after the gate get the origin's end offsets at the gate, and whether there is a fence", async () => {
  const inputs = await steps({ fence: true });
  for (const [type, name] of [...FENCED.slice(1), ["Guard", "guard"]] as const)
    expect(inputs(type, name)).toMatchObject({ fence: true, gateEnds: { orders: [3, 0] } });
});

test("the gate waits for the operator's restarts if they are enabled", async () => {
  const inputs = await steps({ mirror: { sourceConnector: { autoRestart: { enabled: true } } } });
  expect(inputs("Gate", "gate").options.graceMs).toBe(150_000);
});

test("phase cleanup keeps the gate and its guard, and removes the steps that the clean-up deletes", async () => {
  const inputs = await steps({ phase: "cleanup", abandon: true });
  expect(inputs("Gate", "gate")).toMatchObject({ phase: "cleanup", abandon: true });
  expect(inputs("Guard", "guard")).toMatchObject({ phase: "cleanup", abandon: true });
  expect(
    mocks.declared
      .map((d) => d.type.split(":").at(-1))
      .filter((type) => ["MirrorGone", "InternalTopic", "Verification", "ConsumerOffsets", "Fence"].includes(type!)),
  ).toEqual([]);
});

test("every object to delete is a resource that is named after it", async () => {
  await steps({});
  const names = mocks.declared.map((d) => d.name);
  expect(names).toEqual(
    expect.arrayContaining([
      "m-target-origin-cluster.checkpoints.internal",
      "m-target-group-migration-connect-cluster",
      "m-target-migration-connect-cluster-offsets",
    ]),
  );
});

test("the administrator sees selected groups beside those of the pattern, and preflight checks this", async () => {
  const inputs = await steps({ mirror: { groupsPattern: "orders-.*" }, offsets: { groups: ["billing"] } });
  const { acls } = mocks.only("KafkaUser").find((d) => d.name === "m-target-administrator")!.inputs.spec.authorization;
  expect(acls).toContainEqual({
    host: "*",
    operations: ["Read", "Delete"],
    resource: { type: "group", name: "billing", patternType: "literal" },
  });
  expect(inputs("Preflight", "preflight").options.groups).toEqual(["billing"]);
});

test("preflight gets the inventory's file, again after the file changed, and no new key without one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-migration-estate-"));
  try {
    const file = join(folder, "estate.yaml");
    writeFileSync(file, "format: 1\norigin: a\ntarget: b\nusers: []\n");
    const inputs = await steps({ inventory: file });
    const { estate } = inputs("Preflight", "preflight");
    expect(estate).toEqual({ file, root: expect.any(String), digest: expect.stringMatching(/^[0-9a-f]{16}$/) });
    const { digest } = estateForPreflight({ inventory: file } as MigrationArgs).estate as { digest: string };
    expect(digest).toBe(estate.digest);
    writeFileSync(file, "format: 1\norigin: c\ntarget: b\nusers: []\n");
    const { estate: changed } = estateForPreflight({ inventory: file } as MigrationArgs);
    expect((changed as { digest: string }).digest).not.toBe(digest);
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(estateForPreflight({} as MigrationArgs)).toEqual({});
});

test("an inventory that does not exist or is wrong is an error before anything is declared", async () => {
  await expect(steps({ inventory: "no-such-estate.yaml" })).rejects.toThrow(/"no-such-estate.yaml" does not exist/);
  expect(mocks.declared).toEqual([]);
});

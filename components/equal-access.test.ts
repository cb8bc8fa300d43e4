import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { Migration, type MigrationArgs } from "../index";
import { opened, recordingMocks } from "../test/components/support/mocks";

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});

async function declared(more: Partial<MigrationArgs>) {
  const mocks = recordingMocks();
  await mocks.ready;
  const migration = new Migration("m", { origin: operated("origin"), target: operated("target"), ...more });
  await new Promise((resolve) => migration.summary.apply(resolve));
  await pulumi.runtime.disconnect();
  const at = (name: string) => mocks.declared.find((r) => r.name === name);
  const originsCluster = () => {
    const { inputs } = mocks.declared.find((r) => r.type.includes("KafkaUser") && r.name.includes("origin-admin"))!;
    const { acls } = (
      inputs as { spec: { authorization: { acls: { resource: { type: string }; operations: string[] }[] } } }
    ).spec.authorization;
    return acls.filter(({ resource }) => resource.type === "cluster").flatMap(({ operations }) => operations);
  };
  return { at, originsCluster };
}

test("access is compared before the fence is raised, so that nothing has changed if it differs", async () => {
  const { at, originsCluster } = await declared({ phase: "cutover", fence: true, access: "require" });
  expect(opened(at("m-access")!.inputs)).toMatchObject({ mode: "require", phase: "cutover" });
  expect(at("m-fence")!.after).toContain("m-access");
  expect(at("m-access")!.after).not.toContain("m-fence");
  expect(originsCluster().sort()).toEqual(["Alter", "DescribeConfigs"]);
});

test("access: none declares no step, and gives the administrator no right for it", async () => {
  const { at, originsCluster } = await declared({ access: "none" });
  expect(at("m-access")).toBeUndefined();
  expect(originsCluster()).toEqual(["Describe"]);
});

import { beforeEach, describe, expect, test } from "vitest";
import * as pulumi from "@pulumi/pulumi";
import { Migration, type MigrationArgs } from "../index";
import { opened, recordingMocks } from "../test/components/support/mocks";
import { migrationMistakes } from "./migration/checks";

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});
const both = { origin: operated("origin"), target: operated("target") };

let mocks: ReturnType<typeof recordingMocks>;
beforeEach(async () => {
  mocks = recordingMocks();
  await mocks.ready;
});

async function declared(args: Partial<MigrationArgs>) {
  new Migration("m", { ...both, ...args });
  await pulumi.runtime.disconnect();
  return mocks.declared.map((one) => ({ ...one, kind: one.type.split(":").at(-1)! }));
}

describe("the topics' owner", () => {
  test("is nobody unless the setting says so", async () => {
    expect((await declared({ phase: "cutover" })).map(({ kind }) => kind)).not.toContain("TopicResources");
  });

  test("comes after the replication reset, and the next part waits for it", async () => {
    const waves = [{ name: "a", topics: "a", phase: "cutover" as const }];
    const all = await declared({ topics: "resources", phase: "cutover", waves });
    const topics = all.filter(({ kind }) => kind === "TopicResources");
    expect(topics.map(({ name }) => name)).toEqual(["m-wave-a-topics", "m-topics"]);
    expect(topics[0]!.after).toContain("m-wave-a-replication");
    expect(all.find(({ name }) => name === "m-fence")!.after).toContain("m-wave-a-topics");
    expect(all.find(({ name }) => name === "m-guard")!.after).toEqual(expect.arrayContaining(["m-topics"]));
  });

  test("hears of a roll-back: the step gets the phase of its part", async () => {
    const waves = [{ name: "a", topics: "a", phase: "mirror" as const }];
    const all = await declared({ topics: "resources", phase: "cutover", waves });
    const phases = all.flatMap(({ kind, name, inputs }) =>
      kind === "TopicResources" ? [[name, opened(inputs)["phase"]]] : [],
    );
    expect(Object.fromEntries(phases)).toEqual({ "m-wave-a-topics": "mirror", "m-topics": "cutover" });
  });

  test("is found in the target's namespace, with the dialect of the target's operator", async () => {
    const target = {
      ...operated("target"),
      operator: { ...operated("target").operator, dialect: "strimzi-v1" as const },
    };
    const all = await declared({
      target,
      topics: "files",
      topicsFolder: "git/topics",
      dialect: "event-streams-v1beta2",
    });
    const { inputs } = all.find(({ kind }) => kind === "TopicResources")!;
    expect(opened(inputs)).toMatchObject({
      topics: "files",
      folder: "git/topics",
      apiVersion: "kafka.strimzi.io/v1",
      targetSecrets: { cluster: "target-ns/target" },
      originSecrets: { cluster: "origin-ns/origin" },
    });
  });

  test("gets files of the applications' users with their Secrets, and without a password", async () => {
    const clients = {
      users: [{ name: "billing", acls: [{ resource: "topic" as const, name: "o", operations: ["Read"] }] }],
    };
    const all = await declared({ topics: "files", clients });
    const { users } = opened(all.find(({ kind }) => kind === "TopicResources")!.inputs);
    expect(users).toMatchObject([
      {
        kind: "KafkaUser",
        metadata: { name: "billing", namespace: "target-ns", labels: { "strimzi.io/cluster": "target" } },
        spec: { authentication: { password: { valueFrom: { secretKeyRef: { name: "billing-client-password" } } } } },
      },
    ]);
  });

  test("is nobody where no operator is", () => {
    const given = {
      bootstrapServers: "target:9093",
      given: { username: "u", password: "p" },
      administrator: { username: "a", password: "p" },
    };
    expect(migrationMistakes({ ...both, target: given, topics: "resources" }).list).toEqual([
      'topics is "resources", but target.operator is missing: it names the Kafka resource that owns the topics',
    ]);
    expect(migrationMistakes({ ...both, target: given, topics: "none" }).list).toEqual([]);
  });
});

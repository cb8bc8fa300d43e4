import { beforeAll, describe, expect, test } from "vitest";
import { connectKube } from "@kafka-migration/sandbox/kubernetes";
import {
  applicationClient,
  kubernetesObjects,
  listEverything,
  type Project,
  registerCodecs,
  residueIn,
  resumeGroup,
  stopGroup,
  type Stopped,
} from "@kafka-migration/sandbox/story";
import { bindings } from "@kafka-migration/sandbox/testing";
import { transaction } from "../engine/kafka/support";
import { createTopic, ownStack, produce, recordsIn, until, withSandbox } from "./support";

const MINUTES = 60_000;
const TOPICS = ["accounts", "payments"];
const MIRRORS = { group: "kafka.strimzi.io", version: "v1", plural: "kafkamirrormaker2s", kind: "KafkaMirrorMaker2" };

/** Every value is the guide's: patterns, names, one replica, a flush each minute, offset syncs on the origin. */
describe("the guide's own values, from start to end", () => {
  const at = withSandbox();
  let stopped: Stopped;

  beforeAll(async () => {
    registerCodecs();
    for (const topic of TOPICS) await createTopic(at.sandbox, topic);
    await produce(at.sandbox, "accounts", 400);
    const origin = applicationClient(at.sandbox.origin.connection, "tests");
    await transaction(origin, "payments", ["a", "b", "c"], "commit");
    // The guide's mirror reads uncommitted: what was aborted is copied, too.
    await transaction(origin, "payments", ["x", "y"], "abort");
    stopped = await stopGroup(origin, { groupId: "ledger", topic: "accounts", at: 0.3 });
  }, 5 * MINUTES);

  let project: Project;

  test(
    "creates nine and eleven ACLs, and a mirror that copies",
    async () => {
      const { sandbox } = at;
      project = await ownStack(sandbox, "guide");
      // Nothing of what the other tests set to be quick.
      const cluster = (side: "origin" | "target") => ({
        bootstrapServers: sandbox[side].bootstrapServers,
        cluster: side,
        namespace: `${side}-ns`,
      });
      await project.set({
        profile: "guide",
        dialect: "strimzi-v1beta2",
        origin: cluster("origin"),
        target: cluster("target"),
        mirror: { kubeconfig: sandbox.kubeconfig },
        verify: { mode: "full" },
      });
      await project.up();
      await hasGuidesRights();
      await until(
        "the copy",
        () => recordsIn(sandbox.target, "accounts"),
        (n) => n === 400,
      );
      await until(
        "the copy of both transactions",
        () => recordsIn(sandbox.target, "payments"),
        (n) => n === 5,
      );
      const { topics } = await listEverything(sandbox.origin);
      expect([...topics.keys()]).toContain("mm2-offset-syncs.target-cluster.internal");
    },
    5 * MINUTES,
  );

  // As after an upgrade of Strimzi during the migration: v1 is the same mirror in another form.
  test(
    "cuts over in the dialect strimzi-v1: all records equal, the group at its offset, three replicas instead of one",
    async () => {
      const { sandbox } = at;
      expect((await listEverything(sandbox.target)).topics.get("accounts")).toEqual({ partitions: 2, replicas: [1] });
      const before = await mirrorUid();
      // The gate waits for the guide's flush, which comes each minute.
      await project.set({ phase: "cutover", dialect: "strimzi-v1" });
      await project.up();
      expect(await mirrorUid()).toBe(before);
      await hasGuidesRights();
      const { summary } = (await project.outputs()) as {
        summary: { verification: { equal: boolean }; offsets: { written: number } };
      };
      expect(summary.verification.equal).toBe(true);
      expect(summary.offsets.written).toBe(2);
      expect(await resumeGroup(applicationClient(sandbox.target.connection, "tests"), stopped)).toEqual([]);
      expect((await listEverything(sandbox.target)).topics.get("accounts")).toEqual({ partitions: 2, replicas: [3] });
    },
    5 * MINUTES,
  );

  test(
    "keeps the checkpoints in the clean-up, and nothing after the destroy",
    async () => {
      const { sandbox } = at;
      await project.set({ phase: "cleanup" });
      await project.up();
      const internal = async (side: "origin" | "target") =>
        [...(await listEverything(sandbox[side])).topics.keys()].filter(
          (name) => name.includes("internal") || name.startsWith("migration-connect"),
        );
      expect(await internal("origin")).toEqual([]);
      expect(await internal("target")).toEqual(["origin-cluster.checkpoints.internal"]);
      await project.destroy();
      expect(await residueIn(sandbox, TOPICS, ["ledger"])).toEqual([]);
      expect(await kubernetesObjects(sandbox)).toEqual([]);
    },
    5 * MINUTES,
  );

  async function mirrorUid(): Promise<string> {
    const kube = await connectKube(at.sandbox.kubeconfig);
    try {
      return (await kube.get(MIRRORS, "migration", "data-migration"))!.metadata.uid!;
    } finally {
      kube.close();
    }
  }

  async function hasGuidesRights(): Promise<void> {
    expect(await bindings(at.sandbox.origin, "User:mm2-credentials")).toHaveLength(9);
    expect(await bindings(at.sandbox.target, "User:mm2-credentials")).toHaveLength(11);
  }
});

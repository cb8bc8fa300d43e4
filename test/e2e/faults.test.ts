import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Sandbox } from "@kafka-migration/sandbox";
import {
  applicationClient,
  kubernetesObjects,
  listEverything,
  type Project,
  registerCodecs,
  residueIn,
  resumeGroup,
  startProducer,
  stopGroup,
} from "@kafka-migration/sandbox/story";
import { openKafka } from "../../engine/kafka/client";
import type { Report } from "../../engine/report";
import { transaction } from "../engine/kafka/support";
import { createTopic, ownStack, produce, recordsIn, until, withSandbox } from "./support";

const MINUTES = 60_000;

describe("faults in a migration, through the real command line", () => {
  const at = withSandbox();
  let project: Project;
  const say = (result: { stdout: string; stderr: string }) => result.stdout + result.stderr;
  const mirrors = async () =>
    (await kubernetesObjects(at.sandbox.kubernetes!)).filter((o) => o.startsWith("KafkaMirrorMaker2"));

  // What the mirror has copied is compressed.
  beforeAll(registerCodecs);

  test(
    "a wrong configuration is refused at preview with all its mistakes, and nothing is created",
    async () => {
      await createTopic(at.sandbox, "bad-one");
      project = await ownStack(at.sandbox, "bad", {
        phsae: "cutover",
        origin: { cluser: "origin" },
        verify: { mode: "everything" },
      });
      const result = await project.preview();
      expect(result.exitCode).not.toBe(0);
      expect(say(result)).toContain('phsae: unknown key (did you mean "phase"?)');
      expect(say(result)).toContain('origin.cluser: unknown key (did you mean "cluster"?)');
      expect(say(result)).toContain('verify.mode: "everything" is not possible');
      expect(say(result)).not.toMatch(/\n\s+at /);
      expect(await kubernetesObjects(at.sandbox.kubernetes!)).toEqual([]);
    },
    5 * MINUTES,
  );

  test(
    "an unreachable broker and a wrong password stop the up before anything is created, and are reported together",
    async () => {
      const wrong = "not-the-password";
      const administrator = { username: at.sandbox.target.admin.username };
      const nobody = { bootstrapServers: "127.0.0.1:1", administrator };
      project = await ownStack(at.sandbox, "login", { origin: nobody, target: { administrator } });
      await project.set({}, { originAdministratorPassword: wrong, targetAdministratorPassword: wrong });
      const result = await project.up({ mayFail: true });
      expect(result.exitCode).not.toBe(0);
      expect(say(result)).toMatch(/KAFKA_UNREACHABLE: .*origin cluster at 127\.0\.0\.1:1/);
      expect(say(result)).toMatch(
        new RegExp(`KAFKA_AUTHENTICATION: .*target cluster .*user "${administrator.username}"`),
      );
      expect(say(result)).not.toContain(wrong);
      expect(await kubernetesObjects(at.sandbox.kubernetes!)).toEqual([]);
    },
    5 * MINUTES,
  );

  test(
    "a pattern that matches nothing stops the up before users or a mirror are created",
    async () => {
      await createTopic(at.sandbox, "orders-eu");
      project = await ownStack(at.sandbox, "ordres");
      const result = await project.up({ mayFail: true });
      expect(result.exitCode).not.toBe(0);
      expect(say(result)).toMatch(/ordres-\.\*/);
      expect(await mirrors()).toEqual([]);
      expect((await kubernetesObjects(at.sandbox.kubernetes!)).filter((o) => o.includes("mm2-credentials"))).toEqual(
        [],
      );
      await project.destroy();
      expect(await kubernetesObjects(at.sandbox.kubernetes!)).toEqual([]);
    },
    10 * MINUTES,
  );

  test(
    "the first up, a cutover, was killed at its gate: a destroy keeps the mirror's progress, and an up goes on",
    async () => {
      const origin = applicationClient(at.sandbox.origin.connection, "tests");
      await createTopic(at.sandbox, "first-data");
      await produce(at.sandbox, "first-data", 200);
      project = await ownStack(at.sandbox, "first", { phase: "cutover", gate: { stableSeconds: 1 } });
      await project.killedUp(/Gate \S+-gate creating/);
      const state = await project.exported();
      for (const [step, isThere] of [
        ["KafkaMirrorMaker2::first-mirror", true],
        ["::first-gate", false],
      ] as const)
        expect([step, state.includes(step)]).toEqual([step, isThere]);
      await until(
        "the copy",
        () => recordsIn(at.sandbox.target, "first-data"),
        (n) => n === 200,
      );
      // Written after the mirror has stopped, and not copied.
      const producer = await startProducer(origin, "first-data", 10);
      const refused = await project.destroy({ mayFail: true });
      await producer.stop();
      expect(say(refused)).toMatch(/MirrorGone[^]*GATE_[^]*its progress and what it has copied are kept/);
      await project.up();
      const written = await recordsIn(at.sandbox.origin, "first-data");
      expect(written).toBeGreaterThan(200);
      await until(
        "the rest of the copy",
        () => recordsIn(at.sandbox.target, "first-data"),
        (n) => n >= written,
      );
      // It went on where it was: nothing was copied twice.
      expect(await recordsIn(at.sandbox.target, "first-data")).toBe(written);
      await project.destroy();
    },
    10 * MINUTES,
  );

  test(
    "a killed up can be run again",
    async () => {
      await createTopic(at.sandbox, "kill-data");
      await produce(at.sandbox, "kill-data", 200);
      project = await ownStack(at.sandbox, "kill", { gate: { limitSeconds: 120 } });
      const stopped = await stopGroup(applicationClient(at.sandbox.origin.connection, "tests"), {
        groupId: "kill-billing",
        topic: "kill-data",
        at: 0.4,
      });
      // What a killed up has made in Kubernetes is not in its state yet.
      for (const line of [/KafkaUser .* created/, /KafkaMirrorMaker2 .* created/]) await project.killedUp(line);
      await project.up();
      await until(
        "the copy",
        () => recordsIn(at.sandbox.target, "kill-data"),
        (n) => n === 200,
      );
      await project.set({ phase: "cutover" });
      // Each kill finds the steps before its own in the state.
      const kills: [RegExp, string?][] = [
        [/gate: /, "kill-gate"],
        [/verification: comparing 2 partitions/, "kill-verification"],
        [/consumer-offsets: .*1 group with 2 committed offsets/, "kill-consumer-offsets"],
      ];
      const kill = async ([line, step]: [RegExp, string?]) => {
        const { underWay } = await project.killedUp(line);
        if (step !== undefined) expect([step, underWay]).toEqual([step, [step]]);
      };
      for (const one of kills) await kill(one);
      // The offsets are on the target now, and no state knows of them: the roll-back does.
      await kill([/consumer-offsets: .*of 1 group written and read back/]);
      expect((await listEverything(at.sandbox.target)).groups).toContain("kill-billing");
      await project.set({ phase: "mirror" });
      await project.up();
      expect((await listEverything(at.sandbox.target)).groups).not.toContain("kill-billing");
      await project.set({ phase: "cutover" });
      await kill([/replication: \d of \d partitions? in sync/, "kill-replication"]);
      await project.up();
      expect((await project.outputs())["passedAt"]).toMatch(/^\d{4}-/);
      expect(await resumeGroup(applicationClient(at.sandbox.target.connection, "tests"), stopped)).toEqual([]);
    },
    20 * MINUTES,
  );

  test(
    "objects of another stack are not taken over",
    async () => {
      const before = await kubernetesObjects(at.sandbox.kubernetes!);
      const other = await ownStack(at.sandbox, "other");
      const result = await other.up({ mayFail: true });
      expect(result.exitCode).not.toBe(0);
      expect(say(result)).toMatch(/OBJECT_TAKEN: KafkaUser \S+\/mm2-administrator .* belongs to stack \S+\/kill;/);
      await other.destroy();
      expect(await kubernetesObjects(at.sandbox.kubernetes!)).toEqual(before);
    },
    5 * MINUTES,
  );

  test(
    "a producer that keeps writing keeps the gate shut, and is reported",
    async () => {
      await project.set({ phase: "mirror" });
      await project.up();
      const kafka = applicationClient(at.sandbox.origin.connection, "late-writer");
      const producer = await startProducer(kafka, "kill-data", 20);
      try {
        await project.set({ phase: "cutover", gate: { limitSeconds: 15, stableSeconds: 3 } });
        const result = await project.up({ mayFail: true });
        expect(result.exitCode).not.toBe(0);
        expect(say(result)).toMatch(/GATE_\w+/);
        expect(say(result)).toMatch(/producers: still writing to kill-data-\d/);
        expect(await mirrors()).toHaveLength(1);
      } finally {
        await producer.stop();
      }
    },
    10 * MINUTES,
  );

  test(
    "a mirror that runs but never catches up is reported at the limit with the missing offsets, and stays",
    async () => {
      // Healthy to every naive look, but what it has read lies in its producer for longer than the gate waits.
      const slow = { sourceConnector: { config: { "producer.override.linger.ms": 600_000 } } };
      await project.set({ phase: "mirror", mirror: { ...(await mirrorSettings(project)), ...slow } });
      await project.up();
      // The tasks take their new configuration a while after the operator has written it; until then everything
      // arrives.
      await until(
        "a mirror that holds back",
        () => arrives(at.sandbox, "kill-data"),
        (all) => !all,
      );
      await project.set({ phase: "cutover" });
      const result = await project.up({ mayFail: true });
      expect(result.exitCode).not.toBe(0);
      expect(say(result)).toMatch(/GATE_INCOMPLETE: the copy was not proved complete within 15 s/);
      expect(say(result)).toMatch(
        /kill-data-\d: \d+ offsets are not copied \(copied up to \d+, the origin ends at \d+\)/,
      );
      expect(say(result)).not.toMatch(/FAILED|STOPPED|PAUSED/);
      expect(await mirrors()).toHaveLength(1);
    },
    10 * MINUTES,
  );

  test(
    "a destroy of an incomplete copy stops at the gate and leaves everything running",
    async () => {
      const mirror = { ...(await mirrorSettings(project)), sourceConnector: { state: "running" } };
      await project.set({ phase: "mirror", mirror });
      await project.up();
      // One change after the other: what the old tasks hold arrives when they end, and the operator pauses only what
      // runs.
      await until(
        "a mirror that copies",
        () => arrives(at.sandbox, "kill-data"),
        (all) => all,
      );
      await project.set({ mirror: { ...mirror, sourceConnector: { state: "paused" } } });
      await project.up();
      await until(
        "the pause",
        () => arrives(at.sandbox, "kill-data"),
        (all) => !all,
      );
      const result = await project.destroy({ mayFail: true });
      expect(result.exitCode).not.toBe(0);
      expect(say(result)).toMatch(/GATE_\w+/);
      expect(say(result)).toContain("kill-data");
      expect(await mirrors()).toHaveLength(1);
      const { topics } = await listEverything(at.sandbox.target);
      expect([...topics.keys()].filter((name) => name.startsWith("mirror-kill-"))).toHaveLength(3);
    },
    10 * MINUTES,
  );

  test(
    "an abandoned migration is destroyed, and its outputs say that it is abandoned",
    async () => {
      await project.set({ abandon: true });
      await project.up();
      expect((await project.outputs())["abandonedAt"]).toMatch(/^\d{4}-/);
      await project.destroy();
      expect(await kubernetesObjects(at.sandbox.kubernetes!)).toEqual([]);
      const { topics, principals } = await listEverything(at.sandbox.target);
      expect([...topics.keys()].filter((name) => name.includes("internal") || name.startsWith("mirror-"))).toEqual([]);
      expect(principals.filter((p) => p.includes("mm2"))).toEqual([]);
      expect(await recordsIn(at.sandbox.origin, "kill-data")).toBeGreaterThan(200);
    },
    10 * MINUTES,
  );

  test(
    "a failed task of a Ready mirror fails the gate with the task's own error",
    async () => {
      await createTopic(at.sandbox, "big-records", 1, { "max.message.bytes": "8000000" });
      await produce(at.sandbox, "big-records", 5, { partitions: 1 });
      await produce(at.sandbox, "big-records", 1, { partitions: 1, from: 5, valueBytes: 3_000_000 });
      project = await ownStack(at.sandbox, "big", { profile: "least", gate: { limitSeconds: 30 } });
      // Preflight sees the record; here the task is to fail on it.
      await project.set({ preflight: { accept: ["RECORD_EXCEEDS_REQUEST"] } });
      await project.up();
      await project.set({ phase: "cutover" });
      const result = await project.up({ mayFail: true });
      expect(result.exitCode).not.toBe(0);
      expect(say(result)).toMatch(/FAILED/);
      expect(say(result)).toMatch(/RecordTooLarge|too large|larger/i);
      await project.set({ phase: "mirror", abandon: true });
      await project.up();
      await project.destroy();
      expect(await kubernetesObjects(at.sandbox.kubernetes!)).toEqual([]);
    },
    10 * MINUTES,
  );

  test(
    "a destroy after a cutover with fence gaps leaves nothing, even if records were deleted and it was killed",
    async () => {
      const origin = applicationClient(at.sandbox.origin.connection, "tests");
      const topics = ["done-orders", "done-committed"];
      for (const topic of topics) await createTopic(at.sandbox, topic);
      await produce(at.sandbox, "done-orders", 200);
      // Ends with a marker: once that is deleted, only what the gate remembers tells it from records that were lost.
      await transaction(origin, "done-committed", ["a", "b"], "commit");
      const stopped = await stopGroup(origin, { groupId: "done-billing", topic: "done-orders", at: 0.3 });
      project = await ownStack(at.sandbox, "done", { fence: true });
      await project.up();
      await project.set({ phase: "cutover" });
      const removed: Promise<number>[] = [];
      const onLine = (line: string) =>
        void (
          /Gate done-gate updat/.test(line) &&
          removed.length === 0 &&
          removed.push(passOfUserOperator(at.sandbox))
        );
      const cutOver = await project.up({ onLine });
      expect(await removed[0]).toBeGreaterThan(0);
      expect(say(cutOver)).toMatch(/user operator removes the fence's ACLs[^]*kafka-migration fence --hold/);
      expect(say(cutOver)).toMatch(/fence: \d+ ACLs? had been removed since/);
      const { warnings } = JSON.parse(
        await readFile(join(at.sandbox.folder, "report", "migration-done.json"), "utf8"),
      ) as Report;
      expect(warnings.filter((line) => line.startsWith("Fence open at some time between"))).toHaveLength(1);
      expect(warnings.join("\n")).toMatch(/the fence has not been held since \d{4}-/);
      expect(await resumeGroup(applicationClient(at.sandbox.target.connection, "tests"), stopped)).toEqual([]);
      for (const topic of topics) await deleteRecords(at.sandbox, topic);
      expect((await project.killedUp(/mirror-gone: /, "destroy")).underWay).toEqual(["done-target-group-mirror-done"]);
      await project.destroy();
      const { topics: left } = await listEverything(at.sandbox.origin);
      const own = [...left.keys()].filter((name) => /^(bad|first|orders|kill|big|done)-[a-z]+$/.test(name));
      expect(await residueIn(at.sandbox, own, ["done-billing", "kill-billing"])).toEqual([]);
      expect(await recordsIn(at.sandbox.target, "done-orders")).toBe(200);
    },
    10 * MINUTES,
  );
});

/** What a full pass of a user operator does to the fence. @returns the number of ACLs that it removed */
async function passOfUserOperator({ origin }: Sandbox): Promise<number> {
  const port = await openKafka(origin.connection, "origin");
  try {
    const rules = await port.describeAcls({ principal: "User:*" });
    await port.deleteAcls(rules);
    return rules.length;
  } finally {
    await port.close();
  }
}

/** As retention does it, to the end, behind the last marker. */
async function deleteRecords(sandbox: Sandbox, topic: string): Promise<void> {
  const admin = applicationClient(sandbox.origin.connection, "tests").admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: ends.map(({ partition }) => ({ partition, offset: "-1" })) });
  } finally {
    await admin.disconnect();
  }
}

/** Whether records that are written to the origin now are on the target within a few seconds. */
async function arrives(sandbox: Sandbox, topic: string): Promise<boolean> {
  const count = 50;
  const before = await recordsIn(sandbox.target, topic);
  await produce(sandbox, topic, count, { from: await recordsIn(sandbox.origin, topic) });
  return until(
    "records",
    () => recordsIn(sandbox.target, topic),
    (n) => n >= before + count,
    5_000,
  ).then(
    () => true,
    () => false,
  );
}

async function mirrorSettings(project: Project): Promise<object> {
  return JSON.parse(await project.setting("mirror")) as object;
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScramUser, deleteScramUser } from "@kafka-migration/sandbox/kafka";
import { uniqueName } from "@kafka-migration/sandbox/testing";
import { run } from "../../cli/run";
import { aclBindings, administratorAcls } from "../../engine/acls";
import type { MigrationModel } from "../../engine/model";
import { FakeMirror, messages } from "../engine/gate/fake-mirror";
import { joinGroup } from "../engine/offsets/other-protocols";
import { withPorts } from "../engine/kafka/support";

const ports = withPorts("cli");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-migration-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function modelFile(model: MigrationModel, more: object = {}): Promise<string> {
  const path = join(folder, `${uniqueName("cli-model")}.json`);
  // The shared origin has one broker: the mirror would be told so.
  const preflight = {
    storageReplicationFactor: 1,
    checkpointsReplicationFactor: 1,
    offsetSyncsReplicationFactor: 1,
    ...more,
  };
  await writeFile(path, JSON.stringify({ ...model, options: { preflight } }), { mode: 0o600 });
  return path;
}

/** Runs a command as a script would. */
async function command(model: string, ...argv: string[]) {
  const text = { out: "", err: "" };
  const stream = (key: "out" | "err") => ({ write: (some: string) => (text[key] += some) });
  const exit = await run(
    argv.includes("--merge") ? argv : [...argv, "--model", model],
    { out: stream("out"), err: stream("err") },
    new AbortController().signal,
  );
  const password = ports.clusters.origin.admin.password;
  expect(text.out + text.err).not.toContain(password);
  return { exit, ...text, json: () => JSON.parse(text.out) };
}

const LATER = Date.now() - 60_000;

/** A finished copy of one topic with 10 records, and a group of the origin that stands at 6. */
async function migrated(config: Record<string, string> = {}) {
  const mirror = await FakeMirror.start(ports, {}, config);
  const topic = await mirror.topic("orders", 2);
  await mirror.send(topic, messages(4));
  await mirror.send(
    topic,
    messages(6, 4).map((m, i) => ({ ...m, timestamp: String(LATER + i) })),
  );
  await mirror.copied(topic, 9);
  const group = `${mirror.prefix}-group`;
  await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 6n, metadata: "mine" }]);
  ports.atEnd(async () => {
    await ports.origin.deleteGroups([group]);
    await ports.target.deleteGroups([group]).catch(() => {});
  });
  return { mirror, topic, group, model: await modelFile(mirror.model) };
}

describe("a finished copy", () => {
  it("is reported as finished by status, gate and verify", async () => {
    const { model, topic } = await migrated();
    const status = await command(model, "status");
    expect(status).toMatchObject({ exit: 0 });
    expect(status.out).toContain("copy: 2 of 2 partitions complete in 1 topic");
    expect(status.out).toContain("source connector: RUNNING, 1 task RUNNING");
    const gate = await command(model, "gate", "--json");
    expect([gate.exit, gate.json()]).toMatchObject([0, { complete: true, partitions: 2, lastRecordsCompared: 1 }]);
    const verify = await command(model, "verify", "--mode", "full", "--json");
    expect([verify.exit, verify.json()]).toMatchObject([
      0,
      { mode: "full", equal: true, topics: [{ topic, originRecords: 10, targetRecords: 10 }] },
    ]);
  });

  it("verify: several machines together print what one machine prints, and refuse a record written in between", async () => {
    const { mirror, model, topic } = await migrated();
    await mirror.only(
      "target",
      topic,
      messages(2, 50).map((m) => ({ ...m, partition: 1 })),
    );
    const full = ["verify", "--mode", "full"];
    const one = await command(model, ...full, "--json");
    const at = (name: string) => join(folder, `${topic}-${name}`);
    expect(await command(model, ...full, "--shard", "1/2", "--out", at("1"))).toMatchObject({ exit: 0 });
    process.env.JOB_COMPLETION_INDEX = "1";
    try {
      const second = await command(model, ...full, "--shards", "2", "--termination-message", at("2"));
      expect(second).toMatchObject({ exit: 0 });
    } finally {
      delete process.env.JOB_COMPLETION_INDEX;
    }
    const merged = await command(model, "verify", "--merge", at("1"), at("2"), "--json");
    const { durationMs: _duration, requests: _requests, ...same } = one.json();
    expect([merged.exit, merged.json()]).toMatchObject([one.exit, same]);
    expect([one.exit, one.json().differences]).toMatchObject([1, [{ kind: "extra", partition: 1, count: 2 }]]);
    expect((await stat(at("1"))).mode & 0o777).toBe(0o600);

    await mirror.only("origin", topic, messages(1, 60));
    await command(model, ...full, "--shard", "2/2", "--out", at("late"));
    const refused = await command(model, "verify", "--merge", at("1"), at("late"));
    expect(refused).toMatchObject({ exit: 1, err: expect.stringContaining("something was written") });
  });

  it("verify: a result that could not be written is reported before anything is compared", async () => {
    const { model } = await migrated();
    const refused = await command(model, "verify", "--shard", "1/2", "--out", join(folder, "missing", "1.json"));
    expect(refused).toMatchObject({ exit: 2, err: expect.stringContaining("CLI_OUT_FILE") });
  });

  it("offsets: shows the plan, writes only with --apply, and reverts from the kept file", async () => {
    const { model, topic, group } = await migrated();
    const there = async () =>
      (await ports.target.groupOffsets([group])).get(group)?.find((o) => o.topic === topic && o.offset >= 0n);
    const dry = await command(model, "offsets");
    expect(dry).toMatchObject({ exit: 0 });
    expect(dry.out).toMatch(new RegExp(`${group} +${topic}-0 +6 +6 +exact +0`));
    expect(dry.out).toContain("dry run");
    expect(await there()).toBeUndefined();

    const kept = join(folder, `${group}.json`);
    expect(await command(model, "offsets", "--apply", "--out", kept)).toMatchObject({ exit: 0 });
    expect(await there()).toMatchObject({ offset: 6n, metadata: "mine" });
    expect((await stat(kept)).mode & 0o777).toBe(0o600);

    expect((await command(model, "offsets", "--revert", kept)).out).toContain("1 offset would be restored");
    expect(await there()).toMatchObject({ offset: 6n });
    expect(await command(model, "offsets", "--revert", kept, "--apply")).toMatchObject({ exit: 0 });
    expect(await there()).toBeUndefined();
  });

  it("offsets: a dry run fails if --apply would, and --out is checked before anything is written", async () => {
    const { model, topic, group } = await migrated();
    const there = async () =>
      (await ports.target.groupOffsets([group])).get(group)?.find((o) => o.topic === topic && o.offset >= 0n);
    const nowhere = await command(model, "offsets", "--apply", "--out", join(folder, "missing", "kept.json"));
    expect(nowhere).toMatchObject({ exit: 2, err: expect.stringContaining("CLI_OUT_FILE") });
    expect(await there()).toBeUndefined();
    await ports.target.alterGroupOffsets(group, [{ topic, partition: 0, offset: 9n, metadata: "" }]);
    const dry = await command(model, "offsets");
    expect(dry).toMatchObject({
      exit: 1,
      out: expect.stringContaining(`group "${group}" has other offsets on the target`),
    });
    expect(await command(model, "offsets", "--overwrite")).toMatchObject({ exit: 0 });
  });

  it("offsets: after a killed --apply, a revert restores the offsets from before", async () => {
    const { model, topic, group } = await migrated();
    const place = async () => (await ports.target.groupOffsets([group])).get(group)?.find((o) => o.topic === topic);
    const kept = join(folder, `${group}.json`);
    const apply = ["offsets", "--apply", "--overwrite", "--out", kept, "--model", model];
    await ports.target.alterGroupOffsets(group, [{ topic, partition: 0, offset: 9n, metadata: "theirs" }]);
    // Twice: the second finds in place what the first may have written.
    const reached = [
      () =>
        access(kept).then(
          () => true,
          () => false,
        ),
      async () => (await place())?.offset === 6n,
    ];
    for (const now of reached) {
      const child = spawn(process.execPath, [require.resolve("../../dist/cli/main.js"), ...apply], { stdio: "ignore" });
      const ended = once(child, "exit");
      await expect.poll(now, { interval: 5, timeout: 30_000 }).toBe(true);
      child.kill("SIGKILL");
      await ended;
    }
    expect((await stat(kept)).mode & 0o777).toBe(0o600);
    const elsewhere = join(folder, `${group}-elsewhere.json`);
    await writeFile(elsewhere, (await readFile(kept, "utf8")).replace(/("target": ")[^"]+/, "$1another"));
    const refused = await command(model, "offsets", "--revert", elsewhere, "--apply");
    expect([refused.exit, refused.err, await place()]).toMatchObject([
      1,
      expect.stringContaining("OFFSETS_OTHER_CLUSTER"),
      { offset: 6n },
    ]);
    expect(await command(model, "offsets", "--apply", "--out", elsewhere)).toMatchObject({
      exit: 1,
      err: expect.stringContaining("OFFSETS_OTHER_CLUSTER"),
    });

    expect(await command(model, "offsets", "--revert", kept, "--apply")).toMatchObject({ exit: 0 });
    expect(await place()).toMatchObject({ offset: 9n, metadata: "theirs" });
    await writeFile(kept, (await readFile(kept, "utf8")).slice(0, 50));
    expect(await command(model, "offsets", "--revert", kept, "--apply")).toMatchObject({
      exit: 2,
      err: expect.stringContaining("damaged"),
    });
    expect(await command(model, "offsets", "--apply", "--overwrite", "--out", kept)).toMatchObject({
      exit: 2,
      err: expect.stringContaining("use another file for --out"),
    });
  });

  it("offsets: shows the plan by time beside the exact one", async () => {
    const { model, group, topic } = await migrated();
    const found = await command(model, "offsets", "--time", String(LATER), "--json");
    const at = (way: string) => found.json().plans[way].groups[0].topics[0].partitions[0].targetOffset;
    expect([found.exit, at("exact"), at("time")]).toEqual([0, "6", "4"]);
    expect((await command(model, "offsets", "--time", String(LATER))).out).toMatch(
      new RegExp(`${group} +${topic}-0 +6 +6 +4 +exact`),
    );
    expect(await command(model, "offsets", "--way", "checkpoints")).toMatchObject({
      exit: 1,
      err: expect.stringContaining("OFFSETS_NO_CHECKPOINTS"),
    });
  });

  it("replication: shows the plan, and changes replicas only with --apply", async () => {
    const { model, topic } = await migrated();
    const factor = async () =>
      (await ports.target.describeTopics([topic]))[0]!.partitions.map((p) => p.replicas.length);
    const dry = await command(model, "replication", "--rule", `${topic}=2`);
    expect(dry).toMatchObject({ exit: 0 });
    expect(dry.out).toContain(`${topic}: 2 partitions from 1 to 2 replicas`);
    expect(await factor()).toEqual([1, 1]);
    expect(await command(model, "replication", "--rule", `${topic}=2`, "--apply")).toMatchObject({ exit: 0 });
    expect(await factor()).toEqual([2, 2]);
    expect(await command(model, "replication", "--rule", `${topic}=99`)).toMatchObject({
      exit: 1,
      err: expect.stringContaining("REPLICATION_TOO_LARGE"),
    });
  });

  it("rehearse: shows a time for each step, and no problem", async () => {
    const { mirror, topic } = await migrated();
    const model = await modelFile({
      ...mirror.model,
      mirror: { ...mirror.model.mirror, groupsPattern: `(connect-)?${mirror.model.mirror.groupsPattern}` },
    });
    const share = `${mirror.prefix}-group-share`;
    await (await joinGroup(ports.clusters.origin.connection, "share", share, topic)).leave();
    // MirrorMaker 2's default exclusion leaves the groups of sink connectors behind.
    const sink = `connect-${mirror.prefix}-group`;
    await ports.origin.alterGroupOffsets(sink, [{ topic, partition: 0, offset: 6n, metadata: "" }]);
    ports.atEnd(() => ports.origin.deleteGroups([share, sink]));
    const found = await command(model, "rehearse", "--json");
    const { ok, steps, problems, unknown, leftAlone } = found.json();
    expect(leftAlone).toEqual([
      expect.stringContaining(`group "${share}" will be skipped: a share group`),
      expect.stringContaining(`group "${sink}" will be skipped: a sink connector's`),
      expect.stringMatching(/^to move them, /),
    ]);
    expect({ exit: found.exit, ok, problems, unknown }).toEqual({ exit: 0, ok: true, problems: [], unknown: [] });
    expect(steps.map((s: { step: string }) => s.step)).toEqual([
      "catching up",
      "quiet origin",
      "gate",
      "verification",
      "offsets",
      "writing offsets",
      "replication (clients may run)",
    ]);
    expect(steps[5].how).toContain("1 commit, estimated");
    expect(steps.slice(1, 6).every((s: { ms: number }) => s.ms > 0)).toBe(true);
  });

  it("rehearse with a fence: shows the time of the raise and no quiet window, and creates no ACL", async () => {
    const { mirror, topic } = await migrated({ "sync.topic.acls.enabled": "false" });
    const reader = {
      resourceType: "topic",
      resourceName: topic,
      patternType: "literal",
      principal: "User:reader",
      host: "*",
      operation: "Read",
      permission: "allow",
    } as const;
    await ports.origin.createAcls([reader]);
    ports.atEnd(() => ports.origin.deleteAcls([reader]));
    const found = await command(await modelFile(mirror.model, { fence: true }), "rehearse", "--json");
    const { ok, steps, problems } = found.json();
    expect({ ok, problems }).toEqual({ ok: true, problems: [] });
    expect(steps.slice(0, 3)).toMatchObject([
      { step: "fence", how: expect.stringContaining("1 ACL for 1 topic") },
      { step: "catching up" },
      { step: "quiet origin", ms: 0 },
    ]);
    // The raise waits a second; no rehearsal can know less.
    expect(steps[0].ms).toBeGreaterThan(1000);
    expect((await ports.origin.describeAcls()).filter((a) => a.resourceName.includes(mirror.prefix))).toEqual([reader]);
  });

  it("rehearse with a fence: reports missing rights, and a mirror that would copy the fence", async () => {
    const { mirror } = await migrated();
    const copying = await command(await modelFile(mirror.model, { fence: true }), "rehearse", "--json");
    expect([copying.exit, copying.json().problems.join("\n")]).toEqual([1, expect.stringContaining("FENCE_ACL_SYNC")]);
    expect(copying.json().unknown).toEqual(["fence"]);

    await mirror.connector({ topics: mirror.model.mirror.topicsPattern, "sync.topic.acls.enabled": "false" });
    const username = uniqueName("cli-admin");
    await createScramUser(ports.clusters.origin, username, `${username}-password`);
    const acls = aclBindings(administratorAcls("origin", mirror.model.mirror), `User:${username}`);
    await ports.origin.createAcls(acls);
    ports.atEnd(async () => {
      await ports.origin.deleteAcls(acls);
      await deleteScramUser(ports.clusters.origin, username);
    });
    const poor = {
      ...mirror.model,
      origin: {
        ...mirror.model.origin,
        sasl: { mechanism: "SCRAM-SHA-512" as const, username, password: `${username}-password` },
      },
    };
    const refused = await command(await modelFile(poor, { fence: true }), "rehearse", "--json");
    expect([refused.exit, refused.json().problems.join("\n")]).toEqual([
      1,
      expect.stringContaining("FENCE_NOT_ALLOWED: the migration's administrator may not make ACLs on the origin"),
    ]);
    expect(await command(await modelFile(poor), "rehearse")).toMatchObject({
      exit: 0,
      out: expect.not.stringContaining("fence"),
    });
  });

  it("report: writes both files, and the next report continues the plot", async () => {
    const { model, topic, group } = await migrated();
    const out = join(folder, "report");
    const first = await command(model, "report", "--out", out, "--json");
    expect(first).toMatchObject({ exit: 0 });
    await command(model, "report", "--out", out);
    const { html, json } = first.json().files;
    const page = await readFile(html, "utf8");
    expect(page).toContain(topic);
    expect(page).toContain(group);
    const report = JSON.parse(await readFile(json, "utf8"));
    expect(report).toMatchObject({
      headline: { tone: "good" },
      topics: [{ topic, left: 0 }],
      groups: [{ group, exact: 1 }],
    });
    expect(report.progress).toHaveLength(2);
    for (const text of [page, JSON.stringify(report)]) expect(text).not.toContain(ports.clusters.origin.admin.password);
  });
});

describe("an incomplete copy", () => {
  it("gate and rehearse name the partition, and status shows it without an error", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("short", 1);
    await mirror.send(topic, messages(10), 4);
    await mirror.copied(topic, 3);
    const model = await modelFile(mirror.model);
    expect(await command(model, "gate")).toMatchObject({
      exit: 1,
      out: "",
      err: expect.stringContaining(`${topic}-0: 6 offsets are not copied`),
    });
    expect((await command(model, "gate", "--json")).json().error).toMatchObject({ code: "GATE_INCOMPLETE" });
    const waited = await command(model, "gate", "--wait", "--limit", "1");
    expect([waited.exit, waited.err]).toEqual([1, expect.stringContaining("within 1 s")]);
    const status = await command(model, "status");
    expect([status.exit, status.out]).toEqual([0, expect.stringContaining("at most 6 records left")]);
    const rehearsed = await command(model, "rehearse", "--json");
    expect(rehearsed.json()).toMatchObject({
      ok: true,
      unknown: ["catching up"],
      waits: [expect.stringContaining(`${topic}-0`)],
    });
    expect(await command(model, "verify")).toMatchObject({ exit: 1, out: expect.stringContaining("DIFFERENT") });
    await mirror.status("task-0", "FAILED", "org.apache.kafka.SomeException: no");
    const blocked = await command(model, "rehearse", "--json");
    expect([blocked.exit, blocked.json().problems.join("\n")]).toEqual([1, expect.stringContaining("FAILED")]);
  });
});

describe("a topic that was deleted and created again on the origin with more records than before", () => {
  it("is named by doctor and stops the rehearsal, with the way out", async () => {
    const { model, mirror, topic } = await migrated();
    await ports.origin.deleteTopics([topic]);
    await ports.origin.createTopic(topic, { partitions: 2, replicationFactor: 1 });
    const fresh = messages(16).map((m) => ({ ...m, value: `new ${m.value}` }));
    await mirror.only("origin", topic, fresh);
    await mirror.only("target", topic, fresh.slice(10), (i) => 10 + i);
    await mirror.copied(topic, 15);
    const doctor = await command(model, "doctor");
    expect(doctor.exit).toBe(1);
    expect(doctor.out).toMatch(new RegExp(`FAIL {2}topics: ${topic}-0: the origin begins with offset 0`));
    expect(doctor.out).toContain("copy each of these again: ");
    const rehearsal = await command(model, "rehearse", "--json");
    expect(rehearsal.exit).toBe(1);
    expect(rehearsal.json().problems.join()).toContain(`${topic}-0: the origin begins with offset 0`);
  });
});

describe("configuration and clusters", () => {
  it("doctor: reports success, a wrong password and an unreachable cluster", async () => {
    const { mirror, model } = await migrated();
    const fine = await command(model, "doctor");
    expect(fine).toMatchObject({ exit: 0, err: expect.not.stringContaining("FAIL") });
    expect(fine.out).toContain("ok    origin: cluster ");
    expect(fine.out).toContain("3 brokers in 3 racks, TLS, SCRAM-SHA-512");
    const wrong = {
      ...mirror.model,
      target: {
        ...mirror.model.target,
        sasl: { mechanism: "SCRAM-SHA-512" as const, username: "nobody", password: "hunter2" },
      },
    };
    const refused = await command(await modelFile(wrong), "doctor");
    expect([refused.exit, refused.out]).toEqual([
      3,
      expect.stringMatching(/ok {4}origin[\s\S]*FAIL {2}target: KAFKA_AUTHENTICATION/),
    ]);
    expect(refused.out + refused.err).not.toContain("hunter2");
    const nobody = { ...mirror.model, origin: { ...mirror.model.origin, bootstrapServers: "127.0.0.1:1" } };
    expect(await command(await modelFile(nobody), "gate")).toMatchObject({
      exit: 3,
      err: expect.stringMatching(/^KAFKA_UNREACHABLE.*\nfix: [^\n]*\n$/),
    });
  });

  it("an empty selection and a file that other users can read are configuration errors", async () => {
    const { mirror, model } = await migrated();
    const none = await modelFile({
      ...mirror.model,
      mirror: { ...mirror.model.mirror, topicsPattern: `${mirror.prefix}-nothing` },
    });
    expect(await command(none, "gate")).toMatchObject({ exit: 2, err: expect.stringContaining("SELECTION_EMPTY") });
    await chmod(model, 0o644);
    expect(await command(model, "status")).toMatchObject({
      exit: 2,
      err: expect.stringContaining("CLI_MODEL_READABLE"),
    });
  });

  it("an interrupt ends a wait immediately", async () => {
    const { mirror } = await migrated();
    const topic = await mirror.topic("waiting");
    await mirror.send(topic, messages(1), 0);
    const model = await modelFile(mirror.model);
    const controller = new AbortController();
    let err = "";
    const streams = {
      out: { write: () => true },
      err: {
        write(text: string) {
          err += text;
          if (text.includes("partitions complete")) controller.abort();
        },
      },
    };
    const started = Date.now();
    expect(await run(["gate", "--wait", "--limit", "60", "--model", model], streams, controller.signal)).toBe(130);
    expect(err).toContain("INTERRUPTED");
    expect(Date.now() - started).toBeLessThan(30_000);
  });
});

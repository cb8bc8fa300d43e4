import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { createScramUser, deleteScramUser } from "@kafka-migration/sandbox/kafka";
import { uniqueName, withClusters } from "@kafka-migration/sandbox/testing";
import {
  inspectInternalTopics,
  deleteCheckpoints,
  deleteInternalTopic,
  deleteMirrorGroups,
  listResidue,
  proveMirrorGone,
} from "../../../engine/cleanup";
import { openKafka } from "../../../engine/kafka/client";
import type { KafkaPort } from "../../../engine/kafka/port";
import type { MigrationModel } from "../../../engine/model";
import { internalTopics } from "../../../engine/naming";
import { eventually, modelFor, produce, type RunningMirror, startMirror } from "../support/mirror";

const clusters = withClusters();
const prefix = uniqueName("clean");
const data = `${prefix}-data`;
const group = `${prefix}-group`;

let origin: KafkaPort;
let target: KafkaPort;
let model: MigrationModel;
let mirror: RunningMirror | undefined;
const lines: string[] = [];
const progress = { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) };

beforeAll(async () => {
  origin = await openKafka(clusters.origin.connection, "origin");
  target = await openKafka(clusters.target.connection, "target");
  model = modelFor(clusters, prefix);
  await origin.createTopic(data, { partitions: 2, replicationFactor: 1 });
  await produce(
    clusters.origin,
    data,
    Array.from({ length: 20 }, (_, i) => ({ key: `k${i}`, value: `v${i}`, partition: i % 2 })),
  );
  const committed = [0, 1].map((partition) => ({ topic: data, partition, offset: 10n, metadata: "" }));
  await origin.alterGroupOffsets(group, committed);
  mirror = await startMirror(clusters, model);
});

afterAll(async () => {
  await mirror?.stop();
  for (const port of [origin, target]) {
    const names = (await port.listTopics()).filter((name) => name.includes(prefix));
    if (names.length > 0) await port.deleteTopics(names);
    const groups = (await port.listGroups()).map((g) => g.groupId).filter((id) => id.startsWith(prefix));
    if (groups.length > 0) await port.deleteGroups(groups);
    await port.close();
  }
});

const byKind = (kind: string) => internalTopics(model.mirror).find((t) => t.kind === kind)!;
const present = async () =>
  [...(await origin.listTopics()), ...(await target.listTopics())]
    .filter((name) => internalTopics(model.mirror).some((t) => t.name === name))
    .sort();

const inspect = () => inspectInternalTopics({ origin, target }, model.mirror, internalTopics(model.mirror));

describe("while a real MirrorMaker 2 runs", () => {
  it("recognises every topic of the mirror by its records", async () => {
    await eventually("every internal topic has records", async () => {
      const checks = await inspect();
      return checks.every((c) => c.state === "present" && c.records > 0);
    });
    expect((await inspect()).map((c) => [c.kind, c.state])).toEqual(
      ["offsets", "configs", "status", "checkpoints", "offset-syncs"].map((kind) => [kind, "present"]),
    );
  });

  it("deletes nothing that is in use", async () => {
    const running = new RegExp(
      `MIRROR_STILL_RUNNING: target: Connect group ${prefix}-connect is Stable with 1 member[^]*fix: delete the ` +
        "KafkaMirrorMaker2",
    );
    await expect(proveMirrorGone(model, { limitMs: 700 }, progress)).rejects.toThrow(running);
    await expect(deleteInternalTopic(model, byKind("configs"))).rejects.toThrow(running);
    await expect(deleteMirrorGroups(model)).rejects.toThrow(running);
    await expect(deleteCheckpoints(model, { mode: "always" })).rejects.toThrow(running);
    expect(await present()).toHaveLength(5);
    expect(lines.join("\n")).toMatch(/waiting for the mirror to stop: Connect group .* is Stable with 1 member/);
  });

  it("lists its topics and its group as residue", async () => {
    const residue = await listResidue(model, { patienceMs: 0 });
    expect(residue.map((r) => `${r.kind} ${r.side}`).sort()).toEqual([
      "group target",
      "topic origin",
      "topic target",
      "topic target",
      "topic target",
      "topic target",
    ]);
    expect(
      (await listResidue(model, { keepCheckpoints: true, patienceMs: 0 })).filter((r) => r.kind === "topic"),
    ).toHaveLength(4);
  });
});

test("a SCRAM credential of a user that the migration created is residue on both clusters", async () => {
  const user = `${prefix}-user`;
  const principals = { origin: [`User:${user}`], target: [`User:${user}`, "User:CN=mm2"] };
  const credentials = async () =>
    (await listResidue(model, { principals, patienceMs: 0 })).filter((r) => r.kind === "credential");
  expect(await credentials()).toEqual([]);
  const sides = ["origin", "target"] as const;
  for (const side of sides) await createScramUser(clusters[side], user, "a-password");
  expect((await credentials()).map((r) => `${r.side} ${r.name}: ${r.what}`)).toEqual(
    sides.map((side) => `${side} ${user}: a SCRAM-SHA-512 credential of a user that the migration created`),
  );
  for (const side of sides) await deleteScramUser(clusters[side], user);
});

describe("after the mirror is gone", () => {
  beforeAll(async () => {
    await mirror!.stop();
    mirror = undefined;
  });

  it("proves that it is gone", async () => {
    expect(await proveMirrorGone(model, { limitMs: 30_000, quietMs: 1_000 }, progress)).toMatchObject({
      group: `${prefix}-connect`,
      groupState: expect.stringMatching(/Empty|Dead/) as string,
    });
  });

  it("deletes nothing if one topic does not belong to the mirror", async () => {
    const foreign = { ...model, mirror: { ...model.mirror, statusStorageTopic: `${prefix}-orders` } };
    await target.createTopic(`${prefix}-orders`, { partitions: 3, replicationFactor: 1 });
    await produce(clusters.target, `${prefix}-orders`, [{ key: "order-1", value: "one" }]);
    const refused = new RegExp(
      `INTERNAL_TOPIC_FOREIGN[^]*target topic ${prefix}-orders \\(target.statusStorageTopic\\): cleanup.policy ` +
        "is delete, not compact; 1 of 1 sampled records are not Connect's statuses",
    );
    await expect(proveMirrorGone(foreign, { limitMs: 5_000 })).rejects.toThrow(refused);
    await expect(deleteInternalTopic(foreign, { side: "target", name: `${prefix}-orders` })).rejects.toThrow(refused);
    await expect(deleteInternalTopic(model, { side: "target", name: data })).rejects.toThrow(
      /INTERNAL_TOPIC_UNKNOWN[^]*nothing was deleted/,
    );
    expect(await present()).toHaveLength(5);
    expect(await target.listTopics()).toContain(`${prefix}-orders`);
  });

  it("keeps checkpoints if their groups have no offsets on the target", async () => {
    expect(await deleteCheckpoints(model, { mode: "never" })).toEqual({
      deleted: false,
      reason: "kept",
      checkpoints: 0,
    });
    await expect(deleteCheckpoints(model, { mode: "when-applied" })).rejects.toThrow(
      new RegExp(`CHECKPOINTS_NOT_APPLIED: target: 1 group of 1 [^]*group ${group}: ${data}:[01], ${data}:[01]`),
    );
    await target.alterGroupOffsets(group, [{ topic: data, partition: 0, offset: 10n, metadata: "" }]);
    await expect(deleteCheckpoints(model, { mode: "when-applied" })).rejects.toThrow(`group ${group}: ${data}:1`);
    await target.alterGroupOffsets(group, [{ topic: data, partition: 1, offset: 10n, metadata: "" }]);
    expect(await deleteCheckpoints(model, { mode: "when-applied" })).toEqual({
      deleted: true,
      reason: "applied",
      checkpoints: 2,
    });
    expect(await deleteCheckpoints(model, { mode: "when-applied" })).toEqual({
      deleted: false,
      reason: "absent",
      checkpoints: 0,
    });
  });

  it("deletes the rest, each topic on its own cluster, and can run again", async () => {
    await proveMirrorGone(model, { limitMs: 10_000, quietMs: 500 });
    for (const topic of internalTopics(model.mirror)) {
      expect(await deleteInternalTopic(model, topic, progress)).toEqual({ deleted: topic.kind !== "checkpoints" });
      expect(await deleteInternalTopic(model, topic, progress)).toEqual({ deleted: false });
    }
    await deleteMirrorGroups(model, progress);
    expect(await deleteMirrorGroups(model, progress)).toEqual({ deleted: false });
    expect(await listResidue(model)).toEqual([]);
    expect(await target.listTopics()).toContain(data);
  });

  it("does not treat an application's group as Connect's", async () => {
    const own = { ...model, mirror: { ...model.mirror, groupId: group } };
    await expect(deleteMirrorGroups(own)).rejects.toThrow(
      new RegExp(`MIRROR_GROUP_FOREIGN: target: group ${group} holds committed offsets \\(${data}:`),
    );
    expect((await target.listGroups()).map((g) => g.groupId)).toContain(group);
  });

  it("finds ACLs and throttles that are left", async () => {
    const acl = {
      resourceType: "topic",
      resourceName: data,
      patternType: "literal",
      principal: `User:${prefix}`,
      host: "*",
      operation: "Read",
      permission: "allow",
    } as const;
    await target.createAcls([acl]);
    await target.incrementalAlterConfigs([
      { resource: { type: "topic", name: data }, set: { "leader.replication.throttled.replicas": "0:1" } },
    ]);
    await eventually(
      "the ACL is there",
      async () => (await target.describeAcls({ principal: `User:${prefix}` })).length > 0,
    );
    await eventually(
      "the throttle is there",
      async () =>
        (await target.describeTopicConfigs([data])).get(data)?.get("leader.replication.throttled.replicas")?.value ===
        "0:1",
    );
    const residue = await listResidue(model, { principals: { target: [`User:${prefix}`] }, patienceMs: 0 });
    expect(residue.map((r) => [r.kind, r.name])).toEqual([
      ["throttle", data],
      ["acl", `User:${prefix} allow Read on topic ${data}`],
    ]);
    await target.deleteAcls([acl]);
    await target.incrementalAlterConfigs([
      { resource: { type: "topic", name: data }, set: { "leader.replication.throttled.replicas": null } },
    ]);
    expect(await listResidue(model, { principals: { target: [`User:${prefix}`] } })).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { evaluateGate, findRecreatedTopics, runGate } from "../../../engine/gate";
import { planOffsets } from "../../../engine/offsets";
import { silent } from "../../../engine/progress";
import { readRecords } from "../../../engine/records";
import { buildReport, lookAtCopy } from "../../../engine/report";
import { readTopicIds } from "../../../engine/topic-ids";
import { compareCopy } from "../../../engine/verify";
import { deleteBelow, withPorts } from "../kafka/support";
import { FakeMirror, messages, START } from "./fake-mirror";

const ports = withPorts("port-recreated");

/** Deletes the topic on one side and creates it again under its name. */
async function recreate(side: "origin" | "target", topic: string, configs: Record<string, string> = {}): Promise<void> {
  await ports[side].deleteTopics([topic]);
  await ports[side].createTopic(topic, { partitions: 1, replicationFactor: 1, configs });
}

/** 50 records are copied; the topic then has 90 others, of which the mirror copies what lies beyond its old offsets. */
async function recreatedOnOrigin(
  configs: Record<string, string> = {},
  fresh = messages(90).map((m) => ({ ...m, value: `new ${m.value}` })),
) {
  const mirror = await FakeMirror.start(ports);
  const topic = await mirror.topic("orders", 1, configs);
  await mirror.send(topic, messages(50));
  await mirror.copied(topic, 49);
  const recorded = await readTopicIds(mirror.model);
  await recreate("origin", topic, configs);
  await mirror.only("origin", topic, fresh);
  await mirror.only("target", topic, fresh.slice(50), (i) => 50 + i);
  await mirror.copied(topic, 89);
  return { mirror, topic, recorded };
}

const tail = { mode: "tail", tailRecords: 10 } as const;
const once = { stableForMs: 0 };

describe("a topic that was recreated on the origin with more records than before", () => {
  it("is refused by its id in every check, and the error gives a fix", async () => {
    const { mirror, topic, recorded } = await recreatedOnOrigin({ "cleanup.policy": "compact" });
    const model = { ...mirror.model, recorded };
    const text = `topic ${topic} was deleted and created again on the origin since the mirror was started`;
    const shut = await evaluateGate(model, once, silent).then(
      () => "open",
      (e: Error) => e.message,
    );
    expect(shut).toContain(text);
    expect(shut).toContain(`its id was ${recorded[topic]!.origin} and is `);
    expect(shut).toContain("mirror.topicsExcludePattern");
    await expect(runGate(model, { ...once, graceMs: 100, pollMs: 50 }, silent)).rejects.toThrow(/^GATE_BLOCKED/);
    expect((await lookAtCopy(model, {})).against.map((f) => f.kind)).toContain("recreated");
    expect((await findRecreatedTopics(model, false)).map((f) => f.text)).toEqual([expect.stringContaining(text)]);
    expect(await compareCopy(model, tail, silent)).toMatchObject({
      equal: false,
      differences: expect.arrayContaining([
        expect.objectContaining({ topic, kind: "recreated", text: expect.stringContaining(text) }),
      ]),
    });
  });

  it("is refused by its first record if no id is known", async () => {
    const { mirror, topic } = await recreatedOnOrigin();
    const text = `${topic}-0: the origin begins with offset 0`;
    await expect(evaluateGate(mirror.model, once, silent)).rejects.toThrow(text);
    const look = await lookAtCopy(mirror.model, {});
    expect(look.against.map((f) => [f.kind, f.hopeless])).toEqual([["first record", true]]);
    const { originAlias, targetAlias, topicsPattern, groupsPattern } = mirror.model.mirror;
    const report = buildReport({
      name: "dev",
      madeAt: look.at,
      mirror: { originAlias, targetAlias, topicsPattern, groupsPattern },
      look,
    });
    expect(report.headline).toEqual({ tone: "bad", text: "The copy cannot become complete until a problem is solved" });
    expect((await findRecreatedTopics(mirror.model, false)).map((f) => f.kind)).toEqual(["first record"]);
    expect(await compareCopy(mirror.model, tail, silent)).toMatchObject({
      equal: false,
      differences: [{ topic, kind: "missing", originOffset: 0 }],
    });
  });

  it("is refused without ids if it is compacted, even if its first keys' latest records were copied", async () => {
    const later = (key: number) => ({ ...messages(1, key)[0]!, value: `latest ${key}` });
    const fresh = messages(87).map((m) => ({ ...m, value: `new ${m.value}` }));
    const { mirror, topic } = await recreatedOnOrigin({ "cleanup.policy": "compact" }, [
      ...fresh,
      later(0),
      later(1),
      later(2),
    ]);
    const text = `the target does not hold the origin's offset 3 `;
    await expect(evaluateGate(mirror.model, once, silent)).rejects.toThrow(text);
    expect((await findRecreatedTopics(mirror.model, false)).map((f) => f.kind)).toEqual(["first record"]);
    expect(await compareCopy(mirror.model, tail, silent)).toMatchObject({
      equal: false,
      differences: [{ topic, kind: "missing", originOffset: 3 }],
    });
    // Compaction does not explain that the record at offset 10 is not on the target. The one at offset 60 is there.
    const placeAt = async (offset: bigint) => {
      const group = `${mirror.model.mirror.groupsPattern.replace(".*", "-at")}${offset}`;
      ports.atEnd(() => ports.origin.deleteGroups([group]));
      await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset, metadata: "" }]);
      const { groups } = await planOffsets(mirror.model, {}, silent);
      return groups.find((g) => g.group === group)!.topics[0]!.partitions[0]!;
    };
    expect(await placeAt(10n)).toMatchObject({ targetOffset: null, how: "incomplete" });
    expect(await placeAt(60n)).toMatchObject({ targetOffset: "60" });
  });

  it("moves no group to records of the earlier topic", async () => {
    const { mirror, topic, recorded } = await recreatedOnOrigin();
    const group = mirror.model.mirror.groupsPattern.replace(".*", "-a");
    ports.atEnd(() => ports.origin.deleteGroups([group]));
    await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 10n, metadata: "" }]);
    const placeOf = async (model: typeof mirror.model) =>
      (await planOffsets(model, {}, silent)).groups.find((g) => g.group === group)!.topics[0]!.partitions[0]!;
    expect(await placeOf(mirror.model)).toMatchObject({
      targetOffset: null,
      how: "incomplete",
      note: expect.stringContaining("no copy of the origin's record at offset 10"),
    });
    // With ids nothing of the topic is trusted, also where the target holds the very record.
    await ports.origin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 70n, metadata: "" }]);
    expect(await placeOf(mirror.model)).toMatchObject({ targetOffset: "70" });
    expect(await placeOf({ ...mirror.model, recorded })).toMatchObject({
      targetOffset: null,
      how: "incomplete",
      note: expect.stringContaining("deleted and created again"),
    });
  });
});

describe("a report, if the target's last record differs", () => {
  it("does not call a copy ready that the gate refuses, unless clients may have written there", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("orders");
    await mirror.send(topic, messages(5));
    await mirror.copied(topic, 4);
    expect((await lookAtCopy(mirror.model, {})).against).toEqual([]);
    await mirror.only("target", topic, messages(1, 77));
    await expect(evaluateGate(mirror.model, once, silent)).rejects.toThrow("the origin ends with");
    expect((await lookAtCopy(mirror.model, {})).against.map((f) => f.kind)).toEqual(["last record"]);
    expect((await lookAtCopy(mirror.model, { compareLastRecord: false })).against).toEqual([]);
  });
});

describe("a topic that was recreated on the target", () => {
  it("is refused even if both sides end with the same record, until the gate has passed", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic("orders");
    await mirror.send(topic, messages(20));
    const recorded = await readTopicIds(mirror.model);
    await recreate("target", topic);
    await mirror.send(topic, messages(5, 20));
    await mirror.copied(topic, 24);
    await expect(evaluateGate(mirror.model, once, silent)).rejects.toThrow(
      `${topic}-0: the origin begins with offset 0`,
    );
    const model = { ...mirror.model, recorded };
    await expect(evaluateGate(model, once, silent)).rejects.toThrow(
      `topic ${topic} was deleted and created again on the target`,
    );
    // Clients may do that with their topics.
    await expect(evaluateGate(model, { ...once, compareLastRecord: false }, silent)).resolves.toBeDefined();
    expect(await findRecreatedTopics(model, true)).toEqual([]);
  });
});

describe("correct copies", () => {
  it("pass with and without recorded ids, after deletion or compaction on either side", async () => {
    const mirror = await FakeMirror.start(ports);
    const originCut = await mirror.topic("origin-cut");
    const targetCut = await mirror.topic("target-cut");
    const both = await mirror.topic("both-cut");
    for (const topic of [originCut, targetCut, both]) {
      await mirror.send(topic, messages(30));
      await mirror.copied(topic, 29);
    }
    await deleteBelow(mirror.origin, originCut, 10);
    await deleteBelow(mirror.target, targetCut, 10);
    await deleteBelow(mirror.origin, both, 20);
    await deleteBelow(mirror.target, both, 10);
    const compacted = await mirror.topic("compacted", 1, { "cleanup.policy": "compact" });
    // Its first keys have later values, so compaction may have removed the first records from the target.
    await mirror.send(compacted, [...messages(30), ...messages(5)], 0);
    await mirror.only("target", compacted, [...messages(25, 5), ...messages(5)], (i) => 5 + i);
    await mirror.copied(compacted, 34);
    const recorded = await readTopicIds(mirror.model);
    expect(recorded[both]).toEqual({
      origin: expect.stringMatching(/^[\w-]{22}$/),
      target: expect.stringMatching(/^[\w-]{22}$/),
    });
    for (const model of [mirror.model, { ...mirror.model, recorded }]) {
      const passed = await evaluateGate(model, once, silent);
      expect(passed).toMatchObject({ partitions: 4, topicIds: recorded });
      expect((await lookAtCopy(model, {})).against).toEqual([]);
      expect(
        (await compareCopy(model, tail, silent)).differences.filter(
          (d) => d.kind !== "kept longer" && d.topic !== targetCut,
        ),
      ).toEqual([]);
    }
  });

  it("pass if each side was compacted separately and the target's broker sets the timestamps", async () => {
    const mirror = await FakeMirror.start(ports);
    const topic = await mirror.topic(
      "compacted",
      1,
      { "cleanup.policy": "compact" },
      {},
      { "message.timestamp.type": "LogAppendTime" },
    );
    // The origin still has a deleted key and its tombstone at the end; from the target both are gone.
    await mirror.send(topic, [...messages(10), { key: "gone", value: "x" }, { key: "gone", value: null }], 10);
    await mirror.copied(topic, 11);
    await expect(evaluateGate(mirror.model, once, silent)).resolves.toMatchObject({
      warnings: [],
      lastRecordsCompared: 1,
    });
    for (const options of [tail, { mode: "full" } as const])
      expect((await compareCopy(mirror.model, options, silent)).differences).toEqual([]);
  });

  it("pass if the origin's records have no timestamp", async () => {
    const mirror = await FakeMirror.start(ports);
    const untimed = messages(30).map((m, i) => (i % 2 === 0 ? { ...m, timestamp: "-1" } : m));
    for (const [name, configs] of [
      ["plain", {}],
      ["compacted", { "cleanup.policy": "compact" }],
    ] as const) {
      const topic = await mirror.topic(name, 1, configs);
      for (const m of untimed) await mirror.only("origin", topic, [m]);
      // As the mirror's producer does: the time of copying where there is none.
      await mirror.only(
        "target",
        topic,
        untimed.map((m) =>
          "timestamp" in m ? { ...m, timestamp: String(Date.now()) } : { ...m, timestamp: String(START) },
        ),
      );
      await mirror.copied(topic, 29);
    }
    const written = await readRecords(ports.origin, `${mirror.prefix}-data-plain`, 0, 0n, 30n);
    expect(written.filter((r) => r.timestamp === -1n)).toHaveLength(15);
    expect(await evaluateGate(mirror.model, once, silent)).toMatchObject({ partitions: 2, warnings: [] });
    for (const options of [tail, { mode: "full" } as const])
      expect((await compareCopy(mirror.model, options, silent)).differences).toEqual([]);
  });
});

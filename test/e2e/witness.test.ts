import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { applicationClient, listEverything, registerCodecs } from "@kafka-migration/sandbox/story";
import {
  CLIENTS,
  COMPACTED,
  createTopics,
  DELETED_BELOW,
  faultsOf,
  firstRecords,
  groupsOf,
  type GroupStory,
  javaRead,
  type JavaWitness,
  kafkajsRead,
  latestOfKeys,
  LIVE,
  openJavaWitness,
  type PartitionRead,
  type ReadTask,
  recordsWhileMirrored,
  restOfCompacted,
  resumed,
  startWriter,
  tombstonesOf,
  TOPICS,
  TRIMMED,
  WHILE_MIRRORED,
  wholeLog,
  writtenTo,
} from "@kafka-migration/sandbox/witness";
import { merge, ownStack, recordsIn, settingsFor, until, withSandbox } from "./support";

const MINUTES = 60_000;
const PREFIX = "witness";
const FAST_FLUSH_MS = 1_000;

/** What of the stack's outputs is looked at here. */
interface Summary {
  verification: {
    equal: boolean;
    topics: { topic: string; compacted: boolean; originRecords: number; targetRecords: number; duplicates: number }[];
    differences: { topic: string; partition: number; kind: string; count: number }[];
  };
  offsets: { groups: number; rereads: { group: string; topic: string; partition: number; records: number }[] };
}

describe("kafkajs and Java consumers through a whole cutover, record by record", () => {
  const at = withSandbox({
    origin: { brokerConfig: { "log.cleaner.backoff.ms": "1000" } },
    target: { brokerConfig: { "log.cleaner.backoff.ms": "1000" } },
  });
  const tasks = CLIENTS.flatMap(groupsOf);
  const live = TOPICS.find((t) => t.name === LIVE)!;
  const compacted = TOPICS.find((t) => t.name === COMPACTED)!;
  let java: JavaWitness;
  let before: PartitionRead[] = [];
  let after: PartitionRead[] = [];
  /** All that a reader of the whole target gets, once the groups have read. */
  let log: PartitionRead[] = [];
  let summary: Summary;
  /** Records of each partition of the live topic: written on the origin, and on both clusters together. */
  let atCutover = 0;
  let atEnd = 0;
  let fenced = false;

  const origin = () => applicationClient(at.sandbox.origin.connection, "applications");
  const target = () => applicationClient(at.sandbox.target.connection, "applications");

  /** All groups side by side, as applications are. */
  async function readAll(side: "origin" | "target", all: readonly ReadTask[]): Promise<PartitionRead[]> {
    const kafka = side === "origin" ? origin() : target();
    const javas = java.run(at.sandbox[side].connection, all.filter((t) => t.client !== "kafkajs").map(javaRead));
    const own = Promise.all(all.filter((t) => t.client === "kafkajs").map((t) => kafkajsRead(kafka, t)));
    return [...(await javas), ...(await own).flat()];
  }

  const copied = (topic: string, each: number) =>
    until(
      `${each} records on each partition of ${topic}`,
      () => recordsIn(at.sandbox.target, topic),
      (n) => n === each * 2,
    );

  test(
    "groups read on the origin and on the target, and the mirror crashes in between",
    async () => {
      registerCodecs();
      const { sandbox } = at;
      java = await openJavaWitness(sandbox.supervisor, sandbox.parts, join(sandbox.folder, "witness"));
      await createTopics(origin());
      await java.run(sandbox.origin.connection, firstRecords());

      const settings = merge(settingsFor(sandbox, PREFIX), {
        mirror: { topicsPattern: ".*", groupsPattern: ".*", offsetFlushIntervalMs: FAST_FLUSH_MS },
        // A worker that crashed is given up at once, and its tasks go to the next one.
        target: {
          config: {
            "scheduled.rebalance.max.delay.ms": 0,
            "session.timeout.ms": 6_000,
            "heartbeat.interval.ms": 2_000,
          },
        },
        verify: { mode: "full" },
        fence: true,
      });
      const project = await ownStack(sandbox, PREFIX, settings);
      const flushEvery = (offsetFlushIntervalMs: number) => ({
        mirror: { ...(settings["mirror"] as object), offsetFlushIntervalMs },
      });
      await project.up();
      await java.run(sandbox.origin.connection, restOfCompacted());
      for (const t of [live, compacted]) await copied(t.name, t.records);

      // From here on the mirror commits nothing, so that its crash makes it copy the newest records twice.
      await project.set(flushEvery(600_000));
      await project.up();
      await java.run(sandbox.origin.connection, recordsWhileMirrored());
      await copied(LIVE, live.records + WHILE_MIRRORED);
      expect(sandbox.crashMirrors()).toBe(1);
      [before] = await Promise.all([readAll("origin", tasks), copied(LIVE, live.records + 2 * WHILE_MIRRORED)]);
      await deleteRecords(TRIMMED, DELETED_BELOW);

      // Producers go on until the cutover closes the origin to them, and then go on writing on the target.
      const writer = await startWriter(origin(), LIVE, live.partitions, live.records + WHILE_MIRRORED);
      await project.set({ phase: "cutover", ...flushEvery(FAST_FLUSH_MS) });
      await project.up({ onLine: (line) => void (line.includes(" closed for ") && writer.stop()) });
      fenced = (await listEverything(sandbox.origin)).principals.includes("User:*");
      atCutover = await writer.stop();
      summary = (await project.outputs())["summary"] as Summary;
      const there = await startWriter(target(), LIVE, live.partitions, atCutover);
      atEnd = await there.stop();
      after = await readAll("target", tasks.map(resumed));
      log = await java.run(sandbox.target.connection, [javaRead(wholeLog())]);
    },
    15 * MINUTES,
  );

  test("every group reads every record once and in order, and reads again only what was announced", () => {
    const stories = after.map(story);
    expect(stories.flatMap(faultsOf)).toEqual([]);
    expect(stories.length).toBe(CLIENTS.length * (4 * 22 + 1));
    expect(atCutover).toBeGreaterThan(live.records + WHILE_MIRRORED);
    expect(before.reduce((sum, r) => sum + r.numbers.length, 0)).toBeGreaterThan(5_000);
  });

  test("the fence is up after the groups are moved", () => {
    expect(fenced).toBe(true);
  });

  test("exactly the tombstones arrive without a value", () => {
    const all = [...before, ...after, ...log];
    for (const read of all) {
      const t = TOPICS.find((one) => one.name === read.topic)!;
      expect([key(read), read.tombstones]).toEqual([key(read), tombstonesOf(t, read.numbers)]);
    }
    expect(log.find((r) => r.topic === "removals")!.tombstones).toEqual([40, 81, 122, 163]);
  });

  test("every group finds its commit with its metadata, and no commit where it had none", () => {
    const committed = new Set(before.map(key));
    expect(after.length).toBeGreaterThan(committed.size);
    for (const read of after) {
      expect([key(read), read.found?.metadata ?? null]).toEqual([
        key(read),
        committed.has(key(read)) ? read.group.replace("-", ":") : null,
      ]);
    }
  });

  test("the mirror's duplicates are announced for exactly the groups that read them", () => {
    const stands = new Map(before.map((r) => [key(r), r.numbers.at(-1) ?? -1]));
    const lagging = after.filter(
      (r) => r.topic === LIVE && stands.has(key(r)) && stands.get(key(r))! < live.records - 1,
    );
    expect(lagging.length).toBeGreaterThan(0);
    expect(summary.offsets.groups).toBe(tasks.length);
    expect(summary.offsets.rereads.map((r) => `${key(r)} ${r.records}`).sort()).toEqual(
      lagging.map((r) => `${key(r)} ${WHILE_MIRRORED}`).sort(),
    );
  });

  test("the verification counts every record", () => {
    expect(summary.verification.equal).toBe(true);
    for (const t of TOPICS.filter((one) => one.name !== COMPACTED)) {
      const found =
        log.filter((r) => r.topic === t.name).reduce((sum, r) => sum + r.numbers.length, 0) -
        (t.name === LIVE ? (atEnd - atCutover) * t.partitions : 0);
      const duplicates = t.name === LIVE ? WHILE_MIRRORED * t.partitions : 0;
      expect(summary.verification.topics.find((v) => v.topic === t.name)).toMatchObject({
        targetRecords: found,
        duplicates,
        compacted: false,
      });
    }
  });

  test("compaction ran and the replication factor was changed", async () => {
    expect(log.find((r) => r.topic === COMPACTED)!.numbers.length).toBeLessThan(compacted.records);
    const { topics } = await listEverything(at.sandbox.target);
    for (const t of TOPICS)
      expect([t.name, topics.get(t.name)]).toEqual([t.name, { partitions: t.partitions, replicas: [3] }]);
  });

  function key(r: { group: string; topic: string; partition: number }): string {
    return `${r.group} ${r.topic}-${r.partition}`;
  }

  function story(read: PartitionRead): GroupStory {
    const { group, topic, partition } = read;
    const t = TOPICS.find((one) => one.name === topic)!;
    const here = before.find((r) => key(r) === key(read));
    const announced =
      here === undefined
        ? // Without a commit there is no offset to announce: the group reads the topic as the verification describes it.
          summary.verification.differences
            .filter((d) => d.topic === topic && d.partition === partition && d.kind === "duplicate")
            .reduce((sum, d) => sum + d.count, 0)
        : (summary.offsets.rereads.find((r) => key(r) === key(read))?.records ?? 0);
    const mayBeGone = gone(t.name, partition);
    return {
      group,
      topic,
      partition,
      written: writtenTo(t, topic === LIVE ? atEnd : t.records),
      before: here?.numbers ?? [],
      after: read.numbers,
      announced,
      ...(mayBeGone === undefined ? {} : { mayBeGone }),
    };
  }

  function gone(name: string, partition: number): Set<number> | undefined {
    const t = TOPICS.find((one) => one.name === name)!;
    if (name === TRIMMED) return new Set(writtenTo(t).filter((n) => n < DELETED_BELOW));
    if (name !== COMPACTED) return undefined;
    const kept = new Set([
      ...latestOfKeys(t),
      ...log.find((r) => r.topic === name && r.partition === partition)!.numbers,
    ]);
    return new Set(writtenTo(t).filter((n) => !kept.has(n)));
  }

  async function deleteRecords(topic: string, below: number): Promise<void> {
    const admin = origin().admin();
    await admin.connect();
    try {
      const partitions = (await admin.fetchTopicOffsets(topic)).map((p) => ({
        partition: p.partition,
        offset: String(below),
      }));
      await admin.deleteTopicRecords({ topic, partitions });
    } finally {
      await admin.disconnect();
    }
  }
});

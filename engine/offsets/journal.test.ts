import { describe, expect, it } from "vitest";
import { MigrationError } from "../errors";
import type { FetchRequest, KafkaPort } from "../kafka/port";
import { deleteJournal, isJournalLeft, readJournal, writeJournal, type AppliedOffsets } from ".";
import { encodeBatch } from "../records/encode";
import { testMirror } from "../../test/support/models";

const mirror = testMirror({ groupId: "mm2" });
const TOPIC = "mm2.moved-offsets.internal";

/** An in-memory target with only this topic. Each record is its own batch. */
class Target {
  records?: { key: Buffer; value: Buffer }[];
  /** Stops an append after this many records, like a kill. */
  endsAfter = Infinity;
  id = "the-target";
  /** Records below this were deleted. */
  start = 0;
  mayRead = true;

  port(): KafkaPort {
    const end = () => BigInt(this.records?.length ?? 0);
    const port: Partial<KafkaPort> = {
      side: "target",
      describeCluster: async () => ({ clusterId: this.id, controllerId: 1, brokers: [{ id: 1, host: "h", port: 1 }] }),
      describeTopics: async () =>
        this.records === undefined
          ? []
          : [
              {
                name: TOPIC,
                topicId: "",
                internal: false,
                partitions: [{ partition: 0, leader: 1, replicas: [1], isr: [1] }],
              },
            ],
      createTopic: async (_name, { partitions, replicationFactor }) => {
        expect([partitions, replicationFactor]).toEqual([1, 1]);
        this.records = [];
      },
      append: async (_topic, records) => {
        for (const record of records) {
          if (this.endsAfter-- <= 0) throw new Error("killed");
          this.records!.push(record);
        }
      },
      deleteTopics: async () => void (this.records = undefined),
      listOffsets: async (partitions, at) =>
        partitions.map((p) => ({ ...p, offset: at === "earliest" ? BigInt(this.start) : end(), timestamp: -1n })),
      fetch: async (requests: readonly FetchRequest[]) => {
        if (!this.mayRead)
          throw new MigrationError("KAFKA_UNAUTHORIZED", "read from topic: TOPIC_AUTHORIZATION_FAILED", {
            fix: "grant",
          });
        return new Map(requests.map((r) => [`${r.topic}:${r.partition}`, this.answer(Number(r.offset))]));
      },
      close: async () => {},
    };
    return port as KafkaPort;
  }

  private answer(from: number) {
    const batches = (this.records ?? []).slice(from).map((record, i) => {
      const batch = encodeBatch([record], 1_700_000_000_000);
      batch.writeBigInt64BE(BigInt(from + i), 0);
      return batch;
    });
    const end = BigInt(this.records?.length ?? 0);
    return {
      highWatermark: end,
      lastStableOffset: end,
      logStartOffset: BigInt(this.start),
      abortedTransactions: [],
      records: Buffer.concat(batches),
    };
  }
}

/** Uses group names that do not compress, so that an entry needs several records. */
const applied = (
  groups: number,
  at = "2026-01-01T00:00:00.000Z",
  clusters: AppliedOffsets["clusters"] = { target: "the-target" },
): AppliedOffsets => ({
  version: 1,
  at,
  clusters,
  skipped: [],
  written: groups,
  inPlace: 0,
  groups: Array.from({ length: groups }, (_, i) => ({
    group: noise(i),
    created: false,
    offsets: [{ topic: "orders", partition: i, offset: String(i), before: { offset: "1", metadata: "m" } }],
  })),
});
const noise = (seed: number) =>
  Array.from({ length: 40 }, (_, i) => ((Math.sin(seed * 40 + i + 1) * 1e9) | 0).toString(36)).join("");

describe("the journal of moved offsets", () => {
  it("is read as it was written, even in several records, and its last entry counts", async () => {
    const target = new Target();
    const port = target.port();
    expect(await readJournal(port, mirror)).toBeUndefined();
    await writeJournal(port, mirror, applied(3));
    expect(await readJournal(port, mirror)).toEqual(applied(3));
    await writeJournal(port, mirror, applied(4_000, "2026-01-02T00:00:00.000Z"));
    expect(target.records!.length).toBeGreaterThan(3);
    expect(await readJournal(port, mirror)).toEqual(applied(4_000, "2026-01-02T00:00:00.000Z"));
    await deleteJournal(port, mirror);
    expect(target.records).toBeUndefined();
    await deleteJournal(port, mirror);
  });

  it("ignores an entry that was cut off and uses the entry before it", async () => {
    const target = new Target();
    const port = target.port();
    target.endsAfter = 1;
    await expect(writeJournal(port, mirror, applied(4_000))).rejects.toThrow("killed");
    expect(await readJournal(port, mirror)).toBeUndefined();
    target.endsAfter = Infinity;
    await writeJournal(port, mirror, applied(3));
    target.endsAfter = 2;
    await expect(writeJournal(port, mirror, applied(4_000, "2026-01-03T00:00:00.000Z"))).rejects.toThrow("killed");
    expect(await readJournal(port, mirror)).toEqual(applied(3));
  });

  it("is left to be deleted even if the up was killed before its first entry was complete", async () => {
    const target = new Target();
    const port = target.port();
    expect(await isJournalLeft(port, mirror)).toBe(false);
    for (const endsAfter of [0, 1, Infinity]) {
      target.endsAfter = endsAfter;
      await writeJournal(port, mirror, applied(4_000)).catch(() => {});
      expect([await isJournalLeft(port, mirror), target.records!.length > 0]).toEqual([true, endsAfter > 0]);
      await deleteJournal(port, mirror);
      expect([await isJournalLeft(port, mirror), target.records]).toEqual([false, undefined]);
    }
  });

  const foreign: [string, (target: Target) => Promise<void>, RegExp][] = [
    [
      "was not written by an earlier apply",
      async (t) => void t.records!.push({ key: Buffer.from("key"), value: Buffer.from("value") }),
      /OFFSETS_JOURNAL_UNREADABLE[^]*not a note/,
    ],
    [
      "names a part that no note has",
      async (t) => void t.records!.push({ key: Buffer.from("0123456789abcdef 0 0"), value: Buffer.from("value") }),
      /OFFSETS_JOURNAL_UNREADABLE[^]*not a note/,
    ],
    [
      "is damaged",
      async (t) => void (t.records![0]!.value = Buffer.from("x")),
      /OFFSETS_JOURNAL_UNREADABLE[^]*can't be read/,
    ],
    [
      "is of another mirror",
      (t) => writeJournal(t.port(), { ...mirror, groupId: "other" }, applied(2)),
      /OFFSETS_JOURNAL_UNREADABLE[^]*of the mirror with group other/,
    ],
    [
      "has lost all its records",
      async (t) => void (t.start = t.records!.length),
      /OFFSETS_JOURNAL_UNREADABLE[^]*its records before offset 1 were deleted/,
    ],
    [
      "has lost the beginning of its last note",
      async (t) => {
        await writeJournal(t.port(), mirror, applied(4_000));
        t.start = 2;
      },
      /OFFSETS_JOURNAL_UNREADABLE[^]*a part of its last note is gone/,
    ],
    [
      "has lost its last note, and was cut off",
      async (t) => {
        t.endsAfter = 1;
        await writeJournal(t.port(), mirror, applied(4_000)).catch(() => {});
        t.start = 1;
      },
      /OFFSETS_JOURNAL_UNREADABLE[^]*its records before offset 1 were deleted/,
    ],
    [
      "is of another cluster",
      async (t) => void (t.id = "another"),
      /OFFSETS_OTHER_CLUSTER[^]*cluster the-target, but the target is cluster another/,
    ],
    [
      "is of another origin with the same group",
      (t) => writeJournal(t.port(), mirror, applied(3, undefined, { target: "the-target", origin: "another-origin" })),
      /OFFSETS_OTHER_CLUSTER[^]*groups from cluster another-origin, but the origin is cluster the-origin[^]*fix: /,
    ],
    [
      "may be seen but not read",
      async (t) => void (t.mayRead = false),
      /OFFSETS_JOURNAL_UNREADABLE[^]*may not read it[^]*fix: grant the migration's administrator Create, Write, Read/,
    ],
  ];
  it.each(foreign)("that %s is neither deleted nor treated as absent", async (_what, change, error) => {
    const target = new Target();
    await writeJournal(target.port(), mirror, applied(3));
    await change(target);
    const originId = async () => "the-origin";
    await expect(readJournal(target.port(), mirror, originId)).rejects.toThrow(error);
    await expect(deleteJournal(target.port(), mirror, originId)).rejects.toThrow(error);
    expect(target.records).toBeDefined();
  });
});

describe("the journal of waves that move at the same time", () => {
  const part = (wave?: string) => ({
    ...mirror,
    scope: wave === undefined ? { withoutTopics: ["a", "b"] } : { wave, topics: wave },
  });
  const [one, two, outside] = [part("one"), part("two"), part()];
  const at = (day: number) => `2026-01-0${day}T00:00:00.000Z`;

  it("holds the offsets of each wave apart, and its topic is made once", async () => {
    const target = new Target();
    const port = target.port();
    let made = 0;
    const create = port.createTopic.bind(port);
    port.createTopic = async (...args) => (made++, create(...args));
    await Promise.all([
      writeJournal(port, one, applied(4_000, at(1))),
      writeJournal(port, two, applied(5, at(2))),
      writeJournal(port, outside, applied(6, at(3))),
    ]);
    expect(made).toBe(1);
    expect(await readJournal(port, one)).toEqual(applied(4_000, at(1)));
    expect(await readJournal(port, two)).toEqual(applied(5, at(2)));
    expect(await readJournal(port, outside)).toEqual(applied(6, at(3)));
    expect(await readJournal(port, part("three"))).toBeUndefined();
  });

  it("keeps what the others need when one is done, and goes with the last one", async () => {
    for (const order of [
      [one, two, outside],
      [outside, one, two],
      [two, outside, one],
    ] as const) {
      const target = new Target();
      const port = target.port();
      for (const [i, of] of [one, two, outside].entries()) await writeJournal(port, of, applied(i + 2));
      await deleteJournal(port, order[0]);
      await deleteJournal(port, order[0]);
      await deleteJournal(port, part("never written"));
      expect(await readJournal(port, order[0])).toBeUndefined();
      expect(await readJournal(port, order[1])).toBeDefined();
      // The wave moves again.
      await writeJournal(port, order[0], applied(9));
      expect(await readJournal(port, order[0])).toEqual(applied(9));
      await Promise.all([deleteJournal(port, order[0]), deleteJournal(port, order[1])]);
      expect(target.records).toBeDefined();
      expect(await readJournal(port, order[2])).toBeDefined();
      await deleteJournal(port, order[2]);
      expect(target.records).toBeUndefined();
    }
  });

  it("is left only for the waves that need it, if another wave needs it, too", async () => {
    const port = new Target().port();
    await writeJournal(port, one, applied(3));
    expect([await isJournalLeft(port, one), await isJournalLeft(port, two)]).toEqual([true, false]);
    await writeJournal(port, two, applied(3));
    await deleteJournal(port, one);
    expect([await isJournalLeft(port, one), await isJournalLeft(port, two)]).toEqual([false, true]);
  });

  it("is not deleted if records were deleted that may be another wave's entry", async () => {
    const target = new Target();
    const port = target.port();
    await writeJournal(port, one, applied(3));
    await writeJournal(port, two, applied(4));
    target.start = 1;
    await expect(readJournal(port, one)).rejects.toThrow("OFFSETS_JOURNAL_UNREADABLE");
    await deleteJournal(port, two);
    expect(await readJournal(port, two)).toBeUndefined();
    await expect(readJournal(port, one)).rejects.toThrow("OFFSETS_JOURNAL_UNREADABLE");
  });

  it("is used if its origin cannot be asked", async () => {
    const port = new Target().port();
    const offsets = applied(3, undefined, { target: "the-target", origin: "gone" });
    await writeJournal(port, one, offsets);
    expect(await readJournal(port, one, async () => undefined)).toEqual(offsets);
  });

  it("is not deleted while an entry of another wave is cut off or damaged", async () => {
    const target = new Target();
    const port = target.port();
    await writeJournal(port, one, applied(3));
    target.endsAfter = 1;
    await expect(writeJournal(port, two, applied(4_000))).rejects.toThrow("killed");
    target.endsAfter = Infinity;
    expect(await readJournal(port, two)).toBeUndefined();
    await deleteJournal(port, one);
    expect(target.records).toBeDefined();
    await deleteJournal(port, two);
    expect(target.records).toBeUndefined();
    await writeJournal(port, one, applied(3));
    target.records![0]!.value = Buffer.from("x");
    await writeJournal(port, two, applied(3));
    await deleteJournal(port, two);
    await expect(deleteJournal(port, one)).rejects.toThrow("OFFSETS_JOURNAL_UNREADABLE");
    expect(target.records).toBeDefined();
  });

  it("of a migration that had no waves yet belongs to what is outside them", async () => {
    const target = new Target();
    const port = target.port();
    await writeJournal(port, mirror, applied(3));
    expect(await readJournal(port, outside)).toEqual(applied(3));
    expect(await readJournal(port, one)).toBeUndefined();
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMigrationError } from "../errors";
import { silent } from "../progress";
import { mergeResults, shardProblems } from "./merge";
import { packageVersion } from "./package-version";
import { noRemarks, remarkTexts } from "./remarks";
import type { Pair, TopicPair } from "./pairs";
import { resultOf, samplesOf } from "./result";
import { compareCopy, compareShard } from "./run";
import { readShard, SHORT_BYTES, shardFile, shortShard } from "./shard-text";
import { lookOf, pairsOf, shardResult, type ShardResult } from "./shards";
import type { Difference, DifferenceKind, PartitionResult, VerifyOptions, VerifyResult } from "./types";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { put } from "../../test/engine/verify/memory-cluster";

interface Case {
  topics: TopicPair[];
  pairs: Pair[];
  results: Map<Pair, PartitionResult>;
}

const KINDS: DifferenceKind[] = [
  "missing",
  "extra",
  "duplicate",
  "changed",
  "order",
  "kept longer",
  "expired",
  "diverged",
];

const differencesOf = (topic: string, partition: number) =>
  fc
    .array(fc.record({ kind: fc.constantFrom(...KINDS), count: fc.integer({ min: 1, max: 500 }) }), { maxLength: 3 })
    .map((all) =>
      all.map((d, i): Difference => ({ topic, partition, ...d, text: `${topic}-${partition}: ${d.kind} ${i}` })),
    );

const partitionCase = (topic: string, partition: number): fc.Arbitrary<[Pair, PartitionResult]> =>
  fc
    .record({
      from: fc.integer({ min: 0, max: 50 }),
      length: fc.integer({ min: 0, max: 1_000_000 }),
      counted: fc.boolean(),
      sampled: fc.boolean(),
      differences: fc.oneof(
        { weight: 2, arbitrary: fc.constant<Difference[]>([]) },
        { weight: 1, arbitrary: differencesOf(topic, partition) },
      ),
    })
    .map(({ from, length, counted, sampled, differences }) => {
      const range = { topic, partition, from: BigInt(from), to: BigInt(from + length) };
      const pair: Pair = { origin: range, target: range, compacted: false, timestamps: true, identity: "a b" };
      return [
        pair,
        {
          topic,
          partition,
          proof: sampled ? "sample" : "exact",
          ...(sampled
            ? { sample: { windows: 1 + (length % 7), records: length % 100, missed: (length % 9) / 1_000 } }
            : {}),
          ...(counted ? { originRecords: length, targetRecords: length } : {}),
          differences,
        },
      ];
    });

const cases: fc.Arbitrary<Case> = fc
  .array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 })
  .chain((counts) =>
    fc
      .tuple(
        ...counts.map((count, t) =>
          fc.tuple(...Array.from({ length: count }, (_, p) => partitionCase(`topic${t}`, p))),
        ),
      )
      .map((all) => ({
        topics: counts.map((partitions, t) => ({
          origin: `topic${t}`,
          target: t % 2 === 0 ? `topic${t}` : `origin.topic${t}`,
          ids: { origin: `id${t}` },
          partitions,
          compacted: t === 1,
        })),
        pairs: all.flat().map(([pair]) => pair),
        results: new Map(all.flat()),
      })),
  );

const modes = fc.constantFrom<VerifyOptions["mode"]>("tail", "sample", "full");
const REMARKS = { ...noRemarks(), topics: ["topic absent is not on the target"] };
const bytes = (pairs: readonly Pair[], by: number) =>
  pairs.reduce((sum, { origin }) => sum + Number(origin.to) * by, 0);

function shardsOf({ topics, pairs, results }: Case, mode: VerifyOptions["mode"], of: number): ShardResult[] {
  return Array.from({ length: of }, (_, i) => {
    const shard = { index: i + 1, of };
    const own = pairsOf(pairs, shard);
    return shardResult({
      version: packageVersion(),
      shard,
      look: lookOf(
        { topics, pairs, notes: [] },
        { clusters: { origin: "o", target: "t" }, isolation: "read_uncommitted" },
      ),
      options: { mode },
      topics,
      pairs,
      own,
      results: new Map(own.map((pair) => [pair, results.get(pair)!])),
      remarks: {
        ...REMARKS,
        unsure:
          own.length === 0
            ? []
            : [
                {
                  why: "deleted",
                  partitions: own.length,
                  named: own
                    .map((p) => p.origin)
                    .slice(0, 5)
                    .map(({ topic, partition }) => ({ topic, partition })),
                },
              ],
        partly: own.length,
      },
      resumed: own.length,
      bytes: { origin: bytes(own, 1), target: bytes(own, 2) },
      durationMs: 1_000 + i,
      requests: own.length,
    });
  });
}

/** What one machine prints. */
function whole({ topics, pairs, results }: Case, mode: VerifyOptions["mode"], of: number): VerifyResult {
  const remarks = shardsOf({ topics, pairs, results }, mode, 1)[0]!.remarks;
  const all = resultOf({ topics, pairs, notes: [] }, results, {
    mode,
    notes: remarkTexts(remarks),
    resumed: pairs.length,
    bytes: { origin: bytes(pairs, 1), target: bytes(pairs, 2) },
  });
  const sample =
    mode === "sample" ? { sample: samplesOf([...results.values()], { mode, seed: 1, holeRecords: 1_000 }) } : {};
  return { ...all, ...sample, durationMs: 999 + of, requests: pairs.length };
}

const named = (results: readonly (ShardResult | string)[]) =>
  results.map((result, i) => ({ name: `${i + 1}.json`, result }));

describe("the results of several machines", () => {
  it("together are the result of one machine, as written and in any order", () => {
    fc.assert(
      fc.property(cases, modes, fc.integer({ min: 1, max: 9 }), (one, mode, of) => {
        const read = shardsOf(one, mode, of).map((shard) => readShard(shardFile(shard)));
        const merged = mergeResults(named(read.toReversed()));
        const expected = whole(one, mode, of);
        expect(merged).toEqual(expected);
        expect(JSON.stringify(merged)).toBe(JSON.stringify(expected));
      }),
    );
  });

  it("together are the result of one machine in their short form, too, while it holds everything", () => {
    fc.assert(
      fc.property(cases, modes, fc.integer({ min: 1, max: 9 }), (one, mode, of) => {
        const texts = shardsOf(one, mode, of).map((shard) => shortShard(shard));
        for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThan(4_000);
        expect(mergeResults(named(texts.map(readShard)))).toEqual(whole(one, mode, of));
      }),
    );
  });

  it("are refused without one of them", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 2, max: 6 }), fc.nat(), (one, of, lost) => {
        const some = named(shardsOf(one, "full", of)).filter((_, i) => i !== lost % of);
        expect(shardProblems(some)).toEqual([`1 result of ${of} is missing: ${(lost % of) + 1}/${of}`]);
      }),
    );
  });

  const CHANGES: [string, (shard: ShardResult) => ShardResult][] = [
    ["clusters", (s) => ({ ...s, look: { ...s.look, clusters: { ...s.look.clusters, target: "other" } } })],
    ["waves", (s) => ({ ...s, look: { ...s.look, wave: "orders" } })],
    ["options", (s) => ({ ...s, options: { ...s.options, mode: "sample", seed: 2 } })],
    ["isolation levels", (s) => ({ ...s, look: { ...s.look, isolation: "read_committed" } })],
    ["gate passes", (s) => ({ ...s, look: { ...s.look, gatePassedAt: "2026-11-29T03:00:00Z" } })],
    ["topics or end offsets", (s) => ({ ...s, look: { ...s.look, digest: "0" } })],
    ["numbers of machines", (s) => ({ ...s, shard: { ...s.shard, of: s.shard.of + 1 } })],
  ];
  it.each(CHANGES)("are refused if they are of different %s", (what, change) => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 3, max: 6 }), fc.nat(), (one, of, which) => {
        const shards = shardsOf(one, "full", of);
        shards[which % of] = change(shards[which % of]!);
        const text = shardProblems(named(shards)).join("\n");
        expect(text).toContain(`they are of different ${what}`);
        expect(text).toContain(`${(which % of) + 1}.json`);
      }),
    );
  });

  const plain = (): Case => {
    const topics = ["a", "b"].map((origin) => ({ origin, target: origin, ids: {}, partitions: 4, compacted: false }));
    const pairs = topics.flatMap(({ origin: topic }) =>
      [0, 1, 2, 3].map((partition): Pair => {
        const range = { topic, partition, from: 0n, to: 100n };
        return { origin: range, target: range, compacted: false, timestamps: true, identity: "" };
      }),
    );
    const result = ({ origin: { topic, partition } }: Pair): PartitionResult => ({
      topic,
      partition,
      proof: "exact",
      originRecords: 100,
      targetRecords: 100,
      differences: [],
    });
    return { topics, pairs, results: new Map(pairs.map((pair) => [pair, result(pair)])) };
  };

  it("are refused with one message that lists all problems", () => {
    const [first, second, third] = shardsOf(plain(), "full", 4);
    const other = { ...second!, differences: [], equal: false, faulty: 1, found: { faults: 1, others: 0 } };
    let error: unknown;
    try {
      mergeResults([
        { name: "first.json", result: first! },
        { name: "second.json", result: second! },
        { name: "other.json", result: other },
        { name: "third.json", result: { ...third!, version: "0.9.0" } },
        { name: "broken.json", result: readShard(shardFile(third!).slice(0, -40)) },
      ]);
    } catch (thrown) {
      error = thrown;
    }
    expect(isMigrationError(error) && [error.code, error.details]).toEqual([
      "VERIFY_SHARDS",
      [
        "broken.json: it is damaged or was not written completely",
        `they are of other versions of this package than this one, ${packageVersion()}: third.json (0.9.0)`,
        "1 result of 4 is missing: 4/4",
        "second.json and other.json are all of machine 2/4, but differ: leave out the wrong one",
      ],
    ]);
  });

  it("are refused if all of them are of the same other version", () => {
    const old = shardsOf(plain(), "full", 2).map((shard) => ({ ...shard, version: "0.0.9" }));
    expect(shardProblems(named(old))).toEqual([
      `they are of other versions of this package than this one, ${packageVersion()}: 1.json (0.0.9), 2.json (0.0.9)`,
    ]);
  });

  it("state the limit of all machines together, as one machine does", async () => {
    const mirror = new MemoryMirror();
    mirror.topic("orders", 10, 3);
    const options = { mode: "full" as const, throttleBytesPerSecond: 1e8 };
    const shards = await Promise.all(
      [1, 2, 3].map((index) =>
        compareShard(mirror.model, options, { shard: { index, of: 3 } }, silent, undefined, mirror.open),
      ),
    );
    for (const write of [shardFile, shortShard])
      expect(mergeResults(named(shards.map((shard) => readShard(write(shard)))))).toMatchObject({
        throttleBytesPerSecond: 1e8,
      });
    const { throttleBytesPerSecond: _, ...free } = shards[0]!;
    expect(mergeResults(named([free, ...shards.slice(1)]))).not.toHaveProperty("throttleBytesPerSecond");
  });

  it("count once if a machine ran twice and found the same", () => {
    const shards = shardsOf(plain(), "full", 2);
    const { remarks } = shards[0]!;
    const again = {
      ...shards[0]!,
      ...{ durationMs: 5, bytes: { origin: 1, target: 1 }, resumed: 0, throttleBytesPerSecond: 1 },
      remarks: { ...remarks, run: ["a later run could not go on from here"] },
    };
    expect(mergeResults(named([...shards, again]))).toEqual(mergeResults(named(shards)));
  });

  it("are refused if no machine or two machines compared a partition", () => {
    const [first, second] = shardsOf(plain(), "full", 2);
    const [a, b] = first!.topics;
    const less = {
      ...first!,
      partitions: first!.partitions - 1,
      topics: [{ ...a!, compared: a!.compared.slice(1) }, b!],
    };
    expect(shardProblems(named([less, second!]))).toEqual([
      "the machines compared 7 partitions, but there are 8 (not compared: 1 of a)",
    ]);
    const stolen = second!.topics[0]!.compared[0]!;
    const more = { ...less, partitions: 4, topics: [{ ...a!, compared: [stolen, ...a!.compared.slice(1)] }, b!] };
    expect(shardProblems(named([more, second!]))).toEqual([
      `1 partition compared by several machines: a-${stolen} (1.json and 2.json)`,
    ]);
  });

  it("stay small, and show no more than names, offsets and counts", () => {
    const text = shardFile(shardsOf(plain(), "full", 2)[0]!);
    expect(Buffer.byteLength(text)).toBeLessThan(1_500);
  });
});

describe("a result in text", () => {
  const shard = fc.sample(cases, { numRuns: 1, seed: 7 }).map((one) => shardsOf(one, "full", 2)[0]!)[0]!;

  it("is refused if a single character changed or is missing, in both forms", () => {
    for (const text of [shardFile(shard).trimEnd(), shortShard(shard)])
      fc.assert(
        fc.property(fc.nat(text.length - 1), fc.constantFrom("", "x", "0", '"'), (at, instead) => {
          const damaged = text.slice(0, at) + instead + text.slice(at + 1);
          fc.pre(damaged !== text);
          expect(readShard(damaged)).toBeTypeOf("string");
        }),
        { numRuns: 300 },
      );
  });

  it("names what is wrong with it", () => {
    expect(readShard("")).toBe("it is empty");
    expect(readShard("[]")).toBe("it is not a result of verify --shard");
    // A shell on Windows writes a byte order mark.
    expect(readShard(`\uFEFF${shardFile(shard)}`)).toEqual(readShard(shardFile(shard)));
    const next = shardFile(shard).replace("kafka-migration shard 1", "kafka-migration shard 2");
    expect(readShard(next)).toBe(
      `it was written by another version of this package (${packageVersion()}): use one version for all`,
    );
  });

  it("of thousands of long names is under 4,000 bytes, and keeps verdict, totals and the first differences", () => {
    const long = (t: number) => `${t}-${"name.of.a.topic.".repeat(14)}${t * 7919}`;
    const topics = Array.from({ length: 3_000 }, (_, t) => ({
      origin: long(t),
      target: long(t),
      ids: {},
      partitions: 1,
      compacted: false,
    }));
    topics.sort((a, b) => (a.origin < b.origin ? -1 : 1));
    const pairs = topics.map(({ origin: topic }, t): Pair => {
      const range = { topic, partition: 0, from: 0n, to: BigInt(t * 31) };
      return { origin: range, target: range, compacted: false, timestamps: true, identity: "" };
    });
    const results = new Map(
      pairs.map((pair, i): [Pair, PartitionResult] => {
        const { topic, partition } = pair.origin;
        const difference = {
          topic,
          partition,
          kind: "missing" as const,
          count: i,
          text: `${topic}-${partition}: ${i} records`,
        };
        const differences = i % 2 === 0 ? [] : [difference];
        return [pair, { topic, partition, proof: "exact", originRecords: i, targetRecords: 0, differences }];
      }),
    );
    const shards = shardsOf({ topics, pairs, results }, "full", 3).map((one) => ({
      ...one,
      remarks: { ...one.remarks, topics: topics.map((t) => `topic ${t.origin} is not on the target`) },
    }));
    const texts = shards.map((one) => shortShard(one));
    for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(SHORT_BYTES);
    const merged = mergeResults(named(texts.map(readShard)));
    expect(merged).toMatchObject({ equal: false, partitions: 3_000, faulty: 1_500 });
    expect(merged.differences.length).toBeGreaterThan(0);
    expect(merged.topics.every(({ faulty }) => faulty === 1)).toBe(true);
    expect(merged.notes.slice(-2)).toEqual([
      expect.stringMatching(/^\d+ topics and \d+ remarks not listed/),
      `${1_500 - merged.differences.length} more differences are not listed`,
    ]);
  });
});

describe("machines that compare shares of real logs", () => {
  const CHANGED = ["same", "missing", "changed", "extra", "twice"] as const;

  function mirrorOf(logs: readonly (readonly (typeof CHANGED)[number][])[]): MemoryMirror {
    const mirror = new MemoryMirror({ topicsPattern: "topic.*" });
    for (const [t, partitions] of logs.entries()) {
      mirror.topic(`topic${t}`, 10, partitions.length);
      for (const [partition, change] of partitions.entries()) {
        const { records } = mirror.target[`topic${t}`]!.logs[partition]!;
        if (change === "missing") records.pop();
        if (change === "changed") records[5] = put(5, "k5", "other");
        if (change === "extra") records.push(put(10, "k10", "v10"));
        if (change === "twice") records.push({ ...records[9]!, offset: 10 });
      }
    }
    return mirror;
  }

  it("find what one machine finds, in every mode", async () => {
    const shape = fc.array(fc.array(fc.constantFrom(...CHANGED), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(shape, modes, fc.integer({ min: 1, max: 5 }), async (logs, mode, of) => {
        const { model, open } = mirrorOf(logs);
        const options: VerifyOptions = { mode, tailRecords: 4, holeRecords: 2 };
        const one = await compareCopy(model, options, silent, undefined, open);
        const shards = await Promise.all(
          Array.from({ length: of }, (_, i) =>
            compareShard(model, options, { shard: { index: i + 1, of } }, silent, undefined, open),
          ),
        );
        const { durationMs: _duration, requests: _requests, ...merged } = mergeResults(named(shards));
        expect({ ...one, ...merged }).toEqual(one);
      }),
      { numRuns: 40 },
    );
  });

  it("find the same division after retention moved the starts of logs between them", async () => {
    const mirror = mirrorOf([
      ["same", "same", "same"],
      ["same", "same"],
    ]);
    const share = (index: number) =>
      compareShard(mirror.model, { mode: "full" }, { shard: { index, of: 2 } }, silent, undefined, mirror.open);
    const first = await share(1);
    for (const side of [mirror.origin, mirror.target])
      for (const log of side.topic0!.logs) {
        log.start = 7;
        log.records.splice(0, 7);
      }
    expect(mergeResults(named([first, await share(2)]))).toMatchObject({ equal: true, partitions: 5 });
  });

  it("are refused after a record was written between them, also to a partition that was compared before", async () => {
    for (const side of ["origin", "target"] as const) {
      const mirror = mirrorOf([["same", "same"]]);
      const share = (index: number) =>
        compareShard(mirror.model, { mode: "full" }, { shard: { index, of: 2 } }, silent, undefined, mirror.open);
      const first = await share(1);
      mirror.write(side, "topic0", [put(10, "late", "v")], first.topics[0]!.compared[0]);
      expect(shardProblems(named([first, await share(2)]))).toEqual([
        expect.stringContaining("they are of different topics or end offsets, so something was written"),
      ]);
    }
  });

  it("are refused if two partitions ended elsewhere, though the sum of all ends is the same", async () => {
    const mirror = mirrorOf([["same", "same"]]);
    const share = (index: number) =>
      compareShard(mirror.model, { mode: "full" }, { shard: { index, of: 2 } }, silent, undefined, mirror.open);
    const first = await share(1);
    for (const side of [mirror.origin, mirror.target]) {
      side.topic0!.logs[0]!.records.pop();
      side.topic0!.logs[1]!.records.push(put(10, "k10", "v10"));
    }
    expect(shardProblems(named([first, await share(2)]))).toEqual([
      expect.stringContaining("they are of different topics or end offsets"),
    ]);
  });

  it.each(["tail", "full"] as const)("report a topic that was created again once, in mode %s", async (mode) => {
    const mirror = mirrorOf([["same", "same", "same"]]);
    const model = { ...mirror.model, recorded: { topic0: { origin: "an earlier id" } } };
    const options: VerifyOptions = { mode };
    const one = await compareCopy(model, options, silent, undefined, mirror.open);
    const shards = await Promise.all(
      [1, 2].map((index) => compareShard(model, options, { shard: { index, of: 2 } }, silent, undefined, mirror.open)),
    );
    const { equal, differences, notes } = mergeResults(named(shards));
    expect({ equal, differences, notes }).toEqual({ equal: one.equal, differences: one.differences, notes: one.notes });
    expect(differences.length + notes.length).toBe(1);
  });
});

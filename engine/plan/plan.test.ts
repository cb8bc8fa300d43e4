import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePatternList } from "../patterns";
import { decide } from "./index";
import { whyUnused } from "./groups";
import { bundle } from "./waves";
import type { GroupFacts, PlanFacts, TopicFacts } from "./types";

const topic = (name: string, more: Partial<TopicFacts> = {}): TopicFacts => ({
  name,
  partitions: 1,
  records: 1000,
  bytes: 1_000_000,
  recordsPerSecond: 0,
  idle: false,
  factor: 3,
  targetBytes: 0,
  ...more,
});
const group = (name: string, ...committed: string[]): GroupFacts => ({ name, members: 0, committed });

function facts(topics: TopicFacts[], groups: GroupFacts[] = [], more: Partial<PlanFacts> = {}): PlanFacts {
  return {
    topics,
    allTopics: [...topics.map((t) => t.name), "__consumer_offsets"],
    groups,
    allGroups: groups.map((g) => g.name),
    leftOut: [],
    share: [],
    transactions: [],
    targetBrokers: [1, 2, 3],
    disks: [1, 2, 3].map((broker) => ({ broker, totalBytes: 1e12, usableBytes: 1e12, unknownDirectories: 0 })),
    measuredMs: 1000,
    ...more,
  };
}

describe("the links between topics", () => {
  const parts = (f: PlanFacts, split: string[] = []) => decide(f, { split }).parts.map((p) => p.topics);

  test("are committed offsets, assignments, transactions and internal topics of Streams applications", () => {
    const names = ["a", "b", "c", "d", "e", "f", "app-s-changelog", "app-eu-s-changelog", "x-repartition"];
    const f = facts(
      names.map((n) => topic(n)),
      [group("g", "a", "b"), { ...group("h", "c"), members: 1, reads: ["d"] }, group("app", "e"), group("app-eu", "f")],
      { transactions: [{ name: "tx", topics: ["d", "e"] }] },
    );
    expect(parts(f)).toEqual([
      ["a", "b"],
      ["app-eu-s-changelog", "f"],
      ["app-s-changelog", "c", "d", "e"],
      ["x-repartition"],
    ]);
    expect(decide(f, {}).unknown.join()).toContain("which Streams application owns x-repartition");
  });

  test("are removed by a split, and a split group moves with both waves", () => {
    const f = facts([topic("a"), topic("b")], [group("g", "a", "b")], { transactions: [] });
    expect(parts(f)).toEqual([["a", "b"]]);
    expect(parts(f, ["g"])).toEqual([["a"], ["b"]]);
    const apart = decide(f, { split: ["g"] });
    expect(apart.waves.map((w) => [w.groups, w.groupsPattern])).toEqual([
      [["g"], ""],
      [["g"], ""],
    ]);
    expect(apart.splitGroups).toEqual(["g"]);
  });

  test("reject all impossible splits at once", () => {
    const f = facts([topic("a"), topic("app-s-changelog")], [group("app", "a"), group("audit", "a")]);
    expect(() => decide(f, { split: ["adit", "app"] })).toThrow(
      /did you mean "audit"[^]*"app" is a Streams application/,
    );
  });
});

describe("waves", () => {
  const estate = fc.uniqueArray(fc.stringMatching(/^[a-c._-]{1,6}$/), { minLength: 1, maxLength: 25 }).chain((names) =>
    fc.record({
      topics: fc.tuple(
        ...names.map((name) =>
          fc.record({ bytes: fc.nat(1e9), recordsPerSecond: fc.nat(100) }).map((m) => topic(name, m)),
        ),
      ),
      groups: fc.array(fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }), { maxLength: 8 }),
      others: fc.array(fc.stringMatching(/^[a-c._-]{1,6}$/), { maxLength: 10 }),
      waves: fc.integer({ min: 1, max: 6 }),
    }),
  );

  test("select every topic and every group once, and nothing else", () => {
    fc.assert(
      fc.property(estate, ({ topics, groups: lists, others, waves }) => {
        const groups = lists.map((topics, i) => group(`group.${i}`, ...topics));
        const names = topics.map((t) => t.name);
        const allTopics = [...new Set([...names, ...others])];
        const plan = decide(facts(topics, groups, { allTopics }), { waves });
        expect(plan.waves.length).toBeLessThanOrEqual(waves);
        expect(new Set(plan.waves.map((w) => w.name)).size).toBe(plan.waves.length);
        const selected = plan.waves.map((w) => allTopics.filter(compilePatternList(w.topicsPattern, "topics")).sort());
        expect(selected).toEqual(plan.waves.map((w) => w.topics));
        expect(selected.flat().sort()).toEqual([...names].sort());
        const moving = plan.waves.flatMap((w) =>
          groups.map((g) => g.name).filter(compilePatternList(w.groupsPattern, "groups")),
        );
        expect(moving.sort()).toEqual(
          groups
            .filter((g) => g.committed.length > 0)
            .map((g) => g.name)
            .sort(),
        );
        for (const g of groups)
          expect(plan.waves.filter((w) => g.committed.some((t) => w.topics.includes(t))).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("start with the smallest and quietest topics, and do not exceed the given number", () => {
    const f = facts([
      topic("busy", { recordsPerSecond: 5_000 }),
      topic("large", { bytes: 1e9 }),
      topic("small", { bytes: 10 }),
    ]);
    expect(decide(f, {}).waves.map((w) => w.topics)).toEqual([["small"], ["large"], ["busy"]]);
    fc.assert(
      fc.property(
        fc.array(
          fc.nat(1e6).map((weight) => ({ weight })),
          { minLength: 1 },
        ),
        fc.integer({ min: 1, max: 9 }),
        (all, most) => {
          const sorted = [...all].sort((a, b) => a.weight - b.weight);
          const runs = bundle(sorted, most);
          expect(runs.flat()).toEqual(sorted);
          expect(runs.length).toBe(Math.min(most, sorted.length));
          expect(runs.every((r) => r.length > 0)).toBe(true);
        },
      ),
    );
  });

  test("are planned in seconds for 10,000 topics and 1,000 groups", () => {
    const topics = Array.from({ length: 10_000 }, (_, i) => topic(`team-${i % 100}.events-${i}`, { bytes: i }));
    const groups = Array.from({ length: 1_000 }, (_, i) =>
      group(`group-${i}`, ...Array.from({ length: 50 }, (_, j) => `team-${i % 100}.events-${(i % 100) + 100 * j}`)),
    );
    const started = Date.now();
    const plan = decide(facts(topics, groups), { rate: 1e6 });
    expect(plan.parts.length).toBeGreaterThan(100);
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe("the time of the copy", () => {
  test("follows from what is left and the given rate, minus what producers write", () => {
    const f = facts([topic("a", { recordsPerSecond: 100, targetRecords: 500 })]);
    const { copy } = decide(f, { rate: 600_000 });
    expect(copy).toMatchObject({ leftBytes: 500_000, ms: 1000, rate: { from: "given" } });
    expect(copy.text).toContain("(--rate), less 100 KB/s");
  });

  test("is measured only if the mirror catches up, not if it just follows the producers", () => {
    const at = (targetRecordsPerSecond: number) =>
      decide(facts([topic("a", { recordsPerSecond: 10, targetRecords: 500, targetRecordsPerSecond })]), {}).copy;
    expect(at(100).rate).toEqual({ bytesPerSecond: 100_000, from: "measured" });
    expect(at(10)).toMatchObject({ text: expect.stringContaining("how long is unknown") });
    expect(at(10).rate).toBeUndefined();
  });

  test("is infinite if the rate is below what producers write, and retention is then too short", () => {
    const plan = decide(facts([topic("a", { recordsPerSecond: 1000, retentionMs: 86_400_000 })]), { rate: 1000 });
    expect(plan.copy).toMatchObject({ text: expect.stringContaining("never") });
    expect(plan.problems.join()).toContain("the copy never catches up, but retention.ms is shorter: a (24 h)");
  });

  test("is a problem if retention is shorter, by time or by size", () => {
    const problems = (more: Partial<TopicFacts>) =>
      decide(facts([topic("a", { bytes: 1e6, ...more })]), { rate: 1000 }).problems;
    expect(problems({ retentionMs: 900_000 }).join()).toContain("retention.ms is shorter: a (15 min)");
    expect(problems({ retentionMs: 1_100_000 })).toEqual([]);
    expect(problems({})).toEqual([]);
    expect(problems({ retentionMs: 900_000, targetRecords: 1000 })).toEqual([]);
    expect(problems({ retentionBytes: 1e5, recordsPerSecond: 0.5 }).join()).toContain(
      "a (full again after 3 min 20 s)",
    );
  });
});

describe("the target's disks", () => {
  const disk = (broker: number, usableBytes: number, unknownDirectories = 0) => ({
    broker,
    totalBytes: 1e12,
    usableBytes,
    unknownDirectories,
  });
  const plan = (disks: PlanFacts["disks"], more: Partial<TopicFacts> = {}) =>
    decide(facts([topic("a", { bytes: 1e9, ...more })], [], { disks }), { rate: 1e6 });

  test("are too small if the wanted replicas do not fit, in total or on one broker", () => {
    expect(plan([disk(1, 5e8), disk(2, 5e8), disk(3, 5e8)]).problems.join()).toContain("another 3 GB");
    expect(plan([disk(1, 9e9), disk(2, 9e9), disk(3, 5e8)]).problems.join()).toContain("less on broker 3 (500 MB)");
    expect(plan([disk(1, 9e9), disk(2, 9e9), disk(3, 5e8)], { targetBytes: 2e9 }).problems).toEqual([]);
  });

  test("are unknown, not too small, if a broker or a directory does not report its space", () => {
    for (const disks of [[], [disk(1, 1), disk(2, 1)], [disk(1, 1), disk(2, 1), disk(3, 1, 1)]]) {
      expect(plan(disks).problems).toEqual([]);
      expect(plan(disks).unknown.join()).toContain("whether the target's disks are large enough");
    }
    const { bytes: _, ...unsized } = topic("a");
    const unknown = decide(facts([unsized]), {});
    expect([unknown.problems, unknown.unknown.join()]).toEqual([
      [],
      expect.stringContaining("sizes or replication are unknown"),
    ]);
  });
});

describe("an unused group", () => {
  const ages = new Map([
    ["t:0", { start: 10n, fresh: 50n }],
    ["t:1", { start: 0n, fresh: 0n }],
  ]);
  const at = (...offsets: bigint[]) =>
    offsets.map((offset, partition) => ({ topic: "t", partition, offset, metadata: "" }));
  const why = (members: number, offsets: bigint[], reads?: string[]) =>
    whyUnused(members, reads, at(...offsets), ages, 86_400_000);

  test("has no members and old unread records, or reads no migrated topic", () => {
    expect(why(0, [20n], [])).toContain("older than 1 day");
    expect(why(0, [3n], [])).toContain("older than 1 day");
    expect(why(0, [], [])).toBe("reads no topic of the migration");
  });

  test("is not one that has members, has read everything or has read a fresh record", () => {
    expect(why(1, [20n], [])).toBeUndefined();
    expect(why(1, [])).toBeUndefined();
    expect(why(0, [50n], [])).toBeUndefined();
    expect(why(0, [20n, 5n], [])).toBeUndefined();
  });
});

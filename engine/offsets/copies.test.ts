import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { translate } from "./translate";
import type { Translation } from "./translation";
import { silent } from "../progress";
import {
  type Draft,
  type Entry,
  type Log,
  logOf,
  mirror,
  type Mirroring,
  readerOf,
  visible,
} from "../../test/engine/offsets/logs";

const plain = (count: number): Log => logOf(Array.from({ length: count }, () => ({})));
const all = (log: Log): number[] => Array.from({ length: log.end + 1 }, (_, g) => g);

async function translated(
  origin: Log,
  target: Log,
  committed: readonly number[],
  compacted = false,
): Promise<Map<number, Translation>> {
  const task = { originTopic: "t", targetTopic: "t", partition: 0, origin, target, compacted, committed };
  const readers = [origin, target].map((log) => readerOf(new Map([["t:0", log]]), false)) as [
    ReturnType<typeof readerOf>,
    ReturnType<typeof readerOf>,
  ];
  return (await translate(...readers, [task], silent))[0] as Map<number, Translation>;
}

/** Adds records that clients write to the target after the copy. */
function withClients(log: Log, count: number, stamped = false): Log {
  const entries = Array.from({ length: count }, (_, i): Entry => {
    return {
      offset: log.end + i,
      id: CLIENT + i,
      kind: "record",
      timestamp: 9_900_000 + i,
      body: `client ${i}`,
      transactional: false,
      stamped,
    };
  });
  return { ...log, end: log.end + count, entries: [...log.entries, ...entries] };
}

/** Lowest id of records written by clients. */
const CLIENT = 1_000_000;

describe("a record that the mirror has copied more than once", () => {
  it("is found at its last copy, even if both copies were read and more duplicates follow", async () => {
    const origin = plain(60);
    const target = mirror(origin, {
      replays: [
        { after: 45, to: 38 },
        { after: 50, to: 49 },
      ],
    });
    const answers = await translated(origin, target, [5, 40]);
    expect(answers.get(40)).toMatchObject({ target: 48, exact: true, rereads: 2 });
    expect(answers.get(5)).toMatchObject({ target: 5, exact: true, rereads: 10 });
  });

  it("is found after the last copy of its predecessor if the origin has an equal record later", async () => {
    const origin = logOf(
      Array.from({ length: 80 }, (_, i): Draft => (i === 40 || i === 41 ? { body: "ping", timestamp: 1040 } : {})),
    );
    const target = mirror(origin, {
      replays: [
        { after: 42, to: 35 },
        { after: 60, to: 58 },
      ],
    });
    const answers = await translated(origin, target, [2, 40]);
    expect(answers.get(40)).toMatchObject({ target: 48, exact: true, rereads: 3 });
  });

  it("ends the copy at its last copy, even if clients have written to the target since", async () => {
    const origin = plain(20);
    const target = withClients(mirror(origin, { replays: [{ after: 19, to: 17 }] }), 2);
    const answers = await translated(origin, target, [4, 20]);
    expect(answers.get(20)).toMatchObject({ target: 23, exact: true, how: "end" });
    expect(answers.get(4)).toMatchObject({ target: 4, exact: true, rereads: 3 });
  });

  it("does not send a group back to earlier records, for any short repetitions", async () => {
    const repeats = fc.array(fc.tuple(fc.nat({ max: 59 }), fc.nat({ max: 4 })), { maxLength: 5 });
    const shapes = fc.record({
      repeats,
      markerEvery: fc.option(fc.integer({ min: 2, max: 5 }), { nil: undefined }),
      clients: fc.constantFrom(0, 0, 1, 3),
      equal: fc.nat({ max: 59 }),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ repeats: list, markerEvery, clients, equal }) => {
        // The origin holds one record twice.
        const origin = logOf(
          Array.from(
            { length: 60 },
            (_, i): Draft => (i === equal || i === equal + 1 ? { body: "ping", timestamp: 1000 + equal } : {}),
          ),
        );
        const how: Mirroring = {
          replays: list.map(([after, back]) => ({ after, to: Math.max(0, after - back) })),
          ...(markerEvery === undefined ? {} : { markerEvery }),
        };
        const target = withClients(mirror(origin, how), clients);
        for (const [g, answer] of await translated(
          origin,
          target,
          all(origin).filter((o) => o % 2 === 0),
        )) {
          const moves = visible(target, true).filter((e) => e.offset >= (answer.target as number) && e.id < CLIENT);
          const stays = visible(origin, false).filter((e) => e.offset >= g);
          expect(answer.rereads, `offset ${g} -> ${answer.target}`).toBe(moves.length - stays.length);
          expect(answer.target, `offset ${g}`).toBeLessThanOrEqual(target.end - clients);
          if (!answer.exact) continue;
          expect(moves[0]?.body, `offset ${g} -> ${answer.target}`).toBe(stays[0]?.body);
          expect(
            moves.every((e) => e.id >= g),
            `offset ${g} -> ${answer.target}`,
          ).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("a record that the target lacks", () => {
  // Values repeat, as if a state is published repeatedly. The target replaces the timestamps.
  const again = logOf(["a/1", "b/1", "a/1", "b/2", "c/1", "a/1", "c/2", "c/3", "d/1"].map((body): Draft => ({ body })));
  const stamped = mirror(again, { stamping: true });
  const without = (log: Log, ...offsets: number[]): Log => ({
    ...log,
    entries: log.entries.filter((e) => !offsets.includes(e.offset)),
  });

  it("is not matched to an equal later record, because that would skip records", async () => {
    // Compaction removed a/1 at 0 and 2. The copy of b/2 at 3 is the first record that the group has not read.
    const answers = await translated(again, without(stamped, 0, 1, 2), [0, 2], true);
    for (const g of [0, 2]) expect(answers.get(g)).toMatchObject({ target: 3, exact: false });
    // The earliest remaining copy is taken, not the last one.
    expect((await translated(again, without(stamped, 0, 1), [0], true)).get(0)).toMatchObject({
      target: 2,
      exact: false,
    });
    // Retention removed the records before 3.
    const trimmed = { ...without(stamped, 0, 1, 2), start: 3 };
    for (const g of [0, 2])
      expect((await translated(again, trimmed, [g])).get(g)).toMatchObject({ target: 3, exact: false });
  });

  it("is replaced by the last copy of the next record that the target has", async () => {
    const origin = plain(40);
    const copy = mirror(origin, { replays: [{ after: 25, to: 20 }] });
    const target = { ...copy, entries: copy.entries.filter((e) => e.id !== 18 && e.id !== 19) };
    expect((await translated(origin, target, [19], true)).get(19)).toMatchObject({
      target: 26,
      exact: true,
      rereads: 0,
      missing: 1,
    });
  });

  it("gives no exact answer if equal records follow, because the first of them may be gone", async () => {
    const origin = logOf(["x/1", "a/1", "b/1", "a/1", "c/1", "a/2", "b/2"].map((body): Draft => ({ body })));
    const target = without(mirror(origin, { stamping: true }), 0, 1, 2);
    expect((await translated(origin, target, [0], true)).get(0)).toMatchObject({ target: 3, exact: false });
  });

  it("does not count as deleted by retention if the target's log begins with other records", async () => {
    const origin = plain(90);
    // The topic was deleted and created again. On the target, retention removed the first of the old records.
    for (const age of [0, 1_000]) {
      const entry = (i: number): Entry => ({
        ...origin.entries[20 + i]!,
        id: 1000 + i,
        body: `old ${i}`,
        timestamp: 1020 + i - age,
      });
      const old = Array.from({ length: 30 }, (_, i) => entry(i));
      const target = { ...origin, start: 20, entries: [...old, ...origin.entries.slice(50)] };
      expect((await translated(origin, target, [45])).get(45)).toMatchObject({ target: undefined, how: "incomplete" });
      expect((await translated(origin, target, [50])).get(50)).toMatchObject({ target: 50, exact: true });
    }
  });

  it("falls back to the beginning of the target's log if only repeated records are near", async () => {
    const pairs = Array.from({ length: 24 }, (_, i) => `${"ab"[i % 2]}/1`);
    for (const bodies of [
      ["x/1", ...pairs, "y/1"],
      [...pairs, "y/1"],
    ]) {
      const many = logOf(bodies.map((body): Draft => ({ body })));
      const copy = mirror(many, { stamping: true, from: 7 });
      const answers = await translated(many, without(copy, 7), [0], true);
      expect(answers.get(0)).toMatchObject({
        target: 7,
        exact: false,
        note: expect.stringContaining("the beginning of its log was taken"),
      });
    }
  });

  it("gives an upper limit of rereads if the group starts at the beginning and not all was read", async () => {
    const origin = plain(60);
    const copy = mirror(origin);
    // The group has not read 20 to 39. On the target, compaction removed these records.
    const target = without(copy, ...Array.from({ length: 22 }, (_, i) => 18 + i));
    const answers = await translated(origin, target, [20], true);
    expect(answers.get(20)).toMatchObject({ target: 0, exact: false, rereadsAtMost: true });
    expect(answers.get(20)!.rereads).toBeGreaterThanOrEqual(18);
  });

  it("counts as deleted by retention, even if that removed part of a repetition", async () => {
    const origin = plain(20);
    const copy = mirror(origin, { replays: [{ after: 4, to: 2 }] });
    for (const start of [3, 4, 6]) {
      const target = { ...copy, start, entries: copy.entries.filter((e) => e.offset >= start) };
      const landing = (await translated(origin, target, [1])).get(1)?.target as number;
      expect(
        visible(target, true)
          .filter((e) => e.offset >= landing)
          .map((e) => e.id),
      ).toEqual(expect.arrayContaining([5, 6, 19]));
    }
  });

  it("is replaced by the next record, even if that follows the previous one without a gap", async () => {
    const origin = plain(40);
    const copy = mirror(origin);
    const target = logOf(copy.entries.filter((e) => e.id !== 20).map(({ offset: _, ...e }) => e));
    const answers = await translated(origin, target, [20], true);
    expect(answers.get(20)).toMatchObject({
      target: 20,
      exact: true,
      missing: 1,
      note: expect.stringContaining("after the one before it"),
    });
    expect(target.entries.find((e) => e.offset === 20)?.id).toBe(21);
  });
});

/** A record's key is the part of its body before "/". "3/" is a tombstone. */
const keyOf = (e: Entry): string => e.body.split("/")[0] as string;

/** Compacts the log below `to`: keeps the last record of each key, and no tombstones if `clean`. */
function compactBelow(log: Log, to: number, clean: boolean): Log {
  const below = (e: Entry): boolean => e.offset < Math.min(to, log.end - 1);
  const last = new Map(log.entries.filter(below).map((e) => [keyOf(e), e.offset]));
  const stays = (e: Entry): boolean =>
    !below(e) || (last.get(keyOf(e)) === e.offset && !(clean && e.body.endsWith("/")));
  return { ...log, entries: log.entries.filter(stays) };
}

interface Loss {
  /** False: only retention removes records. */
  compacts: boolean;
  keys: number[];
  values: number;
  equalTimes: boolean;
  first: number;
  replays: [number, number][];
  origin: { to: number; clean: boolean };
  target: { to: number; clean: boolean };
  /** Number of offsets that retention removed at the start of the target. */
  deleted: number;
  stamping: boolean;
}

/** A key that occurs again, or -1 for a unique one. `often` varies the length of the runs that compaction leaves. */
const keyThatComesAgain = (often: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, { weight: often, arbitrary: fc.nat({ max: 5 }) });

const losses: fc.Arbitrary<Loss> = fc.record({
  compacts: fc.constantFrom(true, true, false),
  keys: fc.constantFrom(1, 4).chain((often) => fc.array(keyThatComesAgain(often), { minLength: 8, maxLength: 60 })),
  values: fc.constantFrom(1, 2, 1000),
  equalTimes: fc.boolean(),
  first: fc.nat({ max: 60 }),
  replays: fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 6 })), { maxLength: 2 }),
  origin: fc.record({ to: fc.nat({ max: 70 }), clean: fc.boolean() }),
  target: fc.record({ to: fc.nat({ max: 70 }), clean: fc.boolean() }),
  deleted: fc.constantFrom(0, 0, 0, 3, 20),
  stamping: fc.constantFrom(false, false, true),
});

/** In order: compaction before the copy, the copy with repetitions, separate compaction of each cluster, retention. */
function logsAfter(c: Loss): { origin: Log; target: Log } {
  const compacted = (log: Log, to: number, clean: boolean): Log => (c.compacts ? compactBelow(log, to, clean) : log);
  const drafts = c.keys.map((key, i): Draft => {
    const value = i % 7 === 3 ? "" : String(i % c.values);
    return { body: `${key < 0 ? `only ${i}` : key}/${value}`, ...(c.equalTimes ? { timestamp: 1000 } : {}) };
  });
  const copied = compacted(logOf(drafts), c.first, false);
  const replays = c.replays.map(([after, back]) => ({ after, to: Math.max(0, after - back) }));
  const copy = compacted(mirror(copied, { replays, stamping: c.stamping }), c.target.to, c.target.clean);
  const start = Math.min(c.deleted, copy.end - 1);
  return {
    origin: compacted(copied, c.origin.to, c.origin.clean),
    target: { ...copy, start, entries: copy.entries.filter((e) => e.offset >= start) },
  };
}

describe("translation after compaction or retention removed records", () => {
  it("skips no record that the target has, and counts reread and missing records", async () => {
    await fc.assert(
      fc.asyncProperty(losses, async (c) => {
        const { origin, target } = logsAfter(c);
        // Test only a few places, because many places are read in one pass and proved in a different way.
        const committed = all(origin).filter((g) => g % 3 === 0);
        const ids = new Set(target.entries.map((e) => e.id));
        const content = (e: Entry): string => (c.stamping ? e.body : `${e.timestamp} ${e.body}`);
        for (const [g, answer] of await translated(origin, target, committed, c.compacts)) {
          const at = `offset ${g} -> ${answer.target} (${answer.how})`;
          // If retention removed part of a long repetition, the group is refused. Its place would be a guess.
          if (!c.compacts && c.deleted > 0 && c.replays.length > 0 && answer.how === "incomplete") continue;
          expect(answer.target, at).toBeDefined();
          const stays = visible(origin, false).filter((e) => e.offset >= g);
          const moves = visible(target, true).filter((e) => e.offset >= (answer.target as number));
          const [wanted, found] = [stays, moves].map((list) => list.map(content)) as [string[], string[]];
          for (const e of stays.filter((s) => ids.has(s.id))) {
            expect(found.filter((f) => f === content(e)).length, at).toBeGreaterThanOrEqual(
              heldFrom(target, stays, e, content),
            );
          }
          if (answer.rereadsAtMost === true)
            expect(answer.rereads, at).toBeGreaterThanOrEqual(moves.length - stays.length);
          else expect(answer.rereads - answer.missing, at).toBe(moves.length - stays.length);
          if (answer.exact && answer.note === undefined && moves.length === stays.length)
            expect(found, at).toEqual(wanted);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Counts the records equal to this one, at or after the place, that are on the target. */
function heldFrom(target: Log, stays: readonly Entry[], like: Entry, content: (e: Entry) => string): number {
  const ids = new Set(stays.filter((s) => content(s) === content(like)).map((s) => s.id));
  return new Set(target.entries.filter((e) => ids.has(e.id)).map((e) => e.id)).size;
}

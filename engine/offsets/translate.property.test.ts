import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { translate } from "./translate";
import type { Translation } from "./translation";
import { silent } from "../progress";
import { logOf, mirror, readerOf, visible, type Draft, type Entry, type Log } from "../../test/engine/offsets/logs";
import { runs } from "../../test/support/runs";

const content = (e: Entry): string => `${e.stamped === true ? "" : e.timestamp}/${e.body}`;

/** Drafts of a log. A small `contents` gives equal records, a large one makes all records different. */
const drafts = (contents: number, transactional: boolean): fc.Arbitrary<Draft[]> =>
  fc
    .array(
      fc.record({
        kind: transactional
          ? fc.constantFrom("record", "record", "record", "aborted", "marker")
          : fc.constant("record" as const),
        timestamp: fc.nat({ max: contents }),
        body: fc.nat({ max: contents }).map(String),
        gap: transactional ? fc.constantFrom(0, 0, 0, 0, 1, 3) : fc.constant(0),
        repeat: contents > 1000 ? fc.constant(1) : fc.constantFrom(1, 1, 2, 12),
      }),
      { maxLength: 40 },
    )
    .map((list) =>
      list.flatMap(({ repeat, ...d }) => Array.from({ length: repeat }, () => ({ ...d, transactional }) as Draft)),
    );

/** Contents repeat with a period, then differ. Timestamps are equal or rising. Replays may go back by whole periods. */
const periodic: fc.Arbitrary<Case> = fc
  .record({
    period: fc.integer({ min: 4, max: 9 }),
    periods: fc.integer({ min: 3, max: 6 }),
    rest: fc.integer({ min: 20, max: 40 }),
    equalTimes: fc.boolean(),
    stamping: fc.boolean(),
    back: fc.integer({ min: 0, max: 2 }),
    at: fc.nat({ max: 10 }),
    targetFrom: fc.nat({ max: 30 }),
  })
  .map(({ period, periods, rest, equalTimes, stamping, back, at, targetFrom }): Case => {
    const repeated = period * periods;
    const list = Array.from(
      { length: repeated + rest },
      (_, i): Draft => ({ body: String(i < repeated ? i % period : i), timestamp: equalTimes ? 1000 : 1000 + i }),
    );
    const origin = logOf(list);
    const after = Math.min(repeated + rest - 2, repeated + 2 * period - 1 + at);
    const replays = back === 0 ? [] : [{ after, to: after + 1 - back * period }];
    return { origin, target: mirror(origin, { stamping, from: targetFrom, replays }), committedOnly: false };
  });

/** From "all records are equal" to "almost no two records are equal". */
const variety = fc.constantFrom(0, 1, 3, 20, 1000);

interface Case {
  origin: Log;
  target: Log;
  committedOnly: boolean;
}

const cases = (contents: number): fc.Arbitrary<Case> =>
  fc.boolean().chain((transactional) =>
    fc
      .record({
        list: drafts(contents, transactional),
        committedOnly: fc.boolean(),
        replays: fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 40 })), { maxLength: 3 }),
        markerEvery: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
        stamping: fc.constantFrom(false, false, false, true),
        deleted: fc.constantFrom(0, 0, 0, 5, 20),
        originFrom: fc.nat({ max: 30 }),
        targetFrom: fc.nat({ max: 30 }),
        untimed: fc.constantFrom(undefined, undefined, undefined, 1, 3),
      })
      .map((c): Case => {
        const origin = logOf(
          c.list.map((d, i) => (c.untimed !== undefined && i % c.untimed === 0 ? { ...d, timestamp: -1 } : d)),
          c.originFrom,
        );
        const how = {
          committedOnly: c.committedOnly,
          stamping: c.stamping,
          from: c.targetFrom,
          replays: c.replays.map(([a, b]) => ({ after: Math.max(a, b), to: Math.min(a, b) })),
        };
        const target = mirror(origin, c.markerEvery === undefined ? how : { ...how, markerEvery: c.markerEvery });
        // Records were deleted on the origin after they were copied.
        const start = Math.min(origin.end, origin.start + c.deleted);
        return { origin: { ...origin, start }, target, committedOnly: c.committedOnly };
      }),
  );

/** @param few true: only a few places, because many places are read in one pass and proved in a different way */
async function answersOf(c: Case, few = false): Promise<Map<number, Translation>> {
  const every = Array.from({ length: c.origin.end - c.origin.start + 4 }, (_, i) => c.origin.start + i - 1).filter(
    (g) => g >= 0,
  );
  const committed = few ? every.slice(0, 30) : every;
  const task = {
    originTopic: "t",
    targetTopic: "t",
    partition: 0,
    origin: c.origin,
    target: c.target,
    compacted: false,
    committed,
  };
  const logs = (log: Log) => new Map([["t:0", log]]);
  return (
    await translate(readerOf(logs(c.origin), c.committedOnly), readerOf(logs(c.target), true), [task], silent)
  )[0] as Map<number, Translation>;
}

const readings = (c: Case, g: number, t: number) => ({
  stays: visible(c.origin, c.committedOnly).filter((e) => e.offset >= g),
  moves: visible(c.target, true).filter((e) => e.offset >= t),
});

function isSubsequence(short: readonly string[], long: readonly string[]): boolean {
  let i = 0;
  for (const item of long) if (item === short[i]) i++;
  return i === short.length;
}

/** The comparable contents: without timestamps if the target replaces them or an origin record has none. */
function contents(c: Case, list: readonly Entry[]): string[] {
  const timeless = c.target.entries.some((x) => x.stamped === true) || c.origin.entries.some((x) => x.timestamp === -1);
  return list.map((e) => (timeless ? `/${e.body}` : content(e)));
}

/** True if nothing can be compared. The answers are not exact then and give an upper bound for the rereads. */
const emptied = (c: Case): boolean => visible(c.origin, c.committedOnly).length === 0;

describe("translation of any log that a mirror can produce", () => {
  it("never skips a record, for any equal records and duplicates", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(variety.chain(cases), periodic), async (c) => {
        for (const [g, answer] of await answersOf(c)) {
          // If the origin is empty, records that it deleted before the group read them may still be on the target.
          const kept = emptied(c) ? { ...c, origin: { ...c.origin, start: 0 } } : c;
          const { stays, moves } = readings(kept, g, answer.target as number);
          expect(isSubsequence(contents(c, stays), contents(c, moves)), `offset ${g} -> ${answer.target}`).toBe(true);
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it("never skips a record if contents repeat and only a few records prove the place", async () => {
    await fc.assert(
      fc.asyncProperty(periodic, async (c) => {
        for (const [g, answer] of await answersOf(c, true)) {
          const { stays, moves } = readings(c, g, answer.target as number);
          expect(isSubsequence(contents(c, stays), contents(c, moves)), `offset ${g} -> ${answer.target}`).toBe(true);
          expect(answer.rereads).toBe(moves.length - stays.length);
        }
      }),
      { numRuns: runs(300) },
    );
  });

  it("rereads no more records than it announces", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(variety.chain(cases), periodic), async (c) => {
        for (const [g, answer] of await answersOf(c)) {
          const { stays, moves } = readings(c, g, answer.target as number);
          if (emptied(c)) expect(answer.rereads).toBeGreaterThanOrEqual(moves.length);
          else expect(answer.rereads, `offset ${g} -> ${answer.target}`).toBe(moves.length - stays.length);
          if (answer.exact && answer.rereads === 0) expect(contents(c, moves)).toEqual(contents(c, stays));
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it("is exact if all records differ", async () => {
    const differing = cases(1_000_000).filter(
      (c) => !emptied(c) && new Set(c.origin.entries.map((e) => e.body)).size === c.origin.entries.length,
    );
    await fc.assert(
      fc.asyncProperty(differing, async (c) => {
        for (const [g, answer] of await answersOf(c)) {
          const { stays, moves } = readings(c, g, answer.target as number);
          expect(answer.exact, `offset ${g}`).toBe(true);
          expect(moves[0]?.id).toBe(stays[0]?.id);
          // No record from before the committed offset is read again.
          const first = stays[0]?.id ?? Infinity;
          expect(moves.every((e) => e.id >= first)).toBe(true);
        }
      }),
      { numRuns: runs(500) },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Entry, visible } from "../../test/engine/offsets/logs";
import { Growing, type Habits } from "../../test/engine/offsets/growing";
import { MigrationError } from "../errors";
import { silent } from "../progress";
import { translateSoFar } from "./copied-so-far";
import type { Translation } from "./translation";
import { runs } from "../../test/support/runs";

const RUNS = runs(300);

const habits = (more: Partial<Record<keyof Habits, fc.Arbitrary<unknown>>> = {}): fc.Arbitrary<Habits> =>
  fc.record({
    seed: fc.nat({ max: 2 ** 31 }),
    contents: fc.constantFrom(1, 2, 4, 20, 1_000_000),
    transactional: fc.boolean(),
    committedOnly: fc.boolean(),
    exactlyOnce: fc.constantFrom(false, false, true),
    stamping: fc.constantFrom(false, false, false, true),
    untimed: fc.constantFrom(false, false, false, true),
    compacted: fc.constant(false),
    retention: fc.constantFrom(0, 0, 0.02, 0.1),
    crash: fc.constantFrom(0, 0.05, 0.2),
    flush: fc.constantFrom(0.02, 0.1, 0.4),
    foreign: fc.constant(0),
    pace: fc.constantFrom(1, 3, 10),
    writing: fc.constantFrom(0.1, 0.5, 1),
    ...more,
  }) as fc.Arbitrary<Habits>;

/** A clock that goes on with each look. The world becomes calm after a while, so that every wait ends. */
function patienceOf(world: Growing) {
  let time = 0;
  let pauses = 0;
  return {
    limitMs: 30_000,
    unsureMs: 5_000,
    now: () => (time += 10),
    pause: async (ms: number) => {
      time += ms;
      world.calm = ++pauses > 4;
      world.resting = pauses > 8;
      world.steps(world.calm ? 20 : 3);
    },
    groupsOf: () => [],
  };
}

interface Outcome {
  world: Growing;
  answers: Map<number, Translation>;
  /** The origin's log start at the last look. */
  start: number;
  /** True if the mirror sent records again after that, or if the origin had deleted records that it had not sent. */
  resent: boolean;
}

async function move(h: Habits): Promise<Outcome | undefined> {
  const world = new Growing(h);
  const { start, end } = world.origin;
  const committed = Array.from({ length: Math.min(12, end - start + 3) }, (_, i) =>
    Math.max(0, i < 8 ? end - i : start + ((i * 7919) % Math.max(1, end - start))),
  );
  const partition = {
    originTopic: "t",
    targetTopic: "t",
    partition: 0,
    compacted: h.compacted,
    committed: [...new Set(committed)],
  };
  const sides = world.sides();
  const result = await translateSoFar(sides, [partition], patienceOf(world), silent).catch((error: unknown) => {
    // Retention during a read: the caller plans again.
    if (error instanceof MigrationError || /is outside/.test(String(error))) return undefined;
    throw error;
  });
  if (result === undefined) return undefined;
  expect(result.notReached).toEqual([]);
  const outcome = { world, answers: result.answers[0]!, start: sides.startAtLook };
  const before = sides.wentBackAtLook;
  world.calm = world.resting = false;
  world.steps(60);
  world.finish();
  return { ...outcome, resent: world.wentBack > before || sides.overtaken };
}

const bare = (h: Habits) => h.stamping || h.untimed;
const contents = (h: Habits, list: readonly Entry[]): string[] =>
  list.map((e) => (bare(h) ? e.body : `${e.timestamp}/${e.body}`));

/** What a group that stays would still read, as far as the mirror has copied it, and what it reads on the target. */
function readings({ world, start }: Outcome, g: number, t: number) {
  const { committedOnly, exactlyOnce, compacted } = world.habits;
  const everything = { start: 0, end: world.origin.end, entries: world.history };
  const onTarget = visible(world.target, exactlyOnce);
  const counts = compacted ? latestOf(world) : new Set(onTarget.map((e) => e.id));
  return {
    stays: visible(everything, committedOnly).filter((e) => e.offset >= Math.max(g, start) && counts.has(e.id)),
    moves: onTarget.filter((e) => e.offset >= t),
  };
}

/** The records that compaction never deletes: the last one of each key. */
function latestOf(world: Growing): Set<number> {
  const last = new Map<string, number>();
  for (const e of world.history) if (e.kind === "record") last.set(e.body.split("=")[0]!, e.id);
  return new Set(last.values());
}

function isSubsequence(short: readonly string[], long: readonly string[]): boolean {
  let i = 0;
  for (const item of long) if (item === short[i]) i++;
  return i === short.length;
}

async function checkAll(h: Habits, seen = { exact: 0, all: 0 }): Promise<void> {
  const outcome = await move(h);
  if (outcome === undefined) return;
  for (const [g, answer] of outcome.answers) {
    seen.all++;
    if (answer.target === undefined) {
      expect(h.retention > 0 || h.compacted, `offset ${g}: ${answer.note}`).toBe(true);
      continue;
    }
    const { stays, moves } = readings(outcome, g, answer.target);
    expect(isSubsequence(contents(h, stays), contents(h, moves)), `offset ${g} -> ${answer.target} skips`).toBe(true);
    if (answer.exact) seen.exact++;
    if (!answer.exact || outcome.resent || h.compacted) continue;
    const copies = moves.filter((e) => e.id >= 0);
    const rereads = copies.length - stays.length;
    // Records of clients among the copies are counted too: they cannot be told from copies of deleted records.
    if (h.foreign > 0) expect(rereads, `offset ${g} -> ${answer.target} rereads`).toBeLessThanOrEqual(answer.rereads);
    else expect(rereads, `offset ${g} -> ${answer.target} rereads`).toBe(answer.rereads);
  }
}

describe("translating while producers write and the mirror copies", () => {
  it("skips no record and announces every second read, for any equal records, crashes and transactions", async () => {
    await fc.assert(
      fc.asyncProperty(habits(), (h) => checkAll(h)),
      { numRuns: RUNS },
    );
  });

  it("skips no latest record of a key if both sides compact", async () => {
    const compacted = habits({ compacted: fc.constant(true), untimed: fc.constant(false), retention: fc.constant(0) });
    await fc.assert(
      fc.asyncProperty(compacted, (h) =>
        // An aborted record that the mirror copies can replace a record of its key on the target.
        checkAll({ ...h, committedOnly: h.committedOnly || h.transactional }),
      ),
      { numRuns: RUNS / 3 },
    );
  });

  it("skips no record if clients write to the target as well", async () => {
    const foreign = habits({ foreign: fc.constantFrom(0.05, 0.3) });
    await fc.assert(
      fc.asyncProperty(foreign, (h) => checkAll(h)),
      { numRuns: RUNS / 3 },
    );
  });

  it("skips no record while the mirror sends records again and equal records follow", async () => {
    const again = habits({
      contents: fc.constantFrom(2, 3, 4, 6),
      transactional: fc.constant(false),
      exactlyOnce: fc.constant(false),
      retention: fc.constant(0),
      crash: fc.constantFrom(0.1, 0.3),
      flush: fc.constantFrom(0.05, 0.3),
      pace: fc.constantFrom(1, 3),
    });
    await fc.assert(
      fc.asyncProperty(again, (h) => checkAll(h)),
      { numRuns: RUNS },
    );
  });

  it("is exact if all records differ", async () => {
    const seen = { exact: 0, all: 0 };
    const differing = habits({
      contents: fc.constant(1_000_000),
      retention: fc.constant(0),
      untimed: fc.constant(false),
    });
    await fc.assert(
      fc.asyncProperty(differing, (h) => checkAll(h, seen)),
      { numRuns: RUNS / 3 },
    );
    expect(seen.exact).toBe(seen.all);
  });
});

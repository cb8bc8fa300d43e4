import { describe, expect, it } from "vitest";
import { around, beforeFirst, byArithmetic, MOST_BEFORE, type RecordsOfRange, whyNotSamePlace } from "./neighbours";
import type { Fingerprint } from "../records/same";

const record = (offset: number, more: Partial<Fingerprint> = {}): Fingerprint => {
  return {
    offset,
    timestamp: 1000 + offset,
    stamped: false,
    transactional: false,
    size: 5,
    body: `body ${offset}`,
    ...more,
  };
};

/** Origin offsets 7 to 13. The copies are 100 offsets later. */
const offsets = [7, 8, 9, 10, 11, 12, 13];
const stretch = (records: readonly Fingerprint[], from = records[0]!.offset): RecordsOfRange => ({
  from,
  to: records.at(-1)!.offset + 1,
  records,
});
const origin = (change: (r: Fingerprint) => Partial<Fingerprint> = () => ({})): RecordsOfRange =>
  stretch(offsets.map((o) => record(o)).map((r) => ({ ...r, ...change(r) })));
const target = (change: (r: Fingerprint) => Partial<Fingerprint> = () => ({})): RecordsOfRange => {
  return stretch(offsets.map((o) => record(o)).map((r) => ({ ...r, ...change(r), offset: r.offset + 100 })));
};
const at =
  (offset: number, change: Partial<Fingerprint>) =>
  (r: Fingerprint): Partial<Fingerprint> =>
    r.offset === offset ? change : {};
const without = ({ from, to, records }: RecordsOfRange, ...gone: number[]): RecordsOfRange => ({
  from,
  to,
  records: records.filter((r) => !gone.includes(r.offset)),
});

describe("a place that only a few records prove", () => {
  it("is accepted if both sides have the same records at the same distances", () => {
    expect(whyNotSamePlace(10, 110, origin(), target())).toBeUndefined();
  });

  it.each<[string, RecordsOfRange, RecordsOfRange, RegExp]>([
    ["a transaction on the origin", origin(at(13, { transactional: true })), target(), /transactions/],
    ["a transaction on the target", origin(), target(at(7, { transactional: true })), /transactions/],
    ["a gap on the origin", without(origin(), 12), target(), /gaps/],
    ["a gap on the target", origin(), without(target(), 112), /gaps/],
    ["a gap at the end of what was read", origin(), { ...target(), to: 115 }, /gaps/],
    ["a target that sets the timestamps itself", origin(), target(at(8, { stamped: true })), /stamps/],
    ["records without a timestamp", origin(at(8, { timestamp: -1 })), target(), /no timestamp/],
    ["another record at the offset", origin(), target(at(10, { body: "other" })), /another record/],
    ["the same content with another timestamp", origin(), target(at(10, { timestamp: 5 })), /another record/],
    [
      "an equal record after it on the origin",
      origin(at(13, { timestamp: 1010, body: "body 10" })),
      target(at(13, { timestamp: 1010, body: "body 10" })),
      /equal record/,
    ],
    [
      "an equal record before it on the origin alone",
      origin(at(7, { timestamp: 1010, body: "body 10" })),
      target(),
      /equal record/,
    ],
    [
      "an equal record after it on the target alone",
      origin(),
      target(at(13, { timestamp: 1010, body: "body 10" })),
      /equal record/,
    ],
    ["another record far before it", origin(), target(at(7, { body: "other" })), /neighbours differ/],
    ["another record far after it", origin(), target(at(13, { body: "other" })), /neighbours differ/],
    ["no record at the offset", without(origin(), ...offsets), { from: 107, to: 107, records: [] }, /gaps/],
  ])("is not accepted with %s", (_what, here, there, why) => {
    expect(whyNotSamePlace(10, 110, here, there)).toMatch(why);
  });

  it("needs a neighbour on both sides, unless the origin has only one record", () => {
    const one = stretch([record(10)]);
    expect(
      whyNotSamePlace(10, 110, one, stretch([record(10, {})].map((r) => ({ ...r, offset: 110 })))),
    ).toBeUndefined();
    expect(
      whyNotSamePlace(10, 110, stretch([record(10), record(11)]), stretch([{ ...record(10), offset: 110 }])),
    ).toMatch(/no neighbour/);
    expect(whyNotSamePlace(10, 110, { from: 10, to: 10, records: [] }, target())).toMatch(/no record/);
    expect(whyNotSamePlace(10, 110, one, { from: 110, to: 110, records: [] })).toMatch(/no record/);
  });
});

describe("the search range around a place", () => {
  it("has the same distance from the end as on the origin, and three records to each side", () => {
    expect(byArithmetic(10, { start: 0, end: 14 }, { start: 100, end: 114 })).toBe(110);
    expect(around(10, { start: 0, end: 20 })).toEqual({ from: 7, to: 14 });
    expect(around(1, { start: 0, end: 20 })).toEqual({ from: 0, to: 5 });
    expect(around(18, { start: 16, end: 20 })).toEqual({ from: 16, to: 20 });
  });

  it("starts at the first record of the same time to find an earlier copy, if that is near", () => {
    const log = { start: 50, end: 5000 };
    expect(beforeFirst(110, 100, log)).toEqual({ from: 100, to: 110 });
    expect(beforeFirst(110, 110, log)).toEqual({ from: 110, to: 110 });
    expect(beforeFirst(110, 40, log)).toEqual({ from: 50, to: 110 });
    expect(beforeFirst(110, 111, log)).toBeUndefined();
    expect(beforeFirst(110, undefined, log)).toBeUndefined();
    expect(beforeFirst(2000, 2000 - MOST_BEFORE, log)).toEqual({ from: 1000, to: 2000 });
    expect(beforeFirst(2000, 2000 - MOST_BEFORE - 1, log)).toBeUndefined();
  });
});

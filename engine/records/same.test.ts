import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCopy, NO_TIMESTAMP, Originals } from ".";
import { type Fingerprint, namesInCopy, namesOf } from "./same";

/** Only a few contents and timestamps, so that equal records occur often. */
const records = (stamped: boolean): fc.Arbitrary<Fingerprint> =>
  fc.record({
    offset: fc.nat(),
    timestamp: fc.constantFrom(NO_TIMESTAMP, 0, 5, 1_000),
    stamped: stamped ? fc.boolean() : fc.constant(false),
    transactional: fc.boolean(),
    size: fc.constant(3),
    body: fc.constantFrom("a", "b"),
  });

const record = (changes: Partial<Fingerprint> = {}): Fingerprint => ({
  offset: 1,
  timestamp: 1_000,
  stamped: false,
  transactional: false,
  size: 3,
  body: "a",
  ...changes,
});

describe("a record and its copy", () => {
  it("match by timestamp, key, value and headers, not by offset", () => {
    expect(isCopy(record(), record({ offset: 99, transactional: true }))).toBe(true);
    expect(isCopy(record(), record({ timestamp: 1_001 }))).toBe(false);
    expect(isCopy(record(), record({ body: "b" }))).toBe(false);
  });

  it("may differ in the timestamp if the target's broker sets it or the origin's record has none", () => {
    expect(isCopy(record(), record({ timestamp: 5, stamped: true }))).toBe(true);
    expect(isCopy(record(), record({ timestamp: 5, stamped: true, body: "b" }))).toBe(false);
    expect(isCopy(record({ timestamp: NO_TIMESTAMP }), record({ timestamp: 5 }))).toBe(true);
    expect(isCopy(record({ timestamp: NO_TIMESTAMP }), record({ body: "b" }))).toBe(false);
    // If the origin's broker sets the timestamps, the mirror copies them.
    expect(isCopy(record({ stamped: true }), record({ timestamp: 5 }))).toBe(false);
    // The mirror never writes a target record without a timestamp.
    expect(isCopy(record(), record({ timestamp: NO_TIMESTAMP }))).toBe(false);
  });

  it("match by name if and only if they match by comparison", () => {
    fc.assert(
      fc.property(records(true), records(true), (origin, target) => {
        const names = new Set(namesOf(origin));
        expect(namesInCopy(target).some((name) => names.has(name))).toBe(isCopy(origin, target));
      }),
    );
  });

  it("are found among many records, even after some were removed", () => {
    fc.assert(
      fc.property(fc.array(records(false)), fc.nat(20), fc.array(records(true)), (origins, gone, targets) => {
        const known = new Originals();
        for (const o of origins) known.add(o);
        for (const o of origins.slice(0, gone)) known.remove(o);
        const left = origins.slice(gone);
        for (const t of targets) expect(known.has(t)).toBe(left.some((o) => isCopy(o, t)));
      }),
    );
  });
});

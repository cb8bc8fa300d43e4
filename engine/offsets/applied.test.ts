import { expect, test } from "vitest";
import { joinApplied } from ".";
import type { AppliedOffsets } from ".";

const applied = (groups: AppliedOffsets["groups"]): AppliedOffsets => ({
  version: 1,
  at: "2026-01-01T00:00:00.000Z",
  groups,
  skipped: [],
  written: 0,
  inPlace: 0,
});

test("two applies in a row are reverted as one, to the offsets before the first", () => {
  const before = { offset: "3", metadata: "m" };
  const first = applied([
    { group: "a", created: false, offsets: [{ topic: "t", partition: 0, offset: "10", before }] },
    { group: "left-out", created: true, offsets: [{ topic: "t", partition: 0, offset: "7" }] },
  ]);
  const second = applied([
    {
      group: "a",
      created: false,
      offsets: [
        { topic: "t", partition: 0, offset: "10", inPlace: true },
        { topic: "new", partition: 0, offset: "5" },
      ],
    },
    { group: "b", created: true, offsets: [{ topic: "new", partition: 0, offset: "1" }] },
  ]);
  expect(joinApplied(first, second).groups).toEqual([
    {
      group: "a",
      created: false,
      offsets: [
        { topic: "t", partition: 0, offset: "10", before },
        { topic: "new", partition: 0, offset: "5" },
      ],
    },
    { group: "b", created: true, offsets: [{ topic: "new", partition: 0, offset: "1" }] },
    { group: "left-out", created: true, offsets: [{ topic: "t", partition: 0, offset: "7" }] },
  ]);
});

test("an offset that the second apply moved again returns to its value before the first", () => {
  const first = applied([
    {
      group: "a",
      created: false,
      offsets: [{ topic: "t", partition: 0, offset: "10", before: { offset: "3", metadata: "" } }],
    },
  ]);
  const second = applied([
    {
      group: "a",
      created: false,
      offsets: [{ topic: "t", partition: 0, offset: "12", before: { offset: "10", metadata: "" } }],
    },
  ]);
  expect(joinApplied(first, second).groups[0]!.offsets).toEqual([
    { topic: "t", partition: 0, offset: "12", before: { offset: "3", metadata: "" }, earlier: ["10"] },
  ]);
});

const at = (offset: string, more: object = {}) =>
  applied([{ group: "a", created: false, offsets: [{ topic: "t", partition: 0, offset, ...more }] }]);
const only = (a: AppliedOffsets) => a.groups[0]!.offsets[0]!;

const early = { idleSince: "2026-01-01T00:00:01.000Z", readBackAt: "2026-01-01T00:00:05.000Z" };
const late = { idleSince: "2026-01-01T00:10:01.000Z", readBackAt: "2026-01-01T00:10:05.000Z" };
const timed = (offset: string, times: object, more: object = {}) => {
  const found = at(offset, more);
  return { ...found, groups: found.groups.map((g) => ({ ...g, ...times })) };
};
const pauseOf = ({ groups: [g] }: AppliedOffsets) => ({ idleSince: g!.idleSince, readBackAt: g!.readBackAt });

test("a group that a second apply finds in place has waited until the first one, and no longer", () => {
  expect(pauseOf(joinApplied(timed("10", early), timed("10", late, { inPlace: true })))).toEqual(early);
  // The journal has what the first apply was about to write.
  const journal = timed("10", { idleSince: early.idleSince });
  expect(pauseOf(joinApplied(timed("10", early), journal))).toEqual(early);
  expect(pauseOf(joinApplied(timed("10", early), timed("12", { idleSince: late.idleSince })))).toEqual({
    idleSince: late.idleSince,
    readBackAt: undefined,
  });
  // Its clients may run on the target now, so only the second apply saw it without members on the origin.
  const unknown = { readBackAt: early.readBackAt };
  expect(pauseOf(joinApplied(timed("10", unknown), timed("10", late, { inPlace: true })))).toEqual({
    idleSince: undefined,
    ...unknown,
  });
});

test("a group whose first apply was killed has waited since then, unless it has read on", () => {
  const killed = { idleSince: early.idleSince };
  expect(pauseOf(joinApplied(timed("10", killed), timed("10", late)))).toEqual({ ...late, ...killed });
  expect(pauseOf(joinApplied(timed("10", killed), timed("12", late)))).toEqual(late);
  expect(pauseOf(joinApplied(timed("10", early), timed("12", late)))).toEqual(late);
  const busy = { readBackAt: late.readBackAt };
  expect(pauseOf(joinApplied(timed("10", killed), timed("10", busy)))).toEqual({ idleSince: undefined, ...busy });
});

test("a group that an older version moved gets the times of a second apply only if that moved it again", () => {
  const unknown = { idleSince: undefined, readBackAt: undefined };
  expect(pauseOf(joinApplied(at("10"), timed("10", late, { inPlace: true })))).toEqual(unknown);
  expect(pauseOf(joinApplied(at("10"), timed("10", { idleSince: late.idleSince })))).toEqual(unknown);
  expect(pauseOf(joinApplied(at("10"), timed("12", late)))).toEqual(late);
});

test("an offset from our own earlier write is not the original offset", () => {
  expect(only(joinApplied(at("10"), at("12", { before: { offset: "10", metadata: "" } })))).toEqual({
    topic: "t",
    partition: 0,
    offset: "12",
    earlier: ["10"],
  });
  const third = joinApplied(joinApplied(at("10"), at("12")), at("14", { before: { offset: "10", metadata: "" } }));
  expect(only(third)).toEqual({ topic: "t", partition: 0, offset: "14", earlier: ["12", "10"] });
});

test("an offset that someone else wrote between two applies is restored", () => {
  const theirs = { before: { offset: "7", metadata: "x" } };
  expect(only(joinApplied(at("10", { before: { offset: "3", metadata: "" } }), at("10", theirs)))).toEqual({
    topic: "t",
    partition: 0,
    offset: "10",
    ...theirs,
  });
});

test("an offset that the first apply found in place is not its own write", () => {
  expect(only(joinApplied(at("10", { inPlace: true }), at("10", { inPlace: true })))).toMatchObject({ inPlace: true });
  expect(only(joinApplied(at("10", { inPlace: true }), at("12", { before: { offset: "10", metadata: "" } })))).toEqual({
    topic: "t",
    partition: 0,
    offset: "12",
    before: { offset: "10", metadata: "" },
  });
});

test("groups that only the first apply has keep their counts and what people should check", () => {
  const offset = { topic: "t", partition: 0, offset: "10" };
  const first = {
    ...applied([
      { group: "a", created: true, offsets: [offset, { ...offset, partition: 1, inPlace: true as const }] },
      { group: "b", created: true, offsets: [offset] },
    ]),
    attention: ['group "a", t-0: 12 -> 10 is not exact', 'group "b", t-0: 12 -> 10 is not exact', "2 groups"],
  };
  const second = {
    ...applied([{ group: "b", created: true, offsets: [{ ...offset, offset: "11" }] }]),
    attention: ['group "b", t-0: 13 -> 11 is not proved'],
  };
  expect(joinApplied(first, second)).toMatchObject({
    written: 2,
    inPlace: 1,
    attention: ['group "b", t-0: 13 -> 11 is not proved', 'group "a", t-0: 12 -> 10 is not exact'],
  });
  expect(joinApplied(first, applied(first.groups))).not.toHaveProperty("attention");
});

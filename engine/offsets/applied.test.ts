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

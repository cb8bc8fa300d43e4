import { describe, expect, test } from "vitest";
import { faultsOf, type GroupStory, runs } from "./witness/compare";
import { latestOfKeys, tombstonesOf, TOPICS, writtenTo } from "./witness/estate";

const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, i) => from + i);
/** Ten records, of which the group has read the first four before the cutover. */
const right: GroupStory = {
  group: "g",
  topic: "t",
  partition: 0,
  written: upTo(10),
  before: upTo(4),
  after: upTo(10, 4),
  announced: 0,
};
const faults = (change: Partial<GroupStory>) => faultsOf({ ...right, ...change });

describe("the witness finds nothing wrong", () => {
  test.each<[string, Partial<GroupStory>]>([
    ["when every record comes once and in order", {}],
    ["with a group at the start", { before: [], after: upTo(10) }],
    ["with a group at the end", { before: upTo(10), after: [] }],
    ["with a partition that was never written to", { written: [], before: [], after: [] }],
    [
      "with aborted records that leave a gap in the numbers",
      { written: [0, 1, 2, 5, 6], before: [0, 1, 2], after: [5, 6] },
    ],
    [
      "with records that compaction removed",
      { mayBeGone: new Set([1, 4, 5]), before: [0, 2, 3], after: [5, 6, 7, 8, 9] },
    ],
    ["with records that are read again as announced", { after: [4, 5, 6, 7, 6, 7, 8, 9], announced: 2 }],
    ["with an offset that is earlier by the announced number", { after: upTo(10, 2), announced: 2 }],
  ])("%s", (_what, change) => {
    expect(faults(change)).toEqual([]);
  });
});

describe("the witness reports", () => {
  test.each<[string, Partial<GroupStory>, string[]]>([
    [
      "a skipped record",
      { after: upTo(10, 5) },
      ["g, t-0: 4 was due first on the target, it read 5", "g, t-0: missing: 4"],
    ],
    ["a record that is missing in the middle", { after: [4, 5, 7, 8, 9] }, ["g, t-0: missing: 6"]],
    ["a record that is missing at the end", { after: upTo(9, 4) }, ["g, t-0: missing: 9"]],
    ["a group that reads nothing although records are due", { after: [] }, ["g, t-0: missing: 4..9"]],
    [
      "a record that is read again",
      { after: upTo(10, 3) },
      ["g, t-0: 4 was due first on the target, it read 3", "g, t-0: read again (1, announced were 0): 3"],
    ],
    [
      "a record that is on the target twice",
      { after: [4, 5, 5, 6, 7, 8, 9] },
      ["g, t-0: read again (1, announced were 0): 5"],
    ],
    [
      "more read again than announced",
      { after: upTo(10, 2), announced: 1 },
      ["g, t-0: read again (2, announced were 1): 2..3"],
    ],
    ["less read again than announced", { announced: 3 }, ["g, t-0: announced as read again were 3, came 0"]],
    ["a wrong order", { after: [4, 6, 5, 7, 8, 9] }, ["g, t-0: in a wrong order on the target: 5"]],
    ["an aborted record", { written: [0, 1, 2, 3, 4, 6, 7, 8, 9] }, ["g, t-0: never committed, but read: 5"]],
    [
      "an aborted record that was read on the origin",
      { written: [0, 1, 3, 4, 5, 6, 7, 8, 9] },
      ["g, t-0: never committed, but read: 2"],
    ],
    [
      "a record that is still in a compacted log and was skipped",
      { mayBeGone: new Set([4]), after: upTo(10, 6) },
      ["g, t-0: 5 was due first on the target, it read 6", "g, t-0: missing: 5"],
    ],
    ["a record skipped before the cutover", { before: [0, 1, 3] }, ["g, t-0: skipped on the origin: 2"]],
    [
      "one skipped on the origin that comes late on the target",
      { before: [0, 1, 3], after: [2, ...upTo(10, 4)] },
      [
        "g, t-0: skipped on the origin: 2",
        "g, t-0: 4 was due first on the target, it read 2",
        "g, t-0: in a wrong order on the target: 2",
      ],
    ],
    ["a record read twice on the origin", { before: [0, 1, 1, 2, 3] }, ["g, t-0: read again on the origin: 1"]],
    ["records in a wrong order on the origin", { before: [0, 2, 1, 3] }, ["g, t-0: in a wrong order on the origin: 1"]],
  ])("%s", (_what, change, expected) => {
    expect(faults(change)).toEqual(expected);
  });
});

test("numbers are shown as ranges, and no more than ten", () => {
  expect(runs([1, 2, 3, 7, 9, 10])).toBe("1..3, 7, 9..10");
  expect(runs(upTo(40).map((n) => n * 2))).toBe("0, 2, 4, 6, 8, 10, 12, 14, 16, 18 and more");
});

test("the ledger knows which transactions were aborted, and what compaction keeps", () => {
  const payments = writtenTo(TOPICS.find((t) => t.each > 0)!);
  expect(payments.slice(18, 22)).toEqual([18, 19, 30, 31]);
  expect(payments.at(-1)).toBe(139);
  const compacted = TOPICS.find((t) => t.keys > 0)!;
  expect(tombstonesOf(compacted, [39, 40, 41, 81])).toEqual([40, 81]);
  expect(tombstonesOf(TOPICS.find((t) => t.each > 0)!, [40])).toEqual([]);
  expect(new Set(latestOfKeys(compacted).map((n) => n % compacted.keys)).size).toBe(compacted.keys);
  expect(latestOfKeys(compacted).at(-1)).toBe(compacted.records - 1);
});

import { describe, expect, it } from "vitest";
import type { TailRecord } from "../records/same";
import { sameAfterCompaction } from "./last-record";

const record = (changes: {
  key: string | null;
  value: string | null;
  timestamp?: number;
  stamped?: boolean;
}): TailRecord => {
  const { key, value, timestamp = 1000, stamped = false } = changes;
  return {
    offset: 5,
    timestamp,
    stamped,
    transactional: false,
    size: 2,
    body: JSON.stringify([key, value]),
    key,
    alive: value !== null,
  };
};

describe("the last records of a compacted topic", () => {
  const put = (key: string | null, value: string | null, time: { timestamp?: number; stamped?: boolean } = {}) =>
    record({ key, value, ...time });

  it("match if each side was compacted separately", () => {
    // The target still has a tombstone and the value it deletes. The origin has already removed both.
    expect(
      sameAfterCompaction(
        [put("a", "1"), put("b", "1")],
        [put("a", "0"), put("a", "1"), put("b", "1"), put("c", "1"), put("c", null)],
      ),
    ).toBe("same");
    // The origin still has the last value and the tombstone of a deleted key.
    expect(sameAfterCompaction([put("a", "1"), put("c", "1"), put("c", null)], [put("a", "1")])).toBe("same");
  });

  it("match if each side was compacted separately and the target's broker sets the timestamps", () => {
    const stamped = (key: string, value: string | null) => put(key, value, { timestamp: 7, stamped: true });
    expect(
      sameAfterCompaction(
        [put("a", "1"), put("b", "1")],
        [stamped("a", "1"), stamped("b", "1"), stamped("c", "1"), stamped("c", null)],
      ),
    ).toBe("same");
    expect(sameAfterCompaction([put("a", "1"), put("c", "1"), put("c", null)], [stamped("a", "1")])).toBe("same");
    expect(sameAfterCompaction([put("a", "1"), put("c", null)], [stamped("a", "2")])).toBe("different");
  });

  it("match if the origin's records have no timestamps", () => {
    const untimed = (key: string, value: string | null) => put(key, value, { timestamp: -1 });
    expect(
      sameAfterCompaction([untimed("a", "1"), untimed("c", null)], [put("a", "1"), put("b", "1"), put("b", null)]),
    ).toBe("same");
  });

  it("match if only one side has deleted the records without a key, unless only the target compacts", () => {
    const before = [put(null, "1"), put("a", "1"), put(null, "2")];
    for (const [here, there] of [
      [before, [put("a", "1")]],
      [[put("a", "1")], before],
    ] as const) {
      expect(sameAfterCompaction(here, there)).toBe("same");
      expect(sameAfterCompaction(here, there, true)).toBe("different");
    }
    // The empty key is a key.
    expect(sameAfterCompaction([put("a", "1"), put("", "1")], [put("a", "1"), put(null, "1")])).toBe("different");
  });

  it("differ if the last live key or its value differs", () => {
    expect(sameAfterCompaction([put("a", "1"), put("b", "2")], [put("a", "1")])).toBe("different");
    expect(sameAfterCompaction([put("a", "1"), put("b", "2")], [put("a", "1"), put("b", "1")])).toBe("different");
    expect(sameAfterCompaction([put("a", "1"), put("b", null)], [put("a", "1"), put("b", "1")])).toBe("different");
  });

  it("are undecided if the tail does not reach back far enough", () => {
    const long = Array.from({ length: 500 }, (_, i) => put(`x${i}`, null));
    expect(sameAfterCompaction([put("a", "1")], long)).toBe("unsure");
  });
});

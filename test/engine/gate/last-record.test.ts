import { describe, expect, it } from "vitest";
import { same, sameAfterCompaction } from "../../../engine/gate/last-record";
import type { TailRecord } from "../../../engine/records";

const record = (changes: Partial<{ offset: bigint; timestamp: bigint; key: string | null; value: string | null; headers: [string, string | null][]; stamped: boolean }> = {}): TailRecord => {
  const bytes = (text: string | null | undefined, otherwise: string) => (text === null ? null : Buffer.from(text ?? otherwise));
  return {
    offset: changes.offset ?? 5n,
    timestamp: changes.timestamp ?? 1000n,
    key: bytes(changes.key, "k"),
    value: bytes(changes.value, "v"),
    headers: (changes.headers ?? [["h", "1"]]).map(([key, value]) => ({ key: Buffer.from(key), value: bytes(value, "") })),
    stamped: changes.stamped ?? false,
  };
};

describe("the same record on both sides", () => {
  it("has the same timestamp, key, value and headers; its offset does not count", () => {
    expect(same(record(), record({ offset: 99n }))).toBe(true);
    for (const change of [{ timestamp: 1001n }, { key: "other" }, { key: null }, { value: "other" }, { value: null }, { headers: [] }, { headers: [["h", "2"]] }, { headers: [["h", null]] }, { headers: [["g", "1"]] }] as Parameters<typeof record>[0][]) {
      expect(same(record(), record(change)), JSON.stringify(change, (_, v) => (typeof v === "bigint" ? String(v) : v))).toBe(false);
    }
    expect(same(record(), undefined)).toBe(false);
  });

  it("may have another timestamp where the target's broker sets its own", () => {
    expect(same(record(), record({ timestamp: 5n, stamped: true }))).toBe(true);
    expect(same(record(), record({ timestamp: 5n, stamped: true, value: "other" }))).toBe(false);
  });
});

describe("the last records of a compacted topic", () => {
  const put = (key: string, value: string | null, offset = 1n) => record({ key, value, offset });

  it("agree when each side compacted by itself", () => {
    // The target still has a tombstone, and the value that it deletes, which the origin has removed already.
    expect(sameAfterCompaction([put("a", "1"), put("b", "1")], [put("a", "0"), put("a", "1"), put("b", "1"), put("c", "1"), put("c", null)])).toBe("same");
    // The origin's last write of a deleted key is still there.
    expect(sameAfterCompaction([put("a", "1"), put("c", "1"), put("c", null)], [put("a", "1")])).toBe("same");
  });

  it("differ when the last living key is another one, or has another value", () => {
    expect(sameAfterCompaction([put("a", "1"), put("b", "2")], [put("a", "1")])).toBe("different");
    expect(sameAfterCompaction([put("a", "1"), put("b", "2")], [put("a", "1"), put("b", "1")])).toBe("different");
    expect(sameAfterCompaction([put("a", "1"), put("b", null)], [put("a", "1"), put("b", "1")])).toBe("different");
  });

  it("is not decided by a tail that does not reach back far enough", () => {
    const long = Array.from({ length: 500 }, (_, i) => put(`x${i}`, null));
    expect(sameAfterCompaction([put("a", "1")], long)).toBe("unsure");
  });
});

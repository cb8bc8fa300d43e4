import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gap, verdictOf, type PartitionFacts } from ".";
import { STOP, walk } from "../records";
import { encodeBatches } from "../../test/engine/records/build";
import { type TestLog, testLog } from "../../test/engine/records/logs";

type Isolation = "uncommitted" | "committed";

/** The facts after MirrorMaker 2 has copied the first `copied` visible records. */
function facts(log: TestLog, isolation: Isolation, copied: number): PartitionFacts {
  const offset = log[isolation].at(copied - 1)?.offset;
  return { start: log.start, end: log.end, stable: log.end, mirrored: copied === 0 ? undefined : offset };
}

/** Reads the gap in the same way as the gate. */
function look(log: TestLog, isolation: Isolation, p: PartitionFacts): PartitionFacts {
  if (verdictOf(p) !== "look") return p;
  const { from, to } = gap(p);
  const aborted = isolation === "committed" ? log.aborted : undefined;
  const { stopped } = walk(encodeBatches(log.batches), { where: "t-0", from, to, aborted }, () => STOP);
  return { ...p, visibleInGap: stopped };
}

const isolation = fc.constantFrom<Isolation>("uncommitted", "committed");

describe("the completeness rule", () => {
  it("returns complete if and only if every visible record is copied, for any log", () => {
    fc.assert(
      fc.property(testLog, isolation, fc.nat(), (log, level, seed) => {
        const visible = log[level].length;
        const copied = seed % (visible + 1);
        const verdict = verdictOf(look(log, level, facts(log, level, copied)));
        expect(verdict).toBe(copied === visible ? "complete" : "behind");
      }),
      { numRuns: 1000 },
    );
  });

  it("reads the gap only if the offsets do not decide", () => {
    fc.assert(
      fc.property(testLog, isolation, (log, level) => {
        const p = facts(log, level, log[level].length);
        const settled = p.start === p.end || p.mirrored === p.end - 1;
        expect(verdictOf(p)).toBe(settled ? "complete" : "look");
      }),
    );
  });

  it("returns truncated if uncopied records were deleted, and complete if the gap was seen empty before", () => {
    fc.assert(
      fc.property(testLog, isolation, fc.nat(), fc.nat(), (log, level, a, b) => {
        const visible = log[level];
        if (visible.length === 0) return;
        const copied = 1 + (a % visible.length);
        const p = facts(log, level, copied);
        // Retention or DeleteRecords moves the log start to somewhere after the last copied record.
        const start = p.mirrored! + 1 + (b % (log.end - p.mirrored!));
        const lost = visible.some((r) => r.offset > p.mirrored! && r.offset < start);
        const rest: TestLog = { ...log, start };
        const after = look(rest, level, { ...p, start });
        if (lost) expect(verdictOf(after)).toBe("truncated");
        // The look before the deletion found that nothing was left to copy.
        if (copied === visible.length) {
          const seen = look(rest, level, { ...p, start, clearedTo: log.end });
          expect(verdictOf(seen)).toBe("complete");
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never returns complete with an open transaction or with another log's offsets", () => {
    fc.assert(
      fc.property(testLog, isolation, fc.nat(100), (log, level, more) => {
        const p = facts(log, level, log[level].length);
        if (p.end > p.start)
          expect(verdictOf({ ...p, stable: p.end - 1, visibleInGap: false })).toBe("open transaction");
        expect(verdictOf({ ...p, mirrored: p.end + more, visibleInGap: false })).toBe("stale offsets");
      }),
    );
  });
});

describe("cases that break simpler rules", () => {
  const p = (start: number, end: number, mirrored?: number, visibleInGap?: boolean): PartitionFacts => ({
    start,
    end,
    stable: end,
    mirrored,
    visibleInGap,
  });

  it.each<[string, PartitionFacts, string]>([
    ["a plain log, all copied", p(0, 10, 9), "complete"],
    ["a plain log, one record missing", p(0, 10, 8, true), "behind"],
    ["a log that was never written to: no offset is known", p(0, 0), "complete"],
    ["all records deleted before the mirror started: no offset is known", p(10, 10), "complete"],
    ["a commit marker at the end: N == E-1 never becomes true", p(0, 16, 14, false), "complete"],
    ["only aborted records, read_committed: no offset is known", p(0, 8, undefined, false), "complete"],
    ["only aborted records, read_uncommitted, not copied", p(0, 8, undefined, true), "behind"],
    ["a log compacted at the end: 200 offsets, the record at offset 199 is gone", p(0, 200, 180, false), "complete"],
    ["a deleted prefix, nothing copied yet", p(50, 60, undefined, true), "behind"],
    ["the mirror stopped, then five records were written and deleted", p(15, 15, 9), "truncated"],
    ["the mirror stopped, then five records were written and some deleted", p(12, 15, 9, true), "truncated"],
    ["some records deleted after they were copied", p(10, 15, 14), "complete"],
    ["all records deleted after they were copied", p(15, 15, 14), "complete"],
    ["the topic was created again on the origin with the same name", p(0, 3, 9, false), "stale offsets"],
    ["an end that equals the copied offset", p(0, 9, 9), "stale offsets"],
    ["an open transaction at the end", { ...p(0, 12, 9, false), stable: 10 }, "open transaction"],
  ])("%s", (_, facts, verdict) => {
    expect(verdictOf(facts)).toBe(verdict);
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TestRecord } from "../../test/engine/records/build";
import { memoryClusters } from "../../test/engine/verify/memory-cluster";
import type { Fingerprint } from "../records";
import { copiedGaps, LONGEST_GAP } from "./gap-copies";
import { earliestTime, isGapCopied } from "./gap-copy";

/** A record of the origin. Few contents and times, so that equal records are common. */
interface Written {
  content: string;
  timestamp: number;
}

const written = fc.record({
  content: fc.constantFrom("a", "b", "c", "d"),
  timestamp: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 9 }) },
    { weight: 1, arbitrary: fc.constant(-1) },
  ),
});

/** What a broken mirror does to the list of copies. */
const fault = fc.record({ kind: fc.constantFrom("lose", "repeat", "swap"), at: fc.nat(), to: fc.nat() });

/**
 * The copies on the target, as numbers of the origin's records. The mirror has confirmed the first `confirmed` records,
 * so each of them is there at least once. Everything else may be lost, repeated or in another order.
 */
function copiesOf(count: number, confirmed: number, faults: readonly { kind: string; at: number; to: number }[]) {
  const copies = Array.from({ length: count }, (_, i) => i);
  for (const { kind, at, to } of faults) {
    if (copies.length === 0) break;
    const [i, j] = [at % copies.length, to % copies.length];
    const one = copies[i]!;
    if (kind === "swap") [copies[i], copies[j]] = [copies[j]!, one];
    else if (kind === "repeat") copies.splice(j, 0, one);
    else if (one >= confirmed || copies.filter((c) => c === one).length > 1) copies.splice(i, 1);
  }
  return copies;
}

const COPIED_AT = 50;
const record = (offset: number, { content, timestamp }: Written): TestRecord => ({
  offset,
  timestamp,
  key: null,
  value: Buffer.from(content),
  headers: [],
});

/** @param start the origin's log start. Retention has deleted the records before it. */
async function isFound(
  records: readonly Written[],
  confirmed: number,
  copies: readonly number[],
  start = 0,
): Promise<boolean> {
  const origin = records.map((r, i) => record(i, r));
  const target = copies.map((from, i) => {
    const copy = records[from]!;
    return record(i, copy.timestamp === -1 ? { ...copy, timestamp: COPIED_AT + i } : copy);
  });
  const log = { records: origin.slice(start), start, end: origin.length };
  const clusters = memoryClusters({ t: { logs: [log] } }, { t: { logs: [{ records: target }] } });
  const gap = { topic: "t", partition: 0, from: BigInt(confirmed), to: BigInt(records.length) };
  const found = await copiedGaps(clusters, [{ origin: gap, target: { topic: "t", partition: 0 } }], "read_uncommitted");
  return found.has("t:0");
}

describe("records that the mirror has not confirmed", () => {
  it("are never found if the mirror lost, repeated or reordered one of them", async () => {
    let [opened, faulty] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.array(written, { minLength: 2, maxLength: 9 }),
        fc.nat(),
        fc.array(fault, { maxLength: 4 }),
        async (records, seed, faults) => {
          const confirmed = 1 + (seed % (records.length - 1));
          const copies = copiesOf(records.length, confirmed, faults);
          const found = await isFound(records, confirmed, copies);
          const wanted = records.slice(confirmed).map((_, i) => confirmed + i);
          const correct =
            wanted.every((one) => copies.filter((c) => c === one).length === 1) &&
            copies.slice(-wanted.length).join() === wanted.join();
          if (found) expect(correct).toBe(true);
          opened += Number(found);
          faulty += Number(!correct);
        },
      ),
      { numRuns: 1000 },
    );
    // The property says something only if both happen often.
    expect(opened).toBeGreaterThan(20);
    expect(faulty).toBeGreaterThan(20);
  });

  it("are found if a correct mirror has copied them and all records differ", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 2 }),
        fc.nat(),
        async (times, seed) => {
          const records = times.map((timestamp, i) => ({ content: `v${i}`, timestamp }));
          expect(await isFound(records, 1 + (seed % (records.length - 1)), [...times.keys()])).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  const three = [1, 2, 3].map((timestamp) => ({ content: "same", timestamp }));
  it.each<[string, boolean, Written[], number, number[]]>([
    ["all copied", true, three, 1, [0, 1, 2]],
    ["the last one is missing", false, three, 1, [0, 1]],
    ["one in the middle is missing", false, three, 1, [0, 2]],
    ["in another order", false, three, 1, [0, 2, 1]],
    ["copied once more after a restart", false, three, 1, [0, 1, 2, 1, 2]],
    ["older records were copied once more, before them", true, three, 2, [0, 1, 0, 1, 2]],
    ["equal neighbours, one is missing", false, [three[0]!, three[0]!], 1, [0]],
    ["equal neighbours, both are there", false, [three[0]!, three[0]!], 1, [0, 1]],
    ["equal records in the gap", false, [three[0]!, three[1]!, three[1]!], 1, [0, 1, 2]],
    ["an older record is equal, and its copy came again at the end", false, [...three, three[0]!], 3, [1, 2, 0]],
    ["the time 0", false, [three[0]!, { content: "x", timestamp: 0 }], 1, [0, 1]],
    ["a record without a timestamp", false, [three[0]!, { content: "x", timestamp: -1 }], 1, [0, 1]],
  ])("%s: found is %s", async (_, found, records, confirmed, copies) => {
    expect(await isFound(records, confirmed, copies)).toBe(found);
  });

  /** Two equal records. The mirror copied only the first one, which retention then deleted on the origin. */
  it.each<[string, boolean, number, Written[], number[]]>([
    ["may equal one that the origin deleted", false, 1, [three[1]!, three[1]!], [0]],
    ["are still found if an older record is left", true, 1, [three[0]!, three[0]!, three[2]!], [0, 1, 2]],
    ["wait if only records of their own age are left", false, 1, [three[0]!, three[1]!, three[2]!], [0, 1, 2]],
  ])("%s: found is %s", async (_, found, start, records, copies) => {
    const confirmed = records.length - 1;
    expect(await isFound(records, confirmed, copies, start)).toBe(found);
  });

  it("are not looked for in a gap that is too long", async () => {
    const records = Array.from({ length: LONGEST_GAP + 2 }, (_, i) => ({ content: String(i), timestamp: i + 1 }));
    const copies = [...records.keys()];
    expect(await isFound(records, 2, copies)).toBe(true);
    expect(await isFound(records, 1, copies)).toBe(false);
  });
});

describe("the comparison of a gap", () => {
  const print = (offset: number, body: string, timestamp = 1000, stamped = false): Fingerprint => ({
    offset,
    timestamp,
    stamped,
    transactional: false,
    size: 1,
    body,
  });
  const gap = [print(4, "a"), print(5, "b")];

  it("needs timestamps that the mirror copied", () => {
    expect(earliestTime([print(0, "a", 7), print(1, "b", 5)])).toBe(5);
    expect(earliestTime([print(0, "a", 7), print(1, "b", -1)])).toBeUndefined();
    expect(earliestTime([])).toBeUndefined();
    expect(isGapCopied({ gap, before: [], target: gap })).toBe(true);
    // The target's broker sets the time: equal contents are not enough.
    const stamped = gap.map((r) => ({ ...r, stamped: true }));
    expect(isGapCopied({ gap, before: [], target: stamped })).toBe(false);
  });

  it("is not satisfied by an empty gap or a short log", () => {
    expect(isGapCopied({ gap: [], before: [], target: [] })).toBe(false);
    expect(isGapCopied({ gap, before: [], target: gap.slice(1) })).toBe(false);
  });

  it("is not satisfied if the record is there more than once, on either side", () => {
    expect(isGapCopied({ gap, before: [print(1, "b")], target: gap })).toBe(false);
    expect(isGapCopied({ gap, before: [print(1, "b", 999)], target: gap })).toBe(true);
    expect(isGapCopied({ gap, before: [], target: [print(0, "a"), ...gap] })).toBe(false);
    expect(isGapCopied({ gap, before: [], target: [print(0, "c"), ...gap] })).toBe(true);
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareBeginnings } from ".";
import { memoryClusters, put } from "../../test/engine/verify/memory-cluster";
import type { TestRecord } from "../../test/engine/records/build";

/**
 * A model of a compacted topic and its mirror. The topic can be deleted and created again on the origin, and each side
 * compacts and deletes whenever it likes. Every value is written once, so a copy is known by its value.
 */
type Event =
  | { do: "write"; key: number; tombstone: boolean; aborted: boolean }
  | { do: "copy"; count: number; twice: boolean }
  | { do: "compact"; side: Side; keep: number }
  | { do: "delete"; side: Side; count: number }
  | { do: "recreate" };
type Side = "origin" | "target";

interface Log {
  records: TestRecord[];
  start: number;
  end: number;
}

const empty = (): Log => ({ records: [], start: 0, end: 0 });

class Model {
  origin = empty();
  target = empty();
  recreated = false;
  /** Values of the origin's present topic that belong to aborted transactions. */
  private readonly aborted = new Set<string>();
  private next = 0;
  /** Number of records written to the origin so far. */
  values = 0;

  /** @param timed false: all records have the same timestamp */
  constructor(private readonly timed: boolean) {}

  run(events: readonly Event[]): this {
    for (const event of events) this.apply(event);
    this.copy(Infinity);
    return this;
  }

  private apply(event: Event): void {
    switch (event.do) {
      case "write": {
        const value = `v${this.values++}`;
        const { records, end } = this.origin;
        records.push(put(end, `k${event.key}`, event.tombstone ? null : value, this.timed ? 1000 + this.values : 1000));
        if (event.aborted && this.timed) this.aborted.add(String(end));
        this.origin.end++;
        return;
      }
      case "copy":
        this.copy(event.count);
        // After a restart the mirror goes back and repeats everything from there.
        if (event.twice && this.next > 2 && !this.recreated) this.next -= 2;
        return;
      case "compact":
        this.compact(event.side, event.keep);
        return;
      case "delete": {
        const log = this[event.side];
        log.start = Math.min(log.end, log.start + event.count);
        log.records = log.records.filter((r) => r.offset >= log.start);
        return;
      }
      case "recreate":
        // The mirror copies everything of the earlier topic, and keeps its offset.
        this.copy(Infinity);
        if (this.origin.end === 0) return;
        this.origin = empty();
        this.aborted.clear();
        this.recreated = true;
    }
  }

  private copy(count: number): void {
    const upTo = Math.min(this.origin.end, this.next + count);
    for (const r of this.origin.records.filter((o) => o.offset >= this.next && o.offset < upTo))
      this.target.records.push({ ...r, offset: this.target.end++ });
    this.next = Math.max(this.next, upTo);
  }

  /** Removes earlier records of a key, and tombstones that are the only record of their key. Keeps some of them. */
  private compact(side: Side, keep: number): void {
    const log = this[side];
    const aborted = (r: TestRecord) => side === "origin" && this.aborted.has(String(r.offset));
    const records = keep % 2 === 0 ? log.records.filter((r) => !aborted(r)) : log.records;
    const later = (r: TestRecord) => records.some((o) => o.offset > r.offset && o.key!.equals(r.key!) && !aborted(o));
    const left = records.filter((r) => !later(r) || r.offset % 3 < keep % 3);
    const alone = (r: TestRecord) => left.every((o) => o === r || !o.key!.equals(r.key!));
    log.records = left.filter((r) => !(keep % 4 === 0 && r.value === null && alone(r)));
  }

  async differences(compacted = true): Promise<string[]> {
    const range = ({ start, end }: Log) => ({ topic: "t", partition: 0, from: BigInt(start), to: BigInt(end) });
    const clusters = memoryClusters(
      { t: { logs: [{ ...this.origin, transactional: this.aborted.size > 0 }] } },
      { t: { logs: [this.target] } },
    );
    const pair = { origin: range(this.origin), target: range(this.target), compacted };
    return (await compareBeginnings(clusters, [pair], "read_uncommitted")).differences.map((d) => d.text);
  }

  /** Latest records of the origin that are not on the target. */
  lost(): TestRecord[] {
    return latestOf(this.origin).filter((r) => r.value !== null && !this.target.records.some((o) => same(o, r)));
  }

  /** Records of the origin that are not on the target. */
  lostAtAll(): TestRecord[] {
    return this.origin.records.filter((r) => !this.target.records.some((o) => same(o, r)));
  }

  /** Keys that the origin's present topic deletes, and whose value of the earlier topic is alive on the target. */
  revived(before: number): TestRecord[] {
    const deleted = latestOf(this.origin).filter((r) => r.value === null);
    return earlier(latestOf(this.target), before).filter((r) => deleted.some((o) => o.key!.equals(r.key!)));
  }
}

const same = (a: TestRecord, b: TestRecord): boolean =>
  String(a.value) === String(b.value) && a.timestamp === b.timestamp;
const latestOf = ({ records }: Log): TestRecord[] =>
  records.filter((r) => records.every((o) => o.offset <= r.offset || !o.key!.equals(r.key!)));
const earlier = (records: TestRecord[], before: number): TestRecord[] =>
  records.filter((r) => r.value !== null && Number(String(r.value).slice(1)) < before);

const side = fc.constantFrom<Side>("origin", "target");
const events = (aborted: fc.Arbitrary<boolean>) =>
  fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant("write" as const), key: fc.nat(5), tombstone: tombstones, aborted }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant("copy" as const), count: fc.nat(8), twice: fc.boolean() }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("compact" as const), side, keep: fc.nat(11) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), side, count: fc.nat(4) }) },
    ),
    { maxLength: 60 },
  );
const tombstones = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const never = fc.constant(false);

describe("a compacted topic and its mirror, if both sides compact and delete at any time", () => {
  it("are never reported as recreated if they were not", async () => {
    await fc.assert(
      fc.asyncProperty(events(fc.boolean()), fc.boolean(), async (list, timed) => {
        expect(await new Model(timed).run(list).differences()).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("are reported as recreated if a key's latest record or deletion is lost by that", async () => {
    let lost = 0;
    await fc.assert(
      fc.asyncProperty(events(never), events(never), fc.boolean(), async (first, then, timed) => {
        const model = new Model(timed).run(first);
        const before = model.values;
        model.run([{ do: "recreate" }, ...then]);
        // What retention deletes on the target looks like a loss. Then an older record that is left there decides.
        const evident = model.target.start === 0 || (timed && earlier(latestOf(model.target), before).length > 0);
        const loses = (evident && model.lost().length > 0) || (timed && model.revived(before).length > 0);
        // Without any record on the target, the comparison of the last records finds the loss.
        if (!loses || model.target.records.length === 0) return;
        lost++;
        expect(await model.differences()).not.toEqual([]);
      }),
      { numRuns: 1000 },
    );
    expect(lost).toBeGreaterThan(100);
  });
});

describe("a topic without compaction and its mirror, if both sides delete at any time", () => {
  it("are reported as recreated only if that happened, and always if records were lost by it", async () => {
    let lost = 0;
    const plain = events(never).map((list) => list.filter((e) => e.do !== "compact"));
    await fc.assert(
      fc.asyncProperty(plain, plain, fc.boolean(), async (first, then, recreate) => {
        const model = new Model(true).run(first);
        const before = model.values;
        model.run([...(recreate ? [{ do: "recreate" } as const] : []), ...then]);
        if (!model.recreated) expect(await model.differences(false)).toEqual([]);
        const { records, start } = model.target;
        const evident = start === 0 || records.some((r) => r.timestamp <= 1000 + before);
        if (!model.recreated || !evident || model.lostAtAll().length === 0 || records.length === 0) return;
        lost++;
        expect(await model.differences(false)).not.toEqual([]);
      }),
      { numRuns: 1000 },
    );
    expect(lost).toBeGreaterThan(100);
  });
});

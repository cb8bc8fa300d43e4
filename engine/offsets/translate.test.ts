import { describe, expect, it } from "vitest";
import { compact, logOf, mirror, type Draft } from "../../test/engine/offsets/logs";
import { all, expectExact, mirrored, plain, readings, translated } from "../../test/engine/offsets/stories";

const marker: Draft = { kind: "marker", transactional: true, body: "" };
const tx: Draft = { transactional: true };
const aborted: Draft = { transactional: true, kind: "aborted" };

describe("exact translation", () => {
  it("moves every offset of a plain log and reads only a few records", async () => {
    const story = mirrored(plain(1000, 50), { from: 7 });
    const reads = { scans: 0, records: 0 };
    const answers = await translated(story, [60], reads);
    expect(answers.get(60)).toMatchObject({ target: 17, exact: true, how: "neighbours", rereads: 0 });
    expect(reads.records).toBeLessThan(20);
    await expectExact(story, [50, 51, 52, 500, 1046, 1047, 1048, 1049]);
  });

  it("reads a short range once for many groups at different places", async () => {
    const story = mirrored(plain(1000));
    const reads = { scans: 0, records: 0 };
    const places = Array.from({ length: 100 }, (_, i) => 500 + i * 5);
    const answers = await translated(story, places, reads);
    expect([...answers].every(([g, a]) => a.target === g && a.exact && a.how === "tail")).toBe(true);
    expect(reads.records).toBeLessThan(1100);
    expect((await translated(story, places.slice(0, 10))).get(500)?.how).toBe("neighbours");
  });

  it("places a group at or past the end at the target's end", async () => {
    const answers = await expectExact(mirrored(plain(10)));
    expect(answers.get(10)).toMatchObject({ target: 10, how: "end" });
    expect(answers.get(12)).toMatchObject({
      target: 10,
      how: "end",
      note: expect.stringContaining("past the end (10)"),
    });
  });

  it("places a group before the log start at the first record", async () => {
    const story = { origin: plain(10, 5), target: mirror(plain(10, 5), { from: 100 }) };
    const answers = await translated(story, [2, 5]);
    expect(answers.get(5)).toMatchObject({ target: 100, exact: true });
    expect(answers.get(2)).toMatchObject({
      target: 100,
      exact: true,
      note: expect.stringContaining("before the log start (5)"),
    });
  });

  it("skips records that the target still has but the origin has deleted", async () => {
    const before = plain(20);
    const story = { origin: { ...before, start: 8 }, target: mirror(before) };
    const answers = await translated(story, [3, 8, 12]);
    expect([3, 8, 12].map((g) => answers.get(g)?.target)).toEqual([8, 8, 12]);
  });

  it("handles an empty partition and one whose records are all deleted", async () => {
    const empty = await translated({ origin: plain(0), target: plain(0) }, [0]);
    expect(empty.get(0)).toMatchObject({ target: 0, exact: true, how: "end" });
    const gone = { ...plain(5), start: 5 };
    expect((await translated({ origin: gone, target: plain(0) }, [2])).get(2)).toMatchObject({
      target: 0,
      exact: true,
      how: "end",
    });
  });

  it("skips nothing on the target if the origin never held a record", async () => {
    const answers = await translated({ origin: plain(0), target: plain(3, 7) }, [0]);
    expect(answers.get(0)).toMatchObject({
      target: 7,
      exact: true,
      rereads: 0,
      note: expect.stringContaining("never held a record"),
    });
  });

  it("skips nothing on the target if the origin has deleted everything", async () => {
    const origin = { ...plain(100), start: 100 };
    const copied = await translated({ origin, target: plain(60, 40) }, [40, 100]);
    expect(copied.get(40)).toMatchObject({
      target: 40,
      exact: false,
      rereads: 60,
      note: expect.stringContaining("had not read the last 60"),
    });
    expect(copied.get(100)).toMatchObject({
      target: 100,
      exact: false,
      rereads: 0,
      note: expect.stringContaining("nothing shows"),
    });
    const longer = await translated({ origin, target: plain(105) }, [100]);
    expect(longer.get(100)).toMatchObject({
      target: 0,
      exact: false,
      rereads: 105,
      note: expect.stringContaining("more records than were deleted"),
    });
  });

  it("takes the earlier place if contents repeat and the duplicates are as long as some periods", async () => {
    for (const stamping of [true, false]) {
      const origin = logOf(
        Array.from({ length: 60 }, (_, i) => ({ body: String(i < 30 ? i % 5 : i), timestamp: 1000 })),
      );
      const story = mirrored(origin, { stamping, replays: [{ after: 49, to: 40 }] });
      expect((await translated(story, [5])).get(5)).toMatchObject({ target: 0, exact: false, rereads: 15 });
    }
  });

  it("reads few records even if many share a timestamp", async () => {
    const story = mirrored(logOf(Array.from({ length: 5000 }, (_, i) => ({ timestamp: 1000 + Math.floor(i / 50) }))));
    const reads = { scans: 0, records: 0 };
    expect((await translated(story, [130], reads)).get(130)).toMatchObject({
      target: 130,
      exact: true,
      how: "neighbours",
    });
    expect(reads.records).toBeLessThan(60);
  });

  it("counts records, not offsets, if transactions leave markers and aborted records", async () => {
    const origin = logOf([tx, tx, marker, aborted, aborted, marker, tx, marker, tx, tx, marker]);
    await expectExact(mirrored(origin));
    await expectExact(mirrored(origin, { committedOnly: true }));
  });

  it("does not trust distances if the target has as many markers as the origin", async () => {
    const origin = logOf([tx, tx, marker, tx, tx, marker, tx, tx, marker]);
    await expectExact(mirrored(origin, { markerEvery: 2 }));
    await expectExact(mirrored(origin, { markerEvery: 3 }));
  });

  it("finds the place in a compacted log, whichever side compacted more", async () => {
    const whole = plain(60);
    const thinned = compact(whole, (_, i) => i % 3 !== 0);
    await expectExact({ ...mirrored(thinned), compacted: true });
    const later = { origin: whole, target: compact(mirror(whole), (_, i) => i % 4 === 1), compacted: true };
    for (const [g, answer] of await translated(later, all(whole))) {
      const { stays, moves } = readings(later, g, answer.target as number);
      const held = stays.filter((s) => later.target.entries.some((e) => e.id === s.id));
      expect(moves.map((e) => e.id)).toEqual(held.map((e) => e.id));
      expect(answer.missing).toBe(stays.length - held.length);
    }
  });

  it("skips records that the origin compacted before the group read them", async () => {
    const whole = plain(60);
    const story = { origin: compact(whole, (_, i) => i % 4 === 1), target: mirror(whole), compacted: true };
    for (const [g, answer] of await translated(story, all(whole))) {
      const { stays, moves } = readings(story, g, answer.target as number);
      expect(moves[0]?.id).toBe(stays[0]?.id);
    }
  });

  it("lands after the mirror's duplicates, and announces duplicates that follow", async () => {
    const story = mirrored(plain(10), { replays: [{ after: 6, to: 3 }] });
    const answers = await expectExact(story);
    expect(answers.get(4)).toMatchObject({ target: 8, rereads: 0 });
    expect(answers.get(1)).toMatchObject({ target: 1, rereads: 4 });
  });

  it("lands on the last copy even if more duplicates follow", async () => {
    const answers = await expectExact(
      mirrored(plain(10), {
        replays: [
          { after: 6, to: 3 },
          { after: 8, to: 7 },
        ],
      }),
    );
    expect(answers.get(4)).toMatchObject({ target: 8, rereads: 2 });
  });

  it("announces a duplicate that a marker hides in the offset distances", async () => {
    const origin = logOf([...Array.from({ length: 20 }, () => tx), marker, tx]);
    const answers = await expectExact(mirrored(origin, { replays: [{ after: 15, to: 15 }] }));
    expect(answers.get(5)).toMatchObject({ target: 5, rereads: 1, how: "tail" });
  });

  it("does not accept equal neighbours as proof", async () => {
    const same = { timestamp: 5, body: "ping" };
    const origin = logOf([...Array.from({ length: 20 }, () => same), {}]);
    const story = mirrored(origin, { replays: [{ after: 20, to: 19 }] });
    const answers = await translated(story, [5]);
    expect(answers.get(5)).toMatchObject({ exact: false, target: 0, rereads: 7 });
  });

  it("ignores the order of timestamps", async () => {
    const origin = logOf([5, 9, 1, 7, 7, 2, 8, 3, 6, 4].map((n) => ({ timestamp: 1000 + n })));
    await expectExact(mirrored(origin));
    await expectExact(mirrored(origin, { replays: [{ after: 8, to: 2 }] }));
  });

  it("distinguishes equal records by the records that follow", async () => {
    const same = { timestamp: 5, body: "ping" };
    const origin = logOf([{}, same, same, same, same, same, same, same, same, same, same, same, {}]);
    const story = mirrored(origin);
    const answers = await translated(story, all(origin));
    for (const [g, answer] of answers)
      expect({ g, target: answer.target, exact: answer.exact }).toEqual({ g, target: Math.min(g, 13), exact: true });
  });

  it("takes the earlier place if equal records look like duplicates, and counts the rereads", async () => {
    const same = { timestamp: 5, body: "ping" };
    const origin = logOf([same, same, same, same, same, same, {}, {}]);
    const story = mirrored(origin, { replays: [{ after: 6, to: 4 }] });
    const answers = await translated(story, [2, 6, 8]);
    expect(answers.get(2)).toMatchObject({
      exact: false,
      target: 0,
      rereads: 5,
      note: expect.stringContaining("equal records"),
    });
    expect(answers.get(6)).toMatchObject({ exact: true, target: 9, rereads: 0 });
    expect(answers.get(8)).toMatchObject({ exact: true, how: "end" });
  });

  it("compares only content if the target sets the timestamps", async () => {
    await expectExact(mirrored(plain(30), { stamping: true }));
    await expectExact(mirrored(plain(30), { stamping: true, replays: [{ after: 20, to: 10 }] }));
  });

  it("compares only content if records of the origin have no timestamp", async () => {
    const untimed = (every: number) =>
      logOf(Array.from({ length: 30 }, (_, i) => (i % every === 0 ? { timestamp: -1 } : {})));
    for (const every of [1, 2, 29]) {
      await expectExact(mirrored(untimed(every)));
      await expectExact(mirrored(untimed(every), { replays: [{ after: 20, to: 10 }] }));
    }
    // A few places in a long log: the answer comes from their neighbours and from lookups by time on the target.
    const long = logOf(Array.from({ length: 3000 }, (_, i) => (i > 2000 ? { timestamp: -1 } : {})));
    await expectExact(mirrored(long), [100, 1999, 2001, 2500, 2999, 3000]);
  });

  it("compares only content if the target has replaced some timestamps", async () => {
    const story = mirrored(plain(30));
    for (const e of story.target.entries.slice(5, 20))
      Object.assign(e, { stamped: true, timestamp: 9_000_000 + e.offset });
    await expectExact(story);
  });

  it("does not place a group if its record is missing and the target has later ones", async () => {
    // The topic was deleted and created again with more records. The mirror continued from its old offset.
    const origin = plain(90);
    const other = logOf(Array.from({ length: 50 }, (_, i) => ({ id: 1000 + i, body: `old ${i}`, timestamp: 500 + i })));
    const target = { ...origin, entries: [...other.entries, ...origin.entries.slice(50)] };
    for (const compacted of [false, true]) {
      const answers = await translated({ origin, target, compacted }, [0, 10, 49, 50, 70, 90]);
      for (const g of [50, 70, 90]) expect(answers.get(g)).toMatchObject({ target: g, exact: true });
      // Compaction removes single records, so a missing record proves nothing there.
      for (const g of [0, 10, 49]) expect(answers.get(g)?.how, String(g)).toBe(compacted ? "tail" : "incomplete");
    }
    const note = (await translated({ origin, target }, [10])).get(10)?.note;
    expect(note).toContain("no copy of the origin's record at offset 10");
  });

  it("does not place a group in a hole of the copy", async () => {
    const origin = plain(40);
    const copy = mirror(origin);
    const target = { ...copy, entries: copy.entries.filter((e) => e.offset < 10 || e.offset >= 25) };
    const answers = await translated({ origin, target }, [9, 10, 12, 24, 25]);
    for (const g of [9, 25]) expect(answers.get(g)).toMatchObject({ target: g });
    for (const g of [10, 12, 24]) expect(answers.get(g)).toMatchObject({ target: undefined, how: "incomplete" });
  });

  it("places a group at the target's log start if retention deleted its unread records", async () => {
    const origin = plain(40);
    const copy = mirror(origin);
    const target = { ...copy, start: 15, entries: copy.entries.filter((e) => e.offset >= 15) };
    const answers = await translated({ origin, target }, [3, 12, 14, 20]);
    for (const g of [3, 12, 14]) expect(answers.get(g)).toMatchObject({ target: 15, how: "tail" });
    expect(answers.get(20)).toMatchObject({ target: 20, exact: true });
  });

  it("does not count records that clients have written to the target", async () => {
    const story = mirrored(plain(20));
    const extra = logOf(
      [
        { id: 900, body: "new", timestamp: 1500 },
        { id: 901, body: "newer", timestamp: 1501 },
      ],
      story.target.end,
    ).entries;
    story.target = { ...story.target, end: story.target.end + 2, entries: [...story.target.entries, ...extra] };
    const answers = await translated(story, [4, 20]);
    expect(answers.get(4)).toMatchObject({ target: 4, exact: true, rereads: 0 });
    expect(answers.get(20)).toMatchObject({
      target: 20,
      exact: true,
      note: expect.stringContaining("not from the origin"),
    });
  });

  it("translates nothing if the last record was not copied", async () => {
    const origin = plain(20);
    const target = mirror({ ...origin, end: 15, entries: origin.entries.slice(0, 15) });
    const answers = await translated({ origin, target }, [4, 20]);
    expect(answers.get(4)).toMatchObject({ target: undefined, exact: false, how: "incomplete" });
    expect(answers.get(20)).toMatchObject({
      target: undefined,
      how: "incomplete",
      note: expect.stringContaining("offset 19"),
    });
  });

  it("finds the place even if a gap and a duplicate cancel out", async () => {
    const origin = plain(20);
    const target = mirror(origin, { replays: [{ after: 15, to: 14 }] });
    target.entries.splice(9, 2);
    const story = { origin, target: { ...logOf(target.entries.map(({ offset: _, ...e }) => e)) } };
    const answers = await translated(story, [3]);
    expect(story.target.end).toBe(origin.end);
    const { stays, moves } = readings(story, 3, answers.get(3)?.target as number);
    expect(moves[0]?.id).toBe(stays[0]?.id);
  });
});

it("thousands of groups with equal timestamps read each record once, not once per group", async () => {
  // Like after a bulk load: all records have the same timestamp and size, and only the content differs.
  const records = 20_000;
  const log = logOf(Array.from({ length: records }, (_, i) => ({ timestamp: 1000, body: `value ${100_000 + i}` })));
  const story = mirrored(log, { replays: [{ after: records - 1, to: records - 2 }] });
  const committed = Array.from({ length: records / 4 }, (_, i) => i * 4);
  const cpu = process.cpuUsage();
  const reads = { scans: 0, records: 0 };
  const answers = await translated(story, committed, reads);
  const { user, system } = process.cpuUsage(cpu);
  expect(reads.records).toBeLessThan(4 * records);
  // Processor time (µs) does not depend on other programs. Comparing each group with each record takes minutes.
  expect(user + system).toBeLessThan(8_000_000);
  expect(committed.every((g) => answers.get(g)?.target === g)).toBe(true);
}, 60_000);

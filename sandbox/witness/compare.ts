/**
 * One partition of one group through a cutover. Records are identified by the numbers inside them, not by their
 * offsets.
 */
export interface GroupStory {
  group: string;
  topic: string;
  partition: number;
  /** Numbers of the committed records that applications wrote, ascending. */
  written: readonly number[];
  /** Numbers of written records that compaction or a deletion may have removed. Default none. */
  mayBeGone?: ReadonlySet<number>;
  /** Numbers read and committed on the origin. */
  before: readonly number[];
  /** Numbers read on the target. */
  after: readonly number[];
  /** How many records the migration announced would be read again. */
  announced: number;
}

/** Formats numbers in one line, with ranges as `60..79`. */
export function runs(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const n of numbers) {
    const last = parts.at(-1);
    if (last !== undefined && n === last[1] + 1) last[1] = n;
    else parts.push([n, n]);
  }
  const shown = parts.slice(0, 10).map(([from, to]) => (from === to ? `${from}` : `${from}..${to}`));
  return parts.length > shown.length ? `${shown.join(", ")} and more` : shown.join(", ");
}

/**
 * Returns the faults in what a group read. Empty if it read every record once and in order, and read again only what
 * was announced. Its first record on the target must be the one after its last on the origin.
 */
export function faultsOf(story: GroupStory): string[] {
  const { written, before, after, announced } = story;
  const committed = new Set(written);
  const due = written.filter((n) => story.mayBeGone?.has(n) !== true);
  const last = before.at(-1) ?? -1;
  const faults: string[] = [];
  const report = (what: string, numbers: readonly number[]) => {
    if (numbers.length > 0) faults.push(`${story.group}, ${story.topic}-${story.partition}: ${what} ${runs(numbers)}`);
  };

  const seen = new Set<number>();
  let highest = -1;
  const walk = (numbers: readonly number[]) => {
    const again: number[] = [];
    const late: number[] = [];
    for (const n of numbers) {
      if (seen.has(n)) again.push(n);
      else if (n < highest) late.push(n);
      seen.add(n);
      highest = Math.max(highest, n);
    }
    return { again, late };
  };
  const here = walk(before);
  const there = walk(after);
  report("read again on the origin:", here.again);
  report("in a wrong order on the origin:", here.late);
  report(
    "skipped on the origin:",
    due.filter((n) => n <= last && !before.includes(n)),
  );
  const next = due.find((n) => n > last);
  const first = after[0];
  // With an announcement, the group may start earlier, but never later.
  if (next !== undefined && first !== undefined && (first > next || (first <= last && announced === 0)))
    report(`${next} was due first on the target, it read`, [first]);
  report("in a wrong order on the target:", there.late);
  report(
    "missing:",
    due.filter((n) => n > last && !seen.has(n)),
  );
  report(
    "never committed, but read:",
    [...seen].filter((n) => !committed.has(n)),
  );
  if (there.again.length < announced) report(`announced as read again were ${announced}, came`, [there.again.length]);
  if (there.again.length > announced)
    report(`read again (${there.again.length}, announced were ${announced}):`, there.again);
  return faults;
}

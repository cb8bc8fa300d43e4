import type { Clusters } from "../clusters";
import type { Isolation } from "../records/read";
import { NO_TIMESTAMP } from "../records/legacy";
import { scan } from "../records/scan";
import { sideBySide } from "../side-by-side";
import { Differences } from "./differences";
import { KeyTable, type Latest, TableFull } from "./key-table";
import { name, type Watch } from "./ordered";
import { hasLostStart, type Pair, TARGET_ISOLATION } from "./pairs";

/**
 * Maximum partitions and offsets of one group. The tables of a group are filled in parallel. The partitions of a group
 * together have no more offsets than fit into one table. A larger partition is a group of its own.
 */
const PARTITIONS_TOGETHER = 200;
const OFFSETS_TOGETHER = 500_000;

/** Compares the latest record of each key on both sides, because the two sides are compacted independently. */
export async function compareLatest(
  clusters: Clusters,
  pairs: readonly Pair[],
  isolation: Isolation,
  watch: Watch,
): Promise<void> {
  for (const group of groups(pairs)) {
    watch.signal?.throwIfAborted();
    await compareGroup(clusters, group, isolation, watch);
  }
}

function* groups(pairs: readonly Pair[]): Iterable<Pair[]> {
  let group: Pair[] = [];
  let offsets = 0;
  for (const pair of pairs) {
    const size = Math.max(Number(pair.origin.to - pair.origin.from), Number(pair.target.to - pair.target.from));
    if (group.length > 0 && (offsets + size > OFFSETS_TOGETHER || group.length >= PARTITIONS_TOGETHER)) {
      yield group;
      group = [];
      offsets = 0;
    }
    group.push(pair);
    offsets += size;
  }
  if (group.length > 0) yield group;
}

async function compareGroup(
  clusters: Clusters,
  group: readonly Pair[],
  isolation: Isolation,
  watch: Watch,
): Promise<void> {
  const differences = new Map(group.map((p) => [p, new Differences(p)]));
  const counts = new Map<Pair, { origin: number; target: number }>();
  for (let passes = 1, pass = 0; pass < passes; pass++) {
    try {
      for (const [pair, [here, there]] of await tables(clusters, group, isolation, watch, pass, passes)) {
        counts.set(pair, { origin: here.records, target: there.records });
        here.compare(there, (a, b) => addKeyDifference(pair, differences.get(pair)!, a, b));
      }
    } catch (error) {
      if (!(error instanceof TableFull)) throw error;
      // The table cannot hold all keys. Read the partitions once per pass, with a part of the keys in each pass.
      passes *= 4;
      pass = -1;
      for (const pair of group) differences.set(pair, new Differences(pair));
    }
  }
  for (const pair of group) {
    const { origin, target } = counts.get(pair)!;
    watch.done(pair, {
      ...name(pair),
      proof: origin === 0 && target === 0 ? "nothing to compare" : "latest per key",
      originRecords: origin,
      targetRecords: target,
      differences: differences.get(pair)!.done(),
    });
  }
}

async function tables(
  clusters: Clusters,
  group: readonly Pair[],
  isolation: Isolation,
  watch: Watch,
  pass: number,
  passes: number,
): Promise<Map<Pair, [KeyTable, KeyTable]>> {
  const found = new Map<Pair, [KeyTable, KeyTable]>(
    group.map((p) => [p, [new KeyTable(pass, passes), new KeyTable(pass, passes)]]),
  );
  const read = (side: "origin" | "target", index: 0 | 1, level: Isolation) => (signal: AbortSignal) => {
    const bySpan = new Map(
      group.map((p) => [p[side], { table: found.get(p)![index], keyless: p.originCompacts !== true }]),
    );
    return scan(
      clusters[side],
      group.map((p) => p[side]),
      {
        isolation: level,
        visit: (range, record) => {
          const { table, keyless } = bySpan.get(range)!;
          table.add(record, keyless);
        },
        signal,
      },
    );
  };
  await sideBySide(read("origin", 0, isolation), read("target", 1, TARGET_ISOLATION), watch.signal);
  return found;
}

/** Reports the difference between two latest records of one key that do not match. Ignores expired records. */
export function addKeyDifference(
  pair: Pair,
  differences: Differences,
  here: Latest | undefined,
  there: Latest | undefined,
): void {
  const gone = (latest: Latest | undefined) =>
    pair.expireBefore !== undefined &&
    latest !== undefined &&
    latest.timestamp !== NO_TIMESTAMP &&
    latest.timestamp < pair.expireBefore;
  // With cleanup.policy=compact,delete, a side whose log no longer begins at 0 can have deleted expired records.
  const deleted =
    (here !== undefined || hasLostStart(pair, "origin")) && (there !== undefined || hasLostStart(pair, "target"));
  if (deleted && (here === undefined || gone(here)) && (there === undefined || gone(there))) return;
  if (here?.alive === true && there?.alive !== true) {
    differences.add("missing", 1, `the key of origin offset ${here.offset} has no value on the target`, {
      origin: here.offset,
    });
  } else if (here?.alive === true && there?.alive === true) {
    differences.add(
      "changed",
      1,
      `the key of origin offset ${here.offset} has another latest record on the target (offset ${there.offset})`,
      { origin: here.offset, target: there.offset },
    );
  } else if (there?.alive === true) {
    const deleted =
      here === undefined ? "does not exist on the origin" : `is deleted on the origin (offset ${here.offset})`;
    differences.add("extra", 1, `the key of target offset ${there.offset} ${deleted}`, {
      ...(here === undefined ? {} : { origin: here.offset }),
      target: there.offset,
    });
  }
}

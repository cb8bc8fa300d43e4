import type { Clusters } from "../clusters";
import { compactedTopics } from "../log/compaction";
import { partitionKey, type PartitionRange } from "../log/partition";
import { type Isolation, pickLast } from "../records/read";
import { type Fingerprint, fingerprint, isCopy, type TailRecord, tailRecord } from "../records/same";
import type { RecordCursor } from "../records/walk";
import type { GateFinding } from "./types";

/** Number of records to read from each cluster if compaction may have removed the last record from one of them. */
const TAIL = 500;

/** The last record of a log, with what people get to know about it: sizes, never contents. */
interface LastRecord extends Fingerprint {
  /** Bytes. null: the record has no key (no value). */
  keySize: number | null;
  valueSize: number | null;
  headers: number;
}

/** One partition on both sides. */
export interface Pair {
  origin: PartitionRange;
  target: PartitionRange;
}

interface Different extends Pair {
  here: LastRecord;
  there: LastRecord | undefined;
}

/**
 * Compares the last visible record of each partition on both clusters: timestamp, key, value and headers. It finds what
 * offsets alone cannot show: a topic that was created again on the target, or another topic of the same length.
 */
export class LastRecords {
  private compared = 0;
  private readonly different: Different[] = [];

  constructor(
    private readonly clusters: Clusters,
    private readonly isolation: Isolation,
  ) {}

  /** Reads the last records of these partitions. Add partitions in parts: the records of one part are in memory. */
  async add(pairs: readonly Pair[]): Promise<void> {
    const [here, there] = await this.tails(pairs, 1, lastRecord);
    for (const pair of pairs) {
      const last = here.get(partitionKey(pair.origin))!.at(-1);
      if (last === undefined) continue;
      this.compared++;
      const copy = there.get(partitionKey(pair.target))!.at(-1);
      if (copy === undefined || !isCopy(last, copy)) this.different.push({ ...pair, here: last, there: copy });
    }
  }

  /** @returns the findings, the number of compared partitions, and a line for each one without a clear result */
  async end(): Promise<{ against: GateFinding[]; compared: number; unsure: string[] }> {
    const { different, compared } = this;
    const result = { against: [] as GateFinding[], compared, unsure: [] as string[] };
    if (different.length === 0) return result;
    const compacted = await compactedTopics(
      this.clusters,
      different.map((p) => ({ origin: p.origin.topic, target: p.target.topic })),
    );
    const [hereTail, thereTail] = await this.tails(
      different.filter((p) => compacted.has(p.origin.topic)),
      TAIL,
      tailRecord,
    );
    for (const p of different) {
      const name = `${p.origin.topic}-${p.origin.partition}`;
      const compacts = compacted.get(p.origin.topic);
      const verdict =
        compacts === undefined
          ? "different"
          : sameAfterCompaction(
              hereTail.get(partitionKey(p.origin))!,
              thereTail.get(partitionKey(p.target))!,
              !compacts.origin,
            );
      if (verdict === "unsure")
        result.unsure.push(
          `${name}: compaction took the last record from one side, and the last ${TAIL} records are not enough to decide`,
        );
      if (verdict !== "different") continue;
      result.against.push({
        kind: "last record",
        subject: name,
        text: describe(name, p.here, p.there),
        hopeless: true,
      });
    }
    return result;
  }

  private tails<T>(pairs: readonly Pair[], count: number, pick: (record: RecordCursor) => T) {
    const { origin, target } = this.clusters;
    return Promise.all([
      pickLast(
        origin,
        pairs.map((p) => p.origin),
        count,
        this.isolation,
        pick,
      ),
      pickLast(
        target,
        pairs.map((p) => p.target),
        count,
        // An exactly-once mirror leaves aborted records on the target.
        "read_committed",
        pick,
      ),
    ]);
  }
}

function lastRecord(record: RecordCursor): LastRecord {
  return {
    ...fingerprint(record),
    keySize: record.key()?.length ?? null,
    valueSize: record.value()?.length ?? null,
    headers: record.headerCount(),
  };
}

/**
 * Compares two tails of a compacted topic. Each cluster compacts and removes tombstones at its own time, so the last
 * records may differ. The last key that is alive must agree: its latest record is the same on the other cluster, or
 * lies before the tail that was read.
 * @param keyless false: the origin compacts, so records without a key do not count
 */
export function sameAfterCompaction(
  here: readonly TailRecord[],
  there: readonly TailRecord[],
  keyless = false,
): "same" | "different" | "unsure" {
  const counts = (r: TailRecord) => keyless || r.key !== null;
  const [a, b] = [
    agrees(lastAlive(here.filter(counts)), there, isCopy),
    agrees(lastAlive(there.filter(counts)), here, (copy, original) => isCopy(original, copy)),
  ];
  if (a === "different" || b === "different") return "different";
  return a === "unsure" || b === "unsure" ? "unsure" : "same";
}

function lastAlive(tail: readonly TailRecord[]): TailRecord | undefined {
  const dead = new Set<string | null>();
  for (let i = tail.length - 1; i >= 0; i--) {
    const record = tail[i]!;
    if (record.alive && !dead.has(record.key)) return record;
    dead.add(record.key);
  }
  return undefined;
}

type Same = (mine: TailRecord, other: TailRecord) => boolean;

function agrees(
  record: TailRecord | undefined,
  tail: readonly TailRecord[],
  same: Same,
): "same" | "different" | "unsure" {
  if (record === undefined) return "unsure";
  const latest = tail.findLast((r) => r.key === record.key);
  if (latest === undefined) return tail.length < TAIL ? "different" : "unsure";
  return same(record, latest) ? "same" : "different";
}

function describe(name: string, here: LastRecord, there: LastRecord | undefined): string {
  const copy =
    there === undefined
      ? "has no record left (is its retention shorter than the origin's?)"
      : `ends with ${textOf(there)}`;
  return `${name}: the origin ends with ${textOf(here)}, but the target ${copy}`;
}

function textOf({ offset, timestamp, keySize, valueSize, headers }: LastRecord): string {
  const size = (bytes: number | null) => (bytes === null ? "null" : `${bytes} bytes`);
  return `offset ${offset} (timestamp ${timestamp}, key ${size(keySize)}, value ${size(valueSize)}, ${headers} headers)`;
}

import { hash } from "node:crypto";
import { type RecordTime, sameTime } from "../records/same";
import type { RecordCursor } from "../records/walk";

const SLOTS_AT_FIRST = 1024;
/** 34 MB at about 32 bytes per slot. A partition with more keys is read in several passes. */
const SLOTS_AT_MOST = 1 << 20;
const FULL = 0.7;

/** Thrown if a pass has more keys than fit into the table. The caller starts again with more passes. */
export class TableFull extends Error {}

/** The latest record of a key. */
export interface Latest extends RecordTime {
  offset: number;
  /** False if the latest record is a tombstone. */
  alive: boolean;
}

/**
 * 64 bits of a digest as two numbers. A bigint would need an object each. Both 0 means "none", so a digest is never 0.
 */
interface Short {
  high: number;
  low: number;
}

/**
 * The latest record of each key of one partition, in typed arrays. Uses 64 bits of SHA-1 for the key, and 64 bits for
 * key, value and headers. Stores only the keys of its own pass.
 */
export class KeyTable {
  private slots = SLOTS_AT_FIRST;
  /** High and low half of the key digest and the record digest: four numbers per slot. */
  private digests = new Uint32Array(SLOTS_AT_FIRST * 4);
  private offsets = new Float64Array(SLOTS_AT_FIRST);
  private timestamps = new Float64Array(SLOTS_AT_FIRST);
  private stamped = new Uint8Array(SLOTS_AT_FIRST);
  private used = 0;
  /** Number of records added, including records whose keys belong to other passes. */
  records = 0;

  constructor(
    private readonly pass: number,
    private readonly passes: number,
  ) {}

  /** @param keyless false: only count a record without a key */
  add(record: RecordCursor, keyless = true): void {
    this.records++;
    const bytes = record.key();
    if (bytes === null && !keyless) return;
    short(bytes ?? NO_KEY, key);
    if (this.passes > 1 && key.high % this.passes !== this.pass) return;
    const slot = this.slot(key.high, key.low);
    if (this.isFree(slot)) {
      this.digests[slot * 4] = key.high;
      this.digests[slot * 4 + 1] = key.low;
      this.used++;
    }
    this.offsets[slot] = record.offset;
    this.timestamps[slot] = record.timestamp;
    this.stamped[slot] = record.stamped ? 1 : 0;
    if (record.isTombstone()) content.high = content.low = 0;
    else short(record.body(), content);
    this.digests[slot * 4 + 2] = content.high;
    this.digests[slot * 4 + 3] = content.low;
    if (this.used > this.slots * FULL) this.grow();
  }

  private isFree(slot: number): boolean {
    return this.digests[slot * 4] === 0 && this.digests[slot * 4 + 1] === 0;
  }

  /** Returns the slot of this key, or the free slot for it. */
  private slot(high: number, low: number): number {
    const mask = this.slots - 1;
    let slot = low & mask;
    while (!this.isFree(slot) && !(this.digests[slot * 4] === high && this.digests[slot * 4 + 1] === low))
      slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    if (this.slots >= SLOTS_AT_MOST) throw new TableFull();
    const { digests, offsets, timestamps, stamped, slots } = this;
    this.slots *= 2;
    this.digests = new Uint32Array(this.slots * 4);
    this.offsets = new Float64Array(this.slots);
    this.timestamps = new Float64Array(this.slots);
    this.stamped = new Uint8Array(this.slots);
    for (let i = 0; i < slots; i++) {
      const [high, low] = [digests[i * 4]!, digests[i * 4 + 1]!];
      if (high === 0 && low === 0) continue;
      const slot = this.slot(high, low);
      this.digests.set(digests.subarray(i * 4, i * 4 + 4), slot * 4);
      this.offsets[slot] = offsets[i]!;
      this.timestamps[slot] = timestamps[i]!;
      this.stamped[slot] = stamped[i]!;
    }
  }

  /**
   * Calls `differs` for each key whose latest record differs between the sides. A tombstone counts as no record. This
   * table belongs to the origin, `other` to the target.
   */
  compare(other: KeyTable, differs: (here: Latest | undefined, there: Latest | undefined) => void): void {
    for (const slot of this.taken()) {
      const there = other.slot(this.digests[slot * 4]!, this.digests[slot * 4 + 1]!);
      const same =
        this.digests[slot * 4 + 2] === other.digests[there * 4 + 2] &&
        this.digests[slot * 4 + 3] === other.digests[there * 4 + 3];
      const latest = this.latest(slot);
      if (same && (!latest.alive || sameTime(latest, other.latest(there)))) continue;
      differs(latest, other.isFree(there) ? undefined : other.latest(there));
    }
    for (const slot of other.taken()) {
      const here = this.slot(other.digests[slot * 4]!, other.digests[slot * 4 + 1]!);
      if (this.isFree(here) && other.latest(slot).alive) differs(undefined, other.latest(slot));
    }
  }

  private *taken(): Iterable<number> {
    for (let slot = 0; slot < this.slots; slot++) if (!this.isFree(slot)) yield slot;
  }

  private latest(slot: number): Latest {
    const alive = this.digests[slot * 4 + 2] !== 0 || this.digests[slot * 4 + 3] !== 0;
    return { offset: this.offsets[slot]!, timestamp: this.timestamps[slot]!, stamped: this.stamped[slot] === 1, alive };
  }
}

const NO_KEY = Buffer.from("a record without a key");
/** Reused for each record to avoid new objects. */
const key: Short = { high: 0, low: 0 };
const content: Short = { high: 0, low: 0 };

/** Writes the first 64 bits of SHA-1 into `into`. Node returns a binary string twice as fast as a Buffer. */
function short(bytes: Buffer, into: Short): void {
  const digest = hash("sha1", bytes, "binary");
  into.high = half(digest, 0);
  into.low = half(digest, 4) || (into.high === 0 ? 1 : 0);
}

function half(digest: string, at: number): number {
  return (
    ((digest.charCodeAt(at) << 24) |
      (digest.charCodeAt(at + 1) << 16) |
      (digest.charCodeAt(at + 2) << 8) |
      digest.charCodeAt(at + 3)) >>>
    0
  );
}

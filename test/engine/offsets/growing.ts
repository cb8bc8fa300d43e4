import { partitionKey } from "../../../engine/log/partition";
import type { LogReader } from "../../../engine/offsets/log-reader";
import type { SidesSoFar } from "../../../engine/offsets/copied-so-far";
import { type Entry, type Log, readerOf, visible } from "./logs";

/** How a simulated partition behaves. Probabilities are per step. */
export interface Habits {
  seed: number;
  /** Number of different bodies and timestamps. Small: many records are equal. */
  contents: number;
  /** Producers write transactions, and some of them abort. */
  transactional: boolean;
  /** The mirror reads committed records only. */
  committedOnly: boolean;
  exactlyOnce: boolean;
  /** The target's topic stamps records itself. */
  stamping: boolean;
  /** Records without a timestamp. */
  untimed: boolean;
  compacted: boolean;
  retention: number;
  crash: number;
  flush: number;
  /** Clients write to the target. */
  foreign: number;
  /** Steps between two reads. */
  pace: number;
  /** Share of the steps in which a producer writes. */
  writing: number;
}

/** A small generator of random numbers (mulberry32), so that a seed repeats a run. */
function randomOf(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** One partition with producers, a mirror that crashes, and clean-up, all at work between every two reads. */
export class Growing {
  readonly origin: Log = { start: 0, end: 0, entries: [] };
  readonly target: Log = { start: 0, end: 0, entries: [] };
  /** Everything that was ever written to the origin, also what is deleted there now. */
  readonly history: Entry[] = [];
  /** Number of times that the mirror sent an earlier record than the one before. */
  wentBack = 0;
  /** Producers write less, and the mirror no longer crashes. */
  calm = false;
  /** Producers do not write. */
  resting = false;
  private readonly random: () => number;
  private position = 0;
  /** The last offset that the mirror has sent since its last start. */
  private pending: number | undefined;
  private stored: number | undefined;
  /** What the engine has read of it. */
  private storedSeen: number | undefined;
  private lastSent = -1;
  /** The first offset of the producer's open transaction. */
  private openFrom: number | undefined;
  private targetOpenFrom: number | undefined;

  constructor(readonly habits: Habits) {
    this.random = randomOf(habits.seed);
    this.origin.start = this.origin.end = Math.floor(this.random() * 5);
    this.position = this.origin.start;
    const before = Math.floor(this.random() * 60);
    for (let i = 0; i < before; i++) this.step();
  }

  step(): void {
    const { crash, flush, foreign, retention, compacted, writing } = this.habits;
    const r = this.random;
    if (!this.resting && r() < (this.calm ? writing / 5 : writing)) this.produce();
    if (this.resting) this.endTransaction(true);
    for (let n = Math.floor(r() * (this.calm ? 6 : 3)); n > 0; n--) this.send();
    if (r() < (this.calm ? 0.3 : flush)) this.flush();
    if (!this.calm && r() < crash) this.crash();
    if (!this.habits.exactlyOnce && r() < foreign) this.append({ id: -1, body: `client ${r()}`, timestamp: 77 });
    if (r() < retention) this.retain();
    if (compacted && r() < 0.1) this.compact(r() < 0.5 ? this.origin : this.target);
  }

  steps(count = Math.floor(this.random() * this.habits.pace)): void {
    for (let i = 0; i < count; i++) this.step();
  }

  /** The producers stop, and the mirror copies everything. */
  finish(): void {
    this.endTransaction(true);
    while (this.position < this.origin.end) this.send();
    this.flush();
  }

  lastStable(): number {
    return this.habits.committedOnly ? (this.openFrom ?? this.origin.end) : this.origin.end;
  }

  targetEnd(): number {
    return this.habits.exactlyOnce ? (this.targetOpenFrom ?? this.target.end) : this.target.end;
  }

  get connect(): number | undefined {
    return this.stored;
  }

  private produce(): void {
    const { contents, transactional, untimed } = this.habits;
    const r = this.random;
    if (transactional && this.openFrom !== undefined && r() < 0.3) return this.endTransaction(r() < 0.6);
    if (transactional) this.openFrom ??= this.origin.end;
    const count = 1 + Math.floor(r() * 3);
    for (let i = 0; i < count; i++) {
      const id = this.history.length;
      const some = Math.floor(r() * contents);
      this.write({
        id,
        kind: "record",
        timestamp: untimed && r() < 0.4 ? -1 : contents > 1000 ? 1000 + id : 1000 + Math.floor(r() * contents),
        body: this.habits.compacted ? `k${Math.floor(r() * 4)}=${contents > 1000 ? id : some}` : `${some}`,
        transactional: this.openFrom !== undefined,
      });
    }
  }

  private write(entry: Omit<Entry, "offset">): void {
    const e = { ...entry, offset: this.origin.end++ };
    this.history.push(e);
    this.origin.entries.push(e);
  }

  private endTransaction(commit: boolean): void {
    const from = this.openFrom;
    if (from === undefined) return;
    if (!commit) for (const e of this.origin.entries) if (e.offset >= from && e.kind === "record") e.kind = "aborted";
    this.write({ id: this.history.length, kind: "marker", timestamp: 0, body: "", transactional: true });
    this.openFrom = undefined;
  }

  private append(entry: Partial<Entry>): void {
    const offset = this.target.end++;
    const { stamping } = this.habits;
    const e: Entry = { id: -1, kind: "record", timestamp: 0, body: "", transactional: false, ...entry, offset };
    if (entry.timestamp === -1) e.timestamp = 9_500_000 + offset;
    if (stamping && e.kind === "record") Object.assign(e, { timestamp: 9_000_000 + offset, stamped: true });
    this.target.entries.push(e);
  }

  private send(): void {
    this.position = Math.max(this.position, this.origin.start);
    const next = visible(this.origin, this.habits.committedOnly).find((e) => e.offset >= this.position);
    if (next === undefined || next.offset >= this.lastStable()) {
      this.position = Math.max(this.position, this.lastStable());
      return;
    }
    if (this.habits.exactlyOnce && this.targetOpenFrom === undefined) this.targetOpenFrom = this.target.end;
    const { id, timestamp, body } = next;
    this.append({ id, timestamp, body, transactional: this.habits.exactlyOnce });
    if (id <= this.lastSent) this.wentBack++;
    this.lastSent = id;
    this.position = next.offset + 1;
    this.pending = next.offset;
  }

  private flush(): void {
    if (this.habits.exactlyOnce) {
      if (this.targetOpenFrom === undefined) return;
      this.append({ kind: "marker", transactional: true });
      this.targetOpenFrom = undefined;
    }
    if (this.pending !== undefined) this.stored = this.pending;
  }

  private crash(): void {
    if (this.habits.exactlyOnce && this.targetOpenFrom !== undefined) {
      for (const e of this.target.entries)
        if (e.offset >= this.targetOpenFrom && e.kind === "record") e.kind = "aborted";
      this.append({ kind: "marker", transactional: true });
      this.targetOpenFrom = undefined;
      // Nobody sees the aborted records.
      this.lastSent = -1;
    }
    this.pending = undefined;
    this.position = this.stored === undefined ? this.origin.start : this.stored + 1;
  }

  private retain(): void {
    const room = this.origin.end - this.origin.start;
    this.origin.start += Math.floor(this.random() * Math.min(room + 1, 12));
    this.origin.entries = this.origin.entries.filter((e) => e.offset >= this.origin.start);
  }

  private compact(log: Log): void {
    const key = (e: Entry) => e.body.split("=")[0];
    // The active segment is not compacted.
    const until = Math.min(log.end - 4, log === this.target ? this.targetEnd() : this.lastStable());
    const later = new Set<string | undefined>();
    const kept: Entry[] = [];
    for (const e of [...log.entries].reverse()) {
      const superseded = e.kind === "record" && e.id >= 0 && later.has(key(e));
      if (e.kind === "record" && e.offset < until) later.add(key(e));
      if (!superseded || e.offset >= until) kept.unshift(e);
    }
    log.entries = kept;
  }

  /**
   * True if the origin has deleted records that are not on the target yet, because they may be in the mirror's memory.
   * Also true if Connect has stored no offset of the log that is left: a deleted record can be the last copied one.
   */
  private isOvertaken(targetEnd: number): boolean {
    const there = new Set(this.target.entries.filter((e) => e.offset < targetEnd).map((e) => e.id));
    if ((this.storedSeen ?? -1) < this.origin.start && this.habits.retention > 0) return true;
    return this.history.some((e) => e.kind !== "marker" && e.offset < this.origin.start && !there.has(e.id));
  }

  /** What the engine sees. Before and after each read the world moves on. */
  sides(): SidesSoFar & { wentBackAtLook: number; startAtLook: number; overtaken: boolean } {
    const move = () => this.steps();
    const moving = (reader: LogReader): LogReader => ({
      scan: async (asks, signal) => {
        move();
        await reader.scan(asks, signal);
      },
      offsetAt: async (p, time) => {
        move();
        return reader.offsetAt(p, time);
      },
      offsetsAt: async (places) => {
        move();
        return reader.offsetsAt(places);
      },
    });
    const logs = (log: Log) => new Map([["t:0", log]]);
    const sides = {
      wentBackAtLook: 0,
      startAtLook: 0,
      overtaken: false,
      origin: moving(readerOf(logs(this.origin), this.habits.committedOnly)),
      target: moving(readerOf(logs(this.target), this.habits.exactlyOnce)),
      bounds: async () => {
        move();
        sides.wentBackAtLook = this.wentBack;
        const target = { start: this.target.start, end: this.targetEnd() };
        move();
        const end = this.lastStable();
        const origin = { start: Math.min(this.origin.start, end), end };
        sides.startAtLook = origin.start;
        sides.overtaken = this.isOvertaken(target.end);
        return [{ target, origin, written: this.origin.end }];
      },
      stored: async () => {
        move();
        const { connect } = this;
        this.storedSeen = connect;
        return connect === undefined ? new Map() : new Map([[partitionKey({ topic: "t", partition: 0 }), connect]]);
      },
      withLosses: async <T>(tasks: readonly T[]) => [...tasks],
    };
    return sides;
  }
}

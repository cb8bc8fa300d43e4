import type { LogReader } from "../../../engine/offsets/log-reader";
import { RecordCursor } from "../../../engine/records/walk";

/** One entry of a simulated log. `id` is the record's identity, which no translation may look at. */
export interface Entry {
  offset: number;
  id: number;
  kind: "record" | "marker" | "aborted";
  timestamp: number;
  body: string;
  transactional: boolean;
  stamped?: boolean;
}

export interface Log {
  start: number;
  end: number;
  entries: Entry[];
}

/** What a consumer of this log sees. */
export const visible = (log: Log, committedOnly: boolean): Entry[] =>
  log.entries.filter((e) => e.offset >= log.start && (e.kind === "record" || (e.kind === "aborted" && !committedOnly)));

export type Draft = Partial<Omit<Entry, "offset">> & { gap?: number };

/** A log from a list of entries; `gap` leaves that many offsets free before one. */
export function logOf(drafts: readonly Draft[], from = 0): Log {
  let offset = from;
  let id = 0;
  const entries = drafts.map((d): Entry => {
    offset += d.gap ?? 0;
    return {
      kind: "record",
      timestamp: 1000 + id,
      body: `value ${id}`,
      transactional: false,
      id: id++,
      ...d,
      offset: offset++,
    };
  });
  return { start: from, end: offset, entries };
}

/** How a simulated mirror copies. */
export interface Mirroring {
  /** Read committed on the origin. */
  committedOnly?: boolean;
  /** After having sent the record with this number, the mirror goes back to the one numbered `to` and repeats. */
  replays?: readonly { after: number; to: number }[];
  /** Exactly-once: a marker on the target after this many records. */
  markerEvery?: number;
  /** The target's topic stamps records itself. */
  stamping?: boolean;
  /** First offset used on the target. */
  from?: number;
}

export function mirror(origin: Log, how: Mirroring = {}): Log {
  const source = visible(origin, how.committedOnly === true);
  const entries: Entry[] = [];
  let offset = how.from ?? 0;
  const send = (e: Entry): void => {
    entries.push({ ...e, kind: "record", transactional: how.markerEvery !== undefined, offset: offset++ });
    // The mirror's producer sets the time where the origin's record has none.
    if (e.timestamp === -1) Object.assign(entries.at(-1) as Entry, { timestamp: 9_500_000 + offset });
    if (how.stamping === true) Object.assign(entries.at(-1) as Entry, { timestamp: 9_000_000 + offset, stamped: true });
    if (how.markerEvery !== undefined && entries.length % how.markerEvery === 0) {
      entries.push({ offset: offset++, id: -1, kind: "marker", timestamp: 0, body: "", transactional: true });
    }
  };
  const replays = [...(how.replays ?? [])];
  for (let i = 0; i < source.length; i++) {
    send(source[i] as Entry);
    const replay = replays.findIndex((r) => r.after === i && r.to <= i);
    if (replay >= 0) i = (replays.splice(replay, 1)[0] as { to: number }).to - 1;
  }
  return { start: how.from ?? 0, end: offset, entries };
}

/** Takes away what compaction would: records that `dropped` names, never the last one. */
export function compact(log: Log, dropped: (e: Entry, index: number) => boolean): Log {
  const last = log.entries.length - 1;
  return { ...log, entries: log.entries.filter((e, i) => i === last || !dropped(e, i)) };
}

/** Counts what a simulated reader was asked for. */
export interface Reads {
  scans: number;
  records: number;
}

export function readerOf(
  logs: ReadonlyMap<string, Log>,
  committedOnly: boolean,
  reads: Reads = { scans: 0, records: 0 },
): LogReader {
  const logOfPartition = (topic: string, partition: number): Log => {
    const log = logs.get(`${topic}:${partition}`);
    if (log === undefined) throw new Error(`no log ${topic}:${partition}`);
    return log;
  };
  const offsetAt: LogReader["offsetAt"] = async (p, timestamp) => {
    // A broker takes -1 for "the end" and -2 for "the start".
    if (timestamp < 0) throw new Error(`asked for time ${timestamp}`);
    return visible(logOfPartition(p.topic, p.partition), false).find((e) => e.timestamp >= timestamp)?.offset;
  };
  return {
    async scan(asks) {
      reads.scans++;
      for (const ask of asks) {
        const log = logOfPartition(ask.topic, ask.partition);
        if (ask.from < log.start || ask.to > log.end)
          throw new Error(`[${ask.from}, ${ask.to}) is outside [${log.start}, ${log.end})`);
        for (const e of visible(log, committedOnly)) {
          if (e.offset < ask.from || e.offset >= ask.to) continue;
          reads.records++;
          ask.see(cursorOf(e));
        }
      }
    },
    offsetAt,
    offsetsAt: (places) => Promise.all(places.map((p) => offsetAt(p, p.timestamp))),
  };
}

function cursorOf(e: Entry): RecordCursor {
  const bytes = Buffer.from(e.body);
  const { offset, timestamp, transactional } = e;
  return Object.assign(new RecordCursor(), {
    offset,
    timestamp,
    transactional,
    stamped: e.stamped === true,
    bytes,
    start: 0,
    end: bytes.length,
  });
}

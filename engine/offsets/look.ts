import type { LogBounds } from "../log/bounds";
import { partitionKey } from "../log/partition";
import type { Fingerprint } from "../records/same";
import { lastRecords, lastVisible } from "./last-records";
import { type Confirmed, type LastCopied, lastCopied, OriginPart } from "./last-copied";
import type { LogReader } from "./log-reader";
import { onOrigin, onTarget, type PartitionToMove } from "./tasks";

/** The bounds of both logs, for a mirror that still copies. */
export interface BoundsSoFar {
  /** Read first. `end` is the end for a reader of the mirror's records. */
  target: LogBounds;
  /** Read after the target's. `end` is the end for the mirror's consumer: the last stable offset, if that limits it. */
  origin: LogBounds;
  /**
   * The end of the origin's log for producers. Committed offsets can lie after `origin.end`, but not after this one.
   */
  written: number;
}

/** Both clusters, as far as a look at the copied part needs them. */
export interface Sides {
  origin: LogReader;
  target: LogReader;
  /** In the order of the partitions. Reads the target's bounds first. */
  bounds(partitions: readonly PartitionToMove[]): Promise<BoundsSoFar[]>;
}

/** The last origin offsets that Connect has stored as copied, by `topic:partition`. */
export type Stored = ReadonlyMap<string, number>;

/** One partition that waits to be translated. */
export interface Waiting {
  partition: PartitionToMove;
  /** Number of the target's last records to compare. Grows while they do not decide. */
  depth: number;
  /** The end of the origin's log when it was first read. Offsets after it are treated like it. */
  written?: number;
  /** True if the last look found no original. The next one looks further back. */
  lost?: true;
}

/** What one look at a partition showed. */
export type Seen =
  /** The last copied record. */
  | { kind: "found"; found: LastCopied; origin: OriginPart; tail: readonly Fingerprint[] }
  /** Nothing has been copied, and nothing deleted on the target. */
  | { kind: "nothing"; origin: OriginPart }
  /**
   * The origin holds no visible record, or the target has deleted what was copied: the end decides as after the gate.
   */
  | { kind: "ended" }
  /** The mirror is so far behind that its exact place was not searched. `end`: about where it is. */
  | { kind: "behind"; end: number }
  /** The place cannot be determined now. */
  | { kind: "unknown"; why: string };

export interface Look {
  waiting: Waiting;
  bounds: BoundsSoFar;
  seen: Seen;
}

export const FIRST_DEPTH = 8;
const DEEPEST = 4096;
const GROWTH = 8;
/** Ranges of the origin that are longer than this are not read only to see that the mirror is not there yet. */
const FAR = 200_000;
/** Number of offsets that show about where the mirror is. */
const PROBE = 4_096;

/** The offset that the mirror must have reached before this partition's offsets can be translated. */
export function needed({ partition, written }: Waiting): number {
  return partition.committed.reduce((most, g) => Math.max(most, Math.min(g, written ?? Infinity)), 0);
}

/**
 * Looks once at how far the mirror has copied these partitions. A few requests, for all partitions together.
 * @param thorough true: also searches a place that is far behind
 */
export async function lookAt(
  sides: Sides,
  all: readonly Waiting[],
  stored: Stored,
  thorough: boolean,
  signal?: AbortSignal,
): Promise<Look[]> {
  const bounds = await sides.bounds(all.map((w) => w.partition));
  const looks = all.map((waiting, i): Look => {
    waiting.written ??= bounds[i]!.written;
    return { waiting, bounds: bounds[i]!, seen: { kind: "unknown", why: "" } };
  });
  const tails = await tailsOf(sides.target, looks, signal);
  await lookWithoutCopies(
    sides,
    looks.filter((_, i) => tails[i]!.length === 0),
    stored,
    signal,
  );
  const open = looks.flatMap((look, i) => (tails[i]!.length === 0 ? [] : [{ look, tail: tails[i]! }]));
  const starts = await originStarts(sides.origin, open, stored);
  const parts = open.map((o, i): Part => ({ ...o, from: starts[i]!, to: o.look.bounds.origin.end, probe: false }));
  for (const part of parts) {
    part.probe = !thorough && part.to - part.from > FAR;
    if (part.probe) part.to = part.from + PROBE;
  }
  await readParts(sides.origin, parts, stored, signal);
  const again = parts.filter((p) => p.probe && !isBehind(p.look));
  for (const part of again) {
    part.probe = false;
    part.to = part.look.bounds.origin.end;
  }
  await readParts(sides.origin, again, stored, signal);
  await findEnded(
    sides.origin,
    parts.map((p) => p.look).filter((l) => l.seen.kind === "unknown"),
    () => false,
    signal,
  );
  return looks;
}

interface Part {
  look: Look;
  tail: readonly Fingerprint[];
  from: number;
  to: number;
  /** True: only the beginning of the part is read. */
  probe: boolean;
}

async function tailsOf(target: LogReader, looks: readonly Look[], signal?: AbortSignal): Promise<Fingerprint[][]> {
  const tails = new Map<Look, Fingerprint[]>();
  for (const depth of new Set(looks.map((l) => l.waiting.depth))) {
    const same = looks.filter((l) => l.waiting.depth === depth);
    const asks = same.map((l) => ({ ...onTarget(l.waiting.partition), bounds: l.bounds.target }));
    const records = await lastRecords(target, asks, depth, signal);
    for (const [i, look] of same.entries()) tails.set(look, records[i]!);
  }
  return looks.map((l) => tails.get(l)!);
}

/** The target's log holds no visible record. */
async function lookWithoutCopies(
  sides: Sides,
  looks: readonly Look[],
  stored: Stored,
  signal?: AbortSignal,
): Promise<void> {
  for (const look of looks) look.seen = { kind: "unknown", why: NO_COPIES };
  const allCopied = ({ waiting }: Look, last: Fingerprint) =>
    (stored.get(partitionKey(onOrigin(waiting.partition))) ?? -1) >= last.offset;
  await findEnded(sides.origin, looks, allCopied, signal);
  const never = looks.filter((l) => l.seen.kind !== "ended" && l.bounds.target.end === 0);
  await sides.origin.scan(
    never.map((look) => {
      const origin = new OriginPart([]);
      look.seen = { kind: "nothing", origin };
      const { start, end } = look.bounds.origin;
      const to = Math.min(end, start + PROBE);
      return { ...onOrigin(look.waiting.partition), from: start, to, see: (cursor) => origin.see(cursor) };
    }),
    signal,
  );
}

const NO_COPIES = "the target's log holds no record any more, so it does not show how far the mirror has copied";
const NO_ORIGINAL =
  "the origin holds none of the target's last records, so they do not show how far the mirror has copied";

/** Finds the partitions whose origin log holds no visible record, or ends with a record for which `ended` is true. */
async function findEnded(
  origin: LogReader,
  looks: readonly Look[],
  ended: (look: Look, last: Fingerprint) => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const asks = looks.map((l) => ({ ...onOrigin(l.waiting.partition), bounds: l.bounds.origin }));
  const records = await lastVisible(origin, asks, signal);
  for (const [i, look] of looks.entries()) {
    const last = records[i];
    if (last === undefined || ended(look, last)) look.seen = { kind: "ended" };
  }
}

/**
 * Where the originals of the target's last records begin on the origin: not before the first record of the same time,
 * and not before what Connect has stored as copied. The margin covers the records before.
 */
async function originStarts(
  origin: LogReader,
  open: readonly { look: Look; tail: readonly Fingerprint[] }[],
  stored: Stored,
): Promise<number[]> {
  const times = open.map(({ look, tail }) => {
    const used = look.waiting.lost === true ? tail : tail.slice(-1);
    const timed = used.every((r) => !r.stamped && r.timestamp >= 0);
    return timed ? used.reduce((least, r) => Math.min(least, r.timestamp), Infinity) : undefined;
  });
  const places = open.flatMap(({ look }, i) =>
    times[i] === undefined ? [] : [{ look, place: { ...onOrigin(look.waiting.partition), timestamp: times[i] } }],
  );
  const found = await origin.offsetsAt(places.map((p) => p.place));
  const first = new Map(places.map(({ look }, i) => [look, found[i]]));
  return open.map(({ look }) => {
    const { waiting, bounds } = look;
    const byTime = first.get(look);
    const confirmed = stored.get(partitionKey(onOrigin(waiting.partition))) ?? 0;
    const from = waiting.lost === true && byTime !== undefined ? byTime : Math.max(byTime ?? 0, confirmed);
    return Math.min(bounds.origin.end, Math.max(bounds.origin.start, from - 2 * waiting.depth));
  });
}

async function readParts(origin: LogReader, parts: readonly Part[], stored: Stored, signal?: AbortSignal) {
  const read = parts.map((part) => ({ part, records: new OriginPart(part.tail) }));
  await origin.scan(
    read.map(({ part, records }) => ({
      ...onOrigin(part.look.waiting.partition),
      from: part.from,
      to: part.to,
      see: (cursor) => records.see(cursor),
    })),
    signal,
  );
  for (const { part, records } of read) {
    const { look, tail } = part;
    const { partition } = look.waiting;
    const before = stored.get(partitionKey(onOrigin(partition)));
    // What Connect stores from now on is not known yet, so everything could be.
    const found = lastCopied(tail, records, { before, after: Infinity }, logOf(look));
    if (part.probe) look.seen = { kind: "behind", end: found?.original.offset ?? Infinity };
    else if (found === undefined) look.seen = { kind: "unknown", why: NO_ORIGINAL };
    else look.seen = { kind: "found", found, origin: records, tail };
  }
}

const logOf = (l: Look) => ({ compacted: l.waiting.partition.compacted, start: l.bounds.origin.start });

const isBehind = ({ seen, waiting }: Look): boolean => seen.kind === "behind" && seen.end + PROBE < needed(waiting);

/** True if more than one record can be the one that was copied last. */
export const isUnsure = ({ seen }: Look): boolean => seen.kind === "found" && seen.found.earliest < seen.found.place;

/** Decides again, with what Connect had stored after the look. */
export function decideAgain(look: Look, stored: Stored, after: Stored): void {
  if (look.seen.kind !== "found") return;
  const key = partitionKey(onOrigin(look.waiting.partition));
  const confirmed: Confirmed = { before: stored.get(key), after: after.get(key) };
  const { tail, origin } = look.seen;
  const found = lastCopied(tail, origin, confirmed, logOf(look));
  if (found !== undefined) look.seen = { ...look.seen, found };
}

/** Number of visible records from the mirror's place to this committed offset, at most. 0: it has been reached. */
export function missing({ seen, waiting, bounds }: Look, committed: number): number {
  const g = Math.min(committed, waiting.written ?? committed);
  const beyond = Math.max(0, g - bounds.origin.end);
  switch (seen.kind) {
    case "ended":
      return beyond;
    case "found":
      return beyond + Math.max(0, seen.origin.countBefore(g) - seen.found.place - 1);
    case "nothing": {
      // Only the beginning of the log was read.
      const read = Math.min(bounds.origin.end, bounds.origin.start + PROBE);
      return beyond + seen.origin.countBefore(g) + Math.max(0, Math.min(g, bounds.origin.end) - read);
    }
    case "behind":
      return Math.max(0, g - Math.min(seen.end, g - 1) - 1);
    case "unknown":
      return 0;
  }
}

/** True if every committed offset of the partition has been reached. */
export const isReached = (look: Look): boolean =>
  look.seen.kind !== "unknown" &&
  look.seen.kind !== "behind" &&
  look.waiting.partition.committed.every((g) => missing(look, g) === 0);

/** True if every committed offset has been reached, also if the earliest possible record was copied last. */
export function isReachedForSure(look: Look): boolean {
  const { seen, waiting } = look;
  const isBefore = (g: number) => seen.kind !== "found" || seen.origin.countBefore(g) <= seen.found.earliest + 1;
  return isReached(look) && waiting.partition.committed.every(isBefore);
}

/** After a look that did not decide: compare more records the next time. Returns false if there are no more. */
export function deepen(look: Look): boolean {
  const { waiting } = look;
  if (look.seen.kind === "unknown") waiting.lost = true;
  else delete waiting.lost;
  if (waiting.depth >= DEEPEST) return false;
  waiting.depth *= GROWTH;
  return true;
}

/** After a look that decided: the next one begins with few records. */
export function startAgain({ seen, waiting }: Look): void {
  if (seen.kind !== "found" || !seen.found.last || seen.found.earliest < seen.found.place) return;
  waiting.depth = FIRST_DEPTH;
  delete waiting.lost;
}

/** Numbers in readable form, for progress lines and errors. */

const SIZES = ["bytes", "KB", "MB", "GB", "TB", "PB"];

/** `0 bytes`, `512 bytes`, `1.5 MB`: powers of 1000. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < SIZES.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${SIZES[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function durationText(ms: number): string {
  if (ms < 9_950) return `${Number((ms / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min${seconds % 60 === 0 ? "" : ` ${seconds % 60} s`}`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
}

/** `1 topic`, `3 topics`. */
export function countText(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `3 records`, or `up to 3 records` if offsets were counted. Some offsets may hold no record (markers, compaction). */
export function recordsText(count: number, atMost: boolean | undefined): string {
  return `${atMost && count > 0 ? "up to " : ""}${countText(count, "record")}`;
}

/** The first few items of a list, and how many more there are. For errors that could name thousands. */
export function someOf(names: readonly string[], most = 10): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** `a`, `a and b`, `a, b and c`. */
export function listText(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)!}`;
}

/** A number as the page shows it: `12,600,000`. */
export function figure(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Like `figure`, for a count that is an upper bound, because offsets may hold no record. */
export function atMost(count: number, bound: boolean | undefined): string {
  return bound === true && count > 0 ? `at most ${figure(count)}` : figure(count);
}

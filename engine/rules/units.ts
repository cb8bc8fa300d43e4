import type { KeyFact } from "./keys";
import type { Saying } from "./rule";

const HOUR = 3600;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const MIB = 2 ** 20;

/** Reports a number that probably has another unit than its key, e.g. milliseconds for a key in seconds. */
export function unitDoubt({ name, byDefault }: KeyFact, value: number): Saying | undefined {
  const standard = Number(byDefault);
  if (!Number.isFinite(value) || value <= 0) return undefined;
  const why = "the key's unit is in its name, and the value looks like another unit";
  if (/\.seconds$/.test(name)) {
    const thousands =
      value % 1000 === 0 &&
      (value >= 10_000 ? !(value % HOUR === 0 && value <= WEEK) : value >= 5000 && value % 60 !== 0);
    if (isPeriod(value) || (!thousands && value <= 4 * WEEK)) return undefined;
    return {
      seen: `which is ${span(value)}`,
      why,
      instead:
        value % 1000 === 0
          ? `write ${value / 1000} if you mean milliseconds`
          : `write seconds; the default is ${byDefault}`,
    };
  }
  if (/\.ms$/.test(name) && Number.isFinite(standard) && standard >= 5000) {
    if (value >= 100 && value * 1000 !== standard) return undefined;
    return {
      seen: `which is ${value} milliseconds`,
      why,
      instead: `write ${value * 1000} if you mean seconds; the default is ${byDefault}`,
    };
  }
  if (/(\.bytes|\.size|^buffer\.memory)$/.test(name) && Number.isFinite(standard) && standard >= MIB && value < 1024) {
    return {
      seen: `which is ${value} bytes`,
      why,
      instead: `write ${value * MIB} if you mean MiB; the default is ${byDefault}`,
    };
  }
  return undefined;
}

/**
 * Whole days that are not a round number of minutes in milliseconds: 30 days, but not 3,600,000 (an hour) or
 * 86,400,000.
 */
const isPeriod = (seconds: number) =>
  seconds % DAY === 0 && (seconds <= 31 * DAY || (seconds <= 366 * DAY && (seconds / 1000) % 60 !== 0));

function span(seconds: number): string {
  const hours = seconds / HOUR;
  return hours >= 48 ? `${Math.round(hours / 24)} days` : `${Math.round(hours * 10) / 10} hours`;
}

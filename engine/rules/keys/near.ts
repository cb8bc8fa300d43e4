import { editDistance } from "../../near-miss";

const UNITS = [
  "ms",
  "millis",
  "milliseconds",
  "s",
  "sec",
  "secs",
  "second",
  "seconds",
  "min",
  "mins",
  "minute",
  "minutes",
];

/**
 * The key that the user probably meant. Dots and hyphens split a key into parts, and many keys differ in one part only.
 * So this function compares the parts. All parts must be the same or mistyped. In a key of four or more parts with the
 * same beginning, one part may be wrong, missing or extra.
 * @param strict find typing mistakes only, because a custom class may read keys of its own
 */
export function nearKey(key: string, known: Iterable<string>, strict = false): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const distance = distanceOf(key, name, strict);
    if (distance !== undefined && (best === undefined || distance < best.distance)) best = { name, distance };
  }
  return best?.name;
}

const partsOf = (key: string) => key.toLowerCase().split(/[._-]/);
const together = (key: string) => key.toLowerCase().replace(/[._\s-]/g, "");

function distanceOf(key: string, name: string, strict: boolean): number | undefined {
  const [a, b] = [together(key), together(name)];
  if (a === b) return 0;
  if (Math.abs(a.length - b.length) > 14) return undefined;
  const [own, other] = [partsOf(key), partsOf(name)];
  const distance = editDistance(a, b);
  const typing = distance <= Math.min(2, Math.floor(b.length / 5));
  if (typing || strict) return typing ? distance : undefined;
  // `heartbeat.interval.seconds` without `emit.` at the beginning.
  const rest = other.slice(1);
  if (own.length >= 3 && own.length === rest.length && own.every((part, i) => alike(part, rest[i]!))) return distance;
  if (!alike(own[0]!, other[0]!)) return undefined;
  if (own.length === other.length) {
    const wrong = own.filter((part, i) => !alike(part, other[i]!)).length;
    return wrong === 0 || (wrong === 1 && own.length >= 4) ? distance : undefined;
  }
  const [short, long] = own.length < other.length ? [own, other] : [other, own];
  return long.length - short.length === 1 && short.length >= 3 && isWithin(short, long) ? distance : undefined;
}

function alike(one: string, other: string): boolean {
  if (one === other || (UNITS.includes(one) && UNITS.includes(other))) return true;
  const [short, long] = [one, other].sort((x, y) => x.length - y.length) as [string, string];
  return (short.length >= 3 && long.startsWith(short)) || editDistance(one, other) <= Math.floor(long.length / 3);
}

/** Returns true if `long` contains the parts of `short` in the same order. Other parts may be between them. */
function isWithin(short: readonly string[], long: readonly string[]): boolean {
  let at = 0;
  for (const part of long) if (at < short.length && alike(short[at]!, part)) at++;
  return at === short.length;
}

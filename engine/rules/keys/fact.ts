import { versionAtLeast } from "../../version";

/** The facts about one key. The notation is described in `connect.ts`. */
export interface KeyFact {
  name: string;
  type: string;
  byDefault?: string;
  /** Both limits are inclusive. `Infinity`: no upper bound. */
  range?: { least: number; most: number };
  words?: { allowed: readonly string[]; anyCase: boolean };
  /** First and last Kafka version that has the key. Absent: all versions since 2.7. */
  since?: string;
  until?: string;
}

export type Facts = ReadonlyMap<string, KeyFact>;

export function factsOf(...tables: readonly string[]): Facts {
  const lines = tables.flatMap((table) => table.split("\n")).filter((line) => line.trim() !== "");
  return new Map(lines.map(factOf).map((fact) => [fact.name, fact]));
}

function factOf(line: string): KeyFact {
  const [name = "", type = "", ...rest] = line.trim().split(/\s+/);
  const fact: KeyFact = { name, type };
  for (const part of rest) {
    const range = /^(-?[\d.]+?)\.\.(-?[\d.]*)$/.exec(part);
    const versions = /^@([\d.]*)-([\d.]*)$/.exec(part);
    if (part.startsWith("=")) fact.byDefault = part.slice(1);
    else if (versions !== null)
      Object.assign(fact, versions[1] && { since: versions[1] }, versions[2] && { until: versions[2] });
    else if (range !== null)
      fact.range = { least: Number(range[1]), most: range[2] === "" ? Infinity : Number(range[2]) };
    else fact.words = { allowed: part.replace(/^~/, "").split("|"), anyCase: part.startsWith("~") };
  }
  return fact;
}

/**
 * Not every Kafka version lists the allowed values of this key in a `ConfigDef`. Durations are allowed since 4.0
 * (KIP-1106).
 */
export const RESET = "auto.offset.reset";

/** Limits of Java's number types. */
const LIMITS: Record<string, number> = { short: 2 ** 15 - 1, int: 2 ** 31 - 1, long: 2 ** 63 };

/**
 * Why Kafka refuses a value, as the end of a sentence that begins with the value: `is not a whole number`. Undefined if
 * Kafka takes the value, or if the value is a placeholder that is filled in elsewhere.
 */
export function refusal({ name, type, range, words }: KeyFact, value: string | number | boolean): string | undefined {
  const text = String(value).trim();
  if (/\$\{|\{\{|\$\(/.test(text)) return undefined;
  if (name === RESET)
    return /^(earliest|latest|none|by_duration:\S+)$/i.test(text) ? undefined : "is none of earliest, latest, none";
  if (type === "boolean") return /^(true|false)$/i.test(text) ? undefined : "is neither true nor false";
  if (type === "factor")
    return (
      outside(text, LIMITS.short!) ??
      (Number(text) === -1 || Number(text) >= 1 ? undefined : "is neither -1 (the cluster's default) nor 1 or more")
    );
  if (LIMITS[type] !== undefined || type === "double") {
    const number =
      type === "double"
        ? Number.isFinite(Number(text)) && text !== ""
          ? undefined
          : "is not a number"
        : outside(text, LIMITS[type]!);
    if (number !== undefined) return number;
    if (range === undefined || (Number(text) >= range.least && Number(text) <= range.most)) return undefined;
    return range.most === Infinity ? `is less than ${range.least}` : `is not from ${range.least} to ${range.most}`;
  }
  if (words === undefined || type !== "string") return undefined;
  const same = (word: string) => (words.anyCase ? word.toUpperCase() === text.toUpperCase() : word === text);
  return words.allowed.some(same) ? undefined : `is none of ${words.allowed.join(", ")}`;
}

function outside(text: string, most: number): string | undefined {
  if (!/^[+-]?\d+$/.test(text)) return "is not a whole number";
  return Math.abs(Number(text)) <= most ? undefined : `is more than ${most}`;
}

/** Why a version does not have the key: `has it since 3.0`, `had it up to 3.9`. Undefined if the version has it. */
export function absence({ since, until }: KeyFact, version: string): string | undefined {
  if (since !== undefined && !versionAtLeast(version, since)) return `has it since ${since}`;
  const [a, b] = version.split(".");
  return until !== undefined && !versionAtLeast(until, `${a}.${b ?? 0}`) ? `had it up to ${until}` : undefined;
}

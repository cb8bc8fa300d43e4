import { versionAtLeast, versionUpTo } from "../../version";
import { isPlaceholder } from "../placeholder";
import { refusedClass } from "./classes";

/** The facts about one key. The notation is described in `connect.ts`. */
export interface KeyFact {
  name: string;
  type: string;
  byDefault?: string;
  /** Both limits are inclusive. `Infinity`: no upper bound. */
  range?: { least: number; most: number };
  /** `formerly`: words that Kafka no longer takes, with the last version that takes them. */
  words?: { allowed: readonly string[]; anyCase: boolean; formerly?: Readonly<Record<string, string>> };
  /** First and last Kafka version that has the key. Absent: all versions since 2.7. */
  addedIn?: string;
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
      Object.assign(fact, versions[1] && { addedIn: versions[1] }, versions[2] && { until: versions[2] });
    else if (range !== null)
      fact.range = { least: Number(range[1]), most: range[2] === "" ? Infinity : Number(range[2]) };
    else fact.words = wordsOf(part);
  }
  return fact;
}

function wordsOf(part: string): KeyFact["words"] {
  const words = part
    .replace(/^~/, "")
    .split("|")
    .map((word) => word.split("@-"));
  const formerly = words.flatMap(([word, until]) => (until === undefined ? [] : [[word!, until] as const]));
  return {
    allowed: words.flatMap(([word, until]) => (until === undefined ? [word!] : [])),
    anyCase: part.startsWith("~"),
    ...(formerly.length === 0 ? {} : { formerly: Object.fromEntries(formerly) }),
  };
}

/**
 * Not every Kafka version lists the allowed values of this key in a `ConfigDef`. Durations are allowed since 4.0
 * (KIP-1106).
 */
export const RESET = "auto.offset.reset";

/** A duration as Java reads it. A negative one is refused. */
const DURATION = /^\+?P(?=[\dT+-])([+-]?\d+D)?(T(?=[\d+-])([+-]?\d+H)?([+-]?\d+M)?([+-]?\d+(\.\d{1,9})?S)?)?$/i;

function refusedReset(text: string, versions: readonly string[]): string | undefined {
  if (["earliest", "latest", "none"].includes(text)) return undefined;
  const duration = /^by_duration:(.*)$/.exec(text)?.[1];
  if (duration === undefined) return "is none of earliest, latest, none";
  if (versions.length > 0 && !versions.some((version) => versionAtLeast(version, "4.0")))
    return "is none of earliest, latest, none: Kafka takes a duration since 4.0";
  return DURATION.test(duration) ? undefined : "has no duration of Java after by_duration:, like P3D or PT12H";
}

/** Limits of Java's number types. */
const LIMITS: Record<string, number> = { short: 2 ** 15 - 1, int: 2 ** 31 - 1, long: 2 ** 63 };

/**
 * Why Kafka refuses a value, as the end of a sentence that begins with the value: `is not a whole number`. Undefined if
 * Kafka takes the value, or if the value is a placeholder that is filled in elsewhere.
 * @param versions the Kafka versions that may run. A value is refused only if each of them refuses it. Empty: any
 */
export function refusal(
  { name, type, range, words }: KeyFact,
  value: string | number | boolean,
  versions: readonly string[] = [],
): string | undefined {
  const text = String(value).trim();
  if (isPlaceholder(text)) return undefined;
  if (name === RESET) return refusedReset(text, versions);
  if (type === "class") return refusedClass(name, text, versions)?.reason;
  if (type === "boolean") return /^(true|false)$/i.test(text) ? undefined : "is neither true nor false";
  if (type === "factor" || type === "partitions")
    return (
      outside(text, LIMITS[type === "factor" ? "short" : "int"]!) ??
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
    if (words !== undefined)
      return words.allowed.map(Number).includes(Number(text)) ? undefined : `is none of ${words.allowed.join(", ")}`;
    if (range === undefined || (Number(text) >= range.least && Number(text) <= range.most)) return undefined;
    return range.most === Infinity ? `is less than ${range.least}` : `is not from ${range.least} to ${range.most}`;
  }
  // The override policy is a plugin, which Kafka's tables call a text.
  const plugin = refusedClass(name, text, versions)?.reason;
  if (plugin !== undefined) return plugin;
  if (words === undefined || type !== "string") return undefined;
  const same = (word: string) => (words.anyCase ? word.toUpperCase() === text.toUpperCase() : word === text);
  const until = Object.entries(words.formerly ?? {}).find(([word]) => same(word))?.[1];
  if (until !== undefined) {
    return versions.length === 0 || versions.some((version) => versionUpTo(version, until))
      ? undefined
      : `is none of ${words.allowed.join(", ")}: Kafka took it up to ${until}`;
  }
  return words.allowed.some(same) ? undefined : `is none of ${words.allowed.join(", ")}`;
}

function outside(text: string, most: number): string | undefined {
  if (!/^[+-]?\d+$/.test(text)) return "is not a whole number";
  return Math.abs(Number(text)) <= most ? undefined : `is more than ${most}`;
}

/** Why a version does not have the key: `has it since 3.0`, `had it up to 3.9`. Undefined if the version has it. */
export function absence({ addedIn, until }: KeyFact, version: string): string | undefined {
  if (addedIn !== undefined && !versionAtLeast(version, addedIn)) return `has it since ${addedIn}`;
  return until !== undefined && !versionUpTo(version, until) ? `had it up to ${until}` : undefined;
}

import { MigrationError } from "../errors";
import { fromJava } from "./java";
import { type Refusal, Refused } from "./reader";

/** MirrorMaker 2's own defaults (Kafka 4.x, DefaultTopicFilter and DefaultGroupFilter). */
export const DEFAULT_TOPICS_EXCLUDE = "mm2.*\\.internal,.*\\.replica,__.*";
export const DEFAULT_GROUPS_EXCLUDE = "console-consumer-.*,connect-.*,__.*";

export type Matcher = (name: string) => boolean;

/**
 * Compiles a comma-separated list of Java regular expressions as MirrorMaker 2 does: each must match the whole name. An
 * empty list matches nothing.
 * @param where the setting that holds the list, for messages
 * @throws MigrationError PATTERN_INVALID with the expression, the character and what to write instead. Thrown for an
 *   invalid expression, and for one that JavaScript cannot match exactly as Java does.
 */
export function compilePatternList(list: string, where: string): Matcher {
  const parts = list
    .split(",")
    .map((p) => p.trim())
    .filter((p) => p.length > 0);
  if (parts.length === 0) return () => false;
  const names = new Set<string>();
  const byStart = new Map<string, RegExp[]>();
  for (const part of parts) {
    const start = startOf(part);
    const compiled = compileOne(part, where, names);
    byStart.get(start)?.push(compiled) ?? byStart.set(start, [compiled]);
  }
  // A list may have thousands of entries. Few of them begin like the name, and most of them are names.
  const lengths = [...new Set([...byStart.keys()].map((start) => start.length))];
  const exact = new Set(parts.filter((part) => /^[\w.-]+$/.test(part)));
  return (name) =>
    exact.has(name) || lengths.some((length) => byStart.get(name.slice(0, length))?.some((r) => r.test(name)) === true);
}

/** Characters with which every match begins. May be fewer than there are, or none. */
function startOf(expression: string): string {
  if (expression.includes("|")) return "";
  // The last character is not part of it if a quantifier follows.
  return /^(?:(?:[\w-]|\\\.)(?![*+?{]))*/.exec(expression)![0].replaceAll("\\.", ".");
}

function compileOne(pattern: string, where: string, names: Set<string>): RegExp {
  try {
    return new RegExp(`^(?:${fromJava(pattern, names)})$`, "u");
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    throw invalid(pattern, where, cause.refusal);
  }
}

const invalid = (pattern: string, where: string, { what, character, fix }: Refusal) =>
  new MigrationError("PATTERN_INVALID", `${where}: "${pattern}" ${what} (character ${character})`, { fix });

/**
 * The error for a list that Java refuses, so that the connector does not run. Undefined if Java accepts the list, or if
 * that is not known here. MirrorMaker 2 joins the list with "|" and compiles the result: `orders-(eu,us)` is valid.
 * @param where the setting that holds the list, for messages
 */
export function refusedByJava(list: string, where: string): MigrationError | undefined {
  const parts = list.split(",").map((part) => part.trim());
  const whole = refusalOf(parts.join("|"));
  if (whole?.inJava !== true) return undefined;
  for (const part of parts) {
    const refusal = refusalOf(part);
    if (refusal?.inJava === true) return invalid(part, where, refusal);
  }
  return invalid(list, where, whole);
}

function refusalOf(pattern: string): Refusal | undefined {
  try {
    fromJava(pattern);
    return undefined;
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    return cause.refusal;
  }
}

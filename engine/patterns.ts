import { MigrationError } from "./errors";

/** MirrorMaker 2's own defaults (Kafka 4.x, DefaultTopicFilter and DefaultGroupFilter). */
export const DEFAULT_TOPICS_EXCLUDE = "mm2.*\\.internal,.*\\.replica,__.*";
export const DEFAULT_GROUPS_EXCLUDE = "console-consumer-.*,connect-.*,__.*";

export type Matcher = (name: string) => boolean;

/**
 * Compiles a comma-separated list of Java regular expressions as MirrorMaker 2 does: each must match the whole name.
 * An empty list matches nothing.
 * @throws MigrationError PATTERN_INVALID naming the expression, for syntax that JavaScript can't read the same way.
 */
export function compilePatternList(list: string, where: string): Matcher {
  const parts = list.split(",").map((p) => p.trim()).filter((p) => p.length > 0);
  if (parts.length === 0) return () => false;
  const compiled = parts.map((p) => compileOne(p, where));
  return (name) => compiled.some((r) => r.test(name));
}

/** Java syntax whose meaning differs in JavaScript, or does not exist there. */
const JAVA_ONLY = [
  { find: /\\[QEAZzGhHRX]/, what: "\\Q, \\E, \\A, \\Z, \\z, \\G, \\h, \\R or \\X" },
  { find: /[^\\][*+?}]\+/, what: "a possessive quantifier" },
  { find: /\(\?>/, what: "an atomic group" },
  { find: /\(\?[imsuxdU-]+[:)]/, what: "an inline flag" },
  { find: /\[[^\]]*&&/, what: "a character class intersection" },
];

function compileOne(pattern: string, where: string): RegExp {
  for (const { find, what } of JAVA_ONLY) {
    if (find.test(pattern)) {
      throw new MigrationError("PATTERN_INVALID", `${where}: "${pattern}" uses ${what}, which can't be checked outside Java`, {
        fix: "write the pattern with plain groups, classes and quantifiers, or list the names",
      });
    }
  }
  try {
    return new RegExp(`^(?:${pattern})$`, "s");
  } catch (cause) {
    throw new MigrationError("PATTERN_INVALID", `${where}: "${pattern}" is not a regular expression (${(cause as Error).message})`, {
      fix: "correct the expression; commas separate patterns, so a comma can't stand inside one",
      cause,
    });
  }
}

import { groupsExcludeOf, topicsExcludeOf } from "../mirror-configuration";
import { refusedByJava } from "../patterns";
import { isPlaceholder } from "./placeholder";
import { mirrorRule, type Rule, type Saying } from "./rule";
import { inEach } from "./unknown";
import { type MirrorView, namesIn } from "./view";

/** The four selections, each with the field that the API version has for it. */
export function patternsOf(mirror: MirrorView): { field: string; read: () => string | undefined }[] {
  const topicsExclude = namesIn(mirror).topicsExclude;
  return [
    { field: "topicsPattern", read: () => mirror.topicsPattern },
    { field: topicsExclude, read: () => topicsExcludeOf(mirror) },
    { field: "groupsPattern", read: () => mirror.groupsPattern },
    { field: topicsExclude.replace("topics", "groups"), read: () => groupsExcludeOf(mirror) },
  ];
}

export const doubtfulPatternRule: Rule = mirrorRule(
  {
    name: "pattern-doubtful",
    level: "advisory",
    refused: true,
    summary: "Patterns are regular expressions, and not shell patterns or lists.",
  },
  (mirror) =>
    inEach(patternsOf(mirror), ({ field, read }) => {
      const pattern = read();
      if (pattern === undefined || isPlaceholder(pattern)) return [];
      // An expression that Java refuses is reported once, by `names-refused`.
      const list = refusedByJava(pattern, field) === undefined ? listAsText(field, pattern) : [];
      const globs = shellPatterns(pattern).filter((part) => refusedByJava(part, field) === undefined);
      return [...list, ...globs.map((part) => shellPattern(field, part))];
    }),
);

/** What the author of a list of patterns that Java refuses probably meant. */
export function meantInstead(field: string, pattern: string): string | undefined {
  const list = listAsText(field, pattern)[0]?.instead;
  const glob = shellPatterns(pattern).find((part) => refusedByJava(part, field) !== undefined);
  return list ?? (glob === undefined ? undefined : `write "${withoutAsterisks(glob)}"`);
}

/** `[orders, payments]`: a class of characters. Two classes, `[a-z],[0-9]`, have more brackets. */
function listAsText(field: string, pattern: string): Saying[] {
  const inside = /^\s*\[([^[\]]*,[^[\]]*)\]\s*$/.exec(pattern)?.[1];
  if (inside === undefined) return [];
  const names = inside.split(",").map((name) => name.trim().replace(/^(["'])(.*)\1$/, "$2"));
  return [
    {
      seen: `${field} is "${pattern}", which looks like a list`,
      why: "in a regular expression brackets are a set of characters: it matches only names of one character",
      instead: `write "${names.join(",")}"`,
    },
  ];
}

/**
 * `orders-*`: an asterisk after a character of a name, in an expression without any other syntax. A zero that is
 * repeated (`part-0*1`) and an asterisk before `.*` are meant as they are written.
 */
const GLOB = /[A-Za-z1-9_-]\*(?!\.\*)/;

/** The expressions of a list that look like shell patterns. */
function shellPatterns(pattern: string): string[] {
  // In `orders(-)*` the hyphen is a part of its own.
  const parts = pattern.split(/[,|()]/).map((part) => part.trim());
  return parts.filter((part) => /^[\w.*-]+$/.test(part) && (GLOB.test(part) || /^\*+[^*]/.test(part)));
}

const withoutAsterisks = (part: string) =>
  part
    .replace(/^\*+/, ".*")
    .replace(new RegExp(GLOB, "g"), (found) => `${found.charAt(0)}.*`)
    .replace(/(\.\*)\*+/g, "$1");

function shellPattern(field: string, part: string): Saying {
  const char = GLOB.exec(part)![0].charAt(0);
  return {
    seen: `"${part}" in ${field} looks like a shell pattern`,
    why: `in a regular expression "${char}*" is any number of "${char}", and not any text`,
    instead: `write "${withoutAsterisks(part)}", or "(${char})*" if you mean that`,
  };
}

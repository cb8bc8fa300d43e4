/** A set of names that one ACL can cover: one name, all names with a prefix, or all names (`*`, literal). */
export interface Cover {
  name: string;
  patternType: "literal" | "prefix";
}

export const everything: Cover = { name: "*", patternType: "literal" };

/**
 * The narrowest ACL names that cover every name which a comma-separated list of Java regular expressions can match. A
 * plain name covers itself. Otherwise the cover is the fixed text at the start of every match, or everything if there
 * is none. In doubt the cover is wider; it is never narrower than the pattern. Top-level alternatives (`a|b`) are
 * handled one by one.
 */
export function coverPatternList(list: string): Cover[] {
  const patterns = list
    .split(",")
    .map((p) => p.trim())
    .filter((p) => p.length > 0);
  const covers = patterns.flatMap((pattern) => topLevelAlternatives(pattern).map(coverOne));
  return withoutRedundant(covers);
}

/** Returns true if the wide cover contains every name of the narrow one. */
export function holds(wide: Cover, narrow: Cover): boolean {
  if (isEverything(wide)) return true;
  if (isEverything(narrow)) return false;
  if (wide.patternType === "prefix") return narrow.name.startsWith(wide.name);
  return narrow.patternType === "literal" && wide.name === narrow.name;
}

export function isEverything(cover: Cover): boolean {
  return cover.name === "*" && cover.patternType === "literal";
}

export function withoutRedundant(covers: readonly Cover[]): Cover[] {
  return covers.filter(
    (cover, i) => !covers.some((other, j) => j !== i && holds(other, cover) && (!holds(cover, other) || j < i)),
  );
}

/** An ordinary character in a regular expression. Group names may contain more than letters. */
const PLAIN = /^[^\\^$.|?*+()[\]{}\s#]$/;
/** One character, escaped or as a class of its own: `\\.` or `[.]`. */
const QUOTED = /^(?:\\([^A-Za-z0-9])|\[([^\\^\]&[])\])/;
/** A quantifier. It allows zero or several of the previous character, so that character is not fixed text. */
const QUANTIFIER = /^[*+?{]/;

function coverOne(pattern: string): Cover {
  let fixed = "";
  let rest = pattern.startsWith("^") ? pattern.slice(1) : pattern;
  while (rest.length > 0) {
    const quoted = QUOTED.exec(rest);
    const letter = quoted === null ? rest[0]! : (quoted[1] ?? quoted[2])!;
    if (quoted === null && !PLAIN.test(letter)) break;
    const after = rest.slice(quoted === null ? 1 : quoted[0].length);
    if (QUANTIFIER.test(after)) break;
    fixed += letter;
    rest = after;
  }
  if (rest.length === 0 && fixed.length > 0)
    return fixed === "*" ? everything : { name: fixed, patternType: "literal" };
  return fixed.length > 0 ? { name: fixed, patternType: "prefix" } : everything;
}

/**
 * Splits `a|b(c|d)` into `a` and `b(c|d)`. A pattern with unbalanced brackets gets no fixed text. Java's nested classes
 * end too early here, which splits too often. That is safe: the first part still starts as every match does.
 */
function topLevelAlternatives(pattern: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let inClass = false;
  let part = "";
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (c === "\\") {
      if (pattern[i + 1] === "Q") return [".*"];
      part += c + (pattern[++i] ?? "");
      continue;
    }
    if (inClass) {
      if (c === "]") inClass = false;
    } else if (c === "[") inClass = true;
    else if (c === "(") depth++;
    else if (c === ")") depth--;
    else if (c === "|" && depth === 0) {
      parts.push(part);
      part = "";
      continue;
    }
    part += c;
  }
  if (depth !== 0 || inClass) return [".*"];
  return [...parts, part].filter((p) => p.length > 0);
}

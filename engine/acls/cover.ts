/** Names that an ACL can speak about: one, all that start with something, or all (`*`, literal). */
export interface Cover {
  name: string;
  patternType: "literal" | "prefix";
}

export const everything: Cover = { name: "*", patternType: "literal" };

/**
 * The narrowest ACL names that hold every name which a comma-separated list of Java regular expressions can match:
 * a plain name as it is, otherwise the fixed text that every match starts with, otherwise everything.
 * Never narrower than the pattern: where in doubt the answer is wider. Top-level alternatives (`a|b`) count one by one.
 */
export function coverPatternList(list: string): Cover[] {
  const patterns = list
    .split(",")
    .map((p) => p.trim())
    .filter((p) => p.length > 0);
  const covers = patterns.flatMap((pattern) => topLevelAlternatives(pattern).map(coverOne));
  return withoutRedundant(covers);
}

/** Does this cover hold every name that the other one holds? */
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

/** What means itself in a regular expression. Group names may hold more than letters. */
const PLAIN = /^[^\\^$.|?*+()[\]{}\s#]$/;
/** A quantifier that allows zero of what stands before it, or repeats it. */
const QUANTIFIER = /^[*+?{]/;

function coverOne(pattern: string): Cover {
  let fixed = "";
  let rest = pattern.startsWith("^") ? pattern.slice(1) : pattern;
  while (rest.length > 0) {
    const escaped = rest[0] === "\\" && rest.length > 1 && !/[A-Za-z0-9]/.test(rest[1]!);
    const letter = escaped ? rest[1]! : rest[0]!;
    if (!escaped && !PLAIN.test(letter)) break;
    const after = rest.slice(escaped ? 2 : 1);
    if (QUANTIFIER.test(after)) break;
    fixed += letter;
    rest = after;
  }
  if (rest.length === 0 && fixed.length > 0)
    return fixed === "*" ? everything : { name: fixed, patternType: "literal" };
  return fixed.length > 0 ? { name: fixed, patternType: "prefix" } : everything;
}

/**
 * `a|b(c|d)` is `a` and `b(c|d)`; a pattern whose brackets can't be followed gets no fixed text. Java's nested classes end
 * too early here, which splits more than there is: the first part still starts as every match does.
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

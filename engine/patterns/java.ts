import { characterClass } from "./classes";
import { escaped, literal } from "./escapes";
import { PatternReader, refuse, refuseInvalid } from "./reader";

/**
 * Own code: no maintained package translates Java's regular expressions exactly or refuses them.
 *
 * Translates one Java regular expression (java.util.regex.Pattern, no flags) to JavaScript with the flag `u`. Both
 * match the same whole names. An expression that has no exact translation is refused. Groups become non-capturing. `.`,
 * `$` and `\s` become the characters that they match in Java.
 * @param names group names of the earlier patterns, because MirrorMaker 2 joins all patterns into one expression
 * @throws Refused
 */
export function fromJava(pattern: string, names = new Set<string>()): string {
  const reader = new PatternReader(pattern);
  const source = alternatives(reader, { behind: false, names });
  if (!reader.done) refuseInvalid(reader, 'has a ")" without its "("', "write \\) for the character, or remove it");
  return source;
}

interface Enclosing {
  /** True inside a lookbehind. Java accepts a lookbehind only if its longest match is bounded. */
  behind: boolean;
  names: Set<string>;
}

/** Java's `.` excludes five line terminators, JavaScript's excludes four. */
const DOT = "[^\\n\\r\\u0085\\u2028\\u2029]";
/** Java's `$` also matches before a final line terminator, but not between CR and LF. */
const DOLLAR = "(?:(?![^])|(?=(?:\\r\\n|[\\n\\r\\u0085\\u2028\\u2029])(?![^]))(?!(?<=\\r)\\n))";

function alternatives(reader: PatternReader, enclosing: Enclosing): string {
  const parts = [sequence(reader, enclosing)];
  while (reader.take("|")) parts.push(sequence(reader, enclosing));
  return parts.join("|");
}

function sequence(reader: PatternReader, enclosing: Enclosing): string {
  let source = "";
  for (let c = reader.peek(); c !== undefined && c !== "|" && c !== ")"; c = reader.peek())
    source += item(reader, c, enclosing);
  return source;
}

function item(reader: PatternReader, c: string, enclosing: Enclosing): string {
  switch (c) {
    case "(":
      return group(reader, enclosing);
    case "[":
      return quantified(reader, characterClass(reader), enclosing);
    case ".":
      reader.next();
      return quantified(reader, DOT, enclosing);
    case "^":
    case "$":
      reader.next();
      return assertion(reader, c === "^" ? "^" : DOLLAR);
    case "\\": {
      const { source, isAssertion } = escaped(reader);
      return isAssertion ? assertion(reader, source) : quantified(reader, source, enclosing);
    }
    case "*":
    case "+":
    case "?":
      return refuseInvalid(
        reader,
        `has a "${c}" with nothing before it to repeat`,
        `write .${c} for any characters, or \\${c} for the character`,
      );
    case "{":
      return refuseInvalid(reader, 'has a "{" with nothing before it to repeat', "write \\{ for the character");
    default:
      reader.next();
      return quantified(reader, literal(c), enclosing);
  }
}

function group(reader: PatternReader, enclosing: Enclosing): string {
  const begun = reader.at;
  reader.next();
  const { open, isLookaround, behind } = groupStart(reader, begun, enclosing);
  const inner = alternatives(reader, { ...enclosing, behind: enclosing.behind || behind });
  if (!reader.take(")"))
    refuseInvalid(reader, 'has a "(" without its ")"', "write \\( for the character, or close the group", begun);
  const source = `${open}${inner})`;
  return isLookaround ? assertion(reader, source) : quantified(reader, source, enclosing);
}

function groupStart(
  reader: PatternReader,
  begun: number,
  { names }: Enclosing,
): { open: string; isLookaround: boolean; behind: boolean } {
  if (!reader.take("?")) return { open: "(?:", isLookaround: false, behind: false };
  if (reader.take(":")) return { open: "(?:", isLookaround: false, behind: false };
  for (const open of ["=", "!", "<=", "<!"])
    if (reader.take(open)) return { open: `(?${open}`, isLookaround: true, behind: open.length > 1 };
  if (reader.take(">"))
    refuse(
      reader,
      "has an atomic group, (?>...), which JavaScript does not have",
      "write a plain group, (?:...)",
      begun,
    );
  const name = reader.match(/^<([A-Za-z][A-Za-z0-9]*)>/u)?.[1];
  if (name !== undefined) {
    if (names.has(name))
      refuseInvalid(
        reader,
        `has two groups called "${name}", which Java refuses`,
        "write plain groups, (?:...)",
        begun,
      );
    names.add(name);
    return { open: "(?:", isLookaround: false, behind: false };
  }
  if (reader.match(/^[idmsuxU-]*[:)]/u) !== undefined) {
    refuse(
      reader,
      "has an inline flag, like (?i), which JavaScript does not have",
      "write both cases, [oO]rders, and remove the flag",
      begun,
    );
  }
  return refuseInvalid(reader, 'has a "(?" that does not begin a group in Java', "write a plain group, (?:...)", begun);
}

function quantified(reader: PatternReader, source: string, enclosing: Enclosing): string {
  const begun = reader.at;
  const count = quantifier(reader);
  if (count === undefined) return source;
  if (enclosing.behind && /^[*+]/u.test(count))
    refuse(
      reader,
      `repeats without a limit ("${count}") inside a lookbehind, which Java refuses`,
      "use {n} there",
      begun,
    );
  if (reader.peek() === "+")
    refuse(
      reader,
      `has a possessive quantifier, "${count}+", which JavaScript does not have`,
      `write "${count}" alone`,
      begun,
    );
  const lazy = reader.take("?") ? "?" : "";
  const more = reader.peek();
  if (more !== undefined && "*+?{".includes(more))
    // Java reads `a{2}{3}`.
    (more === "{" ? refuse : refuseInvalid)(
      reader,
      `has a "${more}" after a quantifier`,
      "put the repeated part into a group, (?:...)",
    );
  return `${source}${count}${lazy}`;
}

function quantifier(reader: PatternReader): string | undefined {
  for (const sign of ["*", "+", "?"]) if (reader.take(sign)) return sign;
  if (reader.peek() !== "{") return undefined;
  const count = reader.match(/^\{\d{1,9}\}/u)?.[0];
  if (count !== undefined) return count;
  return refuseInvalid(
    reader,
    'has a "{" that does not begin a count such as {3}',
    "write \\{ for the character; a comma separates patterns, so write a{2}a?a? for two to four a",
  );
}

/**
 * Writes an expression that matches between characters. Only Java allows a quantifier after it, and there it has no
 * effect.
 */
function assertion(reader: PatternReader, source: string): string {
  const next = reader.peek();
  if (next !== undefined && "*+?{".includes(next))
    refuse(reader, `repeats ("${next}") something that matches no character`, "remove the quantifier");
  return source;
}

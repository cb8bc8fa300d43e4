import { type PatternReader, refuse, refuseInvalid } from "./reader";

/** Writes a character so that JavaScript always reads it as an ordinary character. */
export function literal(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/** Java's `\s` has six characters, JavaScript's has many more. Both constants are written for use inside a class. */
const SPACE = "\\t-\\r ";
const NO_SPACE = "\\u{0}-\\u{8}\\u{e}-\\u{1f}\\u{21}-\\u{10ffff}";

/**
 * Classes written as a letter, in the form that goes into `[...]`. Without flags, Java's classes contain only ASCII.
 */
const CLASSES: Record<string, string> = { d: "\\d", D: "\\D", w: "\\w", W: "\\W", s: SPACE, S: NO_SPACE };

const SINGLE: Record<string, string> = { t: "\t", n: "\n", r: "\r", f: "\f" };

/** Letters after a backslash that Java reads, and that are not read here. */
const ONLY_JAVA = "ABGHNPQRVXZabcehkpvz0";

/** Advice for the letters that Java reads differently. */
const INSTEAD: Record<string, string> = {
  p: "write the class out, e.g. [a-z] for \\p{Lower}, [A-Za-z0-9] for \\p{Alnum}",
  P: "write the class out, e.g. [^a-z] for \\P{Lower}",
  Q: "write a backslash before each special character instead of \\Q...\\E",
  E: "write a backslash before each special character instead of \\Q...\\E",
  k: "write the repeated text out",
  A: "remove it: a pattern always matches the whole name",
  z: "remove it: a pattern always matches the whole name",
  Z: "remove it: a pattern always matches the whole name",
  G: "remove it: a pattern always matches the whole name",
};

/** One character, or a class in the form that goes inside `[...]`. */
export type Escape = { character: string } | { inClass: string };

/** Reads an escape of a character or a class. The reader must be at the backslash. */
export function characterEscape(reader: PatternReader): Escape {
  const begun = reader.at;
  reader.next();
  const c = reader.next();
  if (c === undefined) return refuseInvalid(reader, "ends with a backslash", "write \\\\ for the character", begun);
  if (Object.hasOwn(CLASSES, c)) return { inClass: CLASSES[c]! };
  if (Object.hasOwn(SINGLE, c)) return { character: SINGLE[c]! };
  if (c === "x" || c === "u") return { character: byNumber(reader, c, begun) };
  if (/[1-9]/u.test(c))
    return refuse(
      reader,
      `refers back to group ${c}, which Java counts over all patterns of the list`,
      "write the repeated text out",
      begun,
    );
  if (/[A-Za-z0]/u.test(c))
    return (ONLY_JAVA.includes(c) ? refuse : refuseInvalid)(
      reader,
      `uses \\${c}, which JavaScript reads differently or rejects`,
      INSTEAD[c] ?? "write the character itself, or a class of characters",
      begun,
    );
  return { character: c };
}

/** Reads an escape outside a class, where `\b` and `\B` are word boundaries. */
export function escaped(reader: PatternReader): { source: string; isAssertion: boolean } {
  const edge = reader.peek(1);
  // Up to version 18 Java counts non-ASCII letters as word characters. JavaScript and Java 19 and later do not. On
  // topic names both behave the same.
  if ((edge === "b" || edge === "B") && reader.peek(2) !== "{") {
    reader.at += 2;
    return { source: `\\${edge}`, isAssertion: true };
  }
  const found = characterEscape(reader);
  return { source: "inClass" in found ? `[${found.inClass}]` : literal(found.character), isAssertion: false };
}

function byNumber(reader: PatternReader, kind: string, begun: number): string {
  const digits = reader.match(kind === "x" ? /^(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/u : /^([0-9a-fA-F]{4})/u);
  const code = Number.parseInt(digits?.[1] ?? digits?.[2] ?? "", 16);
  if (Number.isNaN(code) || code > 0x10ffff)
    return refuseInvalid(
      reader,
      `uses \\${kind} without the number of a character`,
      `write ${kind === "x" ? "\\x2e" : "\\u002e"}, or the character itself`,
      begun,
    );
  // Java reads two adjacent surrogate halves as one character.
  if (kind === "u" && code >= 0xd800 && code < 0xdc00) {
    const low = reader.match(/^\\u([dD][c-fC-F][0-9a-fA-F]{2})/u)?.[1];
    if (low !== undefined) return String.fromCharCode(code, Number.parseInt(low, 16));
  }
  return String.fromCodePoint(code);
}

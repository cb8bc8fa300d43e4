import { characterEscape, type Escape, literal } from "./escapes";
import { type PatternReader, refuse, refuseInvalid } from "./reader";

/**
 * Reads `[...]`. The reader must be at the opening bracket. Refuses unions, intersections and a first bracket that Java
 * reads differently.
 */
export function characterClass(reader: PatternReader): string {
  const begun = reader.at;
  reader.next();
  const negated = reader.take("^");
  if (reader.peek() === "]")
    refuse(
      reader,
      'has a class that begins with "]": Java reads the character, JavaScript the end of the class',
      "write \\]",
    );
  let source = "";
  while (!reader.take("]")) {
    if (reader.done)
      refuseInvalid(reader, 'has a "[" without its "]"', "write \\[ for the character, or close the class", begun);
    source += entry(reader);
  }
  return `[${negated ? "^" : ""}${source}]`;
}

/** Reads one character, one range, or a class written as a letter (such as `\w`). */
function entry(reader: PatternReader): string {
  const begun = reader.at;
  const first = one(reader);
  const after = reader.peek(1);
  // A hyphen before the end or after a class such as \w is an ordinary character.
  if ("inClass" in first || reader.peek() !== "-" || after === undefined || after === "]")
    return "inClass" in first ? first.inClass : literal(first.character);
  reader.next();
  const last = one(reader);
  if ("inClass" in last)
    return refuseInvalid(reader, "has a range that ends in a class", "write \\- for the hyphen, or put it last", begun);
  if (last.character.codePointAt(0)! < first.character.codePointAt(0)!) {
    return refuseInvalid(
      reader,
      `has a range that runs backwards, ${first.character}-${last.character}`,
      `write ${last.character}-${first.character}, or \\- for the hyphen`,
      begun,
    );
  }
  return `${literal(first.character)}-${literal(last.character)}`;
}

function one(reader: PatternReader): Escape {
  const c = reader.peek()!;
  if (c === "[")
    return refuse(
      reader,
      'has a class inside a class, which is a union in Java and the character "[" in JavaScript',
      "write \\[ for the character, or put all characters into one class",
    );
  if (c === "&" && reader.peek(1) === "&")
    return refuse(
      reader,
      "has an intersection of classes, &&, which JavaScript does not have",
      "list the characters, or write \\& for the character",
    );
  if (c === "\\") return characterEscape(reader);
  reader.next();
  return { character: c };
}

/** The fields an API version knows: `true` for a leaf, `"any"` where any fields may follow, else by name. */
export type Fields = true | "any" | { [name: string]: Fields };

/**
 * Reads `a b* c(d e)`: three fields, of which `b` may hold anything and `c` holds `d` and `e`. A list is written as its
 * items are.
 */
export function fieldsOf(text: string): Fields {
  const tokens = text.match(/[^\s()*]+|[()*]/g) ?? [];
  let at = 0;
  const level = (): Fields => {
    const fields: { [name: string]: Fields } = {};
    while (at < tokens.length && tokens[at] !== ")") {
      const name = tokens[at++]!;
      fields[name] = true;
      if (tokens[at] === "*") {
        at++;
        fields[name] = "any";
      } else if (tokens[at] === "(") {
        at++;
        fields[name] = level();
        at++;
      }
    }
    return fields;
  };
  return level();
}

/** The fields of one level: `true` for a leaf, `"any"` where any fields may follow, else by name. */
export type Fields = true | "any" | { [name: string]: Field };

export interface Field {
  fields: Fields;
  /** The Strimzi version, `major.minor`, whose CRD first has the field; absent: every version that this package writes for. */
  since?: string;
}

/**
 * Reads `a b* c(d e@0.38)`: `b` may hold anything, `c` holds `d` and `e`, and `e` exists since Strimzi 0.38. The version comes
 * before a `*` or a bracket. A list is written as its items are.
 */
export function fieldsOf(text: string): Fields {
  const tokens = text.match(/[^\s()*]+|[()*]/g) ?? [];
  let at = 0;
  const level = (): Fields => {
    const fields: { [name: string]: Field } = {};
    while (at < tokens.length && tokens[at] !== ")") {
      const [name = "", since] = tokens[at++]!.split("@");
      const field: Field = { fields: true, ...(since === undefined ? {} : { since }) };
      fields[name] = field;
      if (tokens[at] === "*") {
        at++;
        field.fields = "any";
      } else if (tokens[at] === "(") {
        at++;
        field.fields = level();
        at++;
      }
    }
    return fields;
  };
  return level();
}

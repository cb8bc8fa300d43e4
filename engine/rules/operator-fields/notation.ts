/** The fields of one level: `true` for a leaf, `"any"` if any fields may follow, otherwise the fields by name. */
export type Fields = true | "any" | { [name: string]: Field };

export interface Field {
  fields: Fields;
  /**
   * The first Strimzi version, `major.minor`, whose CRD has the field. Absent: every version that this package
   * supports.
   */
  addedIn?: string;
}

/**
 * Reads `a b* c(d e@0.38)`: `b` may contain anything, `c` contains `d` and `e`, and `e` exists since Strimzi 0.38. The
 * version comes before a `*` or a bracket. A list is written like one of its items.
 */
export function fieldsOf(text: string): Fields {
  const tokens = text.match(/[^\s()*]+|[()*]/g) ?? [];
  let at = 0;
  const level = (): Fields => {
    const fields: { [name: string]: Field } = {};
    while (at < tokens.length && tokens[at] !== ")") {
      const [name = "", addedIn] = tokens[at++]!.split("@");
      const field: Field = { fields: true, ...(addedIn === undefined ? {} : { addedIn }) };
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

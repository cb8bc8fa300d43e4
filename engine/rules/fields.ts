import { type Rule, stackRule } from "./rule";
import { inEach } from "./unknown";
import type { UnknownField, View } from "./view";

export const fieldRules: Rule[] = [
  stackRule(
    { name: "unknown-field", level: "mandatory", summary: "No field is one that the API version does not have." },
    (view) =>
      fieldsOf(view, true).map((field) => ({
        at: field,
        say: {
          seen: `${field.path} is no field of ${field.apiVersion}`,
          why: `the API server drops it${field.loss === undefined ? ", and what it says has no effect" : `: ${field.loss}`}`,
          instead:
            field.meant === undefined
              ? "leave it out, or write a field that this version has"
              : `did you mean ${field.meant}?`,
        },
      })),
  ),
  stackRule(
    {
      name: "field-not-known",
      level: "advisory",
      summary: "Every field is one that this version of the package knows.",
    },
    (view) =>
      fieldsOf(view, false).map((field) => ({
        at: field,
        say: {
          seen: `${field.path} is not known to this version of the package as a field of ${field.apiVersion}`,
          why: "if the operator's API version does not have it, the API server drops it",
          instead: "check it against the operator's own CRD (kubectl explain)",
        },
      })),
  ),
];

/** Without what is said already, of fields that another API version has. */
function fieldsOf({ unknownFields = [], mirrors }: View, sure: boolean): readonly UnknownField[] {
  const said = new Set(
    inEach(mirrors, (mirror) => mirror.strangeFields.map(({ path }) => `${mirror.resource} ${plain(path)}`)),
  );
  return unknownFields.filter(
    (field) =>
      field.sure === sure &&
      !said.has(`${field.resource} ${plain(field.path)}`) &&
      !/\]\.heartbeatConnector$/.test(field.path),
  );
}

const plain = (path: string) => path.replace(/^spec\./, "");

import { entry } from "../objects";
import { alike } from "./alike";
import { type Rule, type Saying, stackRule } from "./rule";
import { inEach } from "./unknown";
import type { Subject, RefusedField, UnknownField, View } from "./view";

export const fieldRules: Rule[] = [
  stackRule({ name: "unknown-field", level: "mandatory", summary: "Every field exists in the API version." }, (view) =>
    fieldsOf(view, true).map((field) => ({
      at: field,
      say: {
        seen: `${field.path} is not a field of ${field.apiVersion}`,
        why: `the API server drops it${field.loss === undefined ? ", so it has no effect" : `: ${field.loss}`}`,
        instead: meantBy(field),
      },
    })),
  ),
  stackRule(
    {
      name: "field-not-known",
      level: "advisory",
      summary: "This version of the package knows every field.",
    },
    (view) =>
      fieldsOf(view, false).map((field) => ({
        at: field,
        say: {
          seen: `${field.path} is not a field that this version of the package knows for ${field.apiVersion}`,
          why: "if the operator's API version does not have it, the API server drops it",
          instead:
            (field.elsewhere === undefined ? "" : `${meantBy(field)} otherwise `) +
            "check it against the operator's own CRD (kubectl explain)",
        },
      })),
  ),
  stackRule(
    { name: "field-refused", level: "mandatory", summary: "Every field has a value that the API server accepts." },
    (view) => refusals(view, true, "the API server refuses the whole resource: it is neither created nor changed"),
  ),
  stackRule(
    {
      name: "field-refused-later",
      level: "advisory",
      summary: "Every field of v1 has a value that Strimzi 1.0 and later accept.",
    },
    (view) => refusals(view, false, "with Strimzi 1.0 and later the API server refuses the whole resource"),
  ),
  stackRule(
    {
      name: "cluster-label",
      level: "advisory",
      summary: "Users, topics and connectors have the label by which their operator selects them.",
    },
    ({ withoutCluster = [] }) =>
      withoutCluster.map((at) => ({
        at,
        say: {
          seen: `metadata.labels has no ${at.wanted}${at.near === undefined ? "" : `, but ${at.near}`}`,
          why: `operators select resources by it: ${entry(UNSEEN, at.kind) ?? "none of them reads this one"}`,
          instead: `write ${at.wanted}: <the name of its ${at.kind === "KafkaConnector" ? "KafkaConnect" : "cluster"}>`,
        },
      })),
  ),
];

function meantBy({ meant, elsewhere = [] }: UnknownField): string {
  if (meant !== undefined) return `did you mean ${meant}?`;
  return elsewhere.length === 0
    ? "remove it, or use a field of this version"
    : `did you mean ${elsewhere.slice(0, -1).join(", ")}${elsewhere.length > 1 ? " or " : ""}${elsewhere.at(-1)!}?`;
}

const UNSEEN: Readonly<Record<string, string>> = {
  KafkaUser: "none of them makes this user, its Secret or its ACLs",
  KafkaTopic: "none of them makes or changes this topic",
  KafkaConnector: "no Connect cluster runs this connector",
};

const UNUSABLE =
  "the operator, Connect or Kubernetes refuses it: the connectors or pods that it configures do not start";

function refusals(view: View, sure: boolean, why: string): { at: Subject; say: Saying }[] {
  const { refusedFields = [], unknownFields = [] } = view;
  // A missing field that is only misspelt is reported at the misspelt field.
  const misspelt = ({ resource, path, missing }: RefusedField) =>
    missing !== undefined &&
    unknownFields.some(
      (one) => one.resource === resource && one.meant === missing && parentOf(one.path) === parentOf(path),
    );
  const own = refusedFields.filter((field) => field.sure === sure && !misspelt(field));
  const wrong = own.filter(({ missing }) => missing === undefined);
  const resources = [...new Set(own.map(({ resource }) => resource))];
  return resources.flatMap((resource) => {
    const missing = own.filter((field) => field.missing !== undefined && field.resource === resource);
    return [
      ...alike(
        wrong
          .filter((field) => field.resource === resource)
          .map(({ path, seen, byOperator, instead }) => ({
            place: path,
            is: seen,
            why: byOperator === true ? UNUSABLE : why,
            instead,
          })),
      ).map((say) => ({ at: wrong.find((field) => field.resource === resource)!, say })),
      ...together(
        missing.filter(({ byOperator }) => byOperator !== true),
        why,
      ),
      ...together(
        missing.filter(({ byOperator }) => byOperator === true),
        "the operator refuses the resource: it becomes NotReady, and no worker starts",
      ),
    ];
  });
}

/** One finding for all fields that are missing in a resource. */
function together(missing: readonly RefusedField[], why: string): { at: Subject; say: Saying }[] {
  const paths = missing.map(({ path }) => path);
  return missing.slice(0, 1).map((at) => ({
    at,
    say: {
      seen: `${paths.join(", ")} ${paths.length === 1 ? "is" : "are"} missing`,
      why,
      instead: `write ${paths.length === 1 ? "it" : "them"}`,
    },
  }));
}

const parentOf = (path: string) => path.replace(/\.[^.]*$/, "");

/** Leaves out fields of another API version, which another rule reports already. */
function fieldsOf({ unknownFields = [], mirrors }: View, sure: boolean): readonly UnknownField[] {
  const said = new Set(
    inEach(mirrors, (mirror) => mirror.fieldsOfOtherVersions.map(({ path }) => `${mirror.resource} ${plain(path)}`)),
  );
  return unknownFields.filter(
    (field) =>
      field.sure === sure &&
      !said.has(`${field.resource} ${plain(field.path)}`) &&
      !/\]\.heartbeatConnector$/.test(field.path),
  );
}

const plain = (path: string) => path.replace(/^spec\./, "");

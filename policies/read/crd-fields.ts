import { type Fields, fieldsOf, mirrorFields, userFields } from "../../engine/rules/operator-fields";

/** Settings for building images. MirrorMaker 2 builds no images, and the components do not write these settings. */
const builds = fieldsOf(`template(deployment(metadata(labels* annotations*) deploymentStrategy)
  buildConfig* buildContainer* buildPod* buildServiceAccount*)`);
/** In Strimzi before 0.23. */
const old = fieldsOf("metrics*");
/** In v1 of Strimzi 0.49 to 0.51. */
const oauth = { authentication: { fields: at(mirrorFields.v1beta2, "clusters", "authentication") } };

const mirrorV1 = merged(mirrorFields.v1, builds, {
  target: { fields: oauth },
  mirrors: { fields: { source: { fields: oauth } } },
});
const userBefore = merged(userFields.v1beta1, userFields.v1beta2);

/**
 * Every field of `spec` that any operator of an API version knows: the fields that the components may write, and the
 * fields that only others write. `test/policies/fields.test.ts` compares it with the CRDs of Strimzi 0.31, 0.32, 0.45,
 * 0.51 and 1.2.
 */
export const CRD_FIELDS: Readonly<Record<string, Fields>> = {
  "KafkaMirrorMaker2 v1beta2": merged(mirrorFields.v1beta2, builds),
  "KafkaMirrorMaker2 v1alpha1": merged(mirrorFields.v1alpha1, mirrorFields.v1beta2, builds, old),
  "KafkaMirrorMaker2 v1": mirrorV1,
  "KafkaUser v1beta2": userFields.v1beta2,
  "KafkaUser v1beta1": userBefore,
  "KafkaUser v1alpha1": userBefore,
  "KafkaUser v1": userFields.v1,
};

/** Merges all fields level by level. If any field may follow in one of them, any field may follow in the result. */
function merged(...all: readonly Fields[]): Fields {
  if (all.includes("any")) return "any";
  const levels = all.filter((fields) => typeof fields === "object");
  if (levels.length === 0) return true;
  const names = [...new Set(levels.flatMap((fields) => Object.keys(fields)))];
  const below = (name: string) => levels.map((level) => level[name]?.fields).filter((fields) => fields !== undefined);
  return Object.fromEntries(names.map((name) => [name, { fields: merged(...below(name)) }]));
}

function at(fields: Fields, ...path: readonly string[]): Fields {
  return path.reduce<Fields>(
    (level, name) => (typeof level === "object" ? (level[name]?.fields ?? true) : level),
    fields,
  );
}

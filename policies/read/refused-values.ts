import { attempt, type RefusedField } from "../../engine/rules";
import { refusedFields } from "../../engine/rules/operator-fields";
import { isPlaceholder } from "../../engine/rules/placeholder";
import { partsOf } from "./home";
import { type AnyResource, apiVersionOf, known, object, text } from "./plain";

/** Fields of a custom resource whose values the API server refuses, and required fields that are missing. */
export function refusedFieldsOf(resource: AnyResource): RefusedField[] {
  const kind = resource.type.split(":").pop()!;
  const apiVersion = apiVersionOf(resource, object(known(resource.props)));
  const { metadata, spec } = partsOf(resource);
  const root = kind === "EventStreams" ? "spec.strimziOverrides" : "spec";
  const names = (["namespace", "name"] as const).map((key) => text(attempt(() => metadata[key])));
  const label = `${kind} ${names.filter(Boolean).join("/") || resource.name}`;
  const called = (["namespace", "name"] as const).flatMap((key, i): RefusedField[] => {
    const refusal = names[i] === undefined ? undefined : refusedName(key, names[i]);
    const path = `metadata.${key}`;
    return refusal === undefined ? [] : [{ resource: resource.urn, label, apiVersion, path, sure: true, ...refusal }];
  });
  called.push(
    ...neverServed(kind, apiVersion).map((field) => ({ resource: resource.urn, label, apiVersion, ...field })),
  );
  // Either nothing is known of it yet, or it has no spec.
  if (Object.keys(spec).length === 0) return called;
  const place = { resource: resource.urn, label, apiVersion };
  return [...called, ...refusedFields(kind, apiVersion, spec, root).map((field) => ({ ...place, ...field }))];
}

/** The API versions that Strimzi has had for these kinds (0.12 to 1.2). */
const SERVED: Readonly<Record<string, readonly string[]>> = {
  KafkaMirrorMaker2: ["v1alpha1", "v1beta2", "v1"],
  KafkaNodePool: ["v1beta2", "v1"],
  KafkaConnector: ["v1alpha1", "v1beta2", "v1"],
  KafkaUser: ["v1alpha1", "v1beta1", "v1beta2", "v1"],
  KafkaTopic: ["v1alpha1", "v1beta1", "v1beta2", "v1"],
  Kafka: ["v1alpha1", "v1beta1", "v1beta2", "v1"],
};

function neverServed(kind: string, apiVersion: string): Pick<RefusedField, "path" | "seen" | "instead" | "sure">[] {
  const [group = "", version = ""] = apiVersion.split("/");
  const served = Object.hasOwn(SERVED, kind) ? SERVED[kind]! : undefined;
  if (served === undefined || !group.endsWith("strimzi.io")) return [];
  // A later operator can have a version that is none of these and no preview.
  if (group === "kafka.strimzi.io" && (served.includes(version) || !/^v1(alpha|beta)\d+$/.test(version))) return [];
  const seen = `is "${apiVersion}", which no version of Strimzi has for ${kind}`;
  return [
    { path: "apiVersion", seen, sure: true, instead: `write kafka.strimzi.io/v1beta2, or v1 since Strimzi 0.49` },
  ];
}

/** Kubernetes' names: RFC 1123. A namespace is one label, without dots and of at most 63 characters. */
const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const NAME = { namespace: new RegExp(`^${LABEL}$`), name: new RegExp(`^${LABEL}(\\.${LABEL})*$`) };
const LONGEST = { namespace: 63, name: 253 };

function refusedName(key: "namespace" | "name", value: string): Pick<RefusedField, "seen" | "instead"> | undefined {
  if (isPlaceholder(value)) return undefined;
  if (value.length > LONGEST[key])
    return { seen: `has ${value.length} characters`, instead: `write at most ${LONGEST[key]}` };
  const dots = key === "name" ? ', "." and "-"' : ' and "-"';
  return NAME[key].test(value)
    ? undefined
    : {
        seen: `is "${value}", which is not a valid name in Kubernetes`,
        instead: `write small letters, digits${dots} only, with a letter or digit at both ends`,
      };
}

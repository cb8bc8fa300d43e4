import { entry } from "../../engine/objects";
import { attempt, type RefusedField } from "../../engine/rules";
import {
  from10,
  mirrorWithAliases,
  refusedValue,
  type ValueFact,
  valueFacts,
} from "../../engine/rules/operator-fields";
import { isPlaceholder } from "../../engine/rules/placeholder";
import { partsOf } from "./home";
import { brokenConditions } from "./conditions";
import { unusableValues } from "./config-values";
import { missingLogins } from "./logins";
import { type AnyResource, apiVersionOf, type Json, known, object, text } from "./plain";

/** Fields of a custom resource whose values the API server refuses, and required fields that are missing. */
export function refusedFieldsOf(resource: AnyResource): RefusedField[] {
  return refusedIn(resource).map((field) => (isSecret(field.path) ? { ...field, seen: hidden(field.seen) } : field));
}

/** Fields in which people write a secret, also where only a reference to one belongs. */
const isSecret = (path: string) =>
  /(password|secret|token|assertion|certificateAndKey|jaas)\w*(\.|$)|\.value$|\.(env|javaSystemProperties)$/i.test(
    path.replace(/\[\d+\]|^spec\./g, ""),
  );

/** The same sentence without the value. */
const hidden = (seen: string) =>
  seen.replace(/^is "[^]*?"(?=$|, | \()/, "is a text").replace(/^is -?[\d.]+/, "is a number");

function refusedIn(resource: AnyResource): RefusedField[] {
  const kind = resource.type.split(":").pop()!;
  const apiVersion = apiVersionOf(resource, object(known(resource.props)));
  const [group = "", version = ""] = apiVersion.split("/");
  const { metadata, spec } = partsOf(resource);
  const root = kind === "EventStreams" ? "spec.strimziOverrides" : "spec";
  const names = (["namespace", "name"] as const).map((key) => text(attempt(() => metadata[key])));
  const label = `${kind} ${names.filter(Boolean).join("/") || resource.name}`;
  const called = (["namespace", "name"] as const).flatMap((key, i): RefusedField[] => {
    const refusal = names[i] === undefined ? undefined : refusedName(key, names[i]);
    const path = `metadata.${key}`;
    return refusal === undefined ? [] : [{ resource: resource.urn, label, apiVersion, path, sure: true, ...refusal }];
  });
  // Either nothing is known of it yet, or it has no spec.
  if (Object.keys(spec).length === 0) return called;
  // Two tables can contain the same mapping or list.
  const once = (fields: readonly RefusedField[]) =>
    fields.filter(({ path }, i) => fields.findIndex((one) => one.path === path) === i);
  const found = (facts: readonly ValueFact[], sure: boolean): RefusedField[] =>
    once(
      facts.flatMap((fact) =>
        placesOf(spec, fact.path, root).flatMap((place) => {
          const refusal = refusalAt(place, fact);
          return refusal === undefined
            ? []
            : [{ resource: resource.urn, label, apiVersion, path: place.path, sure, ...refusal }];
        }),
      ),
    );
  const always = [
    ...(entry(valueFacts, kind) ?? []),
    ...(kind === "KafkaMirrorMaker2" && version !== "v1" ? mirrorWithAliases : []),
  ];
  const operators = kind === "KafkaMirrorMaker2" ? missingLogins(spec) : [];
  const place = { resource: resource.urn, label, apiVersion, sure: true };
  const others = kind === "KafkaMirrorMaker2" || kind === "KafkaUser" ? brokenConditions(kind, spec) : [];
  const unusable = kind === "KafkaMirrorMaker2" ? unusableValues(spec) : [];
  const certain: RefusedField[] = [
    ...called,
    ...found(always, true),
    ...[...others, ...unusable].map((one) => ({ ...place, ...one })),
    ...operators.map(({ path, name }) => ({
      ...{ resource: resource.urn, label, apiVersion, path, sure: true, missing: name },
      ...{ seen: "is missing", instead: `write ${name}`, byOperator: true },
    })),
  ];
  // Event Streams with v1 (13.0) is based on Strimzi 1.0. In Strimzi 0.49 to 0.51, v1 has fewer requirements.
  const newer = version === "v1" ? found(entry(from10, kind) ?? [], group !== "kafka.strimzi.io") : [];
  return [...certain, ...newer.filter(({ path }) => !certain.some((one) => one.path === path))];
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
        seen: `is "${value}", which is no name in Kubernetes`,
        instead: `write small letters, digits${dots} only, with a letter or digit at both ends`,
      };
}

interface Occurrence {
  parent: Json;
  key: string;
  path: string;
  /** Set for an item of a list. */
  item?: unknown;
}

/** Every occurrence of a path whose parent exists. */
function placesOf(parent: Json, [key = "", ...rest]: readonly string[], path: string): Occurrence[] {
  const here = `${path}.${key}`;
  if (rest.length === 0) return [{ parent, key, path: here }];
  const value = attempt(() => parent[key]);
  if (rest[0] === "[]") {
    if (!Array.isArray(value)) return [];
    return [...value.keys()].flatMap((i) => {
      const item = attempt(() => value[i] as unknown);
      if (rest.length === 1) return item === undefined ? [] : [{ parent, key, path: `${here}[${i}]`, item }];
      return isObject(item) ? placesOf(item, rest.slice(1), `${here}[${i}]`) : [];
    });
  }
  return isObject(value) ? placesOf(value, rest, here) : [];
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function refusalAt(
  { parent, key, item }: Occurrence,
  fact: ValueFact,
): Pick<RefusedField, "seen" | "instead" | "missing"> | undefined {
  if (item !== undefined) return refusedValue(fact, item);
  if (!Object.hasOwn(parent, key)) {
    const needed =
      fact.required !== undefined &&
      !(fact.required.unless !== undefined && Object.hasOwn(parent, fact.required.unless));
    return needed ? { seen: "is missing", instead: `write ${key}`, missing: key } : undefined;
  }
  const value = attempt(() => parent[key]);
  return value === undefined ? undefined : refusedValue(fact, value);
}

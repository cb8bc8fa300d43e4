import { entry } from "../../objects";
import type { Json } from "../../plain";
import { attempt } from "../unknown";
import type { RefusedField } from "../view";
import { brokenConditions } from "./conditions";
import { unusableValues } from "./config-values";
import { missingLogins } from "./logins";
import { missingClusters, unknownVersion } from "./operators";
import { refusedValue } from "./refusal";
import { from10, mirrorWithAliases, type ValueFact, valueFacts } from "./values";

export type FieldRefusal = Pick<RefusedField, "path" | "seen" | "instead" | "missing" | "sure" | "byOperator">;

/**
 * Fields of a resource's text whose values the API server, or the operator behind it, refuses, and required fields that
 * are missing. A value that is not known yet is not judged.
 * @param root the path of `spec` in messages
 */
export function refusedFields(kind: string, apiVersion: string, spec: Json, root = "spec"): FieldRefusal[] {
  return refusedIn(kind, apiVersion, spec, root).map((field) =>
    isSecret(field.path) ? { ...field, seen: hidden(field.seen) } : field,
  );
}

/** Fields in which people write a secret, also where only a reference to one belongs. */
const isSecret = (path: string) =>
  /(password|secret|token|assertion|certificateAndKey|jaas)\w*(\.|$)|\.value$|\.(env|javaSystemProperties)$/i.test(
    path.replace(/\[\d+\]|^spec\./g, ""),
  );

/** The same sentence without the value. */
const hidden = (seen: string) =>
  seen.replace(/^is "[^]*?"(?=$|, | \()/, "is a text").replace(/^is -?[\d.]+/, "is a number");

function refusedIn(kind: string, apiVersion: string, spec: Json, root: string): FieldRefusal[] {
  const [group = "", version = ""] = apiVersion.split("/");
  // Two tables can contain the same mapping or list.
  const once = (fields: readonly FieldRefusal[]) =>
    fields.filter(({ path }, i) => fields.findIndex((one) => one.path === path) === i);
  const found = (facts: readonly ValueFact[], sure: boolean): FieldRefusal[] =>
    once(
      facts.flatMap((fact) =>
        placesOf(spec, fact.path, root).flatMap((place) => {
          const refusal = refusalAt(place, fact);
          return refusal === undefined ? [] : [{ path: place.path, sure, ...refusal }];
        }),
      ),
    );
  const always = [
    ...(entry(valueFacts, kind) ?? []),
    ...(kind === "KafkaMirrorMaker2" && version !== "v1" ? mirrorWithAliases : []),
  ];
  const operators = kind === "KafkaMirrorMaker2" ? missingLogins(spec) : [];
  const others = kind === "KafkaMirrorMaker2" || kind === "KafkaUser" ? brokenConditions(kind, spec) : [];
  const versions = ["KafkaMirrorMaker2", "Kafka"].includes(kind) ? unknownVersion(kind, version, spec) : [];
  const unusable =
    kind === "KafkaMirrorMaker2" ? [...unusableValues(spec), ...missingClusters(version, spec), ...versions] : versions;
  const certain: FieldRefusal[] = [
    ...found(always, true),
    ...[...others, ...unusable].map((one) => ({ ...one, sure: true })),
    ...operators.map(({ path, name }) => ({
      path,
      ...{ sure: true, missing: name, seen: "is missing", instead: `write ${name}`, byOperator: true },
    })),
  ];
  // Event Streams with v1 (13.0) is based on Strimzi 1.0. In Strimzi 0.49 to 0.51, v1 has fewer requirements.
  const newer = version === "v1" ? found(entry(from10, kind) ?? [], group !== "kafka.strimzi.io") : [];
  return [...certain, ...newer.filter(({ path }) => !certain.some((one) => one.path === path))];
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

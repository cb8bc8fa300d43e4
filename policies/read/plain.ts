import { attempt, inEach, later } from "../../engine/rules";

/** A resource as Pulumi's analyzer hands it over; tests and the components' texts can be written so too. */
export interface AnyResource {
  type: string;
  name: string;
  urn: string;
  props: Record<string, unknown>;
  provider?: { name: string; props: Record<string, unknown> };
  dependencies?: readonly AnyResource[];
  /** By input, whose outputs it comes from. */
  propertyDependencies?: Record<string, readonly AnyResource[]>;
}

export type Json = Record<string, unknown>;

/** A copy in which what Pulumi knows only later throws when it is read, and a field of null is none, as for Kubernetes. */
export function known(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const copy: object = Array.isArray(value) ? new Array<unknown>(value.length) : {};
  for (const key of Object.keys(value)) {
    const field = attempt(() => ({ known: known((value as Json)[key]) }));
    if (field === undefined) later(copy, key);
    else if (field.known !== null || Array.isArray(value)) (copy as Json)[key] = field.known;
  }
  return copy;
}

export const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
/** The entries that are known. */
export const list = (value: unknown): Json[] =>
  Array.isArray(value) ? inEach([...value.keys()], (i) => [object(value[i])]) : [];
/** Throws where it is not known yet. */
export const items = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? Array.from({ length: value.length }, (_, i) => value[i] as unknown) : [];
export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
export const number = (value: unknown): number | undefined => {
  if (typeof value === "string" && value.trim() !== "") value = Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
};

/** A custom resource's type has it, too: `kubernetes:kafka.strimzi.io/v1:KafkaUser`. */
export const apiVersionOf = ({ type }: AnyResource, props: Json): string =>
  text(attempt(() => props.apiVersion)) ?? type.split(":")[1] ?? "";

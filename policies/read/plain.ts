import { setOwn } from "../../engine/objects";
import { items, type Json, number, object, text } from "../../engine/plain";
import { attempt, inEach, later } from "../../engine/rules";

/** A resource in the form that Pulumi's analyzer provides. Tests and the components' texts can use the same form. */
export interface AnyResource {
  type: string;
  name: string;
  urn: string;
  props: Record<string, unknown>;
  provider?: { name: string; props: Record<string, unknown> };
  dependencies?: readonly AnyResource[];
  /** For each input, the resources whose outputs it comes from. */
  propertyDependencies?: Record<string, readonly AnyResource[]>;
}

export { items, type Json, number, object, text };

/**
 * A copy in which a value that Pulumi does not know yet throws when it is read. A null field is left out, as in
 * Kubernetes.
 */
export function known(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const earlier = copies.get(value);
  if (earlier !== undefined) return earlier;
  const copy: object = Array.isArray(value) ? new Array<unknown>(value.length) : {};
  for (const key of Object.keys(value)) {
    const field = attempt(() => ({ known: known((value as Json)[key]) }));
    if (field === undefined) later(copy, key);
    else if (field.known !== null || Array.isArray(value)) setOwn(copy, key, field.known);
  }
  copies.set(value, copy);
  return copy;
}

/** Many readers look at the same resource. Reading Pulumi's proxies again for each of them is slow. */
const copies = new WeakMap<object, object>();

/** The entries that are known. */
export const list = (value: unknown): Json[] =>
  Array.isArray(value) ? inEach([...value.keys()], (i) => [object(value[i])]) : [];
/**
 * The API version, from the properties or from the type of a custom resource:
 * `kubernetes:kafka.strimzi.io/v1:KafkaUser`.
 */
export const apiVersionOf = ({ type }: AnyResource, props: Json): string =>
  text(attempt(() => props.apiVersion)) ?? type.split(":")[1] ?? "";

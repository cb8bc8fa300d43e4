import type { Setting } from "../../engine/setting";
import { checkOf } from "../../engine/setting-check";
import { type Fault, faultsOf, isObject, valueAt } from "./faults";

/**
 * Returns the settings without everything that is faulty, so that mistakes in the rest can be reported at the same
 * time. A list with a fault is removed as a whole. So is an object without a required key.
 * @param standIn returns a value for a missing required key. Undefined: there is none
 */
export function validPart<Out>(
  schema: Setting<any, Out>,
  values: unknown,
  standIn: (path: readonly PropertyKey[]) => unknown = () => undefined,
): Out | undefined {
  let rest = values;
  for (let round = 0; round < ROUNDS; round++) {
    const parsed = checkOf(schema).safeParse(rest);
    if (parsed.success) return parsed.data as Out;
    for (const fault of faultsOf(schema, rest)) rest = without(rest, fault, standIn);
  }
  return undefined;
}

/** Each round removes something, at most one level further up. */
const ROUNDS = 8;

function without(values: unknown, fault: Fault, standIn: (path: readonly PropertyKey[]) => unknown): unknown {
  const listed = fault.path.findIndex((key) => typeof key === "number");
  const path = listed === -1 ? fault.path : fault.path.slice(0, listed);
  const instead = standIn(path);
  if (instead !== undefined) return set(values, path, instead);
  if (valueAt(values, path) !== undefined) return set(values, path, undefined);
  return path.length < 2 ? values : set(values, path.slice(0, -1), standIn(path.slice(0, -1)));
}

/** Copies only along the path, because the values beside it may be Pulumi outputs. */
function set(values: unknown, [key, ...rest]: readonly PropertyKey[], value: unknown): unknown {
  if (key === undefined || !(values === undefined || isObject(values))) return values;
  const copy: Record<PropertyKey, unknown> = { ...values };
  if (rest.length === 0 && value === undefined) delete copy[key];
  else copy[key] = rest.length === 0 ? value : set(copy[key], rest, value);
  return copy;
}

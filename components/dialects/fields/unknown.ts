import { nearMiss } from "../../../engine/near-miss";
import type { Fields } from "./notation";

/**
 * The fields of a text that its API version does not know, as sentences. The API server would drop them silently on
 * create and refuse every later update, so they must not get there. Values that Pulumi knows later are leaves.
 */
export function unknownFields(value: unknown, fields: Fields, path: string): string[] {
  if (fields === true || fields === "any") return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => unknownFields(item, fields, `${path}[${i}]`));
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (inner === undefined) return [];
    const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (known !== undefined) return unknownFields(inner, known, `${path}.${name}`);
    const meant = nearMiss(name, Object.keys(fields));
    return [`${path}.${name} is no field${meant === undefined ? "" : `; did you mean ${path}.${meant}?`}`];
  });
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

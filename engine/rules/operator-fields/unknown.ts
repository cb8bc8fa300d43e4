import { nearMiss } from "../../near-miss";
import { versionAtLeast } from "../../version";
import type { Fields } from "./notation";
import { newestStrimzi, oldestStrimzi } from "./versions";

/**
 * Describes the fields of a text that its API version does not have, as sentences. The API server would drop such
 * fields silently on create and refuse every later update, so they must not reach it. Values that Pulumi does not know
 * yet are leaves.
 * @param strimzi version of the operator (Strimzi's own, or the one that Event Streams derives from), e.g. `0.45.0`
 */
export function unknownFields(value: unknown, fields: Fields, path: string, strimzi: string = newestStrimzi): string[] {
  if (fields === true || fields === "any") return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => unknownFields(item, fields, `${path}[${i}]`, strimzi));
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (inner === undefined) return [];
    const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (known?.addedIn !== undefined && !versionAtLeast(strimzi, known.addedIn)) {
      return [`${path}.${name} exists since Strimzi ${known.addedIn}, but the operator is ${strimzi}: remove it`];
    }
    if (known !== undefined) return unknownFields(inner, known.fields, `${path}.${name}`, strimzi);
    const here = Object.keys(fields).filter((one) => versionAtLeast(strimzi, fields[one]?.addedIn ?? oldestStrimzi));
    const meant = nearMiss(name, here);
    const hint = meant === undefined ? "" : `; did you mean ${path}.${meant}?`;
    return [`${path}.${name} is not a field that this package version knows (Strimzi up to ${newestStrimzi})${hint}`];
  });
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

import type { Setting } from "../../engine/setting";

/** Returns the keys that a schema knows at a path. Empty if any key is allowed. */
export function keysAt(schema: Setting<any, any>, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const key of path) {
    // An array unwraps to its element, so an index needs no further step.
    at = objectOf(unwrap(at));
    if (typeof key !== "number") at = (at as { shape?: Record<PropertyKey, unknown> }).shape?.[key];
  }
  return Object.keys((objectOf(unwrap(at)) as { shape?: object } | undefined)?.shape ?? {});
}

/** Returns the object of a union. The other choice is `false`. */
function objectOf(type: unknown): unknown {
  const { options } = (type ?? {}) as { options?: { shape?: object }[] };
  return options?.find?.((option) => option.shape !== undefined) ?? type;
}

function unwrap(type: unknown): unknown {
  let at = type as { unwrap?: () => unknown; shape?: unknown } | undefined;
  while (at !== undefined && at.shape === undefined && typeof at.unwrap === "function") at = at.unwrap() as typeof at;
  return at;
}

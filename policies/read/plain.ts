/** A resource as Pulumi's analyzer hands it over; tests and the components' texts can be written so too. */
export interface AnyResource {
  type: string;
  name: string;
  urn: string;
  props: Record<string, unknown>;
  provider?: { name: string; props: Record<string, unknown> };
}

export type Json = Record<string, unknown>;

/**
 * A copy without what Pulumi knows only later: reading such a value throws in a preview, so each field is read on its
 * own and left out if it can't be.
 */
export function known(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, i) => attempt(() => known(value[i]))).filter((item) => item !== undefined);
  if (typeof value !== "object" || value === null) return value;
  const copy: Json = {};
  for (const key of Object.keys(value)) {
    const field = attempt(() => known((value as Json)[key]));
    if (field !== undefined) copy[key] = field;
  }
  return copy;
}

export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && /can't be known during preview/.test(error.message)) return undefined;
    throw error;
  }
}

export const object = (value: unknown): Json => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {});
export const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : []);
export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
export const number = (value: unknown): number | undefined => {
  if (typeof value === "string" && value.trim() !== "") value = Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
};

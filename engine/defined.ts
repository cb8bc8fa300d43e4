/**
 * Returns only the fields that have a value. In a resource's text and in state, an undefined field differs from an
 * absent one.
 */
export function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** The fields that have a value: an undefined one is not the same as an absent one in a resource's text or in state. */
export function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

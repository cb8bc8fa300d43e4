/**
 * Returns only the fields that have a value. In a resource's text and in state, an undefined field differs from an
 * absent one.
 */
export function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/**
 * Looks up a word that a user wrote in a table. Every object inherits `constructor`, `toString` and so on. They are not
 * words of the table.
 */
export function entry<T>(table: Readonly<Record<string, T>> | undefined, word: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
}

/** Sets a key that a user wrote. An assignment to `__proto__` would change the object's prototype instead. */
export function setOwn(to: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(to, key, { value, enumerable: true, configurable: true, writable: true });
}

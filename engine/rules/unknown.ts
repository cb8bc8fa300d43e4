/** Thrown when a rule reads a value that Pulumi knows only after the update. The rule then reports nothing. */
export class NotKnownYet extends Error {
  constructor() {
    super("not known before the update");
    this.name = "NotKnownYet";
  }
}

/** One error for all: collecting a stack for each of thousands of unknown values is slow. */
const notKnownYet = new NotKnownYet();

/** Returns undefined for a value that is not known yet. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // Pulumi's own message, for code that reads its resources directly.
    if (error instanceof NotKnownYet || (error instanceof Error && /can't be known during preview/.test(error.message)))
      return undefined;
    throw error;
  }
}

/** The findings for all items. An item that depends on a value that is not known yet has no findings. */
export function inEach<T, R>(items: readonly T[], look: (item: T) => readonly R[]): R[] {
  return items.flatMap((item) => attempt(() => look(item)) ?? []);
}

/**
 * An object whose fields are read one by one. A field that is undefined is left out. A field that is not known yet
 * throws `NotKnownYet` when it is read.
 */
export function fields<T extends object>(readers: { [K in keyof T]-?: () => T[K] }): T {
  const made = {} as T;
  for (const key of Object.keys(readers) as (keyof T)[]) {
    const value = attempt(() => ({ known: readers[key]() }));
    if (value === undefined) later(made, key);
    else if (value.known !== undefined) made[key] = value.known;
  }
  return made;
}

/** Defines a property that throws `NotKnownYet` when it is read. */
export function later(object: object, key: PropertyKey): void {
  Object.defineProperty(object, key, {
    enumerable: true,
    configurable: true,
    get() {
      throw notKnownYet;
    },
  });
}

export interface Text {
  path: string;
  value: string;
}

/** Every text in a value with its path. Values that Pulumi does not know yet are skipped. */
export function textsOf(value: unknown, path: string): Text[] {
  if (Array.isArray(value))
    return Array.from(value.keys()).flatMap((i) =>
      textsOf(
        attempt(() => value[i] as unknown),
        `${path}[${i}]`,
      ),
    );
  if (typeof value === "object" && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return [];
    return Object.keys(value).flatMap((key) =>
      textsOf(
        attempt(() => (value as Record<string, unknown>)[key]),
        path === "" ? key : `${path}.${key}`,
      ),
    );
  }
  return typeof value === "string" || typeof value === "boolean" ? [{ path, value: String(value) }] : [];
}

/** Thrown where a rule reads what Pulumi knows only after the update: the rule then says nothing. */
export class NotKnownYet extends Error {
  constructor() {
    super("not known before the update");
    this.name = "NotKnownYet";
  }
}

/** What is not known yet is undefined. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // Pulumi's own wording, where its resources are read directly.
    if (error instanceof NotKnownYet || (error instanceof Error && /can't be known during preview/.test(error.message)))
      return undefined;
    throw error;
  }
}

/** What is found in each; nothing where it hangs on something that is not known yet. */
export function inEach<T, R>(items: readonly T[], look: (item: T) => readonly R[]): R[] {
  return items.flatMap((item) => attempt(() => look(item)) ?? []);
}

/** An object of fields read one by one: an absent one is left out, and one that is not known yet throws when it is read. */
export function fields<T extends object>(readers: { [K in keyof T]-?: () => T[K] }): T {
  const made = {} as T;
  for (const key of Object.keys(readers) as (keyof T)[]) {
    const value = attempt(() => ({ known: readers[key]() }));
    if (value === undefined) later(made, key);
    else if (value.known !== undefined) made[key] = value.known;
  }
  return made;
}

/** Is there, and throws when it is read. */
export function later(object: object, key: PropertyKey): void {
  Object.defineProperty(object, key, {
    enumerable: true,
    configurable: true,
    get() {
      throw new NotKnownYet();
    },
  });
}

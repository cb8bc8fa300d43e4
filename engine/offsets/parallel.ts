/** Requests under way at a time: each waits for a broker's log, not for a processor. */
export const AT_ONCE = 32;

/** Does the work for each item, a few at a time; the first error stops the rest. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane));
}

/**
 * Runs two tasks in parallel. If one fails, its error stops the other through the signal. The error is thrown after
 * both have ended.
 * @param signal stops both; its reason is thrown
 */
export async function sideBySide<A, B>(
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
  signal?: AbortSignal,
): Promise<[A, B]> {
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const both = [first(either), second(either)] as const;
  try {
    return await Promise.all(both);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(both);
    throw error;
  }
}

/** Waits for `promise`. If the signal is aborted first, throws the signal's reason. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // If nobody waits for the promise any more, its later rejection would end the process.
  promise.catch(() => {});
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Number of concurrent requests. A request waits for a broker's log, not for a CPU. */
export const AT_ONCE = 32;

/**
 * Runs the work for each item, a few items at a time. The first error stops the rest. It is thrown after all running
 * work has ended.
 */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const errors: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined && errors.length === 0; item = items[next++]) {
      await work(item).catch((error: unknown) => void errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane));
  if (errors.length > 0) throw errors[0];
}

const turns = new Map<string, Promise<void>>();

/**
 * Runs the work when all earlier work with this key has ended. Pulumi runs the steps of several waves at the same time,
 * all in one process.
 */
export async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const mine = (turns.get(key) ?? Promise.resolve()).then(work);
  const ended = mine.then(
    () => {},
    () => {},
  );
  turns.set(key, ended);
  try {
    return await mine;
  } finally {
    if (turns.get(key) === ended) turns.delete(key);
  }
}

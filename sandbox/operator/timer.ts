/**
 * Runs `work` repeatedly, never twice at the same time. Of several failures in a row, only the first is reported.
 * @returns a function that stops it and waits for the current run
 */
export function every(ms: number, work: () => Promise<void>, failed: (error: Error) => void): () => Promise<void> {
  let stopped = false;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const once = async (): Promise<void> => {
    try {
      await work();
      failing = false;
    } catch (error) {
      if (!stopped && !failing) failed(error as Error);
      failing = true;
    }
    next();
  };
  const next = (): void => {
    if (!stopped) timer = setTimeout(() => (running = once()), ms);
  };
  next();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}

import type { Progress } from "../../engine/progress";

/** Longest time in which a step prints nothing, in milliseconds. */
export const SILENCE_MS = 20_000;

/**
 * Runs the work of a step. Prints a line whenever the work has printed none for a while, so that a user sees that it
 * goes on.
 */
export async function withSignsOfLife<T>(progress: Progress, work: (progress: Progress) => Promise<T>): Promise<T> {
  const began = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const restart = () => {
    clearTimeout(timer);
    // The fence is held, and may print lines, after its step has ended.
    if (ended) return;
    timer = setTimeout(() => {
      const seconds = Math.round((Date.now() - began) / 1000);
      progress.info(`still working, ${seconds} s so far`);
      restart();
    }, SILENCE_MS).unref();
  };
  const noting = (pass: (line: string) => void) => (line: string) => {
    restart();
    pass(line);
  };
  restart();
  try {
    return await work({
      info: noting((line) => progress.info(line)),
      warn: noting((line) => progress.warn(line)),
    });
  } finally {
    ended = true;
    clearTimeout(timer);
  }
}

import { isMigrationError, MigrationError } from "../errors";
import type { Progress } from "../progress";

/**
 * The way back runs the engine with its sides swapped: what the engine calls origin is the target of the migration. The
 * user knows only one origin and one target, so every text of the engine must be changed back.
 */

/** Exchanges the words `origin` and `target`. Names that contain them, for example `origin-cluster`, stay. */
export function swapSides(text: string): string {
  return text.replace(/(?<![\w./"-])(origin|target)(?![\w/"-]|\.\w)/g, (side) =>
    side === "origin" ? "target" : "origin",
  );
}

/** Codes of errors that name a side. */
const CODES: Readonly<Record<string, string>> = { GROUPS_ACTIVE_ON_ORIGIN: "GROUPS_ACTIVE_ON_TARGET" };

export function progressWithSidesSwapped(progress: Progress): Progress {
  return { info: (line) => progress.info(swapSides(line)), warn: (line) => progress.warn(swapSides(line)) };
}

/** Errors that already name the sides as the user knows them. */
const inUsersWords = new WeakSet<Error>();

/** Runs work that calls the sides by their swapped names. Its errors name the sides as the user knows them. */
export async function withSidesSwapped<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isMigrationError(error) || inUsersWords.has(error)) throw error;
    const changed = new MigrationError(CODES[error.code] ?? error.code, swapSides(error.seen), {
      details: error.details.map(swapSides),
      fix: swapSides(error.fix),
      cause: error,
    });
    inUsersWords.add(changed);
    throw changed;
  }
}

/** Runs work inside of {@link withSidesSwapped} whose errors name the sides as the user knows them. */
export async function withSidesAsTheyAre<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error) inUsersWords.add(error);
    throw error;
  }
}

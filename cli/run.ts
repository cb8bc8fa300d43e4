import { isMigrationError, MigrationError } from "../engine/errors";
import { type Progress, silent } from "../engine/progress";
import { someOf } from "../engine/units";
import { parse } from "./arguments";
import { type Outcome, SOURCE_OPTIONS, type Values } from "./command";
import { EXIT, exitCodeOf, isAbort, type ExitCode } from "./exit";
import { printableJson, Screen, type Streams } from "./screen";
import { type LoadedMigration, readMigration } from "./source";
import { commandUsage, usage } from "./usage";

/**
 * Runs one command and returns its exit code. Never throws. Results go to `out`, progress and errors go to `err`. With
 * `--json`, the result or the error is one JSON document on `out`.
 */
export async function run(argv: readonly string[], streams: Streams, signal: AbortSignal): Promise<ExitCode> {
  const screen = new Screen(streams);
  const json = argv.includes("--json");
  let interruptedFix = "run it again: it recognizes what it has already written";
  try {
    const { name, command, values } = parse(argv);
    if (command === undefined || values.help === true) {
      screen.result(command === undefined ? usage() : commandUsage(name!, command));
      return EXIT.fine;
    }
    interruptedFix = command.afterInterrupt?.(values) ?? interruptedFix;
    const progress = values.quiet === true ? silent : screen.progress;
    const read = () => readMigration(sourceOf(values, signal));
    const work = async (): Promise<Outcome> => {
      const alone = command.runAlone?.(values);
      if (alone !== undefined) return alone();
      const migration = await read();
      if (command.whole !== true) sayPart(migration, progress);
      return command.run({ migration, values, progress, signal, again: read });
    };
    const outcome = await (command.endsOnSignal?.(values) === true ? work() : untilAborted(work(), signal));
    if (json) screen.document(text(outcome.json));
    else screen.result(outcome.lines.join("\n"));
    return outcome.exit;
  } catch (thrown) {
    const error =
      isAbort(thrown) || thrown === INTERRUPTED
        ? new MigrationError("INTERRUPTED", "interrupted", { fix: interruptedFix })
        : thrown;
    if (json) screen.document(text({ error: described(error) }));
    screen.line(words(error));
    return exitCodeOf(error);
  } finally {
    screen.done();
  }
}

/** Without `--wave` a command is about what is outside the waves. That must not surprise anybody. */
function sayPart({ wave, waves }: LoadedMigration, progress: Progress): void {
  if (waves.length === 0 || wave !== undefined) return;
  const names = someOf(
    waves.map(({ name }) => name),
    10,
  );
  progress.info(`about everything outside the waves (${names}); --wave NAME for one of them`);
}

function sourceOf(values: Values, signal: AbortSignal) {
  const passed = SOURCE_OPTIONS.flatMap((key) => (typeof values[key] === "string" ? [[key, values[key]]] : []));
  return { ...(Object.fromEntries(passed) as Record<string, string>), signal };
}

const INTERRUPTED = Symbol("interrupted");

/** Ends the wait at the signal, because not all work listens to it. Every step can be stopped at any point. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(INTERRUPTED);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  // The promise that loses the race may still fail later. Nothing handles that error any more.
  work.catch(() => {});
  aborted.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** JSON has no bigint. Offsets are decimal text in all output. */
function text(value: unknown): string {
  return printableJson(JSON.stringify(value, (_key, v: unknown) => (typeof v === "bigint" ? v.toString() : v), 2));
}

function described(error: unknown) {
  if (isMigrationError(error))
    return { code: error.code, message: error.message, fix: error.fix, details: error.details };
  return {
    code: "FAULT",
    message: error instanceof Error ? error.message : String(error),
    fix: "run again with KAFKA_MIGRATION_DEBUG=1 and report what it prints",
    details: [],
  };
}

function words(error: unknown): string {
  const { code, message, fix } = described(error);
  if (process.env.KAFKA_MIGRATION_DEBUG === "1" && error instanceof Error) return error.stack ?? message;
  return isMigrationError(error) ? message : `${code}: ${message}\nfix: ${fix}`;
}

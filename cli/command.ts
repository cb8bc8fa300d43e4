import type { ParseArgsConfig } from "node:util";
import type { Progress } from "../engine/progress";
import type { ExitCode } from "./exit";
import type { LoadedMigration } from "./source";

/** The options that say which migration, or which part of it, a command is about. */
export const SOURCE_OPTIONS = ["stack", "cwd", "migration", "wave", "model"] as const;

type OptionType = NonNullable<ParseArgsConfig["options"]>[string]["type"];

/** One option, for the parser and for the help. */
export interface Option {
  type: OptionType;
  multiple?: boolean;
  /** True: takes all values that follow, up to the next option. Needs `multiple`. */
  several?: boolean;
  /** The placeholder for the value in the help, e.g. `SECONDS`. */
  value?: string;
  help: string;
}

export type Values = Record<string, string | boolean | string[] | undefined>;

export interface CommandContext {
  migration: LoadedMigration;
  values: Values;
  progress: Progress;
  signal: AbortSignal;
  /** Reads the migration again, because the stack's state may have changed. */
  again(): Promise<LoadedMigration>;
}

/** The result of a command. */
export interface Outcome {
  exit: ExitCode;
  /** For a person, one element per line. */
  lines: string[];
  /** For a script, as plain data. */
  json: unknown;
}

export interface Command {
  summary: string;
  /** True: the command is about the whole migration, so it has no `--wave`. Default: about one wave, or the rest. */
  whole?: true;
  options: Record<string, Option>;
  /**
   * Returns true if Ctrl-C is the normal end of the command with these options. Its result is then shown. Default:
   * false.
   */
  endsOnSignal?(values: Values): boolean;
  /** What to do after an interrupt. Default: run it again. */
  afterInterrupt?(values: Values): string;
  run(context: CommandContext): Promise<Outcome>;
  /** Runs instead of `run` if the command needs no migration with these options. undefined: it needs one. */
  runAlone?(values: Values): (() => Promise<Outcome>) | undefined;
}

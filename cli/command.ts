import type { ParseArgsConfig } from "node:util";
import type { Progress } from "../engine/progress";
import type { ExitCode } from "./exit";
import type { Migration } from "./source";

type OptionType = NonNullable<ParseArgsConfig["options"]>[string]["type"];

/** One option, as it is parsed and as the help shows it. */
export interface Option {
  type: OptionType;
  multiple?: boolean;
  /** What stands for the value in the help, e.g. `SECONDS`. */
  value?: string;
  help: string;
}

export type Values = Record<string, string | boolean | string[] | undefined>;

export interface Context {
  migration: Migration;
  values: Values;
  progress: Progress;
  signal: AbortSignal;
  /** Reads the migration anew: the stack's state may have changed since. */
  again(): Promise<Migration>;
}

/** What a command found. */
export interface Outcome {
  exit: ExitCode;
  /** For a person, a line each. */
  lines: string[];
  /** For a script; plain data. */
  json: unknown;
}

export interface Command {
  summary: string;
  options: Record<string, Option>;
  /** With these options Ctrl-C is how it ends, and its result is shown. Default false. */
  endsOnSignal?(values: Values): boolean;
  run(context: Context): Promise<Outcome>;
}

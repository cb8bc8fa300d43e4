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
  run(context: Context): Promise<Outcome>;
}

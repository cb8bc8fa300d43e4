import type { Command, Option } from "./command";
import { COMMANDS, type CommandName } from "./commands";
import { table } from "./table";

/** Options that every command has. */
export const COMMON: Record<string, Option> = {
  stack: { type: "string", value: "NAME", help: "Pulumi stack (default: the selected one)" },
  cwd: { type: "string", value: "DIR", help: "folder of the Pulumi project (default: the working directory)" },
  migration: { type: "string", value: "NAME", help: "name of the migration, if the stack has several" },
  wave: { type: "string", value: "NAME", help: "only this wave (default: everything outside the waves)" },
  model: { type: "string", value: "FILE", help: "a migration model as JSON, mode 0600, instead of a stack" },
  json: { type: "boolean", help: "print the result as one JSON document on standard output" },
  quiet: { type: "boolean", help: "no progress" },
  help: { type: "boolean", help: "this text" },
};

/** The options of every command that this one has. */
export function commonOf({ whole }: Command): Record<string, Option> {
  const { wave: _wave, ...others } = COMMON;
  return whole === true ? others : COMMON;
}

export function usage(): string {
  const names = Object.keys(COMMANDS) as CommandName[];
  const lines = names.map((name) => `  ${name.padEnd(13)}${COMMANDS[name].summary}`);
  return [
    "usage: kafka-migration COMMAND [OPTIONS]",
    "",
    ...lines,
    "",
    "options of every command:",
    ...optionLines(COMMON),
    "",
    "exit codes: 0 success, 1 incomplete or different, 2 usage or configuration, 3 cluster error, 4 internal " +
      "error, 130 interrupted",
  ].join("\n");
}

export function commandUsage(name: string, command: Command): string {
  const own = optionLines(command.options);
  return [
    `usage: kafka-migration ${name} [OPTIONS]`,
    "",
    command.summary,
    ...(own.length === 0 ? [] : ["", "options:", ...own]),
    "",
    "options of every command:",
    ...optionLines(commonOf(command)),
  ].join("\n");
}

function optionLines(options: Record<string, Option>): string[] {
  const rows = Object.entries(options).map(([name, o]) => [
    `  --${name}${o.value === undefined ? "" : ` ${o.value}`}`,
    o.help,
  ]);
  return rows.length === 0 ? [] : table(["", ""], rows, Infinity).slice(1);
}

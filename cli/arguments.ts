import { entry } from "../engine/objects";
import { parseArgs } from "node:util";
import { didYouMean } from "../engine/near-miss";
import type { Command, Option, Values } from "./command";
import { COMMANDS, type CommandName } from "./commands";
import { COMMON, commonOf } from "./usage";
import { usageError } from "./values";

export interface Parsed {
  /** Undefined if the user only asked for help. */
  name?: CommandName;
  command?: Command;
  values: Values;
}

/**
 * Own checks on top of `node:util`, because its strict mode stops at the first mistake and suggests no name.
 *
 * @throws MigrationError CLI_USAGE with every mistake, and the nearest valid name for a misspelt one
 */
export function parse(argv: readonly string[]): Parsed {
  const names = Object.keys(COMMANDS) as CommandName[];
  // The command may come after options. To find it, the parser must know which options take a value.
  const { positionals } = parseArgs({
    args: [...argv],
    options: forNode(COMMON),
    allowPositionals: true,
    strict: false,
  });
  const [word] = positionals;
  if (word === undefined) {
    if (argv.length === 0 || argv.includes("--help")) return { values: { help: true } };
    throw usageError("", [`no command: use one of ${names.join(", ")}`]);
  }
  const name = names.find((n) => n === word);
  if (name === undefined) throw usageError("", [`unknown command "${word}"${didYouMean(word, names)}`]);
  const command: Command = COMMANDS[name];
  return { name, command, values: valuesOf(name, { ...commonOf(command), ...command.options }, argv) };
}

function valuesOf(name: string, options: Record<string, Option>, argv: readonly string[]): Values {
  const { tokens } = parseArgs({
    args: [...argv],
    options: forNode(options),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const mistakes: string[] = [];
  const values: Values = {};
  let commandSeen = false;
  /** The option that takes the values that follow. */
  let several: string[] | undefined;
  for (const token of tokens) {
    if (token.kind === "positional" && several !== undefined) {
      several.push(token.value);
      continue;
    }
    several = undefined;
    if (token.kind === "positional") {
      if (commandSeen || token.value !== name)
        mistakes.push(`unexpected "${token.value}": everything after the command is an option`);
      commandSeen = true;
    }
    if (token.kind !== "option") continue;
    const option = entry(options, token.name);
    if (option === undefined)
      mistakes.push(`unknown option ${token.rawName}${didYouMean(token.name, Object.keys(options))}`);
    else if (option.type === "boolean" && token.value !== undefined) mistakes.push(`${token.rawName} takes no value`);
    else if (
      option.type === "string" &&
      (token.value === undefined || (token.inlineValue !== true && token.value.startsWith("--")))
    )
      mistakes.push(`${token.rawName} needs a value: ${option.value}`);
    else if (option.multiple === true) {
      const list = [...((values[token.name] as string[] | undefined) ?? []), token.value!];
      values[token.name] = list;
      if (option.several === true) several = list;
    } else values[token.name] = token.value ?? true;
  }
  if (values.model !== undefined)
    for (const other of ["stack", "cwd", "migration", "wave"])
      if (values[other] !== undefined) mistakes.push(`--model and --${other} cannot be combined`);
  if (mistakes.length > 0 && values.help !== true) throw usageError(name, mistakes);
  return values;
}

function forNode(options: Record<string, Option>) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple }]) => [
      name,
      { type, ...(multiple === true ? { multiple } : {}) },
    ]),
  );
}

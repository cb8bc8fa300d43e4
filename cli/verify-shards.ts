import { readFile, writeFile } from "node:fs/promises";
import { MigrationError } from "../engine/errors";
import type { MigrationModel } from "../engine/model";
import type { Progress } from "../engine/progress";
import {
  compareShard,
  mergeResults,
  readShard,
  isShardText,
  type Shard,
  shardFile,
  shardName,
  type ShardOptions,
  shardText,
  shortShard,
  type VerifyOptions,
  type VerifyResult,
} from "../engine/verify";
import type { Option, Outcome } from "./command";
import { EXIT } from "./exit";
import { checkReplaceable, replaceDurably } from "./replace-file";
import { type Reader, usageError } from "./values";

/** The environment variable with the number of a pod of an Indexed Job, from 0 (Kubernetes 1.24 and later). */
const INDEX = "JOB_COMPLETION_INDEX";

/** The options of `verify` for several machines. */
export const SHARD_OPTIONS: Record<string, Option> = {
  shard: { type: "string", value: "I/N", help: "compare share I of N, for several machines; needs --out" },
  shards: { type: "string", value: "N", help: `like --shard, with I from ${INDEX} (Indexed Job, from 0)` },
  out: { type: "string", value: "FILE", help: "write the result of --shard to this file, for --merge" },
  "termination-message": {
    type: "string",
    value: "FILE",
    help: "write the result of --shard in under 4,000 bytes, e.g. to /dev/termination-log",
  },
  merge: {
    type: "string",
    value: "FILE...",
    multiple: true,
    several: true,
    help: "show the result of all N shares together; needs no cluster",
  },
};

/** Where and what a machine writes. */
export interface ShardTask {
  shard: Shard;
  out?: string;
  terminationMessage?: string;
}

/** Reads the options of a machine. undefined: the command is not about a share. */
export function shardFrom(read: Reader, environment: NodeJS.ProcessEnv = process.env): ShardTask | undefined {
  const [given, count] = [read.text("shard"), read.count("shards")];
  const [out, terminationMessage] = [read.text("out"), read.text("termination-message")];
  const asked = given !== undefined || read.text("shards") !== undefined;
  if (!asked) {
    for (const name of ["out", "termination-message"])
      if (read.text(name) !== undefined) read.mistake(`--${name} needs --shard or --shards`);
    return undefined;
  }
  if (given !== undefined && read.text("shards") !== undefined) read.mistake("--shard and --shards cannot be combined");
  if (out === undefined && terminationMessage === undefined)
    read.mistake("--shard needs --out or --termination-message for its result");
  const shard = given === undefined ? fromIndex(read, count, environment[INDEX]) : fromText(read, given);
  if (shard === undefined) return undefined;
  return {
    shard,
    ...(out === undefined ? {} : { out }),
    ...(terminationMessage === undefined ? {} : { terminationMessage }),
  };
}

function fromText(read: Reader, text: string): Shard | undefined {
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (shard.index >= 1 && shard.index <= shard.of) return shard;
  read.mistake(`--shard is "${text}": it must be I/N, with I from 1 to N, e.g. 2/8`);
  return undefined;
}

function fromIndex(read: Reader, of: number | undefined, text: string | undefined): Shard | undefined {
  if (of === undefined) return undefined;
  if (text !== undefined && /^\d{1,6}$/.test(text) && Number(text) < of) return { index: Number(text) + 1, of };
  read.mistake(
    text === undefined
      ? `--shards ${of} needs the environment variable ${INDEX}, as an Indexed Job sets it; elsewhere use --shard I/${of}`
      : `${INDEX} is "${text}": with --shards ${of} it must be a number from 0 to ${of - 1}`,
  );
  return undefined;
}

/**
 * Compares one share and writes the result. The exit code is 0 as soon as the result is written, also with differences:
 * a Job would run the share again otherwise. The merged result has the verdict.
 */
export async function runShard(
  model: MigrationModel,
  options: VerifyOptions,
  { out, terminationMessage, ...shard }: ShardTask & ShardOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Outcome> {
  // Hours of reading must not end at a folder that does not exist.
  if (out !== undefined) await written(out, () => checkOut(out, shard.shard));
  if (terminationMessage !== undefined)
    await written(terminationMessage, () => writeFile(terminationMessage, "", { flag: "a", mode: 0o600 }));
  const result = await compareShard(model, options, shard, progress, signal);
  const file = shardFile(result);
  if (out !== undefined) await written(out, () => replaceDurably(out, file));
  // Kubernetes mounts this file, so it can be written but not replaced.
  if (terminationMessage !== undefined)
    await written(terminationMessage, () => writeFile(terminationMessage, shortShard(result)));
  const names = [out, terminationMessage].filter((name) => name !== undefined).join(" and ");
  return {
    exit: EXIT.fine,
    lines: [shardText(result), `written to ${names}; the whole result: kafka-migration verify --merge FILE...`],
    json: JSON.parse(file),
  };
}

/** An existing result of the same machine is replaced. Anything else in the file would be lost. */
async function checkOut(out: string, shard: Shard): Promise<void> {
  await checkReplaceable(out);
  const text = await readFile(out, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  if (text.trim() === "") return;
  const found = readShard(text);
  if (typeof found === "string") {
    if (!isShardText(text)) throw new Error("it holds something else than a result of verify --shard");
  } else if (found.shard.of === shard.of && found.shard.index !== shard.index)
    throw new Error(`it has the result of machine ${shardName(found.shard)}`);
}

async function written<T>(file: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw new MigrationError("CLI_OUT_FILE", `${file} can't be written: ${(error as Error).message}`, {
      fix: "use a file of its own for --out or --termination-message, in an existing folder that you may write to",
    });
  }
}

/**
 * Reads the results of all machines and joins them.
 * @throws MigrationError CLI_USAGE, VERIFY_SHARDS
 */
export async function mergeFiles(files: readonly string[], others: readonly string[]): Promise<VerifyResult> {
  if (others.length > 0)
    throw usageError(
      "verify",
      others.map((name) => `--merge and --${name} cannot be combined`),
    );
  const read = async (name: string) => {
    const result = await readFile(name, "utf8").then(
      readShard,
      (error: Error) => `it cannot be read: ${error.message}`,
    );
    return { name, result };
  };
  return mergeResults(await Promise.all(files.map(read)));
}

import { appendFile, readFile, stat } from "node:fs/promises";
import type { Reached } from "./ordered";
import type { Pair } from "./pairs";
import type { PartitionResult } from "./types";

/** How every line begins. */
const BEGINNING = '{"id":"';

/** Returns the text of a file of `Memory`, or why it is none. */
async function readProgress(file: string): Promise<string | Error> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) return found.code === "ENOENT" ? "" : found;
  if (!found.isFile()) return new Error(`${file} is not a file`);
  const text = await readFile(file, "utf8").catch((error: Error) => error);
  if (text instanceof Error || text.trim() === "") return text;
  // The first line of a killed run can be incomplete.
  if (text.startsWith(BEGINNING) || BEGINNING.startsWith(text.trim())) return text;
  return new Error(`${file} holds something else than the progress of a verification`);
}

/**
 * Returns why the progress of a verification cannot be kept in this file. Creates it if it does not exist. undefined:
 * it can.
 */
export async function progressFileProblem(file: string): Promise<string | undefined> {
  const read = await readProgress(file);
  if (read instanceof Error) return read.message;
  return appendFile(file, "", { mode: 0o600 }).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/**
 * Saves the progress in a file, so that an interrupted run can continue where it stopped. There is one line for each
 * verified partition. Other lines save how far an unfinished partition was read: all partitions are read in parallel,
 * so possibly none is finished yet. A line is valid only while both topics have the same ids and the offsets of both
 * logs have not changed. The file contains names, offsets, counts and digests over very many records. It contains no
 * records and no secrets.
 */
export class Memory {
  private readonly known = new Map<string, PartitionResult>();
  private readonly reached = new Map<string, Reached>();
  private pending = Promise.resolve();
  private failure: Error | undefined;
  /** A newline if a killed run left an incomplete line. Written before the next line. */
  private before = "";

  private constructor(
    private readonly file: string | undefined,
    private readonly mode: string,
  ) {}

  /** A file that cannot be used is not changed, and does not end the comparison (see `flushed`). */
  static async open(file: string | undefined, mode: string): Promise<Memory> {
    if (file === undefined) return new Memory(undefined, mode);
    const read = await readProgress(file);
    const memory = new Memory(read instanceof Error ? undefined : file, mode);
    if (read instanceof Error) {
      memory.failure = read;
      return memory;
    }
    const text = read;
    if (text !== "" && !text.endsWith("\n")) memory.before = "\n";
    for (const line of text.split("\n")) {
      try {
        const { id, result, side, at } = JSON.parse(line) as {
          id: string;
          result?: PartitionResult;
          side?: string;
          at?: Reached;
        };
        if (result !== undefined) memory.known.set(id, result);
        else if (at !== undefined) memory.reached.set(`${side} ${id}`, at);
      } catch {
        // The last line of a killed run can be incomplete.
      }
    }
    return memory;
  }

  get(pair: Pair): PartitionResult | undefined {
    return this.known.get(this.id(pair));
  }

  /**
   * Saves a result without differences. Other partitions are compared again, because the differences may be fixed then.
   */
  remember(pair: Pair, result: PartitionResult): void {
    if (result.differences.length === 0) this.write({ id: this.id(pair), result });
  }

  /** Returns how far a side had been read when the run was interrupted. */
  reachedBefore(pair: Pair, side: "origin" | "target"): Reached | undefined {
    return this.reached.get(`${side} ${this.id(pair)}`);
  }

  rememberReached(pair: Pair, side: "origin" | "target", at: Reached): void {
    this.write({ id: this.id(pair), side, at });
  }

  private write(entry: object): void {
    if (this.file === undefined) return;
    const line = `${this.before}${JSON.stringify(entry)}\n`;
    this.before = "";
    this.pending = this.pending
      .then(() => appendFile(this.file!, line, { mode: 0o600 }))
      .catch((error: Error) => {
        this.failure ??= error;
      });
  }

  /**
   * Waits until everything is written. Returns the error text instead of throwing, so that a file that cannot be
   * written does not end the comparison. undefined: no error.
   */
  async flushed(): Promise<string | undefined> {
    await this.pending;
    return this.failure === undefined ? undefined : `a later run could not go on from here: ${this.failure.message}`;
  }

  private id({ origin, target, identity }: Pair): string {
    return [this.mode, identity, origin.topic, origin.partition, origin.from, origin.to, target.from, target.to].join(
      " ",
    );
  }
}

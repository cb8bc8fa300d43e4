import { isMigrationError, MigrationError } from "../errors";
import type { Connection, Side } from "../model";
import type { Isolation } from "../records/read";
import type { Reached } from "./ordered";
import type { PartitionResult } from "./types";
import type { Item, Work } from "./work";

/** An item with what an earlier run read of it. */
export interface ThreadItem extends Item {
  before: { origin?: Reached; target?: Reached };
}

/**
 * The first message to a thread. It holds passwords, so it is never passed as an argument or an environment variable.
 */
export interface Begin {
  kind: "begin";
  connections: Record<Side, Connection>;
  /** The sides whose connection the main thread can renew. */
  renewable: Side[];
  /** The limit of all threads together. */
  throttleBytesPerSecond?: number;
}

export type ToThread =
  | Begin
  | { kind: "compare"; work: Work; isolation: Isolation; items: ThreadItem[] }
  /** The answer to an `ask`. */
  | { kind: "answer"; id: number; value?: Connection | undefined; error?: PlainError };

/** What a thread needs from the main thread, which answers. */
export type Question =
  /** The current credentials of this side. */
  | { kind: "renew"; side: Side }
  /** Wait until so many bytes may be read. */
  | { kind: "reserve"; side: Side; bytes: number };

export type FromThread =
  | { kind: "ask"; id: number; question: Question }
  | { kind: "correct"; side: Side; reserved: number; read: number }
  | { kind: "line"; level: "info" | "warn"; line: string }
  | { kind: "read"; origin: number; target: number }
  /** `at` is the number of the item in the current `compare`. */
  | { kind: "reached"; at: number; side: Side; reached: Reached }
  | { kind: "done"; at: number; result: PartitionResult }
  /** The whole `compare` is done. `requests`: sent since the last of these messages. */
  | { kind: "compared"; requests: number }
  | { kind: "failed"; error: PlainError };

/** An error as plain data. A thread's message would lose the code and the fix. */
export interface PlainError {
  name: string;
  message: string;
  stack?: string;
  finding?: { code: string; seen: string; fix: string; details: readonly string[] };
}

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack } = error;
  return {
    name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(isMigrationError(error)
      ? { finding: { code: error.code, seen: error.seen, fix: error.fix, details: error.details } }
      : {}),
  };
}

export function errorOf({ name, message, stack, finding }: PlainError): Error {
  if (finding !== undefined) {
    const { code, seen, fix, details } = finding;
    return new MigrationError(code, seen, { fix, details });
  }
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

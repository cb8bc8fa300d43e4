import { MigrationError } from "../errors";
import type { Connection, MigrationModel, Side } from "../model";
import { SIDES } from "../sides";
import { defined } from "../objects";
import type { Progress } from "../progress";
import type { Isolation } from "../records/read";
import { orAborted } from "../side-by-side";
import type { Budgets } from "./limited";
import type { Watch } from "./ordered";
import { errorOf, type FromThread, plainError, type Question, type ThreadItem } from "./thread-messages";
import type { StartThread, Thread } from "./thread-start";
import type { Compare, Item, Work } from "./work";

/**
 * A thread gets at least this many bytes at a time, so that connecting to the leaders does not take long in comparison.
 */
const LEAST_BYTES = 32 * 1024 * 1024;
/** A thread gets at most this many partitions at a time. */
const MOST_ITEMS = 1000;
/** Lines that differ only in their numbers are passed on at most this often. */
const BETWEEN_LINES_MS = 5_000;

export interface ThreadsOptions {
  model: Pick<MigrationModel, Side>;
  throttleBytesPerSecond?: number | undefined;
  /** The budgets of all threads together. */
  budgets?: Budgets | undefined;
  progress: Progress;
  start: StartThread;
}

/**
 * Threads that compare, each with its own connections. They start when they are needed. The first error of one ends all
 * of them; the next comparison starts others.
 */
export class Threads {
  /** Number of requests that the threads have sent. */
  requests = 0;
  private readonly running: Running[] = [];
  private readonly options: ThreadsOptions;

  constructor(options: ThreadsOptions) {
    this.options = { ...options, progress: withoutEchoes(options.progress) };
  }

  /**
   * Compares with up to `count` threads. They take pairs from one queue, the largest first, so that they finish
   * together.
   * @param bytes expected size of a pair
   */
  compare(count: number, bytes: (item: Item) => number): Compare {
    return async (work, items, isolation, watch) => {
      const queue = new Queue(items, bytes, count);
      let ended = false;
      const lane = async (i: number): Promise<void> => {
        for (let some = queue.next(); some.length > 0 && !ended; some = queue.next()) {
          this.running[i] ??= new Running(this.options, i + 1, (sent) => (this.requests += sent));
          await this.running[i]!.compare(work, some, isolation, watch);
        }
      };
      try {
        watch.signal?.throwIfAborted();
        const lanes = Promise.all(Array.from({ length: Math.min(count, items.length) }, (_, i) => lane(i)));
        await (watch.signal === undefined ? lanes : orAborted(lanes, watch.signal));
      } catch (error) {
        // A lane that just got its last result must not start another thread.
        ended = true;
        this.end();
        throw error;
      }
    };
  }

  end(): void {
    for (const thread of this.running.splice(0)) thread.end();
  }
}

/** Hands out items, the largest first. Each time a smaller part of the rest, so that the last parts end together. */
export class Queue {
  private readonly items: { item: Item; bytes: number }[];
  private left: number;
  private at = 0;

  constructor(
    items: readonly Item[],
    bytes: (item: Item) => number,
    private readonly threads: number,
  ) {
    this.items = items.map((item) => ({ item, bytes: bytes(item) })).sort((a, b) => b.bytes - a.bytes);
    this.left = this.items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Returns an empty list if there are no more items. */
  next(): Item[] {
    const taken: Item[] = [];
    const wanted = Math.max(LEAST_BYTES, this.left / (2 * this.threads));
    // Every thread gets something, also if everything is small.
    const most = Math.min(MOST_ITEMS, Math.ceil((this.items.length - this.at) / this.threads));
    for (let bytes = 0; taken.length < most && bytes < wanted; ) {
      const { item, bytes: size } = this.items[this.at++]!;
      taken.push(item);
      bytes += size;
      this.left -= size;
    }
    return taken;
  }
}

interface Current {
  items: readonly Item[];
  watch: Watch;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** One thread, as the main thread sees it. */
class Running {
  private readonly thread: Thread;
  private current: Current | undefined;
  private failure: Error | undefined;
  private ending = false;
  /** What this thread logs in with. */
  private readonly used: Record<Side, Connection>;

  constructor(
    private readonly options: ThreadsOptions,
    number: number,
    private readonly sent: (requests: number) => void,
  ) {
    const { model, throttleBytesPerSecond, start } = options;
    this.used = { origin: model.origin, target: model.target };
    this.thread = start({
      message: (message) => this.hear(message),
      ended: (reason) => this.fail(ended(number, reason)),
    });
    // A function cannot be sent. The main thread renews the connection when the thread asks for it.
    this.thread.post({
      kind: "begin",
      connections: { origin: plain(model.origin), target: plain(model.target) },
      renewable: SIDES.filter((side) => model[side].renew !== undefined),
      ...defined({ throttleBytesPerSecond }),
    });
  }

  compare(work: Work, items: readonly Item[], isolation: Isolation, watch: Watch): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) return reject(this.failure);
      this.current = { items, watch, resolve, reject };
      this.thread.post({
        kind: "compare",
        work,
        isolation,
        items: items.map((item): ThreadItem => ({ ...item, before: reachedBefore(item, watch) })),
      });
    });
  }

  end(): void {
    this.ending = true;
    this.thread.end();
    this.fail(new Error("the thread was ended"));
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.current?.reject(this.failure);
    this.current = undefined;
  }

  private hear(message: FromThread): void {
    // What was under way when the threads were ended no longer counts.
    if (this.ending) return;
    const { current } = this;
    switch (message.kind) {
      case "ask":
        return void this.answer(message.id, message.question);
      case "correct":
        return this.options.budgets?.[message.side].correct(message.reserved, message.read);
      case "line":
        return this.options.progress[message.level](message.line);
      case "read":
        for (const side of SIDES) if (message[side] > 0) current?.watch.bytes(side, message[side]);
        return;
      case "reached":
        return current?.watch.reached?.(current.items[message.at]!.pair, message.side, message.reached);
      case "done":
        return current?.watch.done(current.items[message.at]!.pair, message.result);
      case "compared":
        this.sent(message.requests);
        this.current = undefined;
        return current?.resolve();
      case "failed":
        return this.fail(errorOf(message.error));
    }
  }

  private async answer(id: number, question: Question): Promise<void> {
    const { budgets } = this.options;
    try {
      if (question.kind === "reserve") {
        await budgets?.[question.side].reserve(question.bytes);
        this.thread.post({ kind: "answer", id });
      } else {
        const renewed = await this.used[question.side].renew?.();
        if (renewed !== undefined) this.used[question.side] = renewed;
        this.thread.post({ kind: "answer", id, value: renewed === undefined ? undefined : plain(renewed) });
      }
    } catch (error) {
      this.thread.post({ kind: "answer", id, error: plainError(error) });
    }
  }
}

/** A broker throttles all threads at the same time, and each of them says so. Passes on one of these lines. */
function withoutEchoes(progress: Progress): Progress {
  const said = new Map<string, number>();
  const once = (pass: (line: string) => void) => (line: string) => {
    const text = line.replace(/\d+/g, "");
    if (Date.now() - (said.get(text) ?? 0) < BETWEEN_LINES_MS) return;
    said.set(text, Date.now());
    pass(line);
  };
  return { info: once((line) => progress.info(line)), warn: once((line) => progress.warn(line)) };
}

function reachedBefore({ pair }: Item, watch: Watch): ThreadItem["before"] {
  return defined({ origin: watch.reachedBefore?.(pair, "origin"), target: watch.reachedBefore?.(pair, "target") });
}

function plain({ renew, ...connection }: Connection): Connection {
  return connection;
}

function ended(number: number, reason: string): MigrationError {
  return new MigrationError("VERIFY_THREAD_ENDED", `thread ${number} of the verification ended: ${reason}`, {
    fix: "run it again with one thread (--threads 1, verify.threads: 1); with --resume it continues where it stopped",
  });
}

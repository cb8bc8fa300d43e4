import type { MessagePort } from "node:worker_threads";
import { type OpenKafka, requestCount, withClusters } from "../clusters";
import { openKafka } from "../kafka/client";
import type { Connection, Side } from "../model";
import { countReads } from "./count-reads";
import { type Budgets, limited } from "./limited";
import type { Watch } from "./ordered";
import type { Pair } from "./pairs";
import { type Begin, errorOf, type FromThread, plainError, type Question, type ToThread } from "./thread-messages";
import { comparing } from "./work";

/** A thread reports how many bytes it has read at most this often, and at the end of each comparison. */
const BETWEEN_REPORTS_MS = 200;

/** The part of a port that a thread uses. */
export type ThreadPort = Pick<MessagePort, "on" | "postMessage">;

type Compare = Extract<ToThread, { kind: "compare" }>;

/**
 * Runs in a thread: opens its own connections, compares what the main thread sends, and reports each result. The main
 * thread keeps the decisions, the file of `resumeFile`, the byte budget and the credentials.
 * @param open replaces the real port in tests and benchmarks
 */
export function serveThread(port: ThreadPort, open: OpenKafka = openKafka): void {
  const main = new Main(port);
  const ending = new AbortController();
  const queue = new Inbox<Compare>();
  port.on("close", () => ending.abort());
  port.on("message", (message: ToThread) => {
    if (message.kind === "answer") main.answered(message);
    else if (message.kind === "compare") queue.push(message);
    else
      void work(message, queue, main, ending.signal, open).catch((error: unknown) =>
        main.say({ kind: "failed", error: plainError(error) }),
      );
  });
}

async function work(
  { connections, renewable, throttleBytesPerSecond }: Begin,
  queue: Inbox<Compare>,
  main: Main,
  signal: AbortSignal,
  open: OpenKafka,
): Promise<void> {
  const model = { origin: renewing("origin", connections.origin), target: renewing("target", connections.target) };
  /** The credentials can change more than once while this thread reads. */
  function renewing(side: Side, connection: Connection): Connection {
    if (!renewable.includes(side)) return connection;
    const renew = async () => {
      const renewed = await main.ask<Connection | undefined>({ kind: "renew", side });
      return renewed && renewing(side, renewed);
    };
    return { ...connection, renew };
  }
  const progress = {
    info: (line: string) => main.say({ kind: "line", level: "info", line }),
    warn: (line: string) => main.say({ kind: "line", level: "warn", line }),
  };
  const budgets: Budgets = { origin: main.budget("origin"), target: main.budget("target") };
  await withClusters(
    model,
    async (opened) => {
      const clusters = countReads(opened, (side, bytes) => main.read(side, bytes));
      const compare = comparing(limited(clusters, throttleBytesPerSecond, budgets));
      let counted = 0;
      for (;;) {
        const { work, items, isolation } = await queue.next();
        const pairs = items.map(({ pair }) => pair);
        const at = new Map(pairs.map((pair, i) => [pair, i]));
        const before = new Map(items.map((item) => [item.pair, item.before]));
        await compare(work, items, isolation, watch(main, at, before, signal));
        main.flush();
        const requests = requestCount(opened);
        main.say({ kind: "compared", requests: requests - counted });
        counted = requests;
      }
    },
    open,
    { progress, signal },
  );
}

function watch(
  main: Main,
  at: ReadonlyMap<Pair, number>,
  before: ReadonlyMap<Pair, { origin?: object; target?: object }>,
  signal: AbortSignal,
): Watch {
  return {
    bytes: () => {},
    done: (pair, result) => main.say({ kind: "done", at: at.get(pair)!, result }),
    reached: (pair, side, reached) => main.say({ kind: "reached", at: at.get(pair)!, side, reached }),
    reachedBefore: (pair, side) => before.get(pair)![side] as ReturnType<NonNullable<Watch["reachedBefore"]>>,
    signal,
  };
}

/** The main thread, as a thread sees it. */
class Main {
  private readonly open = new Map<number, { resolve: (value: any) => void; reject: (error: Error) => void }>();
  private asked = 0;
  private unsaid = { origin: 0, target: 0 };
  private saidAt = 0;

  constructor(private readonly port: ThreadPort) {}

  say(message: FromThread): void {
    this.port.postMessage(message);
  }

  ask<T>(question: Question): Promise<T> {
    return new Promise((resolve, reject) => {
      this.open.set(++this.asked, { resolve, reject });
      this.say({ kind: "ask", id: this.asked, question });
    });
  }

  answered({ id, value, error }: Extract<ToThread, { kind: "answer" }>): void {
    const { resolve, reject } = this.open.get(id)!;
    this.open.delete(id);
    if (error === undefined) resolve(value);
    else reject(errorOf(error));
  }

  budget(side: Side): Budgets[Side] {
    return {
      reserve: (bytes) => this.ask<void>({ kind: "reserve", side, bytes }),
      correct: (reserved, read) => this.say({ kind: "correct", side, reserved, read }),
    };
  }

  read(side: Side, bytes: number): void {
    this.unsaid[side] += bytes;
    if (Date.now() - this.saidAt >= BETWEEN_REPORTS_MS) this.flush();
  }

  flush(): void {
    this.saidAt = Date.now();
    if (this.unsaid.origin + this.unsaid.target === 0) return;
    this.say({ kind: "read", ...this.unsaid });
    this.unsaid = { origin: 0, target: 0 };
  }
}

/** Messages that wait for their reader. */
class Inbox<T> {
  private readonly waiting: T[] = [];
  private wake = () => {};

  push(message: T): void {
    this.waiting.push(message);
    this.wake();
  }

  async next(): Promise<T> {
    while (this.waiting.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.waiting.shift()!;
  }
}

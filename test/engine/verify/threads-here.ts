import { MessageChannel } from "node:worker_threads";
import type { OpenKafka } from "../../../engine/clusters";
import type { FromThread, ToThread } from "../../../engine/verify/thread-messages";
import { serveThread } from "../../../engine/verify/thread-side";
import type { StartThread } from "../../../engine/verify/thread-start";

/** What happened to threads that run in this one. */
export interface Seen {
  started: number;
  ended: number;
  /** Every message of the main thread, as the threads got it. */
  messages: ToThread[];
}

/**
 * Threads that run in this one, over real ports: messages are copied as between real threads. So a test needs no
 * compiled files, and the clusters can be in memory.
 * @param passing called with each message of a thread before the main thread hears it. A text ends the thread with it
 */
export function threadsHere(
  open: OpenKafka,
  passing: (message: FromThread, thread: number) => string | undefined = () => undefined,
): { start: StartThread; seen: Seen } {
  const seen: Seen = { started: 0, ended: 0, messages: [] };
  const start: StartThread = (heard) => {
    const { port1, port2 } = new MessageChannel();
    const number = ++seen.started;
    port2.on("message", (message: ToThread) => seen.messages.push(message));
    serveThread(port2, open);
    const end = () => port1.close();
    port1.on("message", (message: FromThread) => {
      const reason = passing(message, number);
      if (reason === undefined) return heard.message(message);
      end();
      heard.ended(reason);
    });
    return { post: (message) => port1.postMessage(message), end: () => (seen.ended++, end()) };
  };
  return { start, seen };
}

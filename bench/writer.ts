import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterConnection } from "@kafka-migration/sandbox/kafka";
import { applicationClient } from "@kafka-migration/sandbox/story";

export interface Writer {
  /** Settles when the cluster rejects a write because the right is missing. */
  readonly denied: Promise<void>;
  /** Stops writing. Safe to call twice. @returns when the last record was acknowledged, ms since the epoch */
  stop(): Promise<number>;
}

const PAUSE_MS = 20;

/**
 * Starts an application that keeps writing one record to each topic until it is stopped or loses the right to write.
 */
export async function startWriter(
  connection: ClusterConnection,
  topics: readonly string[],
  partitions: number,
): Promise<Writer> {
  const producer = applicationClient(connection, "bench-writer").producer({
    retry: { retries: 0 },
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  let last = Date.now();
  let ended = false;
  let refused: () => void = () => {};
  const denied = new Promise<void>((resolve) => (refused = resolve));
  const writing = (async () => {
    for (let sent = 0; !ended; sent++, await sleep(PAUSE_MS)) {
      const messages = [{ partition: sent % partitions, key: `late-${sent}`, value: `record ${sent}` }];
      try {
        await producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages })) });
        last = Date.now();
      } catch (error) {
        if (!String(error).includes("uthorized")) throw error;
        ended = true;
        refused();
      }
    }
  })();
  writing.catch(() => (ended = true));
  return {
    denied,
    async stop() {
      ended = true;
      await writing;
      await producer.disconnect();
      return last;
    },
  };
}

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

export interface RateWriter {
  /** @returns what was written, and the longest time between two acknowledgements */
  stop(): Promise<{ bytesPerSecond: number; longestGapMs: number }>;
}

const RECORD_BYTES = 1_000;
const EVERY_MS = 100;

/** Starts an application that writes records of 1 KB at a rate, to all topics in turn. */
export async function startRate(
  connection: ClusterConnection,
  topics: readonly string[],
  partitions: number,
  bytesPerSecond: number,
): Promise<RateWriter> {
  const producer = applicationClient(connection, "bench-rate").producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const value = "x".repeat(RECORD_BYTES);
  const started = Date.now();
  let ended = false;
  let sent = 0;
  let acknowledged = started;
  let longestGapMs = 0;
  const writing = (async () => {
    while (!ended) {
      // What is late is written at once, so that the rate holds on a busy machine.
      const due = Math.floor(((Date.now() - started) / 1000) * (bytesPerSecond / RECORD_BYTES)) - sent;
      const messages = Array.from({ length: Math.ceil(due / topics.length) }, (_, i) => ({
        partition: (sent + i) % partitions,
        key: `rate-${sent + i}`,
        value,
      }));
      if (messages.length > 0) {
        await producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages })) });
        longestGapMs = Math.max(longestGapMs, Date.now() - acknowledged);
        acknowledged = Date.now();
        sent += messages.length * topics.length;
      }
      await sleep(EVERY_MS);
    }
  })();
  writing.catch(() => (ended = true));
  return {
    async stop() {
      ended = true;
      await writing;
      await producer.disconnect();
      return { bytesPerSecond: (sent * RECORD_BYTES * 1000) / (Date.now() - started), longestGapMs };
    },
  };
}

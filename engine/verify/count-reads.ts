import type { Clusters } from "../clusters";
import type { FetchedPartition, KafkaPort } from "../kafka/port";
import type { Side } from "../model";

/** Returns the number of bytes of records in the responses. */
export function bytesOf(answers: ReadonlyMap<string, FetchedPartition>): number {
  let bytes = 0;
  for (const { records } of answers.values()) bytes += records.length;
  return bytes;
}

/** The same port with another `fetch`. A port's methods need not be its own fields, so they are not copied. */
export const withFetch = (port: KafkaPort, fetch: KafkaPort["fetch"]): KafkaPort =>
  Object.assign(Object.create(port) as KafkaPort, { fetch });

/**
 * Counts what is read from both clusters. Every way to compare reads through these ports, so all of it is counted.
 * @param read called with the number of bytes of each response
 */
export function countReads({ origin, target }: Clusters, read: (side: Side, bytes: number) => void): Clusters {
  const counting = (port: KafkaPort, side: Side): KafkaPort =>
    withFetch(port, async (...asked) => {
      const answers = await port.fetch(...asked);
      read(side, bytesOf(answers));
      return answers;
    });
  return { origin: counting(origin, "origin"), target: counting(target, "target") };
}

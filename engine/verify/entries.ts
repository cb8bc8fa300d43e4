import type { KafkaPort } from "../kafka/port";
import type { PartitionRange } from "../log/partition";
import { fetchBatches, Grace, isBehind, type Isolation, truncated, walkFetched } from "../records/read";
import { fingerprint } from "../records/same";
import type { Entry, Sequence } from "./sequence";

/** Returns the visible records of one partition as entries. Reads them on demand. */
export function logSequence(port: KafkaPort, range: PartitionRange, isolation: Isolation): Sequence {
  return (from) => {
    let offset = from === undefined ? range.from : BigInt(from);
    const grace = new Grace(port);
    return async () => {
      const entries: Entry[] = [];
      while (entries.length === 0 && offset < range.to) {
        let behind = false;
        await fetchBatches(
          port,
          [{ topic: range.topic, partition: range.partition, offset }],
          isolation,
          (request, fetched) => {
            if (fetched.outOfRange === true) throw truncated(port, request);
            const { next } = walkFetched(
              fetched,
              request,
              range.to,
              isolation,
              (record) => void entries.push(fingerprint(record)),
            );
            behind = isBehind(fetched, range.to);
            if (!behind) offset = fetched.records.length === 0 ? range.to : BigInt(next);
          },
        );
        if (behind) await grace.wait({ topic: range.topic, partition: range.partition, offset });
        else grace.over();
      }
      return entries;
    };
  };
}

export function listSequence(list: readonly Entry[]): Sequence {
  return (from) => {
    let rest = from === undefined ? [...list] : list.slice(list.findIndex((e) => e.offset === from));
    return async () => {
      const all = rest;
      rest = [];
      return all;
    };
  };
}

import type { KafkaPort } from "../kafka/port";
import { fetchBatches, Grace, isBehind, type Isolation, type Span, truncated, walkFetched } from "../records/read";
import { fingerprint } from "../records/same";
import type { Entry, Sequence } from "./sequence";

/** The visible records of one partition as entries, read as they are asked for. */
export function logSequence(port: KafkaPort, span: Span, isolation: Isolation): Sequence {
  return (from) => {
    let offset = from === undefined ? span.from : BigInt(from);
    const grace = new Grace(port);
    return async () => {
      const entries: Entry[] = [];
      while (entries.length === 0 && offset < span.to) {
        let behind = false;
        await fetchBatches(port, [{ topic: span.topic, partition: span.partition, offset }], isolation, (request, fetched) => {
          if (fetched.outOfRange === true) throw truncated(port, request);
          const { next } = walkFetched(fetched, request, span.to, isolation, (record) => void entries.push(fingerprint(record)));
          behind = isBehind(fetched, span.to);
          if (!behind) offset = fetched.records.length === 0 ? span.to : BigInt(next);
        });
        if (behind) await grace.wait({ topic: span.topic, partition: span.partition, offset });
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

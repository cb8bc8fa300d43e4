import type { Clusters } from "../clusters";
import type { Isolation } from "../records/read";
import { compareLatest } from "./compacted";
import { compareInOrder, type Watch } from "./ordered";
import type { Pair } from "./pairs";
import { compareSamples, type SampleOptions } from "./sample";
import { compareTails } from "./tails";
import type { PartitionResult } from "./types";

/** One way to compare pairs, as plain data. The result of a pair does not depend on the other pairs. */
export type Work =
  /** `piece`: as in `compareInOrder`. */
  | { kind: "in order"; piece?: number }
  | { kind: "latest per key" }
  | { kind: "tails"; count: number }
  | { kind: "samples"; options: SampleOptions };

/** A pair that is to be compared. */
export interface Item {
  pair: Pair;
  /** For samples: the result of comparing the ends. */
  end?: PartitionResult;
}

/** Compares the items and passes each result to `watch.done`. */
export type Compare = (work: Work, items: readonly Item[], isolation: Isolation, watch: Watch) => Promise<void>;

/** Compares in this thread. */
export const comparing =
  (clusters: Clusters): Compare =>
  async (work, items, isolation, watch) => {
    const pairs = items.map(({ pair }) => pair);
    switch (work.kind) {
      case "in order":
        return compareInOrder(clusters, pairs, isolation, watch, work.piece);
      case "latest per key":
        return compareLatest(clusters, pairs, isolation, watch);
      case "tails":
        return compareTails(clusters, pairs, work.count, isolation, watch);
      case "samples": {
        const ends = new Map(items.map(({ pair, end }) => [pair, end!]));
        return compareSamples(clusters, ends, work.options, isolation, watch);
      }
    }
  };

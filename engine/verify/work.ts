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

/**
 * Compares the items and passes each result to `watch.done`.
 * @returns the number of compacted partitions of which samples compare only the ends
 */
export type Compare = (work: Work, items: readonly Item[], isolation: Isolation, watch: Watch) => Promise<number>;

/** Compares in this thread. */
export const comparing =
  (clusters: Clusters): Compare =>
  async (work, items, isolation, watch) => {
    const pairs = items.map(({ pair }) => pair);
    switch (work.kind) {
      case "in order":
        await compareInOrder(clusters, pairs, isolation, watch, work.piece);
        return 0;
      case "latest per key":
        await compareLatest(clusters, pairs, isolation, watch);
        return 0;
      case "tails":
        await compareTails(clusters, pairs, work.count, isolation, watch);
        return 0;
      case "samples": {
        const ends = new Map(items.map(({ pair, end }) => [pair, end!]));
        return compareSamples(clusters, ends, work.options, isolation, watch);
      }
    }
  };

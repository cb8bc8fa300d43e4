import type { TopicPartition } from "./partition";

/**
 * Compares names by UTF-16 code units, as `Array.sort` does. Every machine gets the same order, whatever its locale.
 */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Compares partitions: by topic, then by number. */
export const byPlace = (a: TopicPartition, b: TopicPartition): number =>
  byName(a.topic, b.topic) || a.partition - b.partition;

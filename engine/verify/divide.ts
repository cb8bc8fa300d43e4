import { byName, byPlace } from "../log/order";
import type { TopicPartition } from "../log/partition";

/** Machine `index` of `of` machines, counted from 1. */
export interface Shard {
  index: number;
  of: number;
}

export interface Weighted extends TopicPartition {
  /** Size of the partition, at least 0. */
  weight: number;
}

/** `2/8`. */
export const shardName = ({ index, of }: Shard): string => `${index}/${of}`;

/**
 * Divides partitions into `count` shares of about the same size. The result depends only on names and weights, not on
 * the order of `partitions`.
 *
 * Each topic is divided by itself: its partitions, heaviest first, go to the lightest part of this topic. The heaviest
 * part of a topic then goes to the lightest share, and so on. So no two shares differ by more than the heaviest
 * partition, neither in total nor in any one topic. The weights of different topics may therefore have different
 * scales: end offsets count records of different sizes, and logs that keep different parts of their records.
 * @returns the share of each partition, from 1 to `count`, in the order of `partitions`
 */
export function divide(partitions: readonly Weighted[], count: number): number[] {
  const topics = new Map<string, { heaviest: number; all: { at: number; weighted: Weighted }[] }>();
  for (const [at, weighted] of partitions.entries()) {
    const topic = topics.get(weighted.topic) ?? { heaviest: 0, all: [] };
    topic.heaviest = Math.max(topic.heaviest, weighted.weight);
    topic.all.push({ at, weighted });
    topics.set(weighted.topic, topic);
  }
  // Shares beyond the number of partitions would all be empty.
  const shares = Array.from({ length: Math.min(count, partitions.length) }, (_, share) => ({
    share: share + 1,
    weight: 0,
    partitions: 0,
  }));
  const found = new Array<number>(partitions.length);
  const inOrder = [...topics].sort(([a, x], [b, y]) => y.heaviest - x.heaviest || byName(a, b));
  for (const [, { all }] of inOrder) {
    // More parts than partitions would all be empty.
    const parts = Array.from({ length: Math.min(shares.length, all.length) }, () => ({
      weight: 0,
      members: [] as number[],
    }));
    const heaviestFirst = [...all].sort(
      (a, b) => b.weighted.weight - a.weighted.weight || byPlace(a.weighted, b.weighted),
    );
    for (const { at, weighted } of heaviestFirst) {
      const lightest = parts.reduce((best, part) => (lighter(part, best) ? part : best));
      lightest.weight += weighted.weight;
      lightest.members.push(at);
    }
    parts.sort((a, b) => b.weight - a.weight || b.members.length - a.members.length);
    shares.sort((a, b) => a.weight - b.weight || a.partitions - b.partitions || a.share - b.share);
    for (const [i, part] of parts.entries()) {
      const share = shares[i]!;
      share.weight += part.weight;
      share.partitions += part.members.length;
      for (const at of part.members) found[at] = share.share;
    }
  }
  return found;
}

interface Part {
  weight: number;
  members: readonly number[];
}

const lighter = (a: Part, b: Part): boolean =>
  a.weight < b.weight || (a.weight === b.weight && a.members.length < b.members.length);

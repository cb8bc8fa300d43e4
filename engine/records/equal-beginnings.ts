import type { Clusters } from "../clusters";
import { Kept } from "../kept";
import type { PartitionRange } from "../log/partition";
import type { TopicDescription } from "../kafka/port";
import type { Isolation } from "./read";

/** A pair whose first records are compared. */
interface Pair {
  origin: PartitionRange;
  target: PartitionRange;
  compacted: boolean;
}

/** For two topics: the partitions that begin with the same record, and the offsets at which their logs begin. */
const kept = new Kept<Set<string>>();

/**
 * Pairs of partitions that were found to begin with the same record. The gate and the verification both compare the
 * beginnings, one right after the other, while clients wait. As long as a log begins at the same offset of the same
 * topic (KIP-516) and has the same leader, its first record is the same. Another leader may have lost it (unclean
 * leader election). Compaction can remove it, so compacted partitions are never kept.
 */
export class EqualBeginnings {
  private constructor(
    private readonly topics: { origin: Map<string, TopicDescription>; target: Map<string, TopicDescription> },
    private readonly isolation: Isolation,
    private readonly found = new Map<string, Set<string>>(),
  ) {}

  static async of(clusters: Clusters, pairs: readonly Pair[], isolation: Isolation): Promise<EqualBeginnings> {
    if (!kept.on) return new EqualBeginnings({ origin: new Map(), target: new Map() }, isolation);
    const topicsOn = async (side: "origin" | "target") => {
      const topics = await clusters[side].describeTopics([...new Set(pairs.map((pair) => pair[side].topic))]);
      return new Map(topics.map((topic) => [topic.name, topic]));
    };
    const [origin, target] = await Promise.all([topicsOn("origin"), topicsOn("target")]);
    return new EqualBeginnings({ origin, target }, isolation);
  }

  has(pair: Pair): boolean {
    const place = this.placeOf(pair);
    return place !== undefined && this.placesOf(pair)?.has(place) === true;
  }

  add(pair: Pair): void {
    const place = this.placeOf(pair);
    if (place !== undefined) this.placesOf(pair)?.add(place);
  }

  keep(): void {
    for (const [name, places] of this.found) if (places.size > 0) kept.keep(name, places);
  }

  private placesOf({ origin, target, compacted }: Pair): Set<string> | undefined {
    const here = this.topics.origin.get(origin.topic)?.topicId ?? "";
    const there = this.topics.target.get(target.topic)?.topicId ?? "";
    if (compacted || here === "" || there === "") return undefined;
    const name = `${here} ${there} ${this.isolation}`;
    const places = this.found.get(name) ?? kept.take(name) ?? new Set();
    this.found.set(name, places);
    return places;
  }

  /** Returns undefined if the leader of one side is not known: its partition is compared each time. */
  private placeOf({ origin, target }: Pair): string | undefined {
    const epochs = [this.epochOf("origin", origin), this.epochOf("target", target)];
    if (epochs.includes(undefined)) return undefined;
    return [origin.partition, origin.from, target.from, ...epochs].join(" ");
  }

  private epochOf(side: "origin" | "target", { topic, partition }: PartitionRange): number | undefined {
    const all = this.topics[side].get(topic)?.partitions ?? [];
    // Brokers list partitions in the order of their numbers, but an answer may lack one.
    const here = all[partition];
    return (here?.partition === partition ? here : all.find((one) => one.partition === partition))?.leaderEpoch;
  }
}

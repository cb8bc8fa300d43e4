import type { Clusters } from "../clusters";
import { Kept } from "../kept";
import type { PartitionRange } from "../log/partition";
import { idsByName } from "../topic-ids";
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
 * topic (KIP-516), its first record is the same. Compaction can remove it, so compacted partitions are never kept.
 */
export class EqualBeginnings {
  private constructor(
    private readonly ids: { origin: Map<string, string>; target: Map<string, string> },
    private readonly isolation: Isolation,
    private readonly found = new Map<string, Set<string>>(),
  ) {}

  static async of(clusters: Clusters, pairs: readonly Pair[], isolation: Isolation): Promise<EqualBeginnings> {
    if (!kept.on) return new EqualBeginnings({ origin: new Map(), target: new Map() }, isolation);
    const idsOn = async (side: "origin" | "target") =>
      idsByName(await clusters[side].describeTopics([...new Set(pairs.map((pair) => pair[side].topic))]));
    const [origin, target] = await Promise.all([idsOn("origin"), idsOn("target")]);
    return new EqualBeginnings({ origin, target }, isolation);
  }

  has(pair: Pair): boolean {
    return this.placesOf(pair)?.has(placeOf(pair)) === true;
  }

  add(pair: Pair): void {
    this.placesOf(pair)?.add(placeOf(pair));
  }

  keep(): void {
    for (const [name, places] of this.found) if (places.size > 0) kept.keep(name, places);
  }

  private placesOf({ origin, target, compacted }: Pair): Set<string> | undefined {
    const [here, there] = [this.ids.origin.get(origin.topic), this.ids.target.get(target.topic)];
    if (compacted || here === undefined || there === undefined) return undefined;
    const name = `${here} ${there} ${this.isolation}`;
    const places = this.found.get(name) ?? kept.take(name) ?? new Set();
    this.found.set(name, places);
    return places;
  }
}

const placeOf = ({ origin, target }: Pair): string => `${origin.partition} ${origin.from} ${target.from}`;

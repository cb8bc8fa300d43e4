import type { Clusters } from "../clusters";
import type { ConnectView } from "../connect-state";
import { isMigrationError } from "../errors";
import { compactedTopics } from "../log/compaction";
import { partitionKey } from "../log/partition";
import { copiedGaps } from "./gap-copies";
import { gap, verdictOf } from "./rule";
import type { Look, PartitionLook } from "./look";

type Seen = Pick<Look, "topics" | "partitions" | "connect" | "isolation">;

/**
 * Finds the partitions whose records are all on the target although the mirror has not confirmed the last ones yet.
 * Connect confirms what it copied only every `offset.flush.interval.ms`. Used only behind a fence: docs/gate.md.
 */
export class UnconfirmedCopies {
  private readonly compacted = new Map<string, boolean>();
  /** The origin's end up to which everything was found, by partition. */
  private readonly found = new Map<string, number>();

  constructor(private readonly clusters: Clusters) {}

  /** @returns the partitions whose gap is on the target without doubt. None after an error: then the gate waits */
  async find(look: Seen, signal?: AbortSignal): Promise<PartitionLook[]> {
    try {
      return await this.tryToFind(look, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isMigrationError(error)) throw error;
      return [];
    }
  }

  private async tryToFind(look: Seen, signal?: AbortSignal): Promise<PartitionLook[]> {
    const targets = new Map(
      look.topics.filter((t) => t.targetPartitions === t.partitions.length).map((t) => [t.origin, t]),
    );
    const behind = [...look.partitions.values()].filter((p) => {
      const topic = targets.get(p.topic);
      return (
        topic !== undefined &&
        !topic.targetOffline.includes(p.partition) &&
        verdictOf(p.facts) === "behind" &&
        p.facts.mirrored !== undefined &&
        gap(p.facts).from === p.facts.mirrored + 1
      );
    });
    if (behind.length === 0) return [];
    const steady = confirmedByItsTask(look.connect);
    const candidates = behind.filter((p) => steady.has(partitionKey(p)));
    const known = candidates.filter((p) => this.found.get(partitionKey(p)) === p.facts.end);
    const open = candidates.filter((p) => !known.includes(p));
    await this.readCompacted(open.map((p) => targets.get(p.topic)!));
    const gaps = open
      .filter((p) => this.compacted.get(p.topic) === false)
      .map((p) => {
        const { from, to } = gap(p.facts);
        return {
          origin: { topic: p.topic, partition: p.partition, from: BigInt(from), to: BigInt(to) },
          target: { topic: targets.get(p.topic)!.target, partition: p.partition },
        };
      });
    if (gaps.length > 0)
      for (const key of await copiedGaps(this.clusters, gaps, look.isolation, signal))
        this.found.set(key, look.partitions.get(key)!.facts.end);
    return candidates.filter((p) => this.found.get(partitionKey(p)) === p.facts.end);
  }

  /** Compaction removes records, also equal ones, so the records that are left prove less. */
  private async readCompacted(topics: readonly { origin: string; target: string }[]): Promise<void> {
    const unknown = topics.filter((t) => !this.compacted.has(t.origin));
    if (unknown.length === 0) return;
    const compacted = await compactedTopics(this.clusters, unknown);
    for (const { origin } of unknown) this.compacted.set(origin, compacted.has(origin));
  }
}

/**
 * The partitions whose task runs and has confirmed an offset since it started. Such a task continues where it is. A
 * task that was just started copies everything again after the offset that an earlier task confirmed: the records are
 * already on the target, but more copies of them will follow.
 */
function confirmedByItsTask({ source, assignments, offsetTimes }: ConnectView): Set<string> {
  if (source === undefined || source.target !== "STARTED" || source.inconsistent) return new Set();
  const running = assignments.filter(({ status }) => status?.state === "RUNNING");
  return new Set(
    running.flatMap(({ status, partitions }) =>
      partitions.map(partitionKey).filter((key) => (offsetTimes?.get(key) ?? -Infinity) > (status?.at ?? Infinity)),
    ),
  );
}

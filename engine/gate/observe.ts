import type { Clusters } from "../clusters";
import { ConnectStateReader, type ConnectView, effectiveIsolation } from "../connect-state";
import { isMigrationError } from "../errors";
import type { ConfigEntry, TopicPartition } from "../kafka/port";
import { readBounds, readOffsets } from "../log/bounds";
import { partitionKey } from "../log/partition";
import { keepHeapSmallFor } from "../memory";
import type { MirrorModel } from "../model";
import type { Isolation } from "../records/read";
import { slices } from "../slices";
import { collisionWith } from "../naming";
import { ownsTopic } from "../parts";
import { isHeartbeats, selectPairs } from "../selection";
import { topicIds } from "../topic-ids";
import { visibleInGaps } from "../records/gaps";
import { topicsToAsk } from "./refused";
import { gap, verdictOf, type PartitionFacts } from "./rule";
import { UnconfirmedCopies } from "./unconfirmed";
import type { Look, PartitionLook, TopicLook } from "./look";

/**
 * Largest gap that is always read, in offsets. A larger gap is read only if the mirror has made no progress there since
 * the look before. Until then the partition counts as behind.
 */
const SMALL_GAP = 1000;

/** Partitions whose offsets are listed at a time. What a call holds of each is several times what a look keeps. */
const SLICE = 5_000;
/** The same for topics that are described at a time. */
const TOPICS = 500;

/** Looks at both clusters repeatedly and keeps results that later looks can reuse. */
export class Observer {
  private readonly connect: ConnectStateReader;
  private readonly cleared: Map<string, number>;
  private before: ReadonlyMap<string, PartitionLook> = new Map();
  private readonly unconfirmed: UnconfirmedCopies | undefined;

  /**
   * @param accepted topics whose deleted records are accepted as lost
   * @param cleared offsets by `topic:partition`. An earlier gate found no visible record left to copy below them.
   * @param fenced true: look for records on the target that the mirror has not confirmed yet
   */
  constructor(
    private readonly clusters: Clusters,
    private readonly mirror: MirrorModel,
    private readonly accepted: ReadonlySet<string> = new Set(),
    cleared: Readonly<Record<string, number>> = {},
    fenced = false,
  ) {
    this.connect = new ConnectStateReader(clusters.target, mirror);
    this.cleared = new Map(Object.entries(cleared));
    this.unconfirmed = fenced ? new UnconfirmedCopies(clusters) : undefined;
  }

  private clearedTo(topic: string, key: string, start: number): number | undefined {
    return this.accepted.has(topic) ? start : this.cleared.get(key);
  }

  /** @param deep true: read every gap, also the large ones of partitions that are clearly behind */
  async look(deep: boolean, signal?: AbortSignal): Promise<Look> {
    const { origin } = this.clusters;
    const visibleTopics = await origin.listTopics();
    // Read the mirror's offsets (N) before the origin's ends (E): then N < E unless N is stale.
    const [topics, connect] = await Promise.all([this.topics(visibleTopics), this.connect.read(signal)]);
    const at = Date.now();
    keepHeapSmallFor(topics.reduce((sum, t) => sum + t.partitions.length, 0));
    const isolation = effectiveIsolation(connect, this.mirror);
    const partitions = new Map<string, PartitionLook>();
    for (const some of slices(online(topics), SLICE)) {
      const [bounds, stables] = await Promise.all([readBounds(origin, some), readOffsets(origin, some, "last-stable")]);
      for (const { topic, partition } of some) {
        const key = partitionKey({ topic, partition });
        const { start, end } = bounds.get(key)!;
        const stable = Math.min(Number(stables.get(key)!), end);
        const clearedTo = this.clearedTo(topic, key, start);
        const facts = { start, end, stable, mirrored: connect.offsets.get(key), clearedTo };
        partitions.set(key, { topic, partition, facts });
      }
    }
    const gapsRead = await this.readGaps(partitions, isolation, deep);
    for (const p of (await this.unconfirmed?.find({ topics, partitions, connect, isolation }, signal)) ?? []) {
      p.facts.copiedInGap = true;
      this.cleared.set(partitionKey(p), p.facts.end);
    }
    this.before = partitions;
    const look = {
      at,
      visibleTopics,
      topics,
      partitions,
      connect,
      isolation,
      gapsRead,
      hiddenTopics: await this.hidden(connect, visibleTopics),
    };
    const asked = topicsToAsk(look);
    return asked.length === 0 ? look : { ...look, targetSettings: await this.targetSettings(asked) };
  }

  /** No further look follows: the next step reads on where this one stopped. */
  end(): void {
    this.connect.keep();
  }

  /**
   * Reads the origin's start and end offsets again. They decide whether the result of the look is still valid.
   * @returns the partitions that have changed. Usually none, and all of them would be a large part of the memory
   */
  async readChanges(look: Look): Promise<Map<string, PartitionFacts>> {
    const found = new Map<string, PartitionFacts>();
    for (const some of slices(look.partitions.values(), SLICE)) {
      const bounds = await readBounds(this.clusters.origin, some);
      for (const { topic, partition, facts } of some) {
        const key = partitionKey({ topic, partition });
        const { start, end } = bounds.get(key)!;
        const clearedTo = this.clearedTo(topic, key, start);
        const same = start === facts.start && end === facts.end && clearedTo === facts.clearedTo;
        if (!same) found.set(key, { ...facts, start, end, clearedTo });
      }
    }
    return found;
  }

  private async topics(visible: readonly string[]): Promise<TopicLook[]> {
    const pairs = selectPairs(visible, this.mirror).filter((p) => !isHeartbeats(this.mirror, p.origin));
    const found: TopicLook[] = [];
    for (const some of slices(pairs, TOPICS)) found.push(...(await this.describe(some)));
    return found;
  }

  private async describe(pairs: readonly { origin: string; target: string }[]): Promise<TopicLook[]> {
    const [here, there] = await Promise.all([
      this.clusters.origin.describeTopics(pairs.map((p) => p.origin)),
      this.clusters.target.describeTopics(pairs.map((p) => p.target)),
    ]);
    const targets = new Map(there.map((t) => [t.name, t]));
    const atTarget = there.length < pairs.length ? await this.clusters.target.listTopics() : [];
    const names = new Map(pairs.map((p) => [p.origin, p.target]));
    return here.map((t) => {
      const copy = targets.get(names.get(t.name)!);
      const offline = (of: typeof t) => of.partitions.filter((p) => p.leader < 0).map((p) => p.partition);
      return {
        origin: t.name,
        target: names.get(t.name)!,
        partitions: t.partitions.map((p) => p.partition),
        offline: offline(t),
        ...(copy === undefined ? {} : { targetPartitions: copy.partitions.length }),
        targetOffline: copy === undefined ? [] : offline(copy),
        ids: topicIds(t.topicId, copy?.topicId),
        ...(copy === undefined ? collision(names.get(t.name)!, atTarget) : {}),
      };
    });
  }

  /** Empty if this principal may not read the settings. They are only needed to explain a failure. */
  private async targetSettings(topics: readonly string[]): Promise<Map<string, Map<string, string>>> {
    try {
      const configs = await this.clusters.target.describeTopicConfigs(topics);
      const known = (entries: ReadonlyMap<string, ConfigEntry>) =>
        [...entries].flatMap(([key, { value }]) => (value === null ? [] : [[key, value] as const]));
      return new Map([...configs].map(([topic, entries]) => [topic, new Map(known(entries))]));
    } catch (error) {
      if (isMigrationError(error)) return new Map();
      throw error;
    }
  }

  private async readGaps(partitions: Map<string, PartitionLook>, isolation: Isolation, deep: boolean): Promise<number> {
    const gaps = [...partitions.values()]
      .filter((p) => verdictOf(p.facts) === "look")
      .map((p) => ({ topic: p.topic, partition: p.partition, ...gap(p.facts) }));
    const wanted = gaps.filter((g) => {
      const before = this.before.get(partitionKey(g))?.facts;
      const still = before !== undefined && before.mirrored === partitions.get(partitionKey(g))!.facts.mirrored;
      return deep || g.to - g.from <= SMALL_GAP || still;
    });
    const visible = await visibleInGaps(this.clusters.origin, wanted, isolation);
    for (const [key, seen] of visible) {
      const { facts } = partitions.get(key)!;
      facts.visibleInGap = seen;
      if (!seen) this.cleared.set(key, facts.end);
    }
    return visible.size;
  }

  private async hidden(connect: ConnectView, visible: readonly string[]): Promise<string[]> {
    const known = new Set(visible);
    const own = ownsTopic(this.mirror);
    const unknown = [...new Set(assignedTopics(connect))].filter((t) => !known.has(t) && own(t));
    if (unknown.length === 0) return [];
    // A deleted topic also stays assigned until the next refresh. The broker knows which topics are deleted.
    const operations = await this.clusters.origin.topicOperations(unknown);
    return unknown.filter((t) => operations.get(t) === null);
  }
}

function* online(topics: readonly TopicLook[]): Iterable<TopicPartition> {
  for (const { origin, partitions, offline } of topics)
    for (const partition of partitions) if (!offline.includes(partition)) yield { topic: origin, partition };
}

function collision(name: string, atTarget: readonly string[]): { collidesWith?: string } {
  const other = collisionWith(name, atTarget);
  return other === undefined ? {} : { collidesWith: other };
}

function* assignedTopics(connect: ConnectView): Iterable<string> {
  for (const task of connect.assignments) for (const p of task.partitions) yield p.topic;
}

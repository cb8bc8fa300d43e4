import { MigrationError, Mistakes } from "../errors";
import { BrokerLoads } from "./loads";
import type {
  BrokerNow,
  PartitionChange,
  PartitionNow,
  ReplicationInput,
  ReplicationPlan,
  TopicChange,
  TopicNow,
} from "./types";

const rackOf = (broker: BrokerNow): string => broker.rack ?? `no rack, broker ${broker.id}`;

/**
 * Plans the replicas of every partition. The same input, in any order, gives the same plan.
 *
 * Existing replicas stay where they are and the preferred leader stays first. So leadership is as balanced afterwards
 * as before. New replicas go to racks that the partition does not use yet, and there to the broker with the lowest load
 * (replicas and bytes, all topics counted). When a factor shrinks, the preferred leader stays if it is in sync. The
 * plan first removes replicas that are not in sync, then those that share a rack, then those on the brokers with the
 * highest load.
 *
 * @throws MigrationError REPLICATION_TOO_LARGE with every topic whose factor exceeds the brokers, or the racks unless
 *   `allowSameRack`; REPLICATION_BROKER_MISSING if a replica is on a broker that is not in the cluster now.
 */
export function planReplication(input: ReplicationInput): ReplicationPlan {
  const brokers = [...input.brokers].sort((a, b) => a.id - b.id);
  const topics = [...input.topics].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  refuseImpossible(topics, brokers, input.allowSameRack ?? false);

  const racks = new Map(brokers.map((b) => [b.id, rackOf(b)]));
  const loads = new BrokerLoads(brokers, topics);
  // Place large partitions first. The small ones then even out the load.
  const work = topics
    .flatMap((topic) => topic.partitions.map((p) => ({ topic, p })))
    .filter(({ topic, p }) =>
      input.onlyAdd === true ? p.replicas.length < topic.factor : p.replicas.length !== topic.factor,
    )
    .sort(
      (a, b) =>
        b.p.bytes - a.p.bytes ||
        (a.topic.name < b.topic.name ? -1 : a.topic.name > b.topic.name ? 1 : 0) ||
        a.p.partition - b.p.partition,
    );

  const changes = work.map(({ topic, p }): PartitionChange => {
    const to =
      topic.factor > p.replicas.length ? grow(p, topic.factor, racks, loads) : shrink(p, topic.factor, racks, loads);
    const added = to.filter((id) => !p.replicas.includes(id)).length;
    return { topic: topic.name, partition: p.partition, from: [...p.replicas], to, bytes: added * p.bytes };
  });
  changes.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
  const all = topics.reduce((n, t) => n + t.partitions.length, 0);
  return {
    changes,
    topics: summarise(topics, changes),
    bytes: changes.reduce((n, c) => n + c.bytes, 0),
    unchanged: all - changes.length,
  };
}

function grow(p: PartitionNow, factor: number, racks: ReadonlyMap<number, string>, loads: BrokerLoads): number[] {
  const to = [...p.replicas];
  while (to.length < factor) {
    const free = [...racks.keys()].filter((id) => !to.includes(id));
    // Number of the partition's replicas that are already in the broker's rack. The rack with the fewest replicas has
    // priority over the load.
    const crowd = (id: number): number => to.filter((other) => racks.get(other) === racks.get(id)).length;
    const least = Math.min(...free.map(crowd));
    const chosen = loads.lightest(free.filter((id) => crowd(id) === least));
    loads.add(chosen, p.bytes);
    to.push(chosen);
  }
  return to;
}

function shrink(p: PartitionNow, factor: number, racks: ReadonlyMap<number, string>, loads: BrokerLoads): number[] {
  const keep = [...p.replicas];
  // This replica is kept: the preferred leader if it is in sync, otherwise the current leader.
  const anchor = p.isr.includes(keep[0]!) ? keep[0]! : p.leader;
  while (keep.length > factor) {
    const candidates = keep.filter((id) => id !== anchor);
    const outOfSync = candidates.filter((id) => !p.isr.includes(id));
    const pool = outOfSync.length > 0 ? outOfSync : candidates;
    const crowd = (id: number): number => keep.filter((other) => racks.get(other) === racks.get(id)).length;
    const most = Math.max(...pool.map(crowd));
    const gone = loads.heaviest(pool.filter((id) => crowd(id) === most));
    loads.remove(gone, p.bytes);
    keep.splice(keep.indexOf(gone), 1);
  }
  return keep;
}

function refuseImpossible(topics: readonly TopicNow[], brokers: readonly BrokerNow[], allowSameRack: boolean): void {
  const ids = new Set(brokers.map((b) => b.id));
  const racks = new Set(brokers.map(rackOf));
  const missing = new Mistakes();
  const tooLarge = new Mistakes();
  const listed = brokers.map((b) => `${b.id}${b.rack === undefined ? "" : ` (rack ${b.rack})`}`).join(", ");
  for (const topic of topics) {
    // Existing replicas stay where they are, so only new ones need brokers and racks. A topic without partitions is yet
    // to be created.
    const grows = topic.partitions.length === 0 || topic.partitions.some((p) => p.replicas.length < topic.factor);
    const gone = [...new Set(topic.partitions.flatMap((p) => p.replicas.filter((id) => !ids.has(id))))].sort(
      (a, b) => a - b,
    );
    if (gone.length > 0) missing.add(`topic ${topic.name} has replicas on broker ${gone.join(", ")}`);
    if (!Number.isInteger(topic.factor) || topic.factor < 1)
      tooLarge.add(`topic ${topic.name}: replication factor ${topic.factor} is not a whole number of at least 1`);
    else if (!grows) continue;
    else if (topic.factor > brokers.length)
      tooLarge.add(`topic ${topic.name}: factor ${topic.factor}, but there are ${brokers.length} brokers`);
    else if (topic.factor > racks.size && !allowSameRack) {
      tooLarge.add(
        `topic ${topic.name}: factor ${topic.factor}, but the ${brokers.length} brokers are in ${racks.size} ` +
          `rack${racks.size === 1 ? "" : "s"}`,
      );
    }
  }
  missing.throwIfAny(
    "REPLICATION_BROKER_MISSING",
    `target: some brokers that hold replicas are not running (running: ${listed})`,
    "start these brokers, or move their replicas to other brokers, then run again",
  );
  if (tooLarge.list.length > 0) {
    const onlyRacks = tooLarge.list.every((line) => line.includes(" in ") && line.includes("rack"));
    throw new MigrationError(
      "REPLICATION_TOO_LARGE",
      `target: the requested replication needs more brokers or racks; the cluster has ${listed}`,
      {
        fix: onlyRacks
          ? "lower the factor with a rule in replication.rules ({ pattern, factor }), add brokers in other " +
            "racks, or set replication.allowSameRack"
          : "lower the factor with a rule in replication.rules ({ pattern, factor }), or add brokers",
        details: tooLarge.list,
      },
    );
  }
}

function summarise(topics: readonly TopicNow[], changes: readonly PartitionChange[]): TopicChange[] {
  const byTopic = new Map<string, PartitionChange[]>();
  for (const c of changes) {
    const own = byTopic.get(c.topic);
    if (own === undefined) byTopic.set(c.topic, [c]);
    else own.push(c);
  }
  return topics.flatMap((topic) => {
    const own = byTopic.get(topic.name);
    if (own === undefined) return [];
    const from = [...new Set(own.map((c) => c.from.length))].sort((a, b) => a - b);
    return [
      {
        topic: topic.name,
        from,
        to: topic.factor,
        partitions: own.length,
        bytes: own.reduce((n, c) => n + c.bytes, 0),
      },
    ];
  });
}

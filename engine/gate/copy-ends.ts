import { entry } from "../objects";
import { type OpenKafka, withCluster, withClusters } from "../clusters";
import { isMigrationError } from "../errors";
import type { KafkaPort, TopicPartition } from "../kafka/port";
import { readOffsets } from "../log/bounds";
import { partitionKey, type PartitionRange } from "../log/partition";
import type { MigrationModel, ProvedEnds } from "../model";
import { scan, STOP } from "../records";
import { isHeartbeats, selectPairs } from "../selection";

/** End offsets of both clusters when the gate passed. */
export type CopyEnds = ProvedEnds;

/** Records that clients other than the mirror have written to a partition of the target. */
export interface WrittenOnTarget extends TopicPartition {
  /** An estimate: markers of transactions count, and records that the mirror may have added do not. */
  records: number;
}

/**
 * Reads the end offsets of every migrated topic that exists on both clusters.
 * @param proved the origin's end offsets when the copy was proved. For these topics they replace the current ends of
 *   the origin, so that records written since then are not counted.
 */
export async function copyEnds(
  model: MigrationModel,
  open?: OpenKafka,
  proved?: Record<string, number[]>,
): Promise<CopyEnds> {
  return withClusters(
    model,
    async ({ origin, target }) => {
      const pairs = selectPairs(await origin.listTopics(), model.mirror).filter(
        (p) => !isHeartbeats(model.mirror, p.origin),
      );
      const [here, there] = await Promise.all([
        counts(
          origin,
          pairs.map((p) => p.origin),
        ),
        counts(
          target,
          pairs.map((p) => p.target),
        ),
      ]);
      const both = pairs.filter((p) => here.has(p.origin) && there.has(p.target));
      const [originEnds, targetEnds] = await Promise.all([
        ends(
          origin,
          both.map((p) => [p.origin, here.get(p.origin)!]),
        ),
        ends(
          target,
          both.map((p) => [p.target, there.get(p.target)!]),
        ),
      ]);
      return Object.fromEntries(
        both.map((p) => [
          p.origin,
          {
            target: p.target,
            originEnds: entry(proved, p.origin) ?? originEnds.get(p.origin)!,
            targetEnds: targetEnds.get(p.target)!,
          },
        ]),
      );
    },
    open,
  );
}

/**
 * Finds what clients have written to the target since the gate passed. The mirror can add at most as many records as
 * the origin's end has moved. If the target's end has moved further, clients have written the rest.
 */
export async function writtenSince(
  model: MigrationModel,
  then: CopyEnds,
  open?: OpenKafka,
): Promise<WrittenOnTarget[]> {
  return withoutMarkers(model, byClients(then, await copyEnds(model, open)), open);
}

/**
 * Leaves out partitions with no more records than the mirror can have added: the rest are markers of transactions, of
 * an exactly-once mirror or of a producer that wrote nothing.
 */
async function withoutMarkers(
  model: MigrationModel,
  found: readonly Beyond[],
  open?: OpenKafka,
): Promise<WrittenOnTarget[]> {
  const counted = new Map<Beyond, number>();
  if (found.length > 0)
    await withCluster(
      model,
      "target",
      (target) =>
        scan(target, found, {
          isolation: "read_uncommitted",
          visit(range) {
            const one = range as Beyond;
            const count = (counted.get(one) ?? 0) + 1;
            counted.set(one, count);
            return count > one.mirrored ? STOP : undefined;
          },
        }),
      open,
    ).catch((error: unknown) => {
      // Without a look, everything beyond the mirror's records counts as written.
      if (!isMigrationError(error)) throw error;
      for (const one of found) counted.set(one, Infinity);
    });
  return found
    .filter((one) => (counted.get(one) ?? 0) > one.mirrored)
    .map(({ topic, partition, records }) => ({ topic, partition, records }));
}

/**
 * Returns true if the origin has new records since the gate passed and no client has written to the target yet. The
 * copy must be proved again then, because the gate did not check the new records. Once clients write to the target,
 * both clusters differ permanently and the copy cannot be proved again.
 */
export async function originMovedOn(model: MigrationModel, then: CopyEnds, open?: OpenKafka): Promise<boolean> {
  const now = await copyEnds(model, open);
  const moved = Object.entries(now).some(([topic, { originEnds }]) =>
    originEnds.some((end, partition) => end > (entry(then, topic)?.originEnds[partition] ?? 0)),
  );
  return moved && (await withoutMarkers(model, byClients(then, now), open)).length === 0;
}

/** A partition of the target that grew by more offsets than the mirror can have added. */
interface Beyond extends WrittenOnTarget, PartitionRange {
  /** The highest number of records that the mirror can have added. */
  mirrored: number;
}

function byClients(then: CopyEnds, now: CopyEnds): Beyond[] {
  return Object.entries(then)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([topic, was]) =>
      was.targetEnds.flatMap((end, partition) => {
        const is = entry(now, topic);
        if (is?.targetEnds[partition] === undefined) return [];
        const mirrored = (is.originEnds[partition] ?? 0) - (was.originEnds[partition] ?? 0);
        const to = is.targetEnds[partition]!;
        const records = to - end - mirrored;
        const range = { topic: was.target, partition, from: BigInt(end), to: BigInt(to) };
        return records > 0 ? [{ ...range, records, mirrored }] : [];
      }),
    );
}

async function counts(port: KafkaPort, names: readonly string[]): Promise<Map<string, number>> {
  // The end of a partition without a leader is unknown. Leave its topic out.
  const online = (await port.describeTopics(names)).filter((t) => t.partitions.every((p) => p.leader >= 0));
  return new Map(online.map((t) => [t.name, t.partitions.length]));
}

async function ends(port: KafkaPort, topics: readonly (readonly [string, number])[]): Promise<Map<string, number[]>> {
  const all = topics.flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );
  const found = await readOffsets(port, all, "latest");
  const end = (topic: string, partition: number) => Number(found.get(partitionKey({ topic, partition }))!);
  return new Map(topics.map(([topic, count]) => [topic, Array.from({ length: count }, (_, p) => end(topic, p))]));
}

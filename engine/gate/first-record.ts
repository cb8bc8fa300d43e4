import type { Clusters } from "../clusters";
import { readLogs } from "../log/bounds";
import { compactedTopics } from "../log/compaction";
import { type Beginning, compareBeginnings, unsureTexts } from "../records/beginning";
import type { Look } from "./observe";
import type { Finding } from "./types";

/**
 * Compares the first visible record of each partition that has at least one copied record. `compareBeginnings` decides
 * where this comparison is meaningful. It finds a topic that was deleted and created again if no topic ids are known.
 * @returns the findings, and a line for each reason why partitions have no clear result
 */
export async function compareFirstRecords(
  clusters: Clusters,
  look: Look,
  complete: boolean,
  signal?: AbortSignal,
): Promise<{ against: Finding[]; unsure: string[] }> {
  const targets = new Map(look.topics.filter((t) => t.targetPartitions !== undefined).map((t) => [t.origin, t]));
  const known = [...look.partitions.values()].filter(({ topic, partition, facts }) => {
    const there = targets.get(topic);
    const held = there !== undefined && partition < there.targetPartitions! && !there.targetOffline.includes(partition);
    return (
      held && facts.start < facts.end && (complete || (facts.mirrored !== undefined && facts.mirrored >= facts.start))
    );
  });
  if (known.length === 0) return { against: [], unsure: [] };
  const copies = known.map(({ topic, partition }) => ({ topic: targets.get(topic)!.target, partition }));
  const [compacted, logs] = await Promise.all([
    compactedTopics(
      clusters,
      known.map(({ topic }) => targets.get(topic)!),
    ),
    readLogs(clusters.target, copies),
  ]);
  const pairs = known.map(
    ({ topic, partition, facts }, i): Beginning => ({
      origin: { topic, partition, from: BigInt(facts.start), to: BigInt(facts.end) },
      target: logs[i]!,
      compacted: compacted.has(topic),
      ...(complete || facts.mirrored === undefined ? {} : { copiedTo: facts.mirrored }),
    }),
  );
  const { differences, unsure } = await compareBeginnings(clusters, pairs, look.isolation, signal);
  const against = differences.map(
    ({ pair: { origin }, text }): Finding => ({
      kind: "first record",
      subject: `${origin.topic}-${origin.partition}`,
      text,
      hopeless: true,
    }),
  );
  return { against, unsure: unsureTexts(unsure) };
}

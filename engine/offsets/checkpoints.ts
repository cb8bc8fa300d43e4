import { MigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";
import { readBounds } from "../log/bounds";
import { partitionKey } from "../log/partition";
import { type Checkpoint, LatestCheckpoints } from "../mirror-records";
import type { MirrorModel } from "../model";
import { internalTopics } from "../naming";
import { countText } from "../units";
import { kafkaReader } from "./kafka-reader";

/** Latest checkpoint by group, then by `topic:partition`. */
export type Checkpoints = Map<string, Map<string, Checkpoint>>;

/** What the checkpoints topic is called on the target. */
export function checkpointsTopic(mirror: MirrorModel): string {
  const topic = internalTopics(mirror).find((t) => t.kind === "checkpoints");
  return (topic as { name: string }).name;
}

/**
 * Reads the checkpoints topic from its start to its end, as RemoteClusterUtils.translateOffsets does, but to the end: that
 * one returns what it has when its time is up and does not say so.
 * @returns undefined when there is no such topic.
 * @throws MigrationError CHECKPOINTS_UNREADABLE
 */
export async function readCheckpoints(target: KafkaPort, mirror: MirrorModel, signal?: AbortSignal): Promise<Checkpoints | undefined> {
  const topic = checkpointsTopic(mirror);
  if ((await target.describeTopics([topic])).length === 0) return undefined;
  const partition = { topic, partition: 0 };
  const log = (await readBounds(target, [partition])).get(partitionKey(partition))!;
  const latest = new LatestCheckpoints();
  const reader = kafkaReader(target, mirror.exactlyOnce ? "read_committed" : "read_uncommitted");
  const foreign: number[] = [];
  await reader.scan([{ ...partition, from: log.start, to: log.end, see: (cursor) => void (latest.add(cursor.key(), cursor.value()) || foreign.push(cursor.offset)) }], signal);
  if (foreign.length > 0) {
    throw new MigrationError("CHECKPOINTS_UNREADABLE", `target topic ${topic}: ${countText(foreign.length, "record is no checkpoint", "records are no checkpoints")} of a known version (first: offset ${foreign[0]})`, {
      fix: "find out who writes to that topic; use the exact offsets, which need no checkpoints",
    });
  }
  return byGroup(latest.list());
}

function byGroup(all: readonly Checkpoint[]): Checkpoints {
  const groups: Checkpoints = new Map();
  for (const checkpoint of all) {
    const own = groups.get(checkpoint.group) ?? new Map<string, Checkpoint>();
    groups.set(checkpoint.group, own.set(partitionKey(checkpoint), checkpoint));
  }
  return groups;
}

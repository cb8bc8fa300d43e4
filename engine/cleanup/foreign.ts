import {
  decodeCheckpoint,
  decodeCheckpointKey,
  decodeHeartbeat,
  decodeHeartbeatKey,
  decodeOffsetSync,
  decodeOffsetSyncKey,
} from "../mirror-records";
import type { MirrorModel } from "../model";
import { connectorNames, type InternalTopic } from "../naming";
import { someOf } from "../units";
import { readConfigEntry, readOffsetEntry, readStatusEntry } from "./formats";

/** One sampled record as raw bytes. */
export interface SampleRecord {
  partition: number;
  offset: bigint;
  key: Buffer | null;
  value: Buffer | null;
}

/** The content of a topic that has the name of an internal topic. */
export interface FoundTopic {
  cleanupPolicy: string;
  partitions: number;
  /** Records from the beginning and the end of every partition. */
  records: readonly SampleRecord[];
}

/**
 * Users can configure the partition counts of these two in Connect (`offset.storage.partitions`,
 * `status.storage.partitions`).
 */
const COUNT_MAY_DIFFER = new Set(["offsets", "status"]);

/**
 * Reasons why this topic is not what MirrorMaker 2 creates with this configuration. Empty: it is. A topic with the
 * right shape but without records passes, because MirrorMaker 2 creates its topics before it writes. Never prints a
 * value.
 */
export function foreignReasons(topic: InternalTopic, found: FoundTopic, mirror: MirrorModel): string[] {
  const reasons: string[] = [];
  if (found.cleanupPolicy !== "compact") reasons.push(`cleanup.policy is ${found.cleanupPolicy}, not compact`);
  const proved = COUNT_MAY_DIFFER.has(topic.kind) && found.records.length > 0;
  if (found.partitions !== topic.partitions && !proved)
    reasons.push(`it has ${found.partitions} partitions, not ${topic.partitions}`);
  reasons.push(...contentReasons(topic, found.records, mirror));
  return reasons;
}

function contentReasons(topic: InternalTopic, records: readonly SampleRecord[], mirror: MirrorModel): string[] {
  const names = connectorNames(mirror);
  const own = new Set([names.source, names.checkpoint, names.heartbeat]);
  const others = new Set<string>();
  const unreadable: SampleRecord[] = [];
  for (const record of records) {
    const whose = ownerOf(topic, record, mirror);
    if (whose === undefined) unreadable.push(record);
    else if (whose !== OURS && !own.has(whose)) others.add(whose);
  }
  const reasons: string[] = [];
  if (unreadable.length > 0) {
    const first = unreadable[0]!;
    reasons.push(
      `${unreadable.length} of ${records.length} sampled records are not ${CONTENT[topic.kind]} (first: ` +
        `partition ${first.partition}, offset ${first.offset})`,
    );
  }
  if (others.size > 0)
    reasons.push(
      `it holds entries of ${topic.kind === "heartbeats" ? "another mirror" : "other connectors"}: ` +
        `${someOf([...others].sort())}`,
    );
  return reasons;
}

const CONTENT: Record<InternalTopic["kind"], string> = {
  offsets: "Connect's source offsets",
  configs: "Connect's connector configurations",
  status: "Connect's statuses",
  checkpoints: "MirrorMaker 2's checkpoints",
  "offset-syncs": "MirrorMaker 2's offset syncs",
  heartbeats: "MirrorMaker 2's heartbeats",
};

const OURS = Symbol("ours");

/**
 * Returns the connector (or mirror) that wrote the record. OURS if the format has no such name or it is this mirror's.
 * Undefined if the record has another format. All these topics are compacted, so a null value removes an entry.
 */
function ownerOf(
  topic: InternalTopic,
  { key, value }: SampleRecord,
  mirror: MirrorModel,
): string | typeof OURS | undefined {
  if (key === null) return undefined;
  const connect = { offsets: readOffsetEntry, configs: readConfigEntry, status: readStatusEntry };
  switch (topic.kind) {
    case "offsets":
    case "configs":
    case "status": {
      const entry = connect[topic.kind](key, value);
      return entry === undefined ? undefined : (entry.connector ?? OURS);
    }
    case "checkpoints":
      return (value === null ? decodeCheckpointKey(key) : decodeCheckpoint(key, value)) !== undefined
        ? OURS
        : undefined;
    case "offset-syncs":
      return (value === null ? decodeOffsetSyncKey(key) : decodeOffsetSync(key, value)) !== undefined
        ? OURS
        : undefined;
    case "heartbeats": {
      const beat = value === null ? decodeHeartbeatKey(key) : decodeHeartbeat(key, value);
      if (beat === undefined) return undefined;
      return beat.sourceAlias === mirror.originAlias && beat.targetAlias === mirror.targetAlias
        ? OURS
        : `${beat.sourceAlias}->${beat.targetAlias}`;
    }
  }
}

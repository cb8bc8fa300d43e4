import type { Kafka } from "kafkajs";
import type { ClusterConnection } from "../kafka/types";
import { applicationClient } from "../estate/seed";
import { consumeShare, endOffsets, firstRecords, type PartitionOffsets, type SeenRecord } from "../estate/applications";
import type { EstateGroup } from "../estate/topics";

/** Where one group stopped on the origin, and the record that it would read next there. */
export interface Stopped {
  group: EstateGroup;
  committed: PartitionOffsets;
  /** By partition. A partition at its end has no entry. */
  next: Map<number, SeenRecord>;
}

export interface Mismatch {
  group: string;
  topic: string;
  partition: number;
  expected: string;
  seen: string;
}

/** Lets a group consume on the origin and records what comes next for it, as kafkajs sees it. */
export async function stopGroup(origin: Kafka, group: EstateGroup): Promise<Stopped> {
  const committed = await consumeShare(origin, group);
  return { group, committed, next: await nextRecords(origin, `witness-${group.groupId}`, group.topic, committed) };
}

/** Reads the records at these offsets with a separate group of the witness. */
async function nextRecords(
  kafka: Kafka,
  groupId: string,
  topic: string,
  from: PartitionOffsets,
): Promise<Map<number, SeenRecord>> {
  const { high } = await endOffsets(kafka, topic);
  const partitions = [...from].filter(([p, offset]) => offset < high.get(p)!).map(([p]) => p);
  const records = await firstRecords(kafka, {
    groupId,
    topic,
    partitions,
    from: new Map(partitions.map((p) => [p, from.get(p)!])),
  });
  await forgetGroup(kafka, groupId);
  return records;
}

/**
 * Resumes the real group on the target and compares its first record of each partition with the next record on the
 * origin.
 */
export async function resumeGroup(target: Kafka, stopped: Stopped): Promise<Mismatch[]> {
  const { groupId, topic } = stopped.group;
  const seen = await firstRecords(target, { groupId, topic, partitions: [...stopped.next.keys()] });
  return [...stopped.next].flatMap(([partition, expected]) => {
    const got = seen.get(partition);
    const same =
      got !== undefined &&
      got.timestamp === expected.timestamp &&
      got.key === expected.key &&
      got.value === expected.value &&
      got.headers === expected.headers;
    return same
      ? []
      : [{ group: groupId, topic, partition, expected: short(expected), seen: got ? short(got) : "nothing" }];
  });
}

function short(record: SeenRecord): string {
  const text =
    record.value === null ? "(tombstone)" : Buffer.from(record.value, "base64").toString("utf8").slice(0, 60);
  return `offset ${record.offset}, ${new Date(Number(record.timestamp)).toISOString()}, ${text}`;
}

async function forgetGroup(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.deleteGroups([groupId]).catch(() => {});
  } finally {
    await admin.disconnect();
  }
}

/** Deletes the estate from a cluster that remains in use. */
export async function removeEstate(
  cluster: { connection: ClusterConnection },
  topics: readonly string[],
  groups: readonly string[],
): Promise<void> {
  const admin = applicationClient(cluster.connection, "witness").admin();
  await admin.connect();
  try {
    const there = new Set(await admin.listTopics());
    await admin.deleteTopics({ topics: topics.filter((name) => there.has(name)) });
    const known = new Set((await admin.listGroups()).groups.map((g) => g.groupId));
    await admin.deleteGroups(groups.filter((id) => known.has(id)));
  } finally {
    await admin.disconnect();
  }
}

/** Lists the topics, groups and principals of a cluster with an independent client. */
export async function listEverything(cluster: { connection: ClusterConnection }): Promise<{
  topics: Map<string, { partitions: number; replicas: number[] }>;
  groups: string[];
  principals: string[];
}> {
  const kafka = applicationClient(cluster.connection, "witness");
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata();
    const { groups } = await admin.listGroups();
    const acls = await admin.describeAcls({ resourceType: 1, resourcePatternType: 1, operation: 1, permissionType: 1 });
    return {
      topics: new Map(
        topics.map((t) => [
          t.name,
          { partitions: t.partitions.length, replicas: [...new Set(t.partitions.map((p) => p.replicas.length))] },
        ]),
      ),
      groups: groups.map((g) => g.groupId),
      principals: [...new Set(acls.resources.flatMap((r) => r.acls.map((a) => a.principal)))],
    };
  } finally {
    await admin.disconnect();
  }
}

import type { Clusters } from "../clusters";
import { inspectInternalTopics } from "../cleanup";
import { type LogBounds, readBounds } from "../log/bounds";
import { partitionKey } from "../log/partition";
import { decodeOffsetSync } from "../mirror-records";
import { describeMirrorGroup } from "../cleanup/gone";
import { readWhole } from "../cleanup/read";
import { ConnectStateReader } from "../connect-state";
import { isMigrationError } from "../errors";
import type { ConfigEntry, KafkaPort, TopicDescription, TopicPartition } from "../kafka/port";
import type { MirrorModel, Side } from "../model";
import { groupNameFault, internalTopics } from "../naming";
import { factorsOf } from "../replication";
import { selectGroups, selectPairs, sinkGroupsLeftOut } from "../selection";
import type { BrokerFacts, ClusterFacts, PreflightFacts, SelectedTopic, Setting, Settings, TopicFacts } from "./facts";
import { copies, TOPIC_KEYS } from "./config-sync";
import { readLargeRecords } from "./large";
import { readRefused } from "./refused";
import { smallerBytes } from "./retention";
import { addressesIn } from "../addresses";
import { readOtherMirrors } from "./opposite";
import { timedRecords } from "./timed";
import type { ConfigSync } from "./facts";

export interface MoreToRead {
  /** How MirrorMaker 2 is configured to copy topic settings to the target. */
  configSync?: ConfigSync | undefined;
  /** The bootstrap servers as this migration configures them. */
  bootstrapServers?: Record<Side, string>;
}

/**
 * Reads all input of preflight's decisions. Changes nothing.
 * @param running the mirror as it was when it passed an earlier preflight
 */
export async function readFacts(
  clusters: Clusters,
  mirror: MirrorModel,
  now: number,
  running?: MirrorModel,
  more: MoreToRead = {},
): Promise<PreflightFacts> {
  const { configSync = {}, bootstrapServers } = more;
  const { origin, target } = clusters;
  const originTopics = await origin.listTopics();
  const pairs = selectPairs(originTopics, mirror);
  const atOrigin = await topicFacts(
    origin,
    pairs.map((p) => p.origin),
    configSync,
  );
  const atTarget = await topicFacts(
    target,
    pairs.map((p) => p.target),
  );
  const selected = pairs.flatMap((p): SelectedTopic[] => {
    const from = atOrigin.get(p.origin);
    const to = atTarget.get(p.target);
    return from === undefined
      ? []
      : [{ origin: from, targetName: p.target, ...(to === undefined ? {} : { target: to }) }];
  });
  const internals = await inspectInternalTopics(clusters, mirror, internalTopics(mirror));
  const group = await describeMirrorGroup(target, mirror);
  const committed =
    (await target.groupOffsets([mirror.groupId])).get(mirror.groupId)?.filter((o) => o.offset >= 0n) ?? [];
  const connect = await new ConnectStateReader(target, mirror).read();
  const clusterFacts = { origin: await readCluster(origin), target: await readCluster(target) };
  const originGroups = (await origin.listGroups()).map((g) => g.groupId);
  const refused = await readRefused(target, { mirror, configSync, selected, target: clusterFacts.target });
  const facts = {
    mirror,
    configSync,
    refused,
    ...clusterFacts,
    originTopics,
    targetTopics: await target.listTopics(),
    originGroups,
    idleGroups: await idleGroups(origin, oddGroups(originGroups, mirror), new Set(pairs.map((p) => p.origin))),
    selected,
    internals,
    mirrorGroup: {
      state: group.state,
      protocolType: group.protocolType,
      members: group.members.length,
      committed: committed.length,
    },
    started: connect.source !== undefined,
    mirrored: connect.offsets,
    known: new Set(running === undefined ? [] : selectPairs(originTopics, running).map((p) => p.origin)),
    synced: await syncedPartitions(
      clusters,
      internals.find((t) => t.kind === "offset-syncs" && t.state === "present"),
    ),
  };
  return {
    ...facts,
    timed: await timedRecords(origin, facts, now),
    sizes: await sizesOf(
      origin,
      smallerBytes(facts).map((t) => t.origin.name),
    ),
    large: await readLargeRecords(origin, selected, mirror.isolationLevel),
    others: await readOtherMirrors(clusters, mirror),
    addresses: {
      origin: [...addressesIn(bootstrapServers?.origin), ...clusterFacts.origin.addresses],
      target: [...addressesIn(bootstrapServers?.target), ...clusterFacts.target.addresses],
    },
  };
}

/** Groups that preflight must report if they take part in the migration. */
function oddGroups(groups: readonly string[], mirror: MirrorModel): string[] {
  const unable = selectGroups(groups, mirror).filter((group) => groupNameFault(group) !== undefined);
  return [...new Set([...unable, ...sinkGroupsLeftOut(groups, mirror)])];
}

/** The groups without a committed offset on a copied topic. Empty if this user may not read their offsets. */
async function idleGroups(
  origin: KafkaPort,
  groups: readonly string[],
  topics: ReadonlySet<string>,
): Promise<Set<string>> {
  if (groups.length === 0) return new Set();
  try {
    const offsets = await origin.groupOffsets(groups);
    const busy = (group: string) => (offsets.get(group) ?? []).some((o) => o.offset >= 0n && topics.has(o.topic));
    return new Set(groups.filter((group) => !busy(group)));
  } catch (error) {
    if (isMigrationError(error) && error.code === "KAFKA_UNAUTHORIZED") return new Set();
    throw error;
  }
}

async function readCluster(port: KafkaPort): Promise<ClusterFacts & { addresses: string[] }> {
  const { clusterId, brokers } = await port.describeCluster();
  let configs = new Map<number, Map<string, ConfigEntry>>();
  try {
    configs = await port.describeBrokerConfigs(brokers.map((b) => b.id));
  } catch (error) {
    // The origin's administrator does not need this right. Where it is needed, the check of privileges reports it.
    if (!isMigrationError(error) || error.code !== "KAFKA_UNAUTHORIZED") throw error;
  }
  return {
    clusterId,
    addresses: brokers.map((b) => `${b.host}:${b.port}`.toLowerCase()),
    brokers: brokers.map((b): BrokerFacts => {
      const settings: Record<string, string> = {};
      for (const [key, entry] of configs.get(b.id) ?? [])
        if (entry.value !== null && !entry.sensitive) settings[key] = entry.value;
      return { id: b.id, ...(b.rack === undefined ? {} : { rack: b.rack }), settings };
    }),
  };
}

async function topicFacts(
  port: KafkaPort,
  names: readonly string[],
  sync?: ConfigSync,
): Promise<Map<string, TopicFacts>> {
  if (names.length === 0) return new Map();
  const topics = await port.describeTopics(names);
  const configs = await port.describeTopicConfigs(topics.map((t) => t.name));
  const bounds = await boundsOf(port, topics);
  const factors = await factorsOf(port, topics);
  return new Map(
    topics.map((t) => [
      t.name,
      {
        name: t.name,
        settings: settingsOf(configs.get(t.name), sync),
        factor: factors.get(t.name)!,
        bounds: Array.from({ length: t.partitions.length }, (_, partition) =>
          bounds.get(partitionKey({ topic: t.name, partition })),
        ),
      },
    ]),
  );
}

/**
 * Keep only the settings that a decision uses, and those that MirrorMaker 2 copies. With thousands of topics the others
 * would use most of the memory.
 */
function settingsOf(config: ReadonlyMap<string, ConfigEntry> | undefined, sync?: ConfigSync): Settings {
  const settings: Record<string, Setting> = {};
  for (const [key, { value, source }] of config ?? []) {
    if (value === null) continue;
    const setting = { value, ofTopic: source === "dynamic-topic", source };
    if (USED.has(key) || (sync !== undefined && copies(setting, sync))) settings[key] = setting;
  }
  return settings;
}

const USED: ReadonlySet<string> = new Set(TOPIC_KEYS);

/** Empty if this user may not read sizes. The topics are then reported as a warning. */
async function sizesOf(port: KafkaPort, topics: readonly string[]): Promise<Map<string, bigint>> {
  if (topics.length === 0) return new Map();
  try {
    return await port.partitionSizes(topics);
  } catch (error) {
    if (isMigrationError(error) && error.code === "KAFKA_UNAUTHORIZED") return new Map();
    throw error;
  }
}

async function boundsOf(port: KafkaPort, topics: readonly TopicDescription[]): Promise<Map<string, LogBounds>> {
  const online = topics.flatMap((t) =>
    t.partitions.filter((p) => p.leader >= 0).map((p): TopicPartition => ({ topic: t.name, partition: p.partition })),
  );
  return readBounds(port, online);
}

async function syncedPartitions(
  clusters: Clusters,
  topic: { side: "origin" | "target"; name: string } | undefined,
): Promise<Set<string>> {
  const found = new Set<string>();
  if (topic === undefined) return found;
  await readWhole(clusters[topic.side], topic.name, (key, value) => {
    const sync = key === null || value === null ? undefined : decodeOffsetSync(key, value);
    if (sync !== undefined) found.add(partitionKey(sync));
  });
  return found;
}

import { isMigrationError } from "../errors";
import type { CommittedOffset, GroupDescription, KafkaPort } from "../kafka/port";
import type { MirrorModel } from "../model";
import { selectGroups, selectPairs, topicRule } from "../selection";
import type { OffsetOptions } from "./types";

/** The groups that move, their committed offsets and the target names of their topics. */
export interface Commitments {
  groups: string[];
  unknown: string[];
  /** Selected share groups, which cannot be moved. */
  share: string[];
  committed: Map<string, CommittedOffset[]>;
  described: Map<string, GroupDescription>;
  /** Target name of each migrated topic that a group has an offset on. */
  targetNames: Map<string, string>;
}

/**
 * Reads the groups that move and their committed offsets. In a part of the mirror a group has only its offsets for the
 * topics of this part.
 */
export async function readCommitments(
  origin: KafkaPort,
  mirror: MirrorModel,
  options: OffsetOptions,
): Promise<Commitments> {
  const { chosen, unknown, share } = chooseGroups(await origin.listGroups(), mirror, options);
  const [offsets, descriptions] = await Promise.all([origin.groupOffsets(chosen), origin.describeGroups(chosen)]);
  const skip = topicRule(mirror);
  const committed = new Map<string, CommittedOffset[]>();
  for (const group of chosen) {
    const has = (offsets.get(group) ?? []).filter((o) => o.offset >= 0n);
    const here = has.filter((o) => skip(o.topic) !== "out of scope");
    // A group whose offsets all belong to other parts of the mirror does not move with this one.
    if (here.length > 0 || has.length === 0) committed.set(group, here);
  }
  const topics = [...new Set([...committed.values()].flatMap((list) => list.map((o) => o.topic)))];
  const targetNames = new Map(selectPairs(topics, mirror).map((pair) => [pair.origin, pair.target]));
  return {
    groups: chosen.filter((group) => committed.has(group)),
    unknown,
    share,
    committed,
    described: new Map(descriptions.map((d) => [d.groupId, d])),
    targetNames,
  };
}

export interface ListedGroup {
  groupId: string;
  protocolType: string;
  /** `classic`, `consumer`, `streams`, `share`, or "" if the broker does not return it (before Kafka 3.8). */
  type?: string;
}

export interface ChosenGroups {
  chosen: string[];
  /** Groups that were requested by name and do not exist on the origin. */
  unknown: string[];
  /** Selected share groups (KIP-932). They have no committed offset that could be moved. */
  share: string[];
}

/**
 * Selects the groups that move:
 * - The groups that the mirror's checkpoints cover: consumer groups and groups without a protocol whose whole name
 *   matches `groups` and not `groups.exclude` (MirrorCheckpointConnector of Kafka 4.3).
 * - Groups of the Streams protocol (KIP-1071), by the same patterns. They commit like consumers, but the mirror leaves
 *   them out.
 * - The explicit lists of the options. They take precedence over the patterns.
 */
export function chooseGroups(
  listed: readonly ListedGroup[],
  mirror: MirrorModel,
  options: OffsetOptions,
): ChosenGroups {
  const names = new Set(listed.map((g) => g.groupId));
  const shared = new Set(listed.filter((g) => g.type === "share" || g.protocolType === "share").map((g) => g.groupId));
  const movable = listed
    .filter((g) => ["consumer", "", "streams"].includes(g.protocolType) && !shared.has(g.groupId))
    .map((g) => g.groupId);
  const asked = options.groups ?? [];
  const excluded = new Set(options.excludeGroups ?? []);
  const pick = (from: readonly string[], so: (group: string) => boolean) =>
    [...new Set([...selectGroups(from, mirror), ...asked.filter(so)])].filter((g) => !excluded.has(g)).sort();
  return {
    chosen: pick(movable, (g) => names.has(g) && !shared.has(g)),
    unknown: asked.filter((g) => !names.has(g)),
    share: pick([...shared], (g) => shared.has(g)),
  };
}

/** Why a share group does not move, and what its owners can do. */
export const WHY_NOT_SHARE =
  "a share group, and what it has acknowledged is not a committed offset; set its start on the target with " +
  "kafka-share-groups.sh --reset-offsets";

/** Kafka's default of `offset.metadata.max.bytes`. */
const DEFAULT_LIMIT = 4096;

/**
 * The number of metadata characters that the target accepts with one committed offset: the lowest limit of its brokers,
 * or Kafka's default if they return none, or if there is no metadata. Brokers refuse longer metadata
 * (OFFSET_METADATA_TOO_LARGE). They count characters.
 */
export async function metadataLimit(
  target: KafkaPort,
  committed: Iterable<readonly CommittedOffset[]>,
): Promise<number> {
  if (![...committed].some((list) => list.some((o) => o.metadata !== ""))) return DEFAULT_LIMIT;
  try {
    const brokers = (await target.describeCluster()).brokers.map((b) => b.id);
    const configs = [...(await target.describeBrokerConfigs(brokers)).values()];
    const limits = configs.map((c) => Number(c.get("offset.metadata.max.bytes")?.value ?? DEFAULT_LIMIT));
    return Math.min(...(limits.length === 0 ? [DEFAULT_LIMIT] : limits));
  } catch (error) {
    if (isMigrationError(error) && error.code === "KAFKA_UNAUTHORIZED") return DEFAULT_LIMIT;
    throw error;
  }
}

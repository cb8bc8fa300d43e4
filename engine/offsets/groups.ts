import type { MirrorModel } from "../model";
import { selectGroups } from "../selection";
import type { OffsetOptions } from "./types";

export interface ListedGroup {
  groupId: string;
  protocolType: string;
  /** `classic`, `consumer`, `streams`, `share`, or "" where the broker does not tell (before Kafka 3.8). */
  type?: string;
}

export interface ChosenGroups {
  chosen: string[];
  /** Names that were asked for and that the origin does not have. */
  unknown: string[];
  /** Share groups (KIP-932) that are selected: they have no offset that could be moved. */
  share: string[];
}

/**
 * The groups that move: what the mirror's checkpoints cover (consumer groups and groups without a protocol, whole-name
 * matches of `groups` without those of `groups.exclude`; MirrorCheckpointConnector of Kafka 4.3) and, by the same patterns,
 * groups of the Streams protocol (KIP-1071), which commit as consumers do and which the mirror leaves out; then the
 * explicit lists, which win.
 */
export function chooseGroups(listed: readonly ListedGroup[], mirror: MirrorModel, options: OffsetOptions): ChosenGroups {
  const names = new Set(listed.map((g) => g.groupId));
  const shared = new Set(listed.filter((g) => g.type === "share" || g.protocolType === "share").map((g) => g.groupId));
  const movable = listed.filter((g) => ["consumer", "", "streams"].includes(g.protocolType) && !shared.has(g.groupId)).map((g) => g.groupId);
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

/** Why a share group is left alone, and what its owners can do. */
export const WHY_NOT_SHARE = "a share group, and what that has acknowledged is no committed offset; set its start on the target with kafka-share-groups.sh --reset-offsets";

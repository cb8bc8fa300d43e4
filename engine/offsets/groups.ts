import type { MirrorModel } from "../model";
import { selectGroups } from "../selection";
import type { OffsetOptions } from "./types";

export interface ListedGroup {
  groupId: string;
  protocolType: string;
}

/**
 * The groups that move: what the mirror's checkpoints cover (consumer groups and groups without a protocol, whole-name
 * matches of `groups` without those of `groups.exclude`; MirrorCheckpointConnector of Kafka 4.3), then the explicit
 * lists, which win. `unknown`: names that were asked for and that the origin does not have.
 */
export function chooseGroups(listed: readonly ListedGroup[], mirror: MirrorModel, options: OffsetOptions): { chosen: string[]; unknown: string[] } {
  const names = new Set(listed.map((g) => g.groupId));
  const consumers = listed.filter((g) => g.protocolType === "consumer" || g.protocolType === "").map((g) => g.groupId);
  const asked = options.groups ?? [];
  const excluded = new Set(options.excludeGroups ?? []);
  const chosen = new Set([...selectGroups(consumers, mirror), ...asked.filter((g) => names.has(g))]);
  return {
    chosen: [...chosen].filter((g) => !excluded.has(g)).sort(),
    unknown: asked.filter((g) => !names.has(g)),
  };
}

import type { MirrorModel, Side } from "../model";
import { offsetsJournalTopic } from "../naming";
import { MirroredNames } from "./least";
import { type AclRule, allow, cluster, group, mergeRules } from "./rules";

export interface AdministratorAclOptions {
  /** Narrow topics and groups to those that the patterns can match. Default true. */
  narrow?: boolean;
  /** The fence creates and removes ACLs on the origin. Default false. */
  fence?: boolean;
  /** The origin's quotas are read, to compare them with the target's. Default false. */
  access?: boolean;
  /** Groups that move in addition to those that the pattern selects. Default none. */
  groups?: readonly string[];
}

/**
 * The minimum rights for the engine's own calls, for one short-lived user per cluster. A right that another one implies
 * is not listed (Read, Delete and Alter imply Describe, AlterConfigs implies DescribeConfigs).
 *
 * - data topics: Read (the verification and the gate fetch records and offsets); on the origin also DescribeConfigs; on
 *   the target also AlterConfigs (`min.insync.replicas`, throttled replicas)
 * - internal topics: Read and DescribeConfigs (to check that MirrorMaker 2 made them) and Delete
 * - on the target, the topic that records the groups' offsets before a cutover writes them: Create, Write, Read, Delete
 * - groups: on the origin Describe (committed offsets); on the target Read (write offsets) and Delete (undo written
 *   offsets, remove the mirror's own groups)
 * - cluster: on the origin Describe (log sizes, ACLs, reassignments), or Alter for the fence, and DescribeConfigs to
 *   compare quotas; on the target Alter (sizes, reassign, elect leaders) and AlterConfigs (broker defaults, throttles)
 */
export function administratorAcls(role: Side, mirror: MirrorModel, options: AdministratorAclOptions = {}): AclRule[] {
  const names = new MirroredNames(mirror, options.narrow ?? true);
  const moved = (options.groups ?? []).map((name) => group(name));
  const internal = ["Read", "DescribeConfigs", "Delete"] as const;
  const kinds = {
    offsets: internal,
    configs: internal,
    status: internal,
    checkpoints: internal,
    "offset-syncs": internal,
    heartbeats: internal,
  };
  return mergeRules(
    role === "origin"
      ? [
          ...names.originTopics("Read", "DescribeConfigs"),
          ...names.internal("origin", kinds),
          ...names.groups("Describe", ...moved),
          allow(
            cluster,
            options.fence ? "Alter" : "Describe",
            ...(options.access ? (["DescribeConfigs"] as const) : []),
          ),
        ]
      : [
          ...names.targetTopics("Read", "AlterConfigs"),
          ...names.internal("target", kinds),
          ...names.targetTopic(offsetsJournalTopic(mirror), "Create", "Write", "Read", "Delete"),
          ...names.groups("Read", ...moved, group(mirror.groupId)),
          ...names.groups("Delete", ...moved, group(mirror.groupId)),
          allow(cluster, "Alter", "AlterConfigs"),
        ],
  );
}

import type { MirrorModel, Side } from "../model";
import { offsetsJournalTopic } from "../naming";
import { MirroredNames } from "./least";
import { type AclRule, allow, cluster, group, mergeRules } from "./rules";

export interface AdministratorAclOptions {
  /** Narrow topics and groups to what the patterns can match. Default true. */
  narrow?: boolean;
  /** The fence makes and removes ACLs on the origin. Default false. */
  fence?: boolean;
  /** Groups that move beside those that the pattern selects. Default none. */
  groups?: readonly string[];
}

/**
 * The least that the engine's own calls need, for one short-lived user per cluster. What another one implies (Read, Delete
 * and Alter imply Describe, AlterConfigs implies DescribeConfigs) is not said again.
 *
 * - data topics: Read (verification and the gate fetch, offsets); on the origin DescribeConfigs, on the target
 *   AlterConfigs (`min.insync.replicas`, throttled replicas)
 * - internal topics: Read and DescribeConfigs (is it what MirrorMaker 2 makes?) and Delete
 * - on the target the topic in which a cutover notes the groups' offsets before it writes them: Create, Write, Read, Delete
 * - groups: on the origin Describe (committed offsets); on the target Read (write offsets) and Delete (take back what
 *   was written; remove the mirror's own groups)
 * - cluster: on the origin Describe (log sizes, ACLs, reassignments), or Alter for the fence; on the target Alter (sizes, reassign, elect
 *   leaders) and AlterConfigs (broker defaults, throttles)
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
          allow(cluster, options.fence ? "Alter" : "Describe"),
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

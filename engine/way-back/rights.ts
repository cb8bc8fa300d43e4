import { type AclRule, allow, cluster, group, mergeRules, topic } from "../acls/rules";
import { MirroredNames } from "../acls/least";
import type { MirrorModel, Side } from "../model";
import { offsetsJournalTopic } from "../naming";
import { returnMirror } from "./model";

/**
 * The rights that the migration's administrator needs for the way back, in addition to those for the forward mirror.
 *
 * - on the origin: Read on the part's topics; the return mirror's internal topics (its first offsets are written before
 *   it starts); the topic that records the groups' offsets before the return; groups Read (write offsets) and Delete
 * - on the target: Write on the forward mirror's offsets topic, so that it goes on behind the records that came back;
 *   groups Delete; Alter for the fence
 *
 * @param part the forward mirror, limited to one part
 */
export function returnAdministratorAcls(side: Side, part: MirrorModel, groups: readonly string[] = []): AclRule[] {
  const back = returnMirror(part);
  const mirror = { ...back, topicsPattern: part.scope?.topics ?? back.topicsPattern };
  const names = new MirroredNames(mirror, true);
  const moved = groups.map((name) => group(name));
  const internal = ["Read", "DescribeConfigs", "Delete"] as const;
  if (side === "target")
    return mergeRules([
      ...names.originTopics("Read", "DescribeConfigs"),
      allow(topic(part.offsetStorageTopic), "Write"),
      ...names.groups("Describe", ...moved),
      ...names.groups("Delete", ...moved),
      allow(cluster, "Alter"),
    ]);
  return mergeRules([
    ...names.targetTopics("Read"),
    ...names.internal("target", {
      offsets: ["Create", "Write", ...internal],
      configs: internal,
      status: internal,
      // It is never created. The clean-up makes sure of it.
      checkpoints: internal,
      "offset-syncs": internal,
    }),
    ...names.targetTopic(offsetsJournalTopic(back), "Create", "Write", "Read", "Delete"),
    ...names.groups("Read", ...moved, group(back.groupId)),
    ...names.groups("Delete", ...moved, group(back.groupId)),
    allow(cluster, "Describe"),
  ]);
}

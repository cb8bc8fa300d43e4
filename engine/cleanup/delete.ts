import { type OpenKafka, withCluster } from "../clusters";
import { MigrationError } from "../errors";
import { partitionKey } from "../log/partition";
import type { MigrationModel, MirrorModel, Side } from "../model";
import { type InternalTopic, internalTopics } from "../naming";
import { type Progress, silent } from "../progress";
import { someOf } from "../units";
import { requireOwn } from "./check";
import { describeMirrorGroup, hasLeft, requireNoMembers } from "./gone";
import { withNeeded } from "./read";

export interface Deleted {
  /** False: it does not exist, or no longer exists. */
  deleted: boolean;
}

/**
 * Deletes one internal topic. Succeeds if the topic does not exist. It repeats all checks before it deletes: the
 * configuration must name this topic, the topic must look like MirrorMaker 2's, and the Connect group must be empty.
 * @param topic its side and name
 * @throws MigrationError INTERNAL_TOPIC_UNKNOWN, INTERNAL_TOPIC_FOREIGN, MIRROR_STILL_RUNNING
 */
export async function deleteInternalTopic(
  model: MigrationModel,
  topic: { side: Side; name: string },
  progress: Progress = silent,
  open?: OpenKafka,
): Promise<Deleted> {
  const own = ownTopic(model.mirror, topic);
  return withNeeded(
    model,
    [own],
    async (clusters) => {
      const [check] = await requireOwn(clusters, model.mirror, [own]);
      if (check!.state === "absent") {
        progress.info(`${own.side} topic ${own.name} is already deleted`);
        return { deleted: false };
      }
      await requireNoMembers(clusters.target, model.mirror);
      await clusters[own.side]!.deleteTopics([own.name]);
      progress.info(`deleted ${own.side} topic ${own.name}`);
      return { deleted: true };
    },
    open,
  );
}

function ownTopic(mirror: MirrorModel, topic: { side: Side; name: string }): InternalTopic {
  const all = internalTopics(mirror);
  const own = all.find((t) => t.side === topic.side && t.name === topic.name);
  if (own !== undefined) return own;
  throw new MigrationError(
    "INTERNAL_TOPIC_UNKNOWN",
    `${topic.side} topic ${topic.name} does not belong to this configuration, whose internal topics are: ` +
      `${someOf(all.map((t) => `${t.side} ${t.name}`))}`,
    {
      fix:
        "nothing was deleted; restore the settings that the mirror ran with (origin.alias, target.alias, " +
        "target.offsetStorageTopic, target.configStorageTopic, target.statusStorageTopic)",
    },
  );
}

/**
 * Deletes the consumer group that the mirror created: Connect's own group. MirrorMaker 2 has no other group, because
 * its consumers assign their partitions themselves and keep offsets in Connect's topics. The groups that it
 * synchronises belong to the applications.
 * @throws MigrationError MIRROR_STILL_RUNNING; MIRROR_GROUP_FOREIGN if the group has committed offsets or is not
 *   Connect's
 */
export async function deleteMirrorGroups(
  model: MigrationModel,
  progress: Progress = silent,
  open?: OpenKafka,
): Promise<Deleted> {
  return withCluster(
    model,
    "target",
    async (target) => {
      const { groupId } = model.mirror;
      const group = await describeMirrorGroup(target, model.mirror);
      if (group.state === "Dead" && group.members.length === 0) {
        progress.info(`group ${groupId} is already deleted`);
        return { deleted: false };
      }
      if (!hasLeft(group)) await requireNoMembers(target, model.mirror);
      const committed = (await target.groupOffsets([groupId])).get(groupId)?.filter((o) => o.offset >= 0n) ?? [];
      const kind = group.protocolType;
      if (committed.length > 0 || (kind !== "" && kind !== "connect")) {
        const what =
          committed.length > 0
            ? `holds committed offsets (${someOf(
                committed.map((o) => partitionKey(o)),
                3,
              )})`
            : `is a ${kind} group`;
        throw new MigrationError(
          "MIRROR_GROUP_FOREIGN",
          `target: group ${groupId} ${what}, so it is not Connect's group; it was not deleted`,
          {
            fix: "find the application that uses this name, and give the mirror its own target.groupId",
          },
        );
      }
      await target.deleteGroups([groupId]);
      progress.info(`deleted group ${groupId}`);
      return { deleted: true };
    },
    open,
  );
}

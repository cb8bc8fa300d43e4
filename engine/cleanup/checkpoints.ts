import { type OpenKafka, withCluster } from "../clusters";
import { MigrationError } from "../errors";
import type { CommittedOffset, KafkaPort } from "../kafka/port";
import { partitionKey } from "../log/partition";
import { type Checkpoint, LatestCheckpoints } from "../mirror-records";
import type { MigrationModel, MirrorModel, Scope } from "../model";
import { type InternalTopic, internalTopics } from "../naming";
import { ownsGroup, wholeMirror } from "../parts";
import { type Progress, silent } from "../progress";
import { selectGroups } from "../selection";
import { countText, someOf } from "../units";
import { requireOwn } from "./check";
import { requireNoMembers } from "./gone";
import { readWhole } from "./read";

/**
 * When to delete the checkpoints topic. `when-applied`: when each checkpoint's group has a committed offset on the
 * target for that partition. `always`. `never`.
 */
export type CheckpointsMode = "when-applied" | "always" | "never";

export interface CheckpointsChoice {
  mode: CheckpointsMode;
  /** Parts whose groups have returned to the origin. Nobody needs their checkpoints. Default none. */
  returned?: readonly Scope[];
}

export interface CheckpointsDeleted {
  deleted: boolean;
  reason: "kept" | "absent" | "applied" | "asked for";
  /** Number of checkpoints checked: the last one of each group, topic and partition. */
  checkpoints: number;
}

/**
 * Deletes the checkpoints topic according to the mode.
 * @throws MigrationError CHECKPOINTS_NOT_APPLIED with the groups that have a checkpoint but no committed offset for it;
 *   INTERNAL_TOPIC_FOREIGN; MIRROR_STILL_RUNNING
 */
export async function deleteCheckpoints(
  model: MigrationModel,
  { mode, returned = [] }: CheckpointsChoice,
  progress: Progress = silent,
  open?: OpenKafka,
): Promise<CheckpointsDeleted> {
  const topic = internalTopics(model.mirror).find((t) => t.kind === "checkpoints")!;
  if (mode === "never") {
    progress.info(`target topic ${topic.name} is kept`);
    return { deleted: false, reason: "kept", checkpoints: 0 };
  }
  return withCluster(
    model,
    "target",
    async (target) => {
      const [check] = await requireOwn({ target }, model.mirror, [topic]);
      if (check!.state === "absent") {
        progress.info(`target topic ${topic.name} is already deleted`);
        return { deleted: false, reason: "absent", checkpoints: 0 };
      }
      await requireNoMembers(target, model.mirror);
      const checkpoints =
        mode === "always" ? [] : await requireApplied(target, model.mirror, topic, returned, progress);
      await target.deleteTopics([topic.name]);
      progress.info(`deleted target topic ${topic.name}`);
      return { deleted: true, reason: mode === "always" ? "asked for" : "applied", checkpoints: checkpoints.length };
    },
    open,
  );
}

async function requireApplied(
  target: KafkaPort,
  mirror: MirrorModel,
  topic: InternalTopic,
  returned: readonly Scope[],
  progress: Progress,
): Promise<Checkpoint[]> {
  const latest = new LatestCheckpoints();
  await readWhole(target, topic.name, (key, value) => void latest.add(key, value));
  const all = latest.list();
  const present = new Map(
    (await target.describeTopics([...new Set(all.map((c) => c.topic))])).map((t) => [t.name, t.partitions.length]),
  );
  const relevant = toApply(all, mirror, returned).filter((c) => c.partition < (present.get(c.topic) ?? 0));
  const left = all.length - relevant.length;
  if (left > 0)
    progress.info(
      `${countText(left, "checkpoint")} of groups that are not selected or have returned to the origin, or of ` +
        "partitions that the target does not have, are not checked",
    );
  const missing = notApplied(relevant, await target.groupOffsets([...new Set(relevant.map((c) => c.group))]));
  if (missing.size > 0) {
    throw new MigrationError(
      "CHECKPOINTS_NOT_APPLIED",
      `target: ${countText(missing.size, "group")} of ${byGroup(relevant).size} have checkpoints but no committed ` +
        `offsets; topic ${topic.name} is kept`,
      {
        fix:
          "apply the groups' offsets with `kafka-migration offsets --apply` first, or delete groups on the " +
          "origin that are no longer needed and exclude them from mirror.groupsPattern, or set checkpoints to " +
          '"always"',
        details: [...missing].slice(0, 50).map(([group, partitions]) => `group ${group}: ${someOf(partitions, 5)}`),
      },
    );
  }
  return relevant;
}

/**
 * The checkpoints that somebody may still need: those of the selected groups that have not returned to the origin.
 * @param returned the parts whose groups have returned
 */
export function toApply(all: readonly Checkpoint[], mirror: MirrorModel, returned: readonly Scope[]): Checkpoint[] {
  const back = returned.map((scope) => ownsGroup({ scope }));
  const selected = new Set(selectGroups([...new Set(all.map((c) => c.group))], wholeMirror(mirror)));
  return all.filter(({ group }) => selected.has(group) && !back.some((owns) => owns(group)));
}

/**
 * Groups with a checkpoint but without a committed offset for the same partition. Maps each group to its
 * `topic:partition` list.
 */
export function notApplied(
  checkpoints: readonly Checkpoint[],
  committed: ReadonlyMap<string, readonly CommittedOffset[]>,
): Map<string, string[]> {
  const missing = new Map<string, string[]>();
  for (const [group, own] of byGroup(checkpoints)) {
    const has = new Set((committed.get(group) ?? []).filter((o) => o.offset >= 0n).map((o) => partitionKey(o)));
    const lacking = own.map((c) => partitionKey(c)).filter((key) => !has.has(key));
    if (lacking.length > 0) missing.set(group, lacking);
  }
  return missing;
}

function byGroup(checkpoints: readonly Checkpoint[]): Map<string, Checkpoint[]> {
  const groups = new Map<string, Checkpoint[]>();
  for (const c of checkpoints) {
    const own = groups.get(c.group);
    if (own === undefined) groups.set(c.group, [c]);
    else own.push(c);
  }
  return groups;
}

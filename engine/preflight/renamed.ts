import type { MirrorModel } from "../model";
import { targetTopicName } from "../naming";
import { error, type PreflightFinding } from "./finding";

const FORGETS = "it would forget what it has copied and copy everything a second time";
const LEAVES = "the workers would change their Connect cluster and leave the old one's topics and group behind";

/**
 * Names that must not change. A mirror uses them to find its progress (Connect's keys of the offsets, and the topic
 * that stores them). We use them to find the mirror when it must be removed.
 */
const NAMES = [
  ["originAlias", "origin.alias", FORGETS],
  ["targetAlias", "target.alias", FORGETS],
  ["offsetStorageTopic", "target.offsetStorageTopic", FORGETS],
  ["groupId", "target.groupId", LEAVES],
  ["configStorageTopic", "target.configStorageTopic", LEAVES],
  ["statusStorageTopic", "target.statusStorageTopic", LEAVES],
] as const;

const ANEW = "or, for another mirror, take this one down first (phase cleanup) and empty the migrated target topics";

/**
 * Checks that a running mirror keeps its names. With new names it would start from the beginning, or leave behind the
 * topics and the group with the old names.
 */
export function checkRenamed(running: MirrorModel, mirror: MirrorModel): PreflightFinding[] {
  const renamed = NAMES.filter(([key]) => running[key] !== mirror[key]).map(([key, setting, harm]) =>
    error(
      "MIRROR_RENAMED",
      `${setting} was "${running[key]}" and is now "${mirror[key]}" while the mirror runs: ${harm}`,
      `set ${setting} to "${running[key]}" again, ${ANEW}`,
    ),
  );
  return [...renamed, ...otherNames(running, mirror)];
}

/**
 * Checks that the policy still gives the copies the same names. Otherwise the mirror would continue in new topics that
 * lack the earlier records.
 */
function otherNames(running: MirrorModel, mirror: MirrorModel): PreflightFinding[] {
  // Changed aliases are already reported above.
  const probe = (m: MirrorModel) => targetTopicName({ ...m, originAlias: "origin" }, "x");
  if (probe(running) === probe(mirror)) return [];
  return [
    error(
      "MIRROR_RENAMED",
      "replication.policy.class or replication.policy.separator changed while the mirror runs: topics are now " +
        `called ${probe(mirror)} instead of ${probe(running)} on the target, and would begin in the middle`,
      `set both as they were, ${ANEW}`,
    ),
  ];
}

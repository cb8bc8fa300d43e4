import type { MirrorModel } from "../model";
import { targetTopicName } from "../naming";
import { error, type Finding } from "./finding";

const FORGETS = "it would forget what it has copied and copy everything a second time";
const LEAVES = "the workers would change their Connect cluster and leave the old one's topics and group behind";

/** Names by which a mirror finds what it has done (Connect's keys of the offsets, and where they are kept), and by which it is found when it has to go. */
const NAMES = [
  ["originAlias", "origin.alias", FORGETS],
  ["targetAlias", "target.alias", FORGETS],
  ["offsetStorageTopic", "target.offsetStorageTopic", FORGETS],
  ["groupId", "target.groupId", LEAVES],
  ["configStorageTopic", "target.configStorageTopic", LEAVES],
  ["statusStorageTopic", "target.statusStorageTopic", LEAVES],
] as const;

const ANEW = "or, for another mirror, take this one down first (phase cleanup) and empty the migrated target topics";

/** A mirror that runs keeps its names: under others it would begin anew, or leave behind what bore the old ones. */
export function checkRenamed(running: MirrorModel, mirror: MirrorModel): Finding[] {
  const renamed = NAMES.filter(([key]) => running[key] !== mirror[key]).map(([key, setting, harm]) =>
    error(
      "MIRROR_RENAMED",
      `${setting} was "${running[key]}" and is now "${mirror[key]}" while the mirror runs: ${harm}`,
      `set ${setting} to "${running[key]}" again, ${ANEW}`,
    ),
  );
  return [...renamed, ...otherNames(running, mirror)];
}

/** A policy that gives the copies other names: they would go on under these from the middle. */
function otherNames(running: MirrorModel, mirror: MirrorModel): Finding[] {
  // Aliases are said already.
  const probe = (m: MirrorModel) => targetTopicName({ ...m, originAlias: "origin" }, "x");
  if (probe(running) === probe(mirror)) return [];
  return [
    error(
      "MIRROR_RENAMED",
      `replication.policy.class or replication.policy.separator changed while the mirror runs: topics are now called ${probe(mirror)} instead of ${probe(running)} on the target, and would begin in the middle`,
      `set both as they were, ${ANEW}`,
    ),
  ];
}

import type { MirrorModel } from "../model";
import { targetTopicName } from "../naming";
import { error, type Finding } from "./finding";

/** By these a mirror finds what it has done already: Connect's keys of the offsets, and where they are kept. */
const MEMORY = { originAlias: "origin.alias", targetAlias: "target.alias", offsetStorageTopic: "target.offsetStorageTopic" } as const;
/** By these its workers and its other topics are found when they have to go. */
const PLACES = { groupId: "target.groupId", configStorageTopic: "target.configStorageTopic", statusStorageTopic: "target.statusStorageTopic" } as const;

/** A mirror that runs keeps its names: under others it would begin anew, or leave behind what bore the old ones. */
export function checkRenamed(running: MirrorModel, mirror: MirrorModel): Finding[] {
  const changed = (keys: Record<string, string>) =>
    Object.entries(keys).flatMap(([key, setting]) => {
      const [from, to] = [running[key as keyof typeof MEMORY], mirror[key as keyof typeof MEMORY]];
      return from === to ? [] : [{ setting, from, to }];
    });
  const text = ({ setting, from, to }: { setting: string; from: string; to: string }) => `${setting} was "${from}" and is now "${to}"`;
  const back = ({ setting, from }: { setting: string; from: string }) => `set ${setting} to "${from}" again`;
  const anew = "or, for another mirror, take this one down first (phase cleanup) and empty the migrated target topics";
  return [
    ...changed(MEMORY).map((c) => error("MIRROR_RENAMED", `${text(c)} while the mirror runs: it would forget what it has copied and copy everything a second time`, `${back(c)}, ${anew}`)),
    ...changed(PLACES).map((c) => error("MIRROR_RENAMED", `${text(c)} while the mirror runs: the workers would change their Connect cluster and leave the old one's topics and group behind`, `${back(c)}, ${anew}`)),
    ...otherNames(running, mirror, anew),
  ];
}

/** A policy that gives the copies other names: they would go on under these from the middle. */
function otherNames(running: MirrorModel, mirror: MirrorModel, anew: string): Finding[] {
  // Aliases are said already.
  const probe = (m: MirrorModel) => targetTopicName({ ...m, originAlias: "origin" }, "x");
  if (probe(running) === probe(mirror)) return [];
  return [
    error(
      "MIRROR_RENAMED",
      `replication.policy.class or replication.policy.separator changed while the mirror runs: topics are now called ${probe(mirror)} instead of ${probe(running)} on the target, and would begin in the middle`,
      `set both as they were, ${anew}`,
    ),
  ];
}

import { compilePatternList } from "../patterns";
import type { MirrorModel } from "../model";
import { escape } from "../plan/patterns";
import { isHeartbeats, type Skip, topicRule, topicsExclude } from "../selection";
import { WHY_NOT_SHARE } from "../offsets/commitments";
import { ownTopics } from "./own";
import type { Fate, InventoryGroup } from "./types";

/** Gives the fate of each topic of the origin. */
export function topicFates(mirror: MirrorModel): (topic: string) => Fate {
  const skip = topicRule(mirror);
  // No pattern selects the topics that MirrorMaker 2 takes for internal.
  const never = topicRule({ ...mirror, topicsPattern: ".*", topicsExcludePattern: "" });
  const isOwn = ownTopics(mirror);
  return (topic) => {
    if (isOwn(topic)) return { moves: "no", why: "MirrorMaker 2 keeps the state of this migration in it" };
    if (isHeartbeats(mirror, topic)) return { moves: "no", why: "MirrorMaker 2's heartbeats are not application data" };
    const why = skip(topic);
    return why === undefined ? { moves: "yes" } : fateOfSkip(mirror, topic, never(topic) ?? why);
  };
}

function fateOfSkip(mirror: MirrorModel, topic: string, why: Skip): Fate {
  switch (why) {
    case "not matched":
      return { moves: "if", when: `mirror.topicsPattern: "${mirror.topicsPattern},${escape(topic)}"` };
    case "excluded":
      return { moves: "if", when: `mirror.topicsExcludePattern: "${withoutMatch(topicsExclude(mirror), topic)}"` };
    case "cycle":
      return { moves: "no", why: `it came from ${mirror.targetAlias}, by its name` };
    default:
      if (topic.startsWith("__")) return { moves: "no", why: "MirrorMaker 2 never copies topics that begin with __" };
      return {
        moves: "no",
        why: "MirrorMaker 2 takes it for a mirror's own topic, by its name",
        todo: "let its clients use a topic of another name if it holds data",
      };
  }
}

/** The list without the patterns that match this name. */
function withoutMatch(list: string, name: string): string {
  return list
    .split(",")
    .filter((pattern) => !compilePatternList(pattern, "mirror.topicsExcludePattern")(name))
    .join(",");
}

/** What decides on the fate of a group. */
export interface GroupQuestion extends Pick<InventoryGroup, "name" | "protocol" | "type" | "topics"> {
  /** True if the migration moves the group. */
  chosen: boolean;
}

const SERVICES: Record<string, string> = {
  connect: "the workers of a Connect cluster; workers on the target have a group of their own",
  sr: "the instances of a schema registry; instances on the target have a group of their own",
};

/** @param fateOf the fate of each topic */
export function groupFate(group: GroupQuestion, fateOf: (topic: string) => Fate): Fate {
  const { name, protocol, type, topics, chosen } = group;
  if (type === "share" || protocol === "share") return { moves: "no", why: `it is ${WHY_NOT_SHARE}` };
  if (!["consumer", "", "streams"].includes(protocol))
    return { moves: "no", why: SERVICES[protocol] ?? `its protocol "${protocol}" is not that of consumers` };
  const left = topics.filter((topic) => fateOf(topic).moves !== "yes");
  const topicsToo = left.length > 0 && left.length === topics.length ? `one of its topics moves (${left[0]})` : "";
  if (chosen) return topicsToo === "" ? { moves: "yes" } : { moves: "if", when: topicsToo };
  const named = `offsets.groups: ["${name}"]`;
  return { moves: "if", when: topicsToo === "" ? named : `${named}, and ${topicsToo}` };
}

/** A Streams application moves with its group and all its topics. */
export function streamsFate(group: Fate, topics: readonly (Fate & { name: string })[]): Fate {
  const left = topics.filter((t) => t.moves !== "yes").map((t) => t.name);
  if (group.moves === "yes" && left.length === 0) return { moves: "yes" };
  const parts = [
    ...(group.moves === "yes" ? [] : ["its group moves"]),
    ...(left.length === 0 ? [] : [`its own topics move (${left.join(", ")})`]),
  ];
  return { moves: "if", when: `${parts.join(" and ")}; else it begins on the target with an empty state` };
}

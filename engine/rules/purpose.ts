import { modelFrom } from "../mirror-configuration";
import type { Side } from "../model";
import { targetTopicName } from "../naming";
import { sameCluster } from "./cluster";
import type { Setting, Settings } from "./rule";
import { stepsOf } from "./steps";
import { attempt } from "./unknown";
import type { MirrorView, View } from "./view";

/** `migration`: everything moves and the mirror is removed. `replication`: the mirror stays. */
export type Purpose = "migration" | "replication";

/** Of the rules that a mirror which stays need not follow. */
export const purpose: Setting = {
  type: "string",
  enum: ["migration", "replication"],
  description:
    "What the stack's mirrors are for: migration, or replication, which stays (fan-in, both directions, disaster recovery). Default: detected from the stack.",
};

/** Words in the names of mirrors and aliases for a cluster that only waits. */
const WAITING = ["dr", "disaster", "recovery", "backup", "standby", "secondary", "passive", "failover"];
const MIGRATING = ["migration", "migrate", "migrator", "migrating"];

/**
 * What a mirror is for. Steps of this package make it a migration, then the setting counts. Otherwise these stay: a
 * mirror that renames topics, and one beside a mirror in the other direction, from another origin into its target, from
 * its origin into another target, from its target on, or into its origin. At last, names are asked. Undefined where
 * nothing tells.
 */
export function purposeOf(
  view: Pick<View, "steps" | "mirrors">,
  mirror: MirrorView,
  settings: Settings = {},
): Purpose | undefined {
  if (stepsOf(view, mirror).length > 0) return "migration";
  if (settings.purpose === "migration" || settings.purpose === "replication") return settings.purpose;
  const said = words(mirror);
  if (MIGRATING.some((word) => said.includes(word))) return "migration";
  if (
    targetTopicName(modelFrom(mirror), "x") !== "x" ||
    view.mirrors.some((other) => other !== mirror && besides(mirror, other))
  )
    return "replication";
  return WAITING.some((word) => said.includes(word)) ? "replication" : undefined;
}

/** Is the other mirror part of a topology in which nothing is moved away for good? */
function besides(mirror: MirrorView, other: MirrorView): boolean {
  const same = (side: Side, itsSide: Side) => sameCluster(mirror, side, other, itsSide);
  const back = same("origin", "target") && same("target", "origin");
  const fanIn = same("target", "target") && !same("origin", "origin");
  const fanOut = same("origin", "origin") && !same("target", "target");
  // a -> b -> c: b passes on what it gets.
  const chain = same("target", "origin") || same("origin", "target");
  return back || fanIn || fanOut || chain;
}

function words(mirror: MirrorView): string[] {
  const names = [
    mirror.entry?.of ?? mirror.label,
    attempt(() => mirror.origin.alias),
    attempt(() => mirror.target.alias),
  ];
  return names.flatMap((name) => (name ?? "").toLowerCase().split(/[^a-z]+/));
}

import { modelFrom } from "../mirror-configuration";
import type { Side } from "../model";
import { targetTopicName } from "../naming";
import { sameCluster } from "./addresses";
import type { Setting, Settings } from "./rule";
import { stepsOf } from "./steps";
import { attempt } from "./unknown";
import type { MirrorView, View } from "./view";

/** `migration`: everything moves and the mirror is removed. `replication`: the mirror stays. */
export type Purpose = "migration" | "replication";

/** The setting of the rules that a permanent mirror does not have to follow. */
export const purpose: Setting = {
  type: "string",
  enum: ["migration", "replication"],
  description:
    "What the stack's mirrors are for: migration, or replication, which stays (fan-in, both directions, " +
    "disaster recovery). Default: detected from the stack.",
};

/** Words in the names of mirrors and aliases that show a cluster that is only a standby. */
const WAITING = ["dr", "disaster", "recovery", "backup", "standby", "secondary", "passive", "failover"];
const MIGRATING = ["migration", "migrate", "migrator", "migrating"];

/**
 * Detects what a mirror is for. Lifecycle steps of this package make it a migration. Without steps, the setting counts.
 * Without a setting, a word such as `migration` in a name makes it a migration. Otherwise a mirror is for replication
 * if it renames topics, or if the stack has another mirror that
 * - copies in the other direction,
 * - copies from another origin to the same target,
 * - copies from the same origin to another target, or
 * - continues from its target or copies to its origin.
 * Last, the names decide: words such as `standby` mean replication. Undefined if nothing decides.
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

/** Returns true if the two mirrors form a topology that replicates permanently. */
function besides(mirror: MirrorView, other: MirrorView): boolean {
  const same = (side: Side, itsSide: Side) => sameCluster(mirror, side, other, itsSide);
  // One cluster can have another address in each of two Kubernetes clusters.
  const reversed = attempt(() => alike(mirror.origin, other.target) && alike(mirror.target, other.origin)) === true;
  const back = reversed || (same("origin", "target") && same("target", "origin"));
  const fanIn = same("target", "target") && !same("origin", "origin");
  const fanOut = same("origin", "origin") && !same("target", "target");
  // a -> b -> c: b passes on what it receives.
  const chain = same("target", "origin") || same("origin", "target");
  return back || fanIn || fanOut || chain;
}

const alike = (one: { alias: string }, other: { alias: string }) => one.alias !== "" && one.alias === other.alias;

function words(mirror: MirrorView): string[] {
  const names = [
    mirror.entry?.of ?? mirror.label,
    attempt(() => mirror.origin.alias),
    attempt(() => mirror.target.alias),
  ];
  return names.flatMap((name) => (name ?? "").toLowerCase().split(/[^a-z]+/));
}

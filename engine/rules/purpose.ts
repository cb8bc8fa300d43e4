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
const WAITING = [
  ...["dr", "drc", "disaster", "recovery", "backup", "standby", "secondary", "passive", "failover", "replica"],
  // Clusters that collect what others produce, or pass it on.
  ...["aggregate", "aggregation", "broadcast", "hub", "edge", "analytics", "reporting", "lake", "datalake"],
];
/** Words of an alias that name a place. */
const PLACES = [
  ...["dc", "datacenter", "datacentre", "region", "site", "zone", "az", "east", "west", "north", "south", "central"],
  ...["northeast", "northwest", "southeast", "southwest", "eu", "europe", "us", "usa", "uk", "ap", "asia", "apac"],
  ...["emea", "latam", "africa", "america", "northamerica", "southamerica", "na", "sa"],
];
/** `migration`, `migrate`, `migrator`, and the word in other languages: `migracion`, `migrazione`. */
const MIGRATING = /^migra/;

/**
 * Detects what a mirror is for. Lifecycle steps of this package make it a migration. Without steps, the setting counts.
 * Without a setting, a word such as `migration` in a name makes it a migration. Otherwise a mirror is for replication
 * if it renames topics, or if the stack has another mirror that
 * - copies in the other direction,
 * - copies from another origin to the same target,
 * - copies from the same origin to another target, or
 * - continues from its target or copies to its origin.
 * Last, the names decide: words such as `standby`, or two aliases that name two places, mean replication. Undefined if
 * nothing decides.
 * @param renamedStays false: new names of topics do not decide
 */
export function purposeOf(
  view: Pick<View, "steps" | "mirrors">,
  mirror: MirrorView,
  settings: Settings = {},
  renamedStays = true,
): Purpose | undefined {
  if (stepsOf(view, mirror).length > 0) return "migration";
  if (settings.purpose === "migration" || settings.purpose === "replication") return settings.purpose;
  const said = words(mirror);
  if (said.some((word) => MIGRATING.test(word))) return "migration";
  if (
    (renamedStays && targetTopicName(modelFrom(mirror), "x") !== "x") ||
    view.mirrors.some((other) => other !== mirror && besides(mirror, other))
  )
    return "replication";
  return WAITING.some((word) => said.includes(word)) || betweenPlaces(mirror) ? "replication" : undefined;
}

/** Returns true if the aliases name two different places, such as `dc1` and `dc2`, or `us-east` and `eu-west`. */
function betweenPlaces(mirror: MirrorView): boolean {
  const [from, to] = (["origin", "target"] as const).map((side) => placeIn(attempt(() => mirror[side].alias) ?? ""));
  return from !== "" && to !== "" && from !== to;
}

/** The words of an alias that name a place, and its numbers. Empty if no word names a place. */
function placeIn(alias: string): string {
  const parts = alias.toLowerCase().match(/[a-z]+|\d+/g) ?? [];
  const own = parts.filter((part) => PLACES.includes(part) || /^\d+$/.test(part));
  return own.some((part) => !/^\d+$/.test(part)) ? own.join("-") : "";
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

import type { Side } from "../../engine/model";
import { attempt, loginOf, type MirrorView } from "../../engine/rules";

/** What may tell which cluster a resource is on, strongest first. */
export interface Hints {
  /** Of the client that makes the resource. */
  bootstrapServers?: string;
  /** Name of the Kafka resource. */
  cluster?: string;
  /** Whom a user logs in as. */
  username?: string;
  namespace?: string;
  /** Names of the resource and of its provider. */
  names: readonly string[];
}

const SIDES = ["origin", "target"] as const;

/** The cluster on which a resource is; undefined where nothing tells, or what tells is not unanimous. */
export function sideOf(hints: Hints, mirror: MirrorView | undefined): Side | undefined {
  const servers = addresses(hints.bootstrapServers);
  const certain = certainly(hints, mirror);
  // The client is of a third cluster, whatever it is called.
  const elsewhere = servers.length > 0 && SIDES.every((side) => addressesOf(mirror, side).length > 0);
  return certain ?? (elsewhere ? undefined : likely(hints, mirror));
}

/** The same for each of several mirrors: what only sounds like a side tells it where they all have one cluster there. */
export function sidesOf(hints: Hints, mirrors: readonly MirrorView[]): (Side | undefined)[] {
  const [first, ...others] = mirrors;
  if (others.length === 0) return mirrors.map((mirror) => sideOf(hints, mirror));
  const certain = mirrors.map((mirror) => certainly(hints, mirror));
  if (certain.some((side) => side !== undefined)) return certain;
  const side = sideOf(hints, first);
  const shared = side !== undefined && others.every((other) => addressesOf(other, side).length > 0 && String(addressesOf(other, side)) === String(addressesOf(first, side)));
  return mirrors.map(() => (shared ? side : undefined));
}

/** The side on which all agree that know one. */
export function agreed(sides: readonly (Side | undefined)[]): Side | undefined {
  return only((side) => sides.includes(side));
}

function certainly({ bootstrapServers, cluster }: Hints, mirror: MirrorView | undefined): Side | undefined {
  const alias = (side: Side) => attempt(() => mirror?.[side].alias);
  return (
    only((side) => addresses(bootstrapServers).some((address) => addressesOf(mirror, side).includes(address))) ??
    only((side) => cluster !== undefined && addressesOf(mirror, side).some((address) => address.startsWith(`${cluster}-kafka`))) ??
    only((side) => cluster !== undefined && (alias(side) === cluster || (alias(side)?.startsWith(`${cluster}-`) ?? false)))
  );
}

function likely({ cluster, username, namespace, names }: Hints, mirror: MirrorView | undefined): Side | undefined {
  return (
    only((side) => cluster !== undefined && words(cluster).includes(side)) ??
    only((side) => mirror !== undefined && username !== undefined && loginOf(mirror, side) === username) ??
    only((side) => namespace !== undefined && words(namespace).includes(side)) ??
    only((side) => names.some((name) => words(name).includes(side)))
  );
}

const addressesOf = (mirror: MirrorView | undefined, side: Side) => addresses(attempt(() => mirror?.[side].bootstrapServers));

function only(is: (side: Side) => boolean): Side | undefined {
  const [one, other] = SIDES.filter(is);
  return other === undefined ? one : undefined;
}

/** `a:1,b:2`, or the JSON list that a provider keeps. */
function addresses(servers: string | undefined): string[] {
  return (servers ?? "").replace(/[[\]"\s]/g, "").split(",").filter((address) => address !== "");
}

function words(name: string): string[] {
  return name.toLowerCase().split(/[^a-z]+/).map((word) => (word === "source" ? "origin" : word));
}

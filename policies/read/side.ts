import type { Side } from "../../engine/model";
import { attempt, logsInAs, type MirrorView, type OwnerView } from "../../engine/rules";

/** Hints about the cluster that a resource is on, strongest first. */
export interface Hints {
  /** The bootstrap servers of the client that makes the resource. */
  bootstrapServers?: string;
  /** The name of the Kafka resource. */
  cluster?: string;
  /** The name that the user logs in with. */
  username?: string;
  namespace?: string;
  /** The names of the resource and of its provider. */
  names: readonly string[];
}

/** The Kafka resource that a resource belongs to. */
export type Home = Pick<Hints, "cluster" | "namespace">;

const SIDES = ["origin", "target"] as const;

/** The cluster that a resource is on. Undefined if there are no hints, or if the hints disagree. */
export function sideOf(hints: Hints, mirror: MirrorView | undefined): Side | undefined {
  const certain = certainly(hints, mirror);
  if (certain !== undefined || mirror === undefined) return certain ?? likely(hints, mirror);
  const known = SIDES.every((side) => addressesOf(mirror, side).length > 0);
  // The address belongs to another listener or to a third cluster. Only the names can decide which.
  if (known && addresses(hints.bootstrapServers).length > 0) return called(hints.names);
  return likely(hints, mirror);
}

/**
 * The same for each of several mirrors. A name that only sounds like a side decides only if all mirrors have the same
 * cluster on that side.
 */
export function sidesOf(hints: Hints, mirrors: readonly MirrorView[]): (Side | undefined)[] {
  const [first, ...others] = mirrors;
  if (others.length === 0) return mirrors.map((mirror) => sideOf(hints, mirror));
  // A Kafka resource with this name in the mirror's own namespace takes precedence over one in any namespace.
  const near = mirrors.some((mirror) => inNamespace(hints, mirror) !== undefined);
  const certain = mirrors.map((mirror) => certainly(hints, mirror, near));
  if (certain.some((side) => side !== undefined)) return certain;
  const side = sideOf(hints, first);
  const shared =
    side !== undefined &&
    others.every(
      (other) =>
        addressesOf(other, side).length > 0 && String(addressesOf(other, side)) === String(addressesOf(first, side)),
    );
  return mirrors.map(() => (shared ? side : undefined));
}

/** The side for each mirror, and the side on which all mirrors agree. */
export function placesIn(
  hints: Hints,
  mirrors: readonly MirrorView[],
): OwnerView & { sides: readonly (Side | undefined)[] } {
  const sides = mirrors.length === 0 ? [sideOf(hints, undefined)] : sidesOf(hints, mirrors);
  const side = agreed(sides);
  const places = mirrors.flatMap((mirror, i) => (sides[i] === undefined ? [] : [{ mirror, side: sides[i] }]));
  return { sides, ...(side === undefined ? {} : { side }), ...(mirrors.length === 0 ? {} : { places }) };
}

/** The common side of all mirrors whose side is known. */
export function agreed(sides: readonly (Side | undefined)[]): Side | undefined {
  return only((side) => sides.includes(side));
}

/** @param near only Kafka resources in the user's own namespace count */
function certainly(hints: Hints, mirror: MirrorView | undefined, near = false): Side | undefined {
  const { bootstrapServers, cluster } = hints;
  const alias = (side: Side) => attempt(() => mirror?.[side].alias);
  return (
    only((side) => addresses(bootstrapServers).some((address) => addressesOf(mirror, side).includes(address))) ??
    inNamespace(hints, mirror) ??
    // The operator of this Kafka resource may watch users in another namespace.
    (near ? undefined : only((side) => servesKafka(mirror, side, cluster, undefined))) ??
    only(
      (side) =>
        cluster !== undefined && alias(side) === cluster && !(near && servesKafka(mirror, side, cluster, undefined)),
    )
  );
}

/** Returns true if a mirror uses the Kafka resource with this name in this namespace. */
export const isNear = (hints: Home, mirrors: readonly MirrorView[]): boolean =>
  mirrors.some((mirror) => inNamespace(hints, mirror) !== undefined);

const inNamespace = ({ cluster, namespace }: Home, mirror: MirrorView | undefined) =>
  only((side) => servesKafka(mirror, side, cluster, namespace));

/**
 * Returns true if one of the side's addresses is a service of this Kafka resource. A short name is looked up in the
 * mirror's namespace.
 */
function servesKafka(
  mirror: MirrorView | undefined,
  side: Side,
  cluster: string | undefined,
  where: string | undefined,
): boolean {
  const own = attempt(() => mirror?.namespace);
  return (
    cluster !== undefined &&
    addressesOf(mirror, side).some((address) =>
      isAt({ ...(own === undefined ? {} : { namespace: own }), ...placeIn(address) }, cluster, where),
    )
  );
}

function likely({ cluster, username, namespace, names }: Hints, mirror: MirrorView | undefined): Side | undefined {
  const alias = (side: Side) => attempt(() => mirror?.[side].alias);
  return (
    only((side) => cluster !== undefined && (alias(side)?.startsWith(`${cluster}-`) ?? false)) ??
    called(cluster === undefined ? [] : [cluster]) ??
    only((side) => mirror !== undefined && username !== undefined && logsInAs(mirror, side, username)) ??
    called(namespace === undefined ? [] : [namespace]) ??
    called(names)
  );
}

const called = (names: readonly string[]) => only((side) => names.some((name) => words(name).includes(side)));

/** The service and namespace of an address inside Kubernetes, as the operators name them. */
function placeIn(address: string): { service: string; namespace?: string } {
  const [service = "", namespace, domain] = address.replace(/:\d+$/, "").split(".");
  return { service, ...(namespace === undefined || (domain !== undefined && domain !== "svc") ? {} : { namespace }) };
}

/** An address without a namespace matches any namespace. */
function isAt({ service, namespace }: ReturnType<typeof placeIn>, cluster: string, where: string | undefined): boolean {
  return (
    service.startsWith(`${cluster}-kafka-`) && (where === undefined || namespace === undefined || namespace === where)
  );
}

const addressesOf = (mirror: MirrorView | undefined, side: Side) =>
  addresses(attempt(() => mirror?.[side].bootstrapServers));

function only(is: (side: Side) => boolean): Side | undefined {
  const [one, other] = SIDES.filter(is);
  return other === undefined ? one : undefined;
}

/** Reads `a:1,b:2`, or the JSON list that a provider stores. */
export function addresses(servers: string | undefined): string[] {
  return (servers ?? "")
    .replace(/[[\]"\s]/g, "")
    .split(",")
    .filter((address) => address !== "");
}

/** Returns true if an address of this client is one that the operator gives to this Kafka resource. */
export function isOf(servers: string | undefined, cluster: string, namespace: string | undefined): boolean {
  return addresses(servers).some((address) => isAt(placeIn(address), cluster, namespace));
}

/** Returns true for the address of a service that an operator creates for a Kafka resource. */
export const isOperators = (address: string): boolean =>
  /-kafka-([\w-]*-)?(bootstrap|brokers)$/.test(placeIn(address).service);

function words(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^a-z]+/)
    .map((word) => (word === "source" ? "origin" : word === "destination" ? "target" : word));
}

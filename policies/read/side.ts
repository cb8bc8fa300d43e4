import type { Side } from "../../engine/model";
import type { MirrorView } from "../../engine/rules";

/** What may tell which cluster a resource is on, strongest first. */
export interface Hints {
  /** Of the client that makes the resource. */
  bootstrapServers?: string;
  /** Name of the Kafka resource. */
  cluster?: string;
  namespace?: string;
  /** Names of the resource and of its provider. */
  names: readonly string[];
}

const SIDES = ["origin", "target"] as const;

/** The cluster on which a resource is; undefined where nothing tells, or what tells is not unanimous. */
export function sideOf({ bootstrapServers, cluster, namespace, names }: Hints, mirror: MirrorView | undefined): Side | undefined {
  return (
    only((side) => addresses(bootstrapServers).some((address) => addresses(mirror?.[side].bootstrapServers).includes(address))) ??
    only((side) => cluster !== undefined && addresses(mirror?.[side].bootstrapServers).some((address) => address.startsWith(`${cluster}-kafka`))) ??
    only((side) => cluster !== undefined && (mirror?.[side].alias === cluster || (mirror?.[side].alias.startsWith(`${cluster}-`) ?? false))) ??
    only((side) => cluster !== undefined && words(cluster).includes(side)) ??
    only((side) => namespace !== undefined && words(namespace).includes(side)) ??
    only((side) => names.some((name) => words(name).includes(side)))
  );
}

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

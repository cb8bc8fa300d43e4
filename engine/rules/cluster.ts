import type { Side } from "../model";
import { addressesOf } from "./addresses";
import type { MirrorView } from "./view";

/** Names of one cluster: its addresses, or its alias where no address is written. */
export function clusterNames(mirror: MirrorView, side: Side): string[] {
  const addresses = addressesOf(mirror, side);
  return addresses.length > 0 ? addresses : [`alias ${mirror[side].alias}`];
}

/** Do both sides mean the same cluster? One common address is enough. */
export function sameCluster(one: MirrorView, a: Side, other: MirrorView, b: Side): boolean {
  const names = clusterNames(one, a);
  return clusterNames(other, b).some((name) => names.includes(name));
}

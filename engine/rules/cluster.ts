import type { Side } from "../model";
import { addressesOf } from "./addresses";
import type { MirrorView } from "./view";

/**
 * Returns true if both sides mean the same cluster. One common address is enough. Without addresses, the aliases are
 * compared.
 */
export function sameCluster(one: MirrorView, a: Side, other: MirrorView, b: Side): boolean {
  const [addresses, others] = [addressesOf(one, a), addressesOf(other, b)];
  // Two empty aliases do not mean the same cluster.
  const alike = one[a].alias !== "" && one[a].alias === other[b].alias;
  if (one.resource === other.resource && alike) return true;
  if (addresses.length === 0 || others.length === 0) return alike;
  return addresses.some((address) => others.includes(address));
}

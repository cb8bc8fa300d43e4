import type { Side } from "../model";
import { attempt } from "./unknown";
import type { MirrorView, OwnerView, UserView } from "./view";

/** The name in messages. */
export const nameOf = (user: UserView): string => user.name ?? "(whose name is not known yet)";

export function sideFor(user: OwnerView, mirror: MirrorView): Side | undefined {
  return user.places === undefined ? user.side : user.places.find((place) => place.mirror === mirror)?.side;
}

/**
 * Returns true if a resource may be on the mirror's origin. Returns false if it is only known to be on another mirror's
 * cluster.
 */
export function maybeAtOrigin(it: OwnerView, mirror: MirrorView): boolean {
  const side = sideFor(it, mirror);
  return side === "origin" || (side === undefined && (it.places ?? []).length === 0);
}

/** The name of the mirror's user in the guide and in this package, unless another one is set. */
const USUAL_NAME = "mm2-credentials";

/**
 * Returns true if a client certificate in this Secret probably belongs to this user. Used if the stack does not show
 * the user. The operator gives the Secret the name of the user, and the user of a copied Secret has the usual name.
 */
export const isUsualLogin = (name: string, secret: string | undefined): boolean =>
  name === secret || name === USUAL_NAME;

/** Returns true if the mirror may log in on this side with this name. A client certificate does not show its name. */
export function logsInAs(mirror: MirrorView | undefined, side: Side, name: string): boolean {
  const authentication = attempt(() => mirror?.[side].authentication);
  const username = attempt(() => authentication?.username);
  if (username !== undefined) return username === name;
  const certificate = attempt(() => authentication?.type) === "tls";
  const secret = attempt(() => (certificate ? authentication?.secretName : undefined));
  // The format in which brokers write the principal of a certificate.
  const plain = (certificate && /^CN=([^,]+)/.exec(name)?.[1]) || name;
  const owner = attempt(() => (certificate ? authentication?.certificateOf : undefined));
  return owner === undefined ? isUsualLogin(plain, secret) : plain === owner;
}

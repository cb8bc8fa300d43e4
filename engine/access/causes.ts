import { aclKey, covers } from "../acls";
import type { Acl } from "../kafka/port";
import type { Side } from "../model";
import { appliesTo, denies, permits } from "./decide";
import type { AccessResource, Cause, ClusterRules, ComparedName } from "./types";
import { otherSide } from "./words";

/** Returns the only cluster that has this ACL. Undefined: the other one has an ACL that says the same. */
export type Only = (side: Side, acl: Acl) => Side | undefined;

interface AskedOf {
  principal: string;
  host: string;
  operation: string;
  resource: AccessResource;
  name: ComparedName;
}

/**
 * Finds out why one cluster allows something that the other refuses.
 * @param acls ACLs of the principal and of everybody that cover the name, by cluster
 */
export function causesOf(
  { principal, host, operation, resource, name }: AskedOf,
  allowedOn: Side,
  acls: Record<Side, readonly { acl: Acl }[]>,
  rules: Record<Side, ClusterRules>,
  only: Only,
): Cause[] {
  const refusedOn = otherSide(allowedOn);
  const here = (side: Side, so: (acl: Acl, operation: string) => boolean) =>
    acls[side].map(({ acl }) => acl).filter((acl) => appliesTo(acl, principal, host) && so(acl, operation));
  const causeOf = (side: Side, acl: Acl): Cause => {
    const alone = only(side, acl);
    return { by: "acl", acl, ...(alone === undefined ? {} : { only: alone }) };
  };
  const causes: Cause[] = [];
  const denials = here(refusedOn, denies);
  const denial = denials.find((acl) => only(refusedOn, acl) !== undefined) ?? denials[0];
  if (denial !== undefined) causes.push(causeOf(refusedOn, denial));
  if (here(refusedOn, permits).length > 0) return causes;
  if (rules[allowedOn].superUsers?.includes(principal) === true)
    return [...causes, { by: "super user", on: allowedOn }];
  const [permission] = here(allowedOn, permits).sort((a, b) => rank(a) - rank(b));
  if (permission !== undefined) return [...causes, causeOf(allowedOn, permission)];
  const closing = rules[refusedOn].acls.find((acl) => covers(acl, resource, name[refusedOn]));
  if (rules[refusedOn].everyoneByDefault !== true || closing === undefined || denial !== undefined)
    return [...causes, { by: "default", on: allowedOn }];
  return [...causes, { by: "closed", on: refusedOn, acl: closing }];

  /** The ACL to name if several allow it: one that the other cluster lacks, of this principal, for this operation. */
  function rank(acl: Acl): number {
    const missing = only(allowedOn, acl) === undefined ? 8 : 0;
    const own = acl.principal === principal ? 0 : 4;
    return missing + own + (acl.operation === operation ? 0 : acl.operation === "All" ? 1 : 2);
  }
}

/**
 * @param counterparts returns the ACLs on the target that say the same as one of the origin
 */
export function onlyOn(rules: Record<Side, ClusterRules>, counterparts: (acl: Acl) => readonly Acl[]): Only {
  const onTarget = new Set(rules.target.acls.map(aclKey));
  const onOrigin = new Set(rules.origin.acls.flatMap(counterparts).map(aclKey));
  const alone = {
    origin: new Set(rules.origin.acls.filter((acl) => !counterparts(acl).some((same) => onTarget.has(aclKey(same))))),
    target: new Set(rules.target.acls.filter((acl) => !onOrigin.has(aclKey(acl)))),
  };
  return (side, acl) => (alone[side].has(acl) ? side : undefined);
}

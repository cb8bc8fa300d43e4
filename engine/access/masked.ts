import type { Acl } from "../kafka/port";
import type { Side } from "../model";
import { SIDES } from "../sides";
import { ANY_HOST } from "./decide";
import type { Cause } from "./types";

export type BySide<T> = Record<Side, T>;

/** An ACL with the operations that it allows and denies, one bit for each. */
export interface MaskedAcl {
  acl: Acl;
  allow: number;
  deny: number;
  /** True: the other cluster has no ACL that says the same. */
  alone: boolean;
}

export function bySide<T>(of: (side: Side) => T): BySide<T> {
  return { origin: of("origin"), target: of("target") };
}

export const hasAlone = (acls: BySide<readonly MaskedAcl[]>): boolean =>
  SIDES.some((side) => acls[side].some(({ alone }) => alone));

export const isEverything = ({ patternType, resourceName }: Acl) => patternType === "literal" && resourceName === "*";

/** Like `covers`, for ACLs of the compared type. */
export function coversName({ patternType, resourceName }: Acl, name: string): boolean {
  if (patternType === "prefixed") return name.startsWith(resourceName);
  return resourceName === name || resourceName === "*";
}

/** Every host that an ACL names, and the rest. */
export function hostsOf(acls: readonly MaskedAcl[]): string[] {
  return [...new Set([...acls.map(({ acl }) => acl.host), ANY_HOST])].sort();
}

/** Tells causes apart. ACLs have a number each, because their texts are long. */
export class CauseKeys {
  private readonly numbers = new Map<Acl, number>();

  of(causes: readonly Cause[]): string {
    return causes.map((cause) => `${cause.by} ${"acl" in cause ? this.number(cause.acl) : cause.on}`).join();
  }

  private number(acl: Acl): number {
    const known = this.numbers.get(acl) ?? this.numbers.size;
    this.numbers.set(acl, known);
    return known;
  }
}

import { EVERYONE, OPERATIONS_OF } from "../acls";
import type { Acl } from "../kafka/port";
import type { Side } from "../model";
import { SIDES } from "../sides";
import { causesOf, type Only } from "./causes";
import { ANY_HOST, denies, permits } from "./decide";
import { type BySide, bySide, CauseKeys, coversName, hasAlone, hostsOf, isEverything, type MaskedAcl } from "./masked";
import { NameIndex } from "./name-index";
import type { AccessDifference, AccessResource, Cause, ClusterRules, ComparedName } from "./types";
import { MOST_NAMES } from "./types";
import { differenceText, hostsText, otherSide } from "./words";

/** Names that the ACLs of everybody do not tell apart. */
interface BaseClass {
  ids: number[];
  /** ACLs for everybody that cover these names. */
  acls: BySide<MaskedAcl[]>;
  /** True: an ACL of any principal covers them. Only for clusters that are open without one. */
  covered: BySide<boolean>;
  /** True: both clusters decide the same for everybody. */
  alike: boolean;
}

/** One operation on the names of one class that one cluster allows and the other refuses. */
interface Differing {
  allowedOn: Side;
  bit: number;
  causes: Cause[];
  hosts: string[];
}

/** A difference before it is put into words. Names that differ in the same way share one. */
interface Found {
  principal: string;
  allowedOn: Side;
  mask: number;
  hosts: string;
  causes: Cause[];
  ids: number[];
}

/**
 * Compares who may do what on the resources of one type. Only names that some ACL tells apart are looked at one by one:
 * all others are decided once.
 */
export class TypeComparison {
  private readonly operations: readonly string[];
  private readonly all: number;
  private readonly index: BySide<NameIndex>;
  private readonly byPrincipal: BySide<Map<string, MaskedAcl[]>>;
  private readonly base: BaseClass[] = [];
  private readonly baseOf: Int32Array;
  private readonly found = new Map<string, Found>();
  private readonly keys = new CauseKeys();

  constructor(
    private readonly resource: AccessResource,
    private readonly names: readonly ComparedName[],
    private readonly rules: BySide<ClusterRules>,
    private readonly only: Only,
  ) {
    this.operations = OPERATIONS_OF[resource];
    this.all = (1 << this.operations.length) - 1;
    this.index = bySide((side) => new NameIndex(names.map((name) => name[side])));
    this.byPrincipal = bySide((side) =>
      this.masked(
        side,
        rules[side].acls.filter((a) => a.resourceType === resource),
      ),
    );
    this.baseOf = new Int32Array(names.length);
    this.findBaseClasses();
  }

  /** @param principals everybody to compare, without `User:*`, which is always compared */
  compare(principals: Iterable<string>): AccessDifference[] {
    const nothing = bySide((): MaskedAcl[] => []);
    for (const base of this.base) this.compareClass(EVERYONE, base, base.ids[0]!, () => base.ids, nothing);
    for (const principal of principals) if (principal !== EVERYONE) this.comparePrincipal(principal);
    return [...this.found.values()].map((found) => this.difference(found));
  }

  /** True if the ACL covers a compared name of this side. */
  concerns(side: Side, acl: Acl): boolean {
    return acl.resourceType === this.resource && this.index[side].covered(acl).length > 0;
  }

  private comparePrincipal(principal: string): void {
    const own = bySide((side) => this.byPrincipal[side].get(principal) ?? []);
    const isSuper = SIDES.some((side) => this.isSuperUser(side, principal));
    if (own.origin.length + own.target.length === 0 && !isSuper) return;
    // The patterns that cover a name, as positions of their first ACLs in the two lists.
    const touched = new Map<number, number[]>();
    let wide = isSuper;
    const seen = new Set<string>();
    for (const side of SIDES)
      own[side].forEach(({ acl }, i) => {
        const pattern = `${side} ${acl.patternType} ${acl.resourceName}`;
        if (seen.has(pattern)) return;
        seen.add(pattern);
        if (isEverything(acl)) {
          wide = true;
          return;
        }
        for (const id of this.index[side].covered(acl)) {
          const before = touched.get(id);
          const position = side === "origin" ? i : own.origin.length + i;
          if (before === undefined) touched.set(id, [position]);
          else before.push(position);
        }
      });
    const classes = new Map<string, number[]>();
    for (const [id, positions] of touched) {
      const key = `${this.baseOf[id]}:${positions.join()}`;
      const ids = classes.get(key);
      if (ids === undefined) classes.set(key, [id]);
      else ids.push(id);
    }
    for (const ids of classes.values()) {
      const [sample] = ids as [number];
      const here = bySide((side) => own[side].filter(({ acl }) => coversName(acl, this.names[sample]![side])));
      this.compareClass(principal, this.base[this.baseOf[sample]!]!, sample, () => ids, here);
    }
    if (!wide) return;
    // All other names of a base class are decided alike.
    const everywhere = bySide((side) => own[side].filter(({ acl }) => isEverything(acl)));
    const alike = !isSuper && !hasAlone(everywhere);
    for (const base of this.base) {
      if (alike && base.alike) continue;
      const rest = base.ids.find((id) => !touched.has(id));
      if (rest === undefined) continue;
      this.compareClass(principal, base, rest, () => base.ids.filter((id) => !touched.has(id)), everywhere);
    }
  }

  /**
   * @param sample one of the names
   * @param all every name of the class
   * @param own ACLs of the principal that cover them
   */
  private compareClass(
    principal: string,
    base: BaseClass,
    sample: number,
    all: () => readonly number[],
    own: BySide<MaskedAcl[]>,
  ): void {
    if (base.alike && !hasAlone(own) && !SIDES.some((side) => this.isSuperUser(side, principal))) return;
    const acls = bySide((side) => [...own[side], ...base.acls[side]]);
    const hosts = hostsOf([...acls.origin, ...acls.target]);
    const merged = new Map<string, Differing>();
    for (const host of hosts) {
      const allowed = bySide((side) => this.allowed(side, principal, acls[side], base, host));
      const differs = allowed.origin ^ allowed.target;
      if (differs === 0) continue;
      const everyone = bySide((side) => this.allowed(side, EVERYONE, base.acls[side], base, host));
      for (let bit = 0; bit < this.operations.length; bit++) {
        if ((differs & (1 << bit)) === 0) continue;
        const allowedOn = (allowed.origin & (1 << bit)) !== 0 ? "origin" : "target";
        const name = this.names[sample]!;
        const question = { principal, host, operation: this.operations[bit]!, resource: this.resource, name };
        const causes = causesOf(question, allowedOn, acls, this.rules, this.only);
        // Everybody lacks it. One difference says so for all.
        const shared =
          principal !== EVERYONE && everyone[allowedOn] & (1 << bit) && !(everyone[otherSide(allowedOn)] & (1 << bit));
        if (shared && !causes.some((cause) => "acl" in cause && cause.acl.principal === principal)) continue;
        const key = `${allowedOn} ${bit} ${this.keys.of(causes)}`;
        const same = merged.get(key);
        if (same === undefined) merged.set(key, { allowedOn, bit, causes, hosts: [host] });
        else same.hosts.push(host);
      }
    }
    if (merged.size > 0) this.note(principal, all(), [...merged.values()], hosts);
  }

  /** Keeps differences of one class of names. Operations, and later names, that differ in the same way are joined. */
  private note(principal: string, ids: readonly number[], differing: readonly Differing[], hosts: readonly string[]) {
    const grouped = new Map<string, Omit<Found, "principal" | "ids">>();
    for (const { allowedOn, bit, causes, hosts: some } of differing) {
      const from = hostsText(some, hosts);
      const key = `${allowedOn} ${from} ${this.keys.of(causes)}`;
      const same = grouped.get(key);
      if (same === undefined) grouped.set(key, { allowedOn, mask: 1 << bit, hosts: from, causes });
      else same.mask |= 1 << bit;
    }
    for (const [key, group] of grouped) {
      const whole = `${principal} ${key} ${group.mask}`;
      const same = this.found.get(whole);
      if (same === undefined) this.found.set(whole, { ...group, principal, ids: [...ids] });
      else for (const id of ids) same.ids.push(id);
    }
  }

  /** The operations that a cluster allows, one bit for each. */
  private allowed(side: Side, principal: string, acls: readonly MaskedAcl[], base: BaseClass, host: string): number {
    if (this.isSuperUser(side, principal)) return this.all;
    if (this.rules[side].everyoneByDefault === true && !base.covered[side]) return this.all;
    let [allow, deny] = [0, 0];
    for (const one of acls) {
      if (one.acl.host !== ANY_HOST && one.acl.host !== host) continue;
      allow |= one.allow;
      deny |= one.deny;
    }
    return allow & ~deny;
  }

  private isSuperUser(side: Side, principal: string): boolean {
    return this.rules[side].superUsers?.includes(principal) === true;
  }

  private masked(side: Side, acls: readonly Acl[]): Map<string, MaskedAcl[]> {
    const grouped = new Map<string, MaskedAcl[]>();
    const bits = (of: (operation: string) => boolean) =>
      this.operations.reduce((mask, operation, bit) => (of(operation) ? mask | (1 << bit) : mask), 0);
    for (const acl of acls) {
      const alone = this.only(side, acl) !== undefined;
      const one = { acl, allow: bits((o) => permits(acl, o)), deny: bits((o) => denies(acl, o)), alone };
      const same = grouped.get(acl.principal);
      if (same === undefined) grouped.set(acl.principal, [one]);
      else same.push(one);
    }
    return grouped;
  }

  private findBaseClasses(): void {
    const everyone = bySide((side) => this.byPrincipal[side].get(EVERYONE) ?? []);
    const keys = this.names.map((): number[] => []);
    let next = 0;
    for (const side of SIDES)
      for (const { acl } of everyone[side]) {
        const position = next++;
        for (const id of this.index[side].covered(acl)) keys[id]!.push(position);
      }
    const covered = bySide((side) => this.coveredBy(side));
    const classes = new Map<string, number>();
    this.names.forEach((name, id) => {
      const key = `${covered.origin[id]}${covered.target[id]}${keys[id]!.join()}`;
      const known = classes.get(key);
      this.baseOf[id] = known ?? this.base.length;
      if (known !== undefined) return void this.base[known]!.ids.push(id);
      classes.set(key, this.base.length);
      const acls = bySide((side) => everyone[side].filter(({ acl }) => coversName(acl, name[side])));
      const isOpen = (side: Side) => this.rules[side].everyoneByDefault === true && covered[side][id] !== 1;
      this.base.push({
        ids: [id],
        acls,
        covered: bySide((side) => covered[side][id] === 1),
        alike: isOpen("origin") === isOpen("target") && !hasAlone(acls),
      });
    });
  }

  /** For each name 1 if an ACL covers it. It matters only on a cluster that is open without one. */
  private coveredBy(side: Side): Uint8Array {
    const covered = new Uint8Array(this.names.length);
    if (this.rules[side].everyoneByDefault !== true) return covered;
    for (const acls of this.byPrincipal[side].values())
      for (const { acl } of acls) for (const id of this.index[side].covered(acl)) covered[id] = 1;
    return covered;
  }

  private difference({ principal, allowedOn, mask, hosts, causes, ids }: Found): AccessDifference {
    const operations = this.operations.filter((_, bit) => (mask & (1 << bit)) !== 0);
    const names = ids.map((id) => this.names[id]!);
    const single = names.filter(({ kind }) => kind === "exists" || kind === "named");
    return {
      kind: "acl",
      principal,
      allowedOn,
      operations,
      resource: this.resource,
      names: single.slice(0, MOST_NAMES).map(({ origin }) => origin),
      count: names.length,
      causes,
      text: differenceText({ principal, allowedOn, operations, resource: this.resource, names, hosts, causes }),
    };
  }
}

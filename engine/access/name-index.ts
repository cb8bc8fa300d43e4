import type { Acl } from "../kafka/port";

/** Finds the names that an ACL covers, without looking at every name. */
export class NameIndex {
  private readonly sorted: { name: string; id: number }[];
  private readonly byName = new Map<string, number[]>();
  private readonly all: number[];
  private readonly found = new Map<string, readonly number[]>();

  constructor(names: readonly string[]) {
    this.sorted = names.map((name, id) => ({ name, id })).sort((a, b) => compareText(a.name, b.name));
    this.all = names.map((_, id) => id);
    names.forEach((name, id) => {
      const same = this.byName.get(name);
      if (same === undefined) this.byName.set(name, [id]);
      else same.push(id);
    });
  }

  /** Positions of the names that the ACL covers. */
  covered({ patternType, resourceName }: Pick<Acl, "patternType" | "resourceName">): readonly number[] {
    if (patternType === "literal") return resourceName === "*" ? this.all : (this.byName.get(resourceName) ?? []);
    const known = this.found.get(resourceName);
    if (known !== undefined) return known;
    const covered: number[] = [];
    for (let i = this.firstFrom(resourceName); this.sorted[i]?.name.startsWith(resourceName) === true; i++)
      covered.push(this.sorted[i]!.id);
    this.found.set(resourceName, covered);
    return covered;
  }

  /** The position of the first name that is not before `text`. */
  private firstFrom(text: string): number {
    let [low, high] = [0, this.sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle]!.name < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

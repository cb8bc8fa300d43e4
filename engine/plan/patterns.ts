/** Fewest names that a prefix pattern replaces. Fewer names are easier to read one by one. */
const WORTH_A_PREFIX = 3;
const LINE_END = /[\n\r\u0085\u2028\u2029]/u;

/** Names with the set that each belongs to. A name in several sets has several entries; undefined: in no set. */
export interface Owned {
  name: string;
  set: number | undefined;
}

/**
 * One list of Java regular expressions per set, which selects exactly the set's names among all these names. Names are
 * written out. If three or more names have a common start that no name of another set has, the start replaces them
 * (`payments-.*`). Such a pattern also selects names that are created later.
 * A set without names has an empty list, which selects nothing.
 */
export function patternsOf(all: readonly Owned[], sets: number): string[] {
  const root = new Node("");
  for (const { name, set } of all) root.add(name, set);
  const lists = Array.from({ length: sets }, (): string[] => []);
  root.write(lists);
  return lists.map((list) => list.join(","));
}

/** Escapes a name so that only this name matches. A comma would end the pattern, and blanks at its ends are removed. */
export function escape(name: string): string {
  return [...name].map(escapeOne).join("");
}

function escapeOne(character: string): string {
  if (/[\w-]/.test(character)) return character;
  const code = character.codePointAt(0)!;
  if (character === "," || code <= 0x20 || (code >= 0x7f && code <= 0xff)) return `\\x${hex(code, 2)}`;
  if (code < 0x7f) return `\\${character}`;
  return /[\p{L}\p{N}]/u.test(character) ? character : `\\x{${hex(code, 1)}}`;
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");

/** Names by their beginnings, which end after each `.`, `-` or `_`. */
class Node {
  private readonly children = new Map<string, Node>();
  /** Sets of the name that ends here. */
  private readonly sets = new Set<number | undefined>();
  private count = 0;
  /** The only set below. undefined: none yet. */
  private only: number | "several" | undefined;

  constructor(private readonly start: string) {}

  add(name: string, set: number | undefined): void {
    let at: Node = this;
    // `.` does not match a line end.
    const owner = set === undefined || LINE_END.test(name) ? "several" : set;
    at.take(owner);
    for (const word of name.match(/[^._-]*[._-]|[^._-]+$/g) ?? []) {
      let next = at.children.get(word);
      if (next === undefined) {
        next = new Node(at.start + word);
        at.children.set(word, next);
      }
      at = next;
      at.take(owner);
    }
    at.sets.add(set);
  }

  private take(owner: number | "several"): void {
    this.count++;
    this.only = this.only === undefined || this.only === owner ? owner : "several";
  }

  write(lists: string[][]): void {
    if (this.start !== "" && typeof this.only === "number" && this.count >= WORTH_A_PREFIX && this.children.size > 0) {
      lists[this.only]!.push(`${escape(this.start)}.*`);
      return;
    }
    for (const set of this.sets) if (set !== undefined) lists[set]!.push(escape(this.start));
    for (const child of this.children.values()) child.write(lists);
  }
}

/**
 * Names that a regular expression matches, to test whether two patterns have a name in common. The result is only a set
 * of candidates: the caller checks each of them with the real matcher. Syntax that is not read here gives fewer names.
 */

/** Names per part of an expression. It limits the work for nested alternatives. */
const PER_PART = 24;
const IN_CLASS = 3;
/** Topic names have at most 249 characters. */
const MOST = 249;
/** Members of classes, tried in this order. */
const MEMBERS = [..."ax019-_.AZ", ..."bcdefghijklmnopqrstuvwyz2345678BCDEFGHIJKLMNOPQRSTUVWXY"];
const ESCAPES: Readonly<Record<string, readonly string[]>> = { d: ["0", "7"], w: ["a", "0"], D: ["a"], W: ["-"] };

/**
 * A name is its own only sample: a dot in `orders.v1` is meant as a dot.
 * @param words what `.*` and `.+` may stand for, besides nothing and one character
 */
export function samplesOf(expression: string, words: readonly string[]): string[] {
  if (/^[\w.-]+$/.test(expression)) return [expression];
  return new Samples(expression, words).alternatives();
}

/** The literal words in an expression. */
export function wordsIn(expression: string): string[] {
  return (
    expression
      .replace(/\\[dDwWsSbB]/g, " ")
      .replace(/\\/g, "")
      .match(/[A-Za-z0-9_-]+/g) ?? []
  );
}

class Samples {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly words: readonly string[],
  ) {}

  alternatives(): string[] {
    const all = [...this.sequence()];
    while (this.text[this.at] === "|") {
      this.at++;
      all.push(...this.sequence());
    }
    return limited(all);
  }

  private sequence(): string[] {
    let all = [""];
    while (this.at < this.text.length && this.text[this.at] !== "|" && this.text[this.at] !== ")") {
      const isDot = this.text[this.at] === ".";
      const next = this.repeated(this.atom(), isDot);
      all = limited(next.flatMap((end) => all.map((start) => start + end)));
    }
    return all;
  }

  private atom(): readonly string[] {
    const char = this.text[this.at++]!;
    if (char === "^" || char === "$") return [""];
    if (char === ".") return ["x"];
    if (char === "[") return this.characterClass();
    if (char === "(") {
      const group = /^\?(:|[a-z-]*\)|[a-z-]*:)/.exec(this.text.slice(this.at))?.[0] ?? "";
      this.at += group.length;
      if (group.endsWith(")")) return [""];
      const inner = this.alternatives();
      this.at++;
      return inner;
    }
    if (char !== "\\") return [char];
    const escaped = this.text[this.at++] ?? "";
    return ESCAPES[escaped] ?? [escaped];
  }

  private characterClass(): readonly string[] {
    const rest = this.text.slice(this.at - 1);
    const whole = /^\[\^?\]?(?:\\.|[^\]\\])*\]/.exec(rest)?.[0] ?? rest;
    this.at += whole.length - 1;
    try {
      const matches = new RegExp(`^${whole}$`);
      return MEMBERS.filter((member) => matches.test(member)).slice(0, IN_CLASS);
    } catch {
      return [];
    }
  }

  private repeated(atom: readonly string[], isDot: boolean): readonly string[] {
    const quantifier = /^(\*|\+|\?|\{(\d+)(,(\d*))?\})[?+]?/.exec(this.text.slice(this.at));
    if (quantifier === null) return atom;
    this.at += quantifier[0].length;
    const [, kind, least, range] = quantifier;
    const some = isDot ? [...atom, ...this.words] : atom;
    if (kind === "*") return ["", ...some];
    if (kind === "?") return ["", ...atom];
    if (kind === "+") return some;
    const times = Number(least);
    if (times === 0) return range === undefined || range === ",0" ? [""] : ["", ...atom];
    return times > MOST ? [] : atom.map((one) => one.repeat(times));
  }
}

const limited = (all: readonly string[]): string[] => {
  const distinct = [...new Set(all)];
  if (distinct.length <= PER_PART) return distinct;
  // Names from the whole list, not only its start: each alternative keeps some.
  return Array.from({ length: PER_PART }, (_, i) => distinct[Math.floor((i * distinct.length) / PER_PART)]!);
};

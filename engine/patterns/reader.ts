/** Why a pattern is not read: said by `compilePatternList` with the pattern and where it stands. */
export interface Refusal {
  /** Goes on after the pattern: `has ...`. */
  what: string;
  /** Counted from 1. */
  character: number;
  fix: string;
}

/** Is thrown, and caught in this folder. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.what);
  }
}

/** A pattern, read by code points as Java does. */
export class PatternReader {
  at = 0;
  private readonly characters: string[];

  constructor(pattern: string) {
    this.characters = [...pattern];
  }

  get done(): boolean {
    return this.at >= this.characters.length;
  }

  peek(ahead = 0): string | undefined {
    return this.characters[this.at + ahead];
  }

  next(): string | undefined {
    return this.characters[this.at++];
  }

  /** @param text ASCII */
  take(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.characters[this.at + i] !== text[i]) return false;
    this.at += text.length;
    return true;
  }

  /** Takes what the expression, anchored at the start, finds here; nothing that it looks for is longer than a few words. */
  match(expression: RegExp): RegExpExecArray | undefined {
    const found = expression.exec(this.characters.slice(this.at, this.at + LONGEST).join(""));
    if (found === null) return undefined;
    this.at += [...found[0]].length;
    return found;
  }
}

const LONGEST = 256;

/** @throws Refused */
export function refuse(reader: PatternReader, what: string, fix: string, at = reader.at): never {
  throw new Refused({ what, character: at + 1, fix });
}

/** Why a pattern is refused. `compilePatternList` reports it with the pattern and the setting. */
export interface Refusal {
  /** The rest of the sentence after the pattern: `has ...`. */
  what: string;
  /** Counted from 1. */
  character: number;
  fix: string;
  /** True if Java refuses the pattern, too. False if only JavaScript cannot match exactly as Java does. */
  inJava: boolean;
}

/** Thrown and caught only inside this folder. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.what);
  }
}

/** Reads a pattern by code points, as Java does. */
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

  /**
   * Consumes and returns the match of an expression that is anchored at the start. It looks at the next `LONGEST`
   * characters, which is enough for every expression used here.
   */
  match(expression: RegExp): RegExpExecArray | undefined {
    const found = expression.exec(this.characters.slice(this.at, this.at + LONGEST).join(""));
    if (found === null) return undefined;
    this.at += [...found[0]].length;
    return found;
  }
}

const LONGEST = 256;

/**
 * Refuses a pattern that JavaScript cannot match exactly as Java does.
 * @throws Refused
 */
export function refuse(reader: PatternReader, what: string, fix: string, at = reader.at): never {
  throw new Refused({ what, character: at + 1, fix, inJava: false });
}

/**
 * Refuses a pattern that Java refuses, too.
 * @throws Refused
 */
export function refuseInvalid(reader: PatternReader, what: string, fix: string, at = reader.at): never {
  throw new Refused({ what, character: at + 1, fix, inJava: true });
}

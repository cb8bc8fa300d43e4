import { MigrationError, Mistakes } from "../engine/errors";
import type { Values } from "./command";

/** Reads option values and collects all mistakes, so that they are reported together. */
export class Reader {
  private readonly mistakes = new Mistakes();

  constructor(private readonly values: Values) {}

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    if (value === undefined || typeof value === "boolean") return undefined;
    return String(value);
  }

  list(name: string): string[] {
    const value = this.values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  oneOf<T extends string>(name: string, known: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined || (known as readonly string[]).includes(text)) return text as T | undefined;
    this.mistakes.add(`--${name} is "${text}": it must be one of ${known.join(", ")}`);
    return undefined;
  }

  count(name: string): number | undefined {
    return this.number(name, (n) => Number.isInteger(n) && n > 0, "a whole number above 0");
  }

  /** Reads a number above 0, with a fraction or without. */
  amount(name: string): number | undefined {
    return this.number(name, (n) => n > 0, "a number above 0");
  }

  /** As `fraction` of the settings. */
  fraction(name: string): number | undefined {
    return this.number(name, (n) => n > 0 && n < 1, "a number above 0 and below 1");
  }

  /** Reads seconds and returns milliseconds. */
  seconds(name: string): number | undefined {
    const seconds = this.number(name, (n) => n >= 0, "a number of seconds");
    return seconds === undefined ? undefined : seconds * 1000;
  }

  /** Reads an ISO 8601 time with its zone, or ms since the epoch. */
  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^\d{10,}$/.test(text)) return Number(text);
    const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(zoned))
      this.mistakes.add(
        `--${name} is "${text}": use an ISO 8601 time with its zone, e.g. 2026-05-04T10:30:00Z, or ` +
          "milliseconds since the epoch",
      );
    return zoned;
  }

  mistake(text: string): void {
    this.mistakes.add(text);
  }

  /** @throws MigrationError CLI_USAGE with every mistake so far */
  check(command: string): void {
    const { list } = this.mistakes;
    if (list.length > 0) throw usageError(command, list);
  }

  private number(name: string, right: (n: number) => boolean, what: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && right(value)) return value;
    this.mistakes.add(`--${name} is "${text}": it must be ${what}`);
    return undefined;
  }
}

export function usageError(command: string, mistakes: readonly string[]): MigrationError {
  const name = command === "" ? "kafka-migration" : `kafka-migration ${command}`;
  const [only] = mistakes;
  return new MigrationError(
    "CLI_USAGE",
    mistakes.length === 1 ? only! : `${name} was called with ${mistakes.length} mistakes`,
    {
      fix: `see \`${name} --help\``,
      ...(mistakes.length === 1 ? {} : { details: mistakes }),
    },
  );
}

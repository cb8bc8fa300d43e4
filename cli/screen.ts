/** Own code: packages for progress bars need the total in advance. Here it is part of the engine's lines. */
import type { Progress } from "../engine/progress";
import { durationText } from "../engine/units";

/** The output streams of a command: results go to `out`, progress goes to `err`. */
export interface Streams {
  out: Writable;
  err: Writable;
}

export interface Writable {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const FRAME_MS = 200;
const BAR = 24;

/**
 * Progress for a person. On a terminal it is one line that is redrawn, with a bar if the engine's line shows how many
 * partitions are done. Elsewhere each line is printed once, for logs.
 */
export class Screen {
  private readonly startedAt = Date.now();
  private timer: NodeJS.Timeout | undefined;
  private last = "";
  private drawn = false;

  constructor(private readonly streams: Streams) {}

  readonly progress: Progress = {
    info: (line) => this.info(line),
    warn: (line) => this.line(`warning: ${line}`),
  };

  private info(line: string): void {
    if (!this.streams.err.isTTY) {
      this.line(line);
      return;
    }
    this.last = printable(line);
    this.timer ??= setInterval(() => this.draw(), FRAME_MS).unref();
    this.draw();
  }

  /** Prints a whole line on the error stream, above the line that is redrawn. */
  line(text: string): void {
    this.clear();
    this.streams.err.write(`${printable(text)}\n`);
  }

  result(text: string): void {
    this.document(printable(text));
  }

  /** Prints a result that programs read, unchanged. It must not contain characters that control a terminal. */
  document(text: string): void {
    this.clear();
    this.streams.out.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  /** Removes the line that is redrawn. */
  done(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.clear();
  }

  private draw(): void {
    const width = Math.max(20, (this.streams.err.columns ?? 80) - 1);
    const text = `${bar(this.last)}${this.last} (${durationText(Date.now() - this.startedAt)})`;
    this.streams.err.write(`\r\u001b[2K${text.length > width ? `${text.slice(0, width - 1)}\u2026` : text}`);
    this.drawn = true;
  }

  private clear(): void {
    if (this.drawn) this.streams.err.write("\r\u001b[2K");
    this.drawn = false;
  }
}

/** `[######------] ` for a line with `n of m partitions`, otherwise an empty text. */
export function bar(line: string): string {
  const [, done, all] = /\b(\d+) of (\d+) partitions?\b/.exec(line) ?? [];
  if (done === undefined || Number(all) === 0) return "";
  const full = Math.floor(Math.min(1, Number(done) / Number(all)) * BAR);
  return `[${"#".repeat(full)}${"-".repeat(BAR - full)}] `;
}

/** Names come from clusters. Characters that control the terminal must not reach it. Line breaks stay. */
export function printable(text: string): string {
  return text.replace(CONTROLS, "\ufffd");
}

/** JSON text in which these characters are escaped. It has the same value. */
export function printableJson(json: string): string {
  return json.replace(CONTROLS, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

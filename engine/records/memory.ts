import type { AnswerMemory } from "../kafka/port";

/** A buffer is made a little larger than what it is made for, so that the next answer, rarely of the same size, fits too. */
const ROUND_TO = 1024 * 1024;

/** Memory for the answers that are looked at together; what `release` has given back is filled again. */
export class ReusedMemory implements AnswerMemory {
  private free: Buffer[] = [];
  private taken: Buffer[] = [];

  take(bytes: number): Buffer {
    const fits = this.free.findIndex((b) => b.length >= bytes);
    // What is too small is dropped: answers are of one size mostly, and memory must not pile up.
    const [buffer = Buffer.allocUnsafeSlow(Math.ceil(bytes / ROUND_TO) * ROUND_TO)] =
      fits < 0 ? [] : this.free.splice(fits, 1);
    if (fits < 0) this.free.pop();
    this.taken.push(buffer);
    return buffer.subarray(0, bytes);
  }

  /** All that was taken may be overwritten from now on. */
  release(): void {
    this.free.push(...this.taken);
    this.taken = [];
  }
}

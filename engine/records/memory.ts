import type { AnswerMemory } from "../kafka/port";

/** Memory for the responses that are processed together. Buffers are reused after `release`. */
export class ReusedMemory implements AnswerMemory {
  private free: Buffer[] = [];
  private taken: Buffer[] = [];

  /**
   * @param roundTo bytes. Buffer sizes are rounded up to a multiple, so that the next response also fits. Responses
   *   rarely have exactly the same size. Default 1 MiB.
   */
  constructor(private readonly roundTo = 1024 * 1024) {}

  take(bytes: number): Buffer {
    const fits = this.free.findIndex((b) => b.length >= bytes);
    // Drop a buffer that is too small. Most responses have similar sizes, and memory must not accumulate.
    const [buffer = Buffer.allocUnsafeSlow(Math.ceil(bytes / this.roundTo) * this.roundTo)] =
      fits < 0 ? [] : this.free.splice(fits, 1);
    if (fits < 0) this.free.pop();
    this.taken.push(buffer);
    return buffer.subarray(0, bytes);
  }

  /** Releases all buffers that were taken. They can be overwritten from now on. */
  release(): void {
    this.free.push(...this.taken);
    this.taken = [];
  }
}

/**
 * How fast a number changes over the last period. The average since the start would be misleading, because the speed of
 * long work varies.
 */
export class Rate {
  private readonly samples: { at: number; value: number }[] = [];

  /** @param overMs length of the period, milliseconds */
  constructor(private readonly overMs: number) {}

  /** @param at milliseconds, not earlier than in the previous call */
  add(value: number, at: number = Date.now()): void {
    this.samples.push({ at, value });
    while (this.samples.length > 2 && this.samples[0]!.at < at - this.overMs) this.samples.shift();
  }

  /** Negative if the number falls. 0 until there are enough samples. */
  perSecond(): number {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    return first === undefined || last === undefined || last.at <= first.at
      ? 0
      : ((last.value - first.value) * 1000) / (last.at - first.at);
  }
}

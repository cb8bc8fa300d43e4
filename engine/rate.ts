/** How fast a number changes, over the last while rather than from the start: long work is not even. */
export class Rate {
  private readonly samples: { at: number; value: number }[] = [];

  /** @param overMs the rate is taken over this long, milliseconds */
  constructor(private readonly overMs: number) {}

  /** @param at milliseconds, not before the last one's */
  add(value: number, at: number = Date.now()): void {
    this.samples.push({ at, value });
    while (this.samples.length > 2 && this.samples[0]!.at < at - this.overMs) this.samples.shift();
  }

  /** Negative when the number falls; 0 as long as nobody can tell. */
  perSecond(): number {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    return first === undefined || last === undefined || last.at <= first.at
      ? 0
      : ((last.value - first.value) * 1000) / (last.at - first.at);
  }
}

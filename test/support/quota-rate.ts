import { setTimeout as sleep } from "node:timers/promises";

/**
 * A quota counts over the last 10 to 11 s. A fast client sends all of that at once and then waits, so what it sends in
 * a time of any other length depends on when the time begins.
 */
const WINDOW_MS = 11_000;
const SAMPLE_MS = 250;

export interface QuotaRate {
  /** Mean of all spans of one window within the measured time. */
  perSecond: number;
  /** Counted in all. */
  count: number;
}

/** Measures how fast a limited count grows, over so many windows of a quota. */
export async function rateOver(windows: number, count: () => Promise<number>): Promise<QuotaRate> {
  const samples: { at: number; count: number }[] = [];
  const now = async () => {
    const found = await count();
    samples.push({ at: performance.now(), count: found });
    return samples.at(-1)!;
  };
  const begun = await now();
  while ((await now()).at < begun.at + windows * WINDOW_MS) await sleep(SAMPLE_MS);
  const rates = samples.flatMap((from) => {
    const to = samples.find(({ at }) => at >= from.at + WINDOW_MS);
    return to === undefined ? [] : [((to.count - from.count) / (to.at - from.at)) * 1000];
  });
  return {
    perSecond: rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
    count: samples.at(-1)!.count - begun.count,
  };
}

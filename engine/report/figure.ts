/** `12,600,000`: a number as the page shows it. */
export function figure(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** The same of what is only bounded: offsets may hold no record. */
export function atMost(count: number, bound: boolean | undefined): string {
  return bound === true && count > 0 ? `at most ${figure(count)}` : figure(count);
}

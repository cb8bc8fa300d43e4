/** A number as the page shows it: `12,600,000`. */
export function figure(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Like `figure`, for a count that is an upper bound, because offsets may hold no record. */
export function atMost(count: number, bound: boolean | undefined): string {
  return bound === true && count > 0 ? `at most ${figure(count)}` : figure(count);
}

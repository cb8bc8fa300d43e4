/** The newest and the oldest Strimzi whose CRDs this package knows; Event Streams 13.0 and 10.x derive from them. */
export const newestStrimzi = "1.2";
export const oldestStrimzi = "0.22";

/** Compares `major.minor[.patch]`, number by number; what is missing counts as 0. */
export function strimziAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (have?.[i] ?? 0) - (want?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

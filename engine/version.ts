/**
 * Own code: `semver` refuses versions with two numbers, such as Kafka's `4.1`.
 *
 * Returns true if a version is `least` or later. Compares number by number, as many as `least` has. A missing number
 * counts as 0. A part that is not a number is never later.
 * @param version such as `4.1.0`, of Kafka or of an operator
 * @param least such as `4`, `3.5` or `11.1.4`
 */
export function versionAtLeast(version: string, least: string): boolean {
  const have = version.split(".").map(Number);
  for (const [i, want] of least.split(".").map(Number).entries()) {
    const difference = (have[i] ?? 0) - want;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * Returns true if a version is not newer than the last one that has something. A patch does not count: 2.8.2 is 2.8.
 */
export function versionUpTo(version: string, last: string): boolean {
  return versionAtLeast(last, version.split(".").slice(0, 2).join("."));
}

/** The first version that an operator of an API version before v1 runs (Strimzi 0.22). */
const OLDEST = "2.7.0";
/** The first version that an operator of v1 runs (Strimzi 0.49). */
export const OLDEST_OF_V1 = "4.0.0";

/**
 * The oldest and the newest Kafka version that may run. One version if it is written.
 * @param mirror `versionAssumed`: nobody wrote the version, and `kafkaVersion` is the newest that the operators of
 *   `apiVersion` run
 */
export function versionsOf(mirror: { kafkaVersion: string; versionAssumed?: boolean; apiVersion?: string }): string[] {
  if (mirror.versionAssumed !== true) return [mirror.kafkaVersion];
  return [mirror.apiVersion?.endsWith("/v1") === true ? OLDEST_OF_V1 : OLDEST, mirror.kafkaVersion];
}

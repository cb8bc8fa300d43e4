import { versionAtLeast } from "../version";
import type { MirrorView } from "./view";

/** The version in messages: `Kafka 4.2.0`, and a note if it is only assumed. */
export function versionOf({ kafkaVersion, versionAssumed, apiVersion }: MirrorView): string {
  if (versionAssumed !== true) return `Kafka ${kafkaVersion}`;
  const why = `because spec.version is not set: the newest that operators of ${apiVersion} run`;
  return `Kafka ${kafkaVersion} (assumed, ${why})`;
}

/** The last version whose internal names only used dots (KIP-690 came with Kafka 3.1). */
const DOTS_ONLY = "3.0.0";

/**
 * The mirror as read by each Kafka version that may run, the most likely version first. Operators of v1beta2 (Strimzi
 * 0.23 to 0.51) run Kafka 2.7 to 4.2, and the names of the internal topics changed between these versions.
 */
export function readings(mirror: MirrorView): MirrorView[] {
  if (
    mirror.versionAssumed !== true ||
    !/\/v1beta2$/.test(mirror.apiVersion) ||
    !versionAtLeast(mirror.kafkaVersion, "3.1")
  )
    return [mirror];
  return [mirror, Object.create(mirror, { kafkaVersion: { value: DOTS_ONLY, enumerable: true } }) as MirrorView];
}

import { isMigrationError } from "../errors";
import type { CommittedOffset, KafkaPort } from "../kafka/port";
import type { PartitionPlan } from "./types";

/** Metadata up to this many characters is not worth a question: nobody sets a limit that low. */
const SHORT = 64;
/** Kafka's default of `offset.metadata.max.bytes`. */
const DEFAULT_LIMIT = 4096;

/**
 * How many characters of metadata the target takes with one committed offset: the least of its brokers, which refuse more
 * (OFFSET_METADATA_TOO_LARGE; they count characters). Kafka's default where the brokers do not tell.
 */
export async function metadataLimit(target: KafkaPort, committed: Iterable<readonly CommittedOffset[]>): Promise<number> {
  if (![...committed].some((list) => list.some((o) => o.metadata.length > SHORT))) return DEFAULT_LIMIT;
  try {
    const brokers = (await target.describeCluster()).brokers.map((b) => b.id);
    const configs = [...(await target.describeBrokerConfigs(brokers)).values()];
    const limits = configs.map((c) => Number(c.get("offset.metadata.max.bytes")?.value ?? DEFAULT_LIMIT));
    return Math.min(...(limits.length === 0 ? [DEFAULT_LIMIT] : limits));
  } catch (error) {
    if (isMigrationError(error) && error.code === "KAFKA_UNAUTHORIZED") return DEFAULT_LIMIT;
    throw error;
  }
}

/** `a metadata of 5000 characters, the target takes 4096 (offset.metadata.max.bytes)`. */
export function tooLong(p: PartitionPlan): string | undefined {
  if (p.metadataLimit === undefined) return undefined;
  return `its commit has metadata of ${p.metadata?.length ?? 0} characters, the target takes ${p.metadataLimit} (offset.metadata.max.bytes)`;
}

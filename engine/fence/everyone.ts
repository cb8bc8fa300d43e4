import { isMigrationError } from "../errors";
import type { KafkaPort } from "../kafka/port";

/**
 * What the brokers do with a resource that no ACL names (`allow.everyone.if.no.acl.found`); undefined: they hide it, as Kafka 4.3.1
 * does with settings of an authorizer, or this user may not read their settings. Not set: Kafka's default, false.
 */
export async function everyoneByDefault(port: KafkaPort): Promise<boolean | undefined> {
  try {
    const brokers = (await port.describeCluster()).brokers.map((b) => b.id);
    const values = [...(await port.describeBrokerConfigs(brokers)).values()].map((c) => c.get("allow.everyone.if.no.acl.found"));
    const known = values.map((entry) => (entry === undefined ? "false" : entry.value?.trim().toLowerCase()));
    if (known.includes("true")) return true;
    return known.includes(undefined) ? undefined : false;
  } catch (thrown) {
    if (isMigrationError(thrown) && thrown.code === "KAFKA_UNAUTHORIZED") return undefined;
    throw thrown;
  }
}

/** The brokers have no authorizer, so there are no ACLs. */
export function saysNoAuthorizer(thrown: unknown): boolean {
  return isMigrationError(thrown) && thrown.message.includes("SECURITY_DISABLED");
}

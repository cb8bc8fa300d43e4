import { isMigrationError } from "../errors";
import type { Acl, KafkaPort } from "../kafka/port";

export const SETTING = "allow.everyone.if.no.acl.found";

/**
 * Reads `allow.everyone.if.no.acl.found`: what the brokers do with a resource that no ACL names. Not set: Kafka's
 * default, false. `hidden`: it is set, but the brokers do not show the value. Kafka 4.3.1 hides settings of an
 * authorizer in this way. `denied`: this user may not read the brokers' settings.
 */
export async function readEveryoneByDefault(port: KafkaPort): Promise<boolean | "hidden" | "denied"> {
  try {
    const brokers = (await port.describeCluster()).brokers.map((b) => b.id);
    const values = [...(await port.describeBrokerConfigs(brokers)).values()].map((c) => c.get(SETTING));
    const known = values.map((entry) => (entry === undefined ? "false" : entry.value?.trim().toLowerCase()));
    if (known.includes("true")) return true;
    return known.includes(undefined) ? "hidden" : false;
  } catch (thrown) {
    if (isMigrationError(thrown) && thrown.code === "KAFKA_UNAUTHORIZED") return "denied";
    throw thrown;
  }
}

/** Like `readEveryoneByDefault`, but undefined if the brokers do not show the value. */
export async function everyoneByDefault(port: KafkaPort): Promise<boolean | undefined> {
  const told = await readEveryoneByDefault(port);
  return typeof told === "boolean" ? told : undefined;
}

/** Returns true if the error means that the brokers have no authorizer. Then there are no ACLs. */
export function saysNoAuthorizer(thrown: unknown): boolean {
  return isMigrationError(thrown) && thrown.message.includes("SECURITY_DISABLED");
}

/** Returns the ACLs. Undefined: the brokers have no authorizer, so there are none. */
export async function aclsIfAny(port: KafkaPort, filter?: Partial<Acl>): Promise<Acl[] | undefined> {
  try {
    return await port.describeAcls(filter);
  } catch (error) {
    if (saysNoAuthorizer(error)) return undefined;
    throw error;
  }
}

import type { ClientQuota } from "./kafka/port";
import type { Side } from "./model";
import { shellWord } from "./shell";

/**
 * The command that changes this quota, to copy into a shell.
 * @param change e.g. `--delete-config consumer_byte_rate`
 */
export function quotaCommand({ user, clientId, ip }: Omit<ClientQuota, "values">, change: string, side: Side): string {
  const entity = (type: string, name: string | null | undefined) => {
    if (name === undefined) return [];
    return [`--entity-type ${type} ${name === null ? "--entity-default" : `--entity-name ${shellWord(name)}`}`];
  };
  const entities = [...entity("users", user), ...entity("clients", clientId), ...entity("ips", ip)].join(" ");
  return `kafka-configs.sh --bootstrap-server ${side.toUpperCase()} --alter ${change} ${entities}`;
}

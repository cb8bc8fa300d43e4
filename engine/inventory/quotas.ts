import type { ClientQuota } from "../kafka/port";
import { defined } from "../objects";
import { compare } from "./sort";
import type { InventoryQuota } from "./types";
import { isOfUser } from "./users";

const DEFAULT = "<default>";

/** The quotas that do not belong to exactly one user, with the command that sets them on the target. */
export function inventoryQuotas(quotas: readonly ClientQuota[]): InventoryQuota[] {
  return quotas
    .filter((quota) => !isOfUser(quota))
    .map((quota) => {
      const { user, clientId, ip, values } = quota;
      return defined<InventoryQuota>({
        user: textOf(user) as string,
        clientId: textOf(clientId) as string,
        ip: textOf(ip) as string,
        moves: "no",
        why: "clients declares quotas of users only",
        todo: `run ${command(quota)}`,
        values,
      });
    });
}

const textOf = (name: string | null | undefined): string | undefined => (name === null ? DEFAULT : name);

function command({ user, clientId, ip, values }: ClientQuota): string {
  const entity = (type: string, name: string | null | undefined) => {
    if (name === undefined) return [];
    return [`--entity-type ${type} ${name === null ? "--entity-default" : `--entity-name ${quoted(name)}`}`];
  };
  const limits = Object.entries(values)
    .sort(([a], [b]) => compare(a, b))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const entities = [...entity("users", user), ...entity("clients", clientId), ...entity("ips", ip)].join(" ");
  return `kafka-configs.sh --bootstrap-server TARGET --alter --add-config ${limits} ${entities}`;
}

const quoted = (name: string): string => (/^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`);

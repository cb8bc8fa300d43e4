import type { ClientQuota } from "../kafka/port";
import { defined } from "../objects";
import { quotaCommand } from "../quota-command";
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

function command(quota: ClientQuota): string {
  const limits = Object.entries(quota.values)
    .sort(([a], [b]) => compare(a, b))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  return quotaCommand(quota, `--add-config ${limits}`, "target");
}

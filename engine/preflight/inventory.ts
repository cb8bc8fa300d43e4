import { isMigrationError } from "../errors";
import { aclsIfAny, withoutFences } from "../fence";
import type { Inventory, InventoryAcl, InventoryUser } from "../inventory";
import { inventoryAcl } from "../inventory/users";
import type { Acl, KafkaPort, ScramUser } from "../kafka/port";
import { countText, someOf } from "../units";
import { type PreflightFinding, warning } from "./finding";

/** The inventory of the setting `inventory`. */
export interface Estate {
  /** Path of the file as the user wrote it. */
  file: string;
  inventory: Inventory;
}

/** What the origin has now. */
export interface EstateNow {
  clusterId: string;
  acls: readonly Acl[];
  /** undefined: the brokers do not return them. */
  scram: readonly ScramUser[] | undefined;
}

const SHOWN = 10;

/** Reads the users and ACLs of the origin, and compares them with the inventory. What is refused is a warning. */
export async function inventoryFindings(
  origin: KafkaPort,
  estate: Estate,
  own: ReadonlySet<string>,
): Promise<PreflightFinding[]> {
  try {
    const acls = (await aclsIfAny(origin)) ?? [];
    const { clusterId } = await origin.describeCluster();
    return compareInventory(estate, { clusterId, acls, scram: await origin.scramUsers() }, own);
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    return [old(`${estate.file} cannot be compared with the origin (${error.seen})`, error.fix)];
  }
}

/**
 * Names users and ACLs that the origin has and the inventory does not. Applications that use them would fail on the
 * target.
 * @param own principals of this migration. They are never in its inventory's users that move
 */
export function compareInventory(
  { file, inventory }: Estate,
  now: EstateNow,
  own: ReadonlySet<string>,
): PreflightFinding[] {
  const again = `write it again with \`kafka-migration inventory --out ${file}\`, and look at the difference`;
  if (now.clusterId !== "" && inventory.origin !== now.clusterId)
    return [old(`${file} is the inventory of cluster ${inventory.origin}, and the origin is ${now.clusterId}`, again)];
  const known = new Map(inventory.users.map((user) => [user.principal, user]));
  const acls = withoutFences(now.acls).filter((acl) => !own.has(acl.principal));
  const principals = new Set([
    ...(now.scram ?? []).map((user) => `User:${user.name}`),
    ...acls.map((a) => a.principal),
  ]);
  const users = [...principals].filter((principal) => !known.has(principal) && !own.has(principal)).sort();
  const rights = new Map([...known].map(([principal, user]) => [principal, rightsOf(user)]));
  const added = acls.filter(
    (acl) => rights.get(acl.principal)?.has(rightOf(inventoryAcl(acl), acl.operation)) === false,
  );
  return [
    ...(users.length === 0
      ? []
      : [old(`the origin has ${countText(users.length, "user")} that ${file} lacks: ${someOf(users, SHOWN)}`, again)]),
    ...(added.length === 0
      ? []
      : [
          old(
            `the origin has ${countText(added.length, "ACL")} of known users that ${file} lacks: ` +
              someOf(added.map(aclText).sort(), SHOWN),
            again,
          ),
        ]),
  ];
}

const old = (seen: string, fix: string): PreflightFinding => warning("INVENTORY_OLD", seen, fix);

const rightOf = ({ resource, name, pattern, host, permission }: InventoryAcl, operation: string): string =>
  JSON.stringify([resource, name, pattern, host, permission, operation]);

const rightsOf = ({ acls }: InventoryUser): Set<string> =>
  new Set(acls.flatMap((acl) => acl.operations.map((operation) => rightOf(acl, operation))));

/** `User:billing may Read topic orders`, `User:billing may not Write topics orders-*`. */
function aclText({ principal, permission, operation, resourceType, resourceName, patternType, host }: Acl): string {
  const what = patternType === "prefixed" ? `${resourceType}s ${resourceName}*` : `${resourceType} ${resourceName}`;
  const from = host === "*" ? "" : ` from ${host}`;
  return `${principal} may ${permission === "deny" ? "not " : ""}${operation} ${what}${from}`;
}

import type * as pulumi from "@pulumi/pulumi";
import { Mistakes } from "../../engine/errors";
import type { Connection, MirrorModel, Side } from "../../engine/model";
import { SIDES } from "../../engine/sides";
import { policyKind } from "../../engine/naming";
import { defined } from "../../engine/objects";
import { ClientUsers } from "../clients/client-users";
import { inventoryIn } from "../clients/inventory";
import { describeClients } from "../clients/describe";
import type { ClientUsersArgs } from "../settings/clients";
import type { MigrationArgs } from "../settings/migration";
import type { MigrationCluster, OperatorUsers } from "../settings/users";
import { namesOf, userDialect } from "./names";

/** Returns true if the migration declares users of applications. */
export const hasClients = ({ clients }: Pick<MigrationArgs, "clients">): boolean =>
  clients !== undefined && clients !== false;

/** The users of applications of a migration: its settings as the component's arguments. */
export function clientArgs(
  args: MigrationArgs,
  mirror: MirrorModel | undefined,
  connection?: pulumi.Input<Connection>,
): ClientUsersArgs {
  const { clients, inventory, clientPasswords, offsets, preflight } = args;
  const { origin, target } = args;
  const accepted = preflight?.accept ?? [];
  return defined({
    ...(clients === false ? {} : clients),
    inventory,
    passwords: clientPasswords,
    origin: defined({ operator: operatorOf(args, origin) }),
    target: defined({
      operator: operatorOf(args, target),
      kafka: target.kafka && { ...target.kafka, ...defined({ connection }) },
    }),
    mirror,
    groups: offsets?.groups,
    excludeGroups: offsets?.excludeGroups,
    leaveOut: ownUsers(args),
    takeOver: accepted.includes("USER_TAKEN") ? true : undefined,
    everyoneByDefault: everyoneByDefault(args),
  }) as ClientUsersArgs;
}

/**
 * Declares the users of applications. They are created early, so that applications can be tested before the cutover.
 */
export function declareClients(
  name: string,
  args: MigrationArgs,
  mirror: MirrorModel,
  connection: pulumi.Input<Connection>,
  { parent, dependsOn }: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): ClientUsers {
  const provider = args.mirror?.provider;
  return new ClientUsers(`${name}-clients`, clientArgs(args, mirror, connection), {
    parent,
    dependsOn,
    ...(provider === undefined ? {} : { providers: [provider] }),
  });
}

/** As for the administrator. Preflight has not looked at the resources that only these users' ACLs name. */
function everyoneByDefault({ preflight, target }: MigrationArgs): boolean | undefined {
  const accepted = preflight?.accept ?? [];
  const told = preflight?.everyoneByDefault?.target;
  if (accepted.includes("CLUSTER_OPEN")) return false;
  return told === undefined && target.kafka !== undefined && accepted.includes("CLUSTER_OPEN_UNKNOWN") ? false : told;
}

/** The top level's dialect and version, unless the operator has its own, and the mirror's Kubernetes cluster. */
function operatorOf(args: MigrationArgs, { operator }: MigrationCluster): OperatorUsers | undefined {
  if (operator === undefined) return undefined;
  const { dialect, operatorVersion: version } = userDialect(args, operator);
  return defined({
    ...operator,
    dialect,
    version,
    provider: operator.provider ?? args.mirror?.provider,
  }) as OperatorUsers;
}

/** The users that a migration itself makes or logs in with, and what they are. */
export function ownUsers(args: MigrationArgs): Record<string, string> {
  return Object.fromEntries(
    SIDES.flatMap((side: Side) => {
      const { given, administrator } = args[side];
      const names = namesOf(side, args[side]);
      const logins: [name: unknown, what: string][] = [
        [names.administrator, `the migration's administrator on the ${side}`],
        [administrator?.username, `the migration's administrator on the ${side}`],
        [names.user, `the mirror's user on the ${side}`],
        [given?.username, `the mirror's user on the ${side}`],
      ];
      return logins.filter((login): login is [string, string] => typeof login[0] === "string");
    }),
  );
}

/** Returns the mistakes in the users of applications. */
export function clientMistakes(args: Partial<MigrationArgs>, mirror: MirrorModel | undefined): string[] {
  const { clients, clientPasswords, origin, target } = args;
  if (!hasClients(args)) {
    const unreadable = new Mistakes();
    if (typeof args.inventory === "string") inventoryIn(args.inventory, unreadable);
    if (unreadable.list.length > 0) return [...unreadable.list];
    const unused = Object.keys(clientPasswords ?? {}).length > 0;
    return unused ? ["clientPasswords is not used: clients is not set; set it, or remove the passwords"] : [];
  }
  if (origin === undefined || target === undefined) return [];
  if (target.operator === undefined && target.kafka === undefined)
    return [
      "clients is set, but the target has neither operator nor kafka, which make the users: set target.kafka or " +
        "target.operator, or declare the users with the component ClientUsers",
    ];
  const mistakes = new Mistakes();
  if (clients !== false && clients?.narrow === true) {
    if (args.preflight?.everyoneByDefault?.target === true)
      mistakes.add(
        "clients.narrow is true, but the target allows everyone to use a resource without ACLs: leaving out an ACL would " +
          "give everyone access; set clients.narrow to false",
      );
    if (mirror !== undefined && policyKind(mirror) !== "identity")
      mistakes.add(
        "clients.narrow is true, but the mirror gives topics another name on the target: set clients.narrow to false",
      );
  }
  describeClients(clientArgs(args as MigrationArgs, mirror), mistakes);
  return [...mistakes.list];
}

import { userName } from "./acls";
import { withCluster, type OpenKafka } from "./clusters";
import { MigrationError } from "./errors";
import { aclsIfAny } from "./fence/everyone";
import type { Connection, Side } from "./model";
import { type Progress, silent } from "./progress";
import { countText, someOf } from "./units";

export interface UserQuestion {
  side: Side;
  /** The administrator's connection. */
  connection: Connection;
  /** Without `User:`. */
  username: string;
  /**
   * True: the user accepted in the configuration that this name may be taken over. A warning replaces the error.
   * Default false.
   */
  accepted?: boolean;
}

/**
 * Checks that no credential and no ACL exists for this name. Kafka's API would overwrite the password of an existing
 * user without a warning. The end of the migration would then delete that user's credential and ACLs.
 * @throws MigrationError USER_TAKEN with the credentials and ACLs that were found
 */
export async function requireUnusedName(
  { side, connection, username, accepted = false }: UserQuestion,
  progress: Progress = silent,
  open?: OpenKafka,
): Promise<void> {
  const found = await withCluster(
    { [side]: connection } as Record<Side, Connection>,
    side,
    async (port) => {
      const [mechanisms, acls] = await Promise.all([
        port.scramMechanisms(username),
        port.describeAcls({ principal: `User:${username}` }),
      ]);
      return [
        ...mechanisms.map((mechanism) => `a ${mechanism} credential`),
        ...(acls.length === 0 ? [] : [countText(acls.length, "ACL")]),
      ];
    },
    open,
  );
  if (found.length === 0) return;
  const seen = `user "${username}" already exists on the ${side}, with ${found.join(" and ")}`;
  if (accepted) {
    progress.warn(`USER_TAKEN: ${seen}; the migration takes it over, because preflight.accept allows this`);
    return;
  }
  throw new MigrationError("USER_TAKEN", `${seen}; it was not changed`, {
    fix:
      `give the mirror's user another name (${side}.names.user), remove the existing user if nobody needs it, ` +
      "or add USER_TAKEN to preflight.accept: the user then gets another password and is deleted with the " +
      "migration",
  });
}

export interface UsersQuestion {
  side: Side;
  /** The administrator's connection. */
  connection: Connection;
  /** Principals of the users, as in ACLs. */
  principals: string[];
  /** True: users that exist may be taken over. A warning replaces the error. Default false. */
  accepted?: boolean;
}

/**
 * The same check for the users of applications: no credential, no ACL and no quota may exist for them.
 * @throws MigrationError USER_TAKEN with every user that exists
 */
export async function requireUnusedNames(
  { side, connection, principals, accepted = false }: UsersQuestion,
  progress: Progress = silent,
  open?: OpenKafka,
): Promise<void> {
  if (principals.length === 0) return;
  const found = await withCluster(
    { [side]: connection } as Record<Side, Connection>,
    side,
    async (port) => {
      const [credentials, acls, quotas] = await Promise.all([port.scramUsers(), aclsIfAny(port), port.clientQuotas()]);
      return principals.flatMap((principal) => {
        const name = userName(principal);
        const rules = (acls ?? []).filter((acl) => acl.principal === principal).length;
        const has = [
          ...(credentials ?? []).flatMap((one) =>
            one.name === name ? one.mechanisms.map((mechanism) => `a ${mechanism} credential`) : [],
          ),
          ...(rules === 0 ? [] : [countText(rules, "ACL")]),
          ...((quotas ?? []).some(({ user }) => user === name) ? ["quotas"] : []),
        ];
        return has.length === 0 ? [] : [`${principal} has ${has.join(", ")}`];
      });
    },
    open,
  );
  if (found.length === 0) return;
  const seen = `${countText(found.length, "user")} of applications already ${found.length === 1 ? "exists" : "exist"} on the ${side}`;
  if (accepted) {
    progress.warn(
      `USER_TAKEN: ${seen}; the migration takes them over, because preflight.accept allows this: ${someOf(found)}`,
    );
    return;
  }
  throw new MigrationError("USER_TAKEN", `${seen}; nothing was changed`, {
    details: found,
    fix:
      "leave these users out (clients.exclude), remove those that nobody needs, or add USER_TAKEN to " +
      "preflight.accept: they then get the passwords, ACLs and quotas of this program in addition to what they have",
  });
}

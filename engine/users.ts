import { withCluster, type OpenKafka } from "./clusters";
import { MigrationError } from "./errors";
import type { Connection, Side } from "./model";
import { type Progress, silent } from "./progress";
import { countText } from "./units";

export interface UserQuestion {
  side: Side;
  /** The administrator's. */
  connection: Connection;
  /** Without `User:`. */
  username: string;
  /** Somebody has said that the user may be taken over: it is a warning. Default false. */
  accepted?: boolean;
}

/**
 * Sees to it that nobody has this name yet: Kafka's own interface gives whoever has it another password without a word, and
 * the end of the migration would take his credential and ACLs away.
 * @throws MigrationError USER_TAKEN with what there is of the user
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
  const seen = `user "${username}" is on the ${side} already, with ${found.join(" and ")}`;
  if (accepted) {
    progress.warn(`USER_TAKEN: ${seen}; it is taken over, as preflight.accept says`);
    return;
  }
  throw new MigrationError("USER_TAKEN", `${seen}; it was not touched`, {
    fix: `give the mirror's user another name (${side}.names.user), remove that one when nobody needs it, or put USER_TAKEN into preflight.accept: it then gets another password, and goes with the migration`,
  });
}

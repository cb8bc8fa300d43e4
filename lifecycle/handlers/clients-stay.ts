import { aclKey } from "../../engine/acls/rules";
import { aclText } from "../../engine/clients/words";
import { withCluster } from "../../engine/clusters";
import { inventoryAcl } from "../../engine/inventory/users";
import type { Acl } from "../../engine/kafka/port";
import type { Connection, Side } from "../../engine/model";
import type { Progress } from "../../engine/progress";
import { countText, someOf } from "../../engine/units";
import { defineStep } from "./framework";

export interface ClientsStayInputs {
  /** Where the users are, in words. Example: `Kafka target-ns/target`. */
  where: string;
  /** Names of the users, sorted. */
  users: string[];
  /**
   * ACLs of each user that were created through the Kafka protocol. Absent: an operator keeps the ACLs of its users.
   */
  acls?: Record<string, Acl[]>;
  /** The administrator's connection. Only with `acls`. */
  connection?: Connection;
}

const stay = (users: readonly string[], where: string): string =>
  `${countText(users.length, "user")} of applications ${users.length === 1 ? "stays" : "stay"} on ${where}, with ` +
  `${users.length === 1 ? "its" : "their"} passwords, ACLs and quotas: ${someOf(users)}`;

/** Users that are no longer declared. They stay. */
function removed(olds: ClientsStayInputs, news: ClientsStayInputs): string[] {
  return olds.users.filter((name) => !news.users.includes(name));
}

/** ACLs that a user no longer has, of users that are still declared. */
function revoked(olds: ClientsStayInputs, news: ClientsStayInputs): Acl[] {
  return news.users.flatMap((name) => {
    const now = new Set((news.acls?.[name] ?? []).map(aclKey));
    return (olds.acls?.[name] ?? []).filter((acl) => !now.has(aclKey(acl)));
  });
}

function describe(olds: ClientsStayInputs, news: ClientsStayInputs, progress: Progress): Acl[] {
  const left = removed(olds, news);
  if (left.length > 0) progress.info(`no longer declared: ${stay(left, news.where)}; delete there what nobody needs`);
  const gone = revoked(olds, news);
  if (gone.length > 0)
    progress.info(
      `${countText(gone.length, "ACL")} that ${gone.length === 1 ? "is" : "are"} no longer declared: ` +
        someOf(gone.map(inWords), 5),
    );
  return gone;
}

const inWords = (acl: Acl): string => `${acl.principal} ${aclText(inventoryAcl(acl))}`;

/**
 * The users of applications outlive the migration. Pulumi forgets their resources and deletes nothing. This step says
 * so: its name is in the preview of `destroy`, and its lines name the users that stay. Pulumi also keeps an ACL that
 * is no longer declared, so the step deletes it if its user is still declared.
 */
export const clientsStayStep = defineStep<ClientsStayInputs, object>("clients-stay", {
  async describeUpdate(olds, news, progress) {
    describe(olds, news, progress);
  },
  async create() {
    return {};
  },
  async update(olds, news, progress) {
    const gone = describe(olds, news, progress);
    if (gone.length > 0 && news.connection !== undefined)
      await withCluster({ target: news.connection } as Record<Side, Connection>, "target", async (port) =>
        port.deleteAcls(gone),
      );
    return {};
  },
  async remove(state, progress) {
    progress.info(stay(state.users, state.where));
  },
  immaterial: ["connection"],
  secret: ["connection"],
});

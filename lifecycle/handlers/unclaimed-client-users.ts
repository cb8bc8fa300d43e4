import { requireNobodyLockedOut } from "../../engine/clients";
import { isMigrationError } from "../../engine/errors";
import type { Acl } from "../../engine/kafka/port";
import type { Progress } from "../../engine/progress";
import { requireUnusedNames, type UsersQuestion } from "../../engine/users";
import { defineStep } from "./framework";

export interface UnclaimedClientUsersInputs extends UsersQuestion {
  /** The ACLs that this stack creates for the users. Absent in the state of an older version. */
  acls?: Acl[];
  /** Value of `allow.everyone.if.no.acl.found` on the brokers. Absent: the brokers are asked. */
  everyoneByDefault?: boolean;
}

/** Only ACLs that are new can be the first on a resource. */
function newAcls(news: UnclaimedClientUsersInputs, olds: UnclaimedClientUsersInputs | undefined): Acl[] {
  const known = new Set((olds?.acls ?? []).map((acl) => JSON.stringify(acl)));
  return (news.acls ?? []).filter((acl) => !known.has(JSON.stringify(acl)));
}

const askFirst = (
  news: UnclaimedClientUsersInputs,
  olds: UnclaimedClientUsersInputs | undefined,
  progress: Progress,
): Promise<void> => requireNobodyLockedOut({ ...news, acls: newAcls(news, olds) }, progress);

/** Runs before the users of applications are created through the Kafka protocol. It checks only what is new. */
export const unclaimedClientUsersStep = defineStep<UnclaimedClientUsersInputs, object>("unclaimed-client-users", {
  /** Errors of the connection are left to the `up`. */
  async previewFailures(news, olds, progress) {
    try {
      await askFirst(news, olds, progress);
      return [];
    } catch (error) {
      if (!isMigrationError(error)) throw error;
      return /^(CLUSTER_OPEN|CLIENTS_NO_AUTHORIZER)/.test(error.code) ? [error.message] : [];
    }
  },
  async create(inputs, progress) {
    await askFirst(inputs, undefined, progress);
    await requireUnusedNames(inputs, progress);
    return {};
  },
  async update(olds, news, progress) {
    await askFirst(news, olds, progress);
    const known = new Set(olds.principals);
    await requireUnusedNames({ ...news, principals: news.principals.filter((one) => !known.has(one)) }, progress);
    return {};
  },
  async remove() {},
  immaterial: ["connection", "accepted", "everyoneByDefault"],
  secret: ["connection"],
});

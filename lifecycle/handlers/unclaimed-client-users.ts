import { requireUnusedNames, type UsersQuestion } from "../../engine/users";
import { defineStep } from "./framework";

/** Runs before the users of applications are created through the Kafka protocol. It checks only users that are new. */
export const unclaimedClientUsersStep = defineStep<UsersQuestion, object>("unclaimed-client-users", {
  async create(inputs, progress) {
    await requireUnusedNames(inputs, progress);
    return {};
  },
  async update(olds, news, progress) {
    const known = new Set(olds.principals);
    await requireUnusedNames({ ...news, principals: news.principals.filter((one) => !known.has(one)) }, progress);
    return {};
  },
  async remove() {},
  immaterial: ["connection", "accepted"],
  secret: ["connection"],
});

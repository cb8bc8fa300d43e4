import { requireUnusedName, type UserQuestion } from "../../engine/users";
import { defineStep } from "./framework";

/** Runs before a user is created through the Kafka protocol. It does not run again for a user that this stack owns. */
export const unclaimedUserStep = defineStep<UserQuestion, object>("unclaimed-user", {
  async create(inputs, progress) {
    await requireUnusedName(inputs, progress);
    return {};
  },
  async update(olds, news, progress) {
    if (olds.username !== news.username) await requireUnusedName(news, progress);
    return {};
  },
  async remove() {},
  immaterial: ["connection", "accepted"],
  secret: ["connection"],
});

import { requireUnusedName, type UserQuestion } from "../../engine/users";
import { defineStep } from "./framework";

/** Before a user is made through Kafka's own interface. Once it is ours, it is not asked again. */
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

import { requireUnusedName, type UserQuestion } from "../../engine/users";
import { type Handler, serve } from "./framework";

/** Before a user is made through Kafka's own interface. Once it is ours, it is not asked again. */
const handler: Handler<UserQuestion, object> = {
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
};

export const unclaimedUserStep = serve("unclaimed-user", handler);

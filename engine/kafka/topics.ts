import { MigrationError } from "../errors";
import * as topics from "./api/topics";
import type { Cluster } from "./cluster";
import { isAbsentTopic, NONE, TOPIC_ALREADY_EXISTS } from "./error-codes";
import { RETRY_LIMIT_MS } from "./patience";
import { codeOf } from "./outcomes";

export const TOPICS_PER_REQUEST = 200;
export async function createTopic(cluster: Cluster, topic: topics.NewTopic): Promise<void> {
  let unanswered = false;
  const resource = `topic "${topic.name}"`;
  await cluster.untilAllAnswered(
    "create",
    [topic],
    () => resource,
    async (_, settle) => {
      const before = unanswered;
      unanswered = true;
      for (const outcome of await cluster.links.send(await cluster.controller(), topics.createTopics, [topic])) {
        unanswered = false;
        const exists = outcome.errorCode === TOPIC_ALREADY_EXISTS;
        if (exists && !before) {
          throw new MigrationError("KAFKA_TOPIC_EXISTS", `${resource} already exists on the ${cluster.side} cluster`, {
            fix: "use another name or remove the topic",
          });
        }
        // An earlier request whose response was lost may have created the topic.
        settle(topic, exists ? NONE : codeOf(cluster, "create", resource, outcome));
      }
    },
  );
  await everyBrokerShows(
    cluster,
    `topic "${topic.name}" was created, but some brokers do not show it`,
    (shown) =>
      shown.some(
        (t) =>
          t.name === topic.name && t.partitions.length === topic.partitions && t.partitions.every((p) => p.leader >= 0),
      ),
    [topic.name],
  );
}

export async function deleteTopics(cluster: Cluster, names: readonly string[]): Promise<void> {
  const unique = [...new Set(names)];
  await cluster.untilAllAnswered(
    "delete",
    unique,
    (n) => `topic "${n}"`,
    async (open, settle) => {
      const to = await cluster.controller();
      for (let from = 0; from < open.length; from += TOPICS_PER_REQUEST) {
        for (const { name, errorCode } of await cluster.links.send(
          to,
          topics.deleteTopics,
          open.slice(from, from + TOPICS_PER_REQUEST),
        )) {
          // The topic does not exist. An earlier run may have deleted it.
          settle(name, isAbsentTopic(errorCode) ? NONE : errorCode);
        }
      }
    },
  );
  if (unique.length > 0) {
    await everyBrokerShows(
      cluster,
      `topics were deleted, but brokers still show them: ${unique.slice(0, 5).join(", ")}`,
      (shown) => shown.length === 0,
      unique,
    );
  }
}

type ShownTopic = { name: string; partitions: { leader: number }[] };

/** Waits until every broker's metadata passes the check. Metadata reaches the brokers one after the other. */
async function everyBrokerShows(
  cluster: Cluster,
  otherwise: string,
  right: (shown: ShownTopic[]) => boolean,
  names: readonly string[],
): Promise<void> {
  const deadline = cluster.now() + RETRY_LIMIT_MS;
  for (const broker of cluster.links.brokerIds) {
    for (;;) {
      const { topics: answered } = await cluster.metadata(names, false, broker);
      // A topic counts as absent only if the response contains every topic.
      const whole = new Set(answered.map((t) => t.name)).size === new Set(names).size;
      if (whole && right(answered.filter((t) => !isAbsentTopic(t.errorCode)))) break;
      if (cluster.now() > deadline)
        throw new MigrationError("KAFKA_NOT_AVAILABLE", `${otherwise} (${cluster.side} cluster, broker ${broker})`, {
          fix: "check the brokers' health and run again",
        });
      await cluster.pause(100);
    }
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import { MigrationError } from "../errors";
import { describeScramUser } from "./api/scram";
import * as settings from "./api/settings";
import * as topics from "./api/topics";
import { byTopic, partitionName, RETRY_LIMIT_MS, type Cluster, type Rejected } from "./cluster";
import { ELECTION_NOT_NEEDED, isRetriable, NO_REASSIGNMENT_IN_PROGRESS, NONE, UNKNOWN_TOPIC_OR_PARTITION } from "./failures";
import type { Acl, ConfigChange, ConfigEntry, KafkaPort, Reassignment, TopicPartition } from "./port";

type Administering = Pick<
  KafkaPort,
  | "describeTopicConfigs" | "describeBrokerConfigs" | "createTopic" | "deleteTopics" | "alterReassignments" | "listReassignments"
  | "electPreferredLeaders" | "incrementalAlterConfigs" | "describeAcls" | "createAcls" | "deleteAcls" | "scramMechanisms"
>;

const TOPICS_PER_REQUEST = 200;
const PARTITIONS_PER_REQUEST = 1000;
const TOPIC_ALREADY_EXISTS = 36;
const RESOURCE_NOT_FOUND = 91;

/** The part of the port that reads settings and changes topics, settings and ACLs. */
export function administering(cluster: Cluster): Administering {
  return {
    describeTopicConfigs: (names) => topicConfigs(cluster, names),
    describeBrokerConfigs: (ids) => brokerConfigs(cluster, ids),
    createTopic: (name, options) => createTopic(cluster, { name, ...options, configs: Object.entries(options.configs ?? {}) }),
    deleteTopics: (names) => deleteTopics(cluster, names),
    alterReassignments: (changes) => reassign(cluster, changes),
    listReassignments: () => reassignments(cluster),
    electPreferredLeaders: (partitions) => elect(cluster, partitions),
    incrementalAlterConfigs: (changes) => alterConfigs(cluster, changes),
    async describeAcls(filter) {
      const answer = await cluster.patiently(() => cluster.links.send("any", settings.describeAcls, filter ?? {}));
      if (answer.errorCode !== NONE) throw cluster.fail("list", "ACLs", answer);
      return answer.acls;
    },
    async createAcls(acls) {
      if (acls.length === 0) return;
      const broker = await cluster.controller();
      const outcomes = await cluster.patiently(() => cluster.links.send(broker, settings.createAcls, acls));
      outcomes.forEach((o, i) => throwUnlessDone(cluster, "create", aclName(acls[i]!), o));
    },
    async deleteAcls(acls) {
      if (acls.length === 0) return;
      const broker = await cluster.controller();
      const outcomes = await cluster.patiently(() => cluster.links.send(broker, settings.deleteAcls, acls));
      outcomes.forEach((o, i) => throwUnlessDone(cluster, "delete", aclName(acls[i]!), o));
    },
    scramMechanisms: (user) => scramMechanisms(cluster, user),
  };
}

async function scramMechanisms(cluster: Cluster, user: string): Promise<string[]> {
  const answer = await cluster.patiently(() => cluster.links.send("any", describeScramUser, user));
  if (answer.errorCode !== NONE) throw cluster.fail("describe", "SCRAM users", answer);
  return answer.users.flatMap((found) => {
    if (found.errorCode === RESOURCE_NOT_FOUND) return [];
    if (found.errorCode !== NONE) throw cluster.fail("describe", `SCRAM user ${user}`, found);
    return found.mechanisms;
  });
}

function aclName(acl: Acl): string {
  return `ACL ${acl.permission} ${acl.principal} ${acl.operation} on ${acl.resourceType} "${acl.resourceName}"`;
}

function throwUnlessDone(cluster: Cluster, action: string, resource: string, outcome: topics.Outcome): void {
  if (outcome.errorCode !== NONE) throw cluster.fail(action, resource, outcome);
}

async function topicConfigs(cluster: Cluster, names: readonly string[]): Promise<Map<string, Map<string, ConfigEntry>>> {
  const found = new Map<string, Map<string, ConfigEntry>>();
  await cluster.untilAllAnswered("describe the configuration of", [...new Set(names)], (n) => `topic "${n}"`, async (open) => {
    const rejected: Rejected<string>[] = [];
    for (let from = 0; from < open.length; from += TOPICS_PER_REQUEST) {
      const some = open.slice(from, from + TOPICS_PER_REQUEST);
      for (const answer of await cluster.links.send("any", settings.describeConfigs, { type: "topic", names: some })) {
        if (answer.errorCode === NONE) found.set(answer.name, answer.entries);
        else if (answer.errorCode !== UNKNOWN_TOPIC_OR_PARTITION) rejected.push({ item: answer.name, errorCode: answer.errorCode });
      }
    }
    return rejected;
  });
  return found;
}

async function brokerConfigs(cluster: Cluster, ids: readonly number[]): Promise<Map<number, Map<string, ConfigEntry>>> {
  const answers = await cluster.patiently(() =>
    Promise.all(
      ids.map(async (id) => {
        const [answer] = await cluster.links.send(id, settings.describeConfigs, { type: "broker", names: [String(id)] });
        if (answer!.errorCode !== NONE) throw cluster.fail("describe the configuration of", `broker ${id}`, answer!);
        return [id, answer!.entries] as const;
      }),
    ),
  );
  return new Map(answers);
}

async function alterConfigs(cluster: Cluster, changes: readonly ConfigChange[]): Promise<void> {
  const requests: settings.AlterConfigsRequest[] = changes.map(({ resource, set }) => ({ ...resource, set: Object.entries(set) }));
  // A broker takes the changes to its own configuration itself.
  for (const request of requests.filter((r) => r.type === "broker")) {
    const to = request.name === "" ? await cluster.controller() : Number(request.name);
    const [outcome] = await cluster.patiently(() => cluster.links.send(to, settings.incrementalAlterConfigs, [request]));
    throwUnlessDone(cluster, "alter the configuration of", `broker ${request.name}`, outcome!);
  }
  await cluster.untilAllAnswered("alter the configuration of", requests.filter((r) => r.type === "topic"), (r) => `topic "${r.name}"`, async (open) => {
    const rejected: Rejected<settings.AlterConfigsRequest>[] = [];
    const to = await cluster.controller();
    for (let from = 0; from < open.length; from += TOPICS_PER_REQUEST) {
      const some = open.slice(from, from + TOPICS_PER_REQUEST);
      (await cluster.links.send(to, settings.incrementalAlterConfigs, some)).forEach((outcome) => {
        const item = some.find((r) => r.name === outcome.name)!;
        if (outcome.errorCode === NONE) return;
        if (!isRetriable(outcome.errorCode)) throw cluster.fail("alter the configuration of", `topic "${item.name}"`, outcome);
        rejected.push({ item, errorCode: outcome.errorCode });
      });
    }
    return rejected;
  });
}

async function createTopic(cluster: Cluster, topic: topics.NewTopic): Promise<void> {
  let asked = false;
  await cluster.untilAllAnswered("create", [topic], (t) => `topic "${t.name}"`, async () => {
    const unanswered = asked;
    asked = true;
    const [outcome] = await cluster.links.send(await cluster.controller(), topics.createTopics, [topic]);
    asked = false;
    // A request whose answer was lost may have made it.
    if (outcome!.errorCode === TOPIC_ALREADY_EXISTS && unanswered) return [];
    if (outcome!.errorCode === TOPIC_ALREADY_EXISTS) {
      throw new MigrationError("KAFKA_TOPIC_EXISTS", `topic "${topic.name}" exists on the ${cluster.side} cluster already`, { fix: "use another name or remove the topic" });
    }
    if (outcome!.errorCode !== NONE && !isRetriable(outcome!.errorCode)) throw cluster.fail("create", `topic "${topic.name}"`, outcome!);
    return outcome!.errorCode === NONE ? [] : [{ item: topic, errorCode: outcome!.errorCode }];
  });
  await everyBrokerShows(cluster, `topic "${topic.name}" was created, but not every broker shows it`, (shown) =>
    shown.some((t) => t.name === topic.name && t.partitions.length === topic.partitions && t.partitions.every((p) => p.leader >= 0)), [topic.name]);
}

async function deleteTopics(cluster: Cluster, names: readonly string[]): Promise<void> {
  const unique = [...new Set(names)];
  await cluster.untilAllAnswered("delete", unique, (n) => `topic "${n}"`, async (open) => {
    const rejected: Rejected<string>[] = [];
    const to = await cluster.controller();
    for (let from = 0; from < open.length; from += TOPICS_PER_REQUEST) {
      for (const { name, errorCode } of await cluster.links.send(to, topics.deleteTopics, open.slice(from, from + TOPICS_PER_REQUEST))) {
        // Gone already: an earlier run was here.
        if (errorCode !== NONE && errorCode !== UNKNOWN_TOPIC_OR_PARTITION) rejected.push({ item: name, errorCode });
      }
    }
    return rejected;
  });
  if (unique.length > 0) {
    await everyBrokerShows(cluster, `topics were deleted, but brokers still show them: ${unique.slice(0, 5).join(", ")}`, (shown) => shown.length === 0, unique);
  }
}

/** Metadata reaches the brokers one after the other: waits until all of them agree. */
async function everyBrokerShows(cluster: Cluster, otherwise: string, right: (shown: { name: string; partitions: { leader: number }[] }[]) => boolean, names: readonly string[]): Promise<void> {
  const deadline = Date.now() + RETRY_LIMIT_MS;
  for (const broker of cluster.links.brokerIds) {
    for (;;) {
      const { topics: answered } = await cluster.metadata(names, false, broker);
      if (right(answered.filter((t) => t.errorCode === NONE))) break;
      if (Date.now() > deadline) throw new MigrationError("KAFKA_NOT_AVAILABLE", `${otherwise} (${cluster.side} cluster, broker ${broker})`, { fix: "check the brokers' health and run again" });
      await sleep(100);
    }
  }
}

async function reassign(cluster: Cluster, changes: readonly Reassignment[]): Promise<void> {
  await cluster.untilAllAnswered("reassign", changes, partitionName, async (open) => {
    const rejected: Rejected<Reassignment>[] = [];
    const to = await cluster.controller();
    for (let from = 0; from < open.length; from += PARTITIONS_PER_REQUEST) {
      const some = open.slice(from, from + PARTITIONS_PER_REQUEST);
      const answer = await cluster.links.send(to, topics.alterReassignments, byTopic(some, (c) => c));
      if (answer.errorCode !== NONE && !isRetriable(answer.errorCode)) throw cluster.fail("reassign", "replicas", answer);
      if (answer.errorCode !== NONE) rejected.push(...some.map((item) => ({ item, errorCode: answer.errorCode })));
      const asked = new Map(some.map((c) => [partitionName(c), c]));
      for (const { topic, partitions } of answer.topics) {
        for (const p of partitions) {
          const item = asked.get(partitionName({ topic, partition: p.partition }))!;
          const done = p.errorCode === NONE || (p.errorCode === NO_REASSIGNMENT_IN_PROGRESS && item.replicas === null);
          if (done) continue;
          if (!isRetriable(p.errorCode)) throw cluster.fail("reassign replicas of", partitionName(item), p);
          rejected.push({ item, errorCode: p.errorCode });
        }
      }
    }
    return rejected;
  });
}

async function reassignments(cluster: Cluster) {
  return cluster.patiently(async () => {
    const answer = await cluster.links.send(await cluster.controller(), topics.listReassignments, null);
    if (answer.errorCode !== NONE) throw cluster.fail("list", "reassignments", answer);
    return answer.ongoing;
  });
}

async function elect(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<void> {
  await cluster.untilAllAnswered("elect the preferred leader of", partitions, partitionName, async (open) => {
    const rejected: Rejected<TopicPartition>[] = [];
    const to = await cluster.controller();
    for (let from = 0; from < open.length; from += PARTITIONS_PER_REQUEST) {
      const some = open.slice(from, from + PARTITIONS_PER_REQUEST);
      const answer = await cluster.links.send(to, topics.electLeaders, byTopic(some, (p) => p.partition));
      if (answer.errorCode !== NONE) throw cluster.fail("elect", "preferred leaders", answer);
      for (const { topic, partitions: outcomes } of answer.topics) {
        for (const { partition, errorCode } of outcomes) {
          if (errorCode !== NONE && errorCode !== ELECTION_NOT_NEEDED) rejected.push({ item: { topic, partition }, errorCode });
        }
      }
    }
    return rejected;
  });
}

import { MigrationError } from "../errors";
import { describeScramUser } from "./api/scram";
import * as settings from "./api/settings";
import * as topics from "./api/topics";
import { byTopic, partitionName, type Cluster } from "./cluster";
import {
  ELECTION_NOT_NEEDED,
  isRetriable,
  NO_REASSIGNMENT_IN_PROGRESS,
  NONE,
  NOT_ANSWERED,
  RESOURCE_NOT_FOUND,
  TOPIC_ALREADY_EXISTS,
  UNKNOWN_TOPIC_OR_PARTITION,
} from "./error-codes";
import { RETRY_LIMIT_MS } from "./patience";
import type { ByTopic } from "./api/records";
import type { Acl, ConfigChange, ConfigEntry, KafkaPort, Reassignment, TopicPartition } from "./port";
import type { Api } from "./wire";

type Administering = Pick<
  KafkaPort,
  | "describeTopicConfigs"
  | "describeBrokerConfigs"
  | "createTopic"
  | "deleteTopics"
  | "alterReassignments"
  | "listReassignments"
  | "electPreferredLeaders"
  | "incrementalAlterConfigs"
  | "describeAcls"
  | "createAcls"
  | "deleteAcls"
  | "scramMechanisms"
>;

const TOPICS_PER_REQUEST = 200;
const PARTITIONS_PER_REQUEST = 1000;

/** The part of the port that reads settings and changes topics, settings and ACLs. */
export function administering(cluster: Cluster): Administering {
  return {
    describeTopicConfigs: (names) => topicConfigs(cluster, names),
    describeBrokerConfigs: (ids) => brokerConfigs(cluster, ids),
    createTopic: (name, options) =>
      createTopic(cluster, { name, ...options, configs: Object.entries(options.configs ?? {}) }),
    deleteTopics: (names) => deleteTopics(cluster, names),
    alterReassignments: (changes) => reassign(cluster, changes),
    listReassignments: () => reassignments(cluster),
    electPreferredLeaders: (partitions) => elect(cluster, partitions),
    incrementalAlterConfigs: (changes) => alterConfigs(cluster, changes),
    async describeAcls(filter) {
      return (
        await single(cluster, "list", "ACLs", () => cluster.links.send("any", settings.describeAcls, filter ?? {}))
      ).acls;
    },
    createAcls: (acls) => changeAcls(cluster, "create", acls, settings.createAcls),
    deleteAcls: (acls) => changeAcls(cluster, "delete", acls, settings.deleteAcls),
    scramMechanisms: (user) => scramMechanisms(cluster, user),
  };
}

/**
 * Sends a request that has a single outcome. Sends it again while the error is temporary.
 * @param isWhole returns true if the response contains the requested data. Default: always true
 */
async function single<A extends topics.Outcome>(
  cluster: Cluster,
  action: string,
  resource: string,
  send: () => Promise<A>,
  isWhole: (answer: A) => boolean = () => true,
): Promise<A> {
  let answer: A | undefined;
  await cluster.untilAllAnswered(
    action,
    [resource],
    (name) => name,
    async (_, settle) => {
      answer = await send();
      settle(resource, codeOf(cluster, action, resource, answer) || (isWhole(answer) ? NONE : NOT_ANSWERED));
    },
  );
  return answer!;
}

/** Returns the outcome's error code. Throws permanent errors with the broker's own message. */
function codeOf(cluster: Cluster, action: string, resource: string, outcome: topics.Outcome): number {
  if (outcome.errorCode !== NONE && !isRetriable(outcome.errorCode)) throw cluster.fail(action, resource, outcome);
  return outcome.errorCode;
}

async function scramMechanisms(cluster: Cluster, user: string): Promise<string[]> {
  const send = () => cluster.links.send("any", describeScramUser, user);
  const { users } = await single(cluster, "describe", `SCRAM user ${user}`, send, (answer) => answer.users.length > 0);
  return users.flatMap((found) => {
    if (found.errorCode === RESOURCE_NOT_FOUND) return [];
    if (found.errorCode !== NONE) throw cluster.fail("describe", `SCRAM user ${user}`, found);
    return found.mechanisms;
  });
}

/** The response does not name the ACLs. Its outcomes are in the order of the request. */
async function changeAcls(
  cluster: Cluster,
  action: "create" | "delete",
  acls: readonly Acl[],
  api: Api<readonly Acl[], topics.Outcome[]>,
): Promise<void> {
  await cluster.untilAllAnswered(action, acls, aclName, async (open, settle) => {
    const outcomes = await cluster.links.send(await cluster.controller(), api, open);
    outcomes.forEach((outcome, i) => settle(open[i], codeOf(cluster, action, aclName(open[i]!), outcome)));
  });
}

function aclName({ permission, principal, operation, resourceType, resourceName, patternType, host }: Acl): string {
  const prefix = patternType === "prefixed" ? " (prefixed)" : "";
  const from = host === "*" ? "" : ` from ${host}`;
  return `ACL ${permission} ${principal} ${operation} on ${resourceType} "${resourceName}"${prefix}${from}`;
}

async function topicConfigs(
  cluster: Cluster,
  names: readonly string[],
): Promise<Map<string, Map<string, ConfigEntry>>> {
  const found = new Map<string, Map<string, ConfigEntry>>();
  await cluster.untilAllAnswered(
    "describe the configuration of",
    [...new Set(names)],
    (n) => `topic "${n}"`,
    async (open, settle) => {
      for (let from = 0; from < open.length; from += TOPICS_PER_REQUEST) {
        const some = open.slice(from, from + TOPICS_PER_REQUEST);
        for (const answer of await cluster.links.send("any", settings.describeConfigs, {
          type: "topic",
          names: some,
        })) {
          if (answer.errorCode === NONE) found.set(answer.name, answer.entries);
          settle(answer.name, answer.errorCode === UNKNOWN_TOPIC_OR_PARTITION ? NONE : answer.errorCode);
        }
      }
    },
  );
  return found;
}

async function brokerConfigs(cluster: Cluster, ids: readonly number[]): Promise<Map<number, Map<string, ConfigEntry>>> {
  const found = new Map<number, Map<string, ConfigEntry>>();
  const action = "describe the configuration of";
  await cluster.untilAllAnswered(
    action,
    ids,
    (id) => `broker ${id}`,
    async (open, settle) => {
      const ask = async (id: number) => {
        for (const answer of await cluster.links.send(id, settings.describeConfigs, {
          type: "broker",
          names: [String(id)],
        })) {
          if (answer.errorCode === NONE) found.set(id, answer.entries);
          settle(id, codeOf(cluster, action, `broker ${id}`, answer));
        }
      };
      await Promise.all(open.map(ask));
    },
  );
  return new Map(ids.map((id) => [id, found.get(id)!]));
}

async function alterConfigs(cluster: Cluster, changes: readonly ConfigChange[]): Promise<void> {
  const requests: settings.AlterConfigsRequest[] = changes.map(({ resource, set }) => ({
    ...resource,
    set: Object.entries(set),
  }));
  const action = "alter the configuration of";
  const nameOf = (r: settings.AlterConfigsRequest) => (r.type === "broker" ? `broker ${r.name}` : `topic "${r.name}"`);
  // Changes to a broker's configuration must be sent to that broker.
  for (const request of requests.filter((r) => r.type === "broker")) {
    await cluster.untilAllAnswered(action, [request], nameOf, async (_, settle) => {
      const to = request.name === "" ? await cluster.controller() : Number(request.name);
      for (const outcome of await cluster.links.send(to, settings.incrementalAlterConfigs, [request])) {
        settle(request, codeOf(cluster, action, nameOf(request), outcome));
      }
    });
  }
  await cluster.untilAllAnswered(
    action,
    requests.filter((r) => r.type === "topic"),
    nameOf,
    async (open, settle) => {
      const to = await cluster.controller();
      for (let from = 0; from < open.length; from += TOPICS_PER_REQUEST) {
        const some = open.slice(from, from + TOPICS_PER_REQUEST);
        for (const outcome of await cluster.links.send(to, settings.incrementalAlterConfigs, some)) {
          const item = some.find((r) => r.name === outcome.name);
          if (item !== undefined) settle(item, codeOf(cluster, action, nameOf(item), outcome));
        }
      }
    },
  );
}

async function createTopic(cluster: Cluster, topic: topics.NewTopic): Promise<void> {
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

async function deleteTopics(cluster: Cluster, names: readonly string[]): Promise<void> {
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
          settle(name, errorCode === UNKNOWN_TOPIC_OR_PARTITION ? NONE : errorCode);
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
  const deadline = Date.now() + RETRY_LIMIT_MS;
  for (const broker of cluster.links.brokerIds) {
    for (;;) {
      const { topics: answered } = await cluster.metadata(names, false, broker);
      // A topic counts as absent only if the response contains every topic.
      const whole = new Set(answered.map((t) => t.name)).size === new Set(names).size;
      if (whole && right(answered.filter((t) => t.errorCode !== UNKNOWN_TOPIC_OR_PARTITION))) break;
      if (Date.now() > deadline)
        throw new MigrationError("KAFKA_NOT_AVAILABLE", `${otherwise} (${cluster.side} cluster, broker ${broker})`, {
          fix: "check the brokers' health and run again",
        });
      await cluster.pause(100);
    }
  }
}

async function reassign(cluster: Cluster, changes: readonly Reassignment[]): Promise<void> {
  await cluster.untilAllAnswered("reassign", changes, partitionName, async (open, settle) => {
    const to = await cluster.controller();
    for (let from = 0; from < open.length; from += PARTITIONS_PER_REQUEST) {
      const some = open.slice(from, from + PARTITIONS_PER_REQUEST);
      const answer = await cluster.links.send(
        to,
        topics.alterReassignments,
        byTopic(some, (c) => c),
      );
      const code = codeOf(cluster, "reassign", "replicas", answer);
      if (code !== NONE) some.forEach((item) => settle(item, code));
      else
        takeOutcomes(some, answer.topics, (item, outcome) => {
          const done = outcome.errorCode === NO_REASSIGNMENT_IN_PROGRESS && item.replicas === null;
          settle(item, done ? NONE : codeOf(cluster, "reassign replicas of", partitionName(item), outcome));
        });
    }
  });
}

/** Calls `take` with the outcome of each requested partition in the response. */
function takeOutcomes<T extends TopicPartition>(
  asked: readonly T[],
  answer: ByTopic<topics.Outcome & { partition: number }>[],
  take: (item: T, outcome: topics.Outcome) => void,
): void {
  const byName = new Map(asked.map((item) => [partitionName(item), item]));
  for (const { topic, partitions } of answer) {
    for (const outcome of partitions) {
      const item = byName.get(partitionName({ topic, partition: outcome.partition }));
      if (item !== undefined) take(item, outcome);
    }
  }
}

async function reassignments(cluster: Cluster) {
  const send = async () => cluster.links.send(await cluster.controller(), topics.listReassignments, null);
  return (await single(cluster, "list", "reassignments", send)).ongoing;
}

async function elect(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<void> {
  await cluster.untilAllAnswered("elect the preferred leader of", partitions, partitionName, async (open, settle) => {
    const to = await cluster.controller();
    for (let from = 0; from < open.length; from += PARTITIONS_PER_REQUEST) {
      const some = open.slice(from, from + PARTITIONS_PER_REQUEST);
      const answer = await cluster.links.send(
        to,
        topics.electLeaders,
        byTopic(some, (p) => p.partition),
      );
      const code = codeOf(cluster, "elect", "preferred leaders", answer);
      if (code !== NONE) some.forEach((item) => settle(item, code));
      else
        takeOutcomes(some, answer.topics, (item, { errorCode }) =>
          settle(item, errorCode === ELECTION_NOT_NEEDED ? NONE : errorCode),
        );
    }
  });
}

import * as settings from "./api/settings";
import * as topics from "./api/topics";
import { byTopic, partitionName, type Cluster } from "./cluster";
import {
  ELECTION_NOT_NEEDED,
  errorName,
  INVALID_CONFIG,
  INVALID_REQUEST,
  INVALID_TOPIC_EXCEPTION,
  isAbsentTopic,
  NO_REASSIGNMENT_IN_PROGRESS,
  NONE,
  POLICY_VIOLATION,
  TOPIC_AUTHORIZATION_FAILED,
  UNKNOWN_TOPIC_OR_PARTITION,
  UNSUPPORTED_VERSION,
} from "./error-codes";
import type { ConfigChange, ConfigEntry, KafkaPort, Reassignment, TopicPartition } from "./port";
import { codeOf, single, takeOutcomes } from "./outcomes";
import { createTopic, deleteTopics, TOPICS_PER_REQUEST } from "./topics";

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
  | "refusedTopicConfigs"
>;

const PARTITIONS_PER_REQUEST = 1000;

/** A broker checked settings and refuses them. */
const REFUSALS = new Set<number>([INVALID_CONFIG, INVALID_REQUEST, POLICY_VIOLATION]);
/**
 * The settings are right, or the broker did not check them: the topic does not exist, its name is not valid, or this
 * principal may not change it.
 */
const UNCHECKED = new Set<number>([
  INVALID_TOPIC_EXCEPTION,
  TOPIC_AUTHORIZATION_FAILED,
  UNKNOWN_TOPIC_OR_PARTITION,
  UNSUPPORTED_VERSION,
]);

/** The part of the port that reads settings and changes topics and settings. */
export function administering(cluster: Cluster): Administering {
  return {
    describeTopicConfigs: (names, keys) => topicConfigs(cluster, names, keys ?? null),
    describeBrokerConfigs: (ids) => brokerConfigs(cluster, ids),
    createTopic: (name, options) =>
      createTopic(cluster, { name, ...options, configs: Object.entries(options.configs ?? {}) }),
    deleteTopics: (names) => deleteTopics(cluster, names),
    alterReassignments: (changes) => reassign(cluster, changes),
    listReassignments: () => reassignments(cluster),
    electPreferredLeaders: (partitions) => elect(cluster, partitions),
    incrementalAlterConfigs: (changes) => alterConfigs(cluster, changes),
    refusedTopicConfigs: (wanted) => refusedConfigs(cluster, wanted),
  };
}

async function topicConfigs(
  cluster: Cluster,
  names: readonly string[],
  keys: readonly string[] | null,
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
          keys,
        })) {
          if (answer.errorCode === NONE) found.set(answer.name, answer.entries);
          settle(answer.name, isAbsentTopic(answer.errorCode) ? NONE : answer.errorCode);
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
          keys: null,
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
      for (const outcome of await cluster.links.send(to, settings.incrementalAlterConfigs, { changes: [request] })) {
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
        for (const outcome of await cluster.links.send(to, settings.incrementalAlterConfigs, { changes: some })) {
          const item = some.find((r) => r.name === outcome.name);
          if (item !== undefined) settle(item, codeOf(cluster, action, nameOf(item), outcome));
        }
      }
    },
  );
}

async function refusedConfigs(
  cluster: Cluster,
  wanted: ReadonlyMap<string, Readonly<Record<string, string>>>,
): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  await cluster.untilAllAnswered(
    "check the settings of",
    [...wanted.keys()],
    (name) => `topic "${name}"`,
    async (open, settle) => {
      const to = await cluster.controller();
      for (let from = 0; from < open.length; from += TOPICS_PER_REQUEST) {
        const changes = open
          .slice(from, from + TOPICS_PER_REQUEST)
          .map((name) => ({ type: "topic" as const, name, set: Object.entries(wanted.get(name)!) }));
        const request = { changes, validateOnly: true };
        for (const { name, errorCode, message } of await cluster.links.send(
          to,
          settings.incrementalAlterConfigs,
          request,
        )) {
          if (REFUSALS.has(errorCode)) refused.set(name, message ?? errorName(errorCode));
          settle(name, UNCHECKED.has(errorCode) || REFUSALS.has(errorCode) ? NONE : errorCode);
        }
      }
    },
  );
  return refused;
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

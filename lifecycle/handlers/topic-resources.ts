import { isDeepStrictEqual } from "node:util";
import { isMigrationError, MigrationError } from "../../engine/errors";
import type { Progress } from "../../engine/progress";
import type { ReplicationOptions } from "../../engine/replication";
import {
  byTopic,
  isOf,
  type KafkaTopicFound,
  type KafkaTopicText,
  managedAnnotation,
  planTopicResources,
  readMigratedTopics,
  type TopicPlace,
  type TopicResourcePlan,
} from "../../engine/topic-resources";
import { countText, someOf } from "../../engine/units";
import {
  isAppliedBy,
  operatorOf,
  topicsInNamespace,
  topicsOfCluster,
  type OperatorCluster,
} from "../kubernetes/topics";
import { fieldManagerOf } from "../owner";
import { defineStep } from "./framework";
import {
  isDefined,
  modelOf,
  now,
  type PhaseChange,
  type PhasedInputs,
  phaseChange,
  reportFolder,
  sameTopics,
} from "./inputs";
import {
  askToWrite,
  compareFiles,
  handBack,
  filesOf,
  userFiles,
  type UserText,
  writeFiles,
  writeResources,
  type Written,
} from "./topic-writing";

export interface TopicResourcesInputs extends PhasedInputs {
  abandon: boolean;
  /** `resources`: KafkaTopics on the target. `files`: the same as YAML files. */
  topics: "resources" | "files";
  /** Folder for the files, as the user wrote it. */
  folder: string;
  /** Path to the Pulumi project's folder, relative to the program's folder. */
  root: string;
  /** API version of the KafkaTopics. */
  apiVersion: string;
  /** Stack that owns the KafkaTopics' fields. */
  owner: string;
  /** How the replication reset was asked for. With other rules the KafkaTopics get other numbers of replicas. */
  replication: ReplicationOptions;
  /** With `files`: KafkaUsers that are written, too. They contain no password. Absent: none. */
  users?: UserText[];
}

export interface TopicResourcesResult extends Written {
  /** Migrated topics of this part on the target. */
  topics: number;
}

export interface TopicResourcesOutputs {
  writtenAt: string | null;
  result: TopicResourcesResult | null;
}

const none: TopicResourcesOutputs = { writtenAt: null, result: null };

/** @throws MigrationError TOPICS_WITHOUT_OPERATOR if the state does not say where the target's operator is */
function targetOf(inputs: TopicResourcesInputs): { operator: OperatorCluster; place: TopicPlace } {
  const operator = operatorOf(inputs.targetSecrets);
  if (operator === undefined)
    throw new MigrationError("TOPICS_WITHOUT_OPERATOR", "no operator of the target is known for the KafkaTopics", {
      fix: "set target.operator, or topics to none",
    });
  const { namespace, cluster } = operator;
  return { operator, place: { apiVersion: inputs.apiVersion, namespace, cluster } };
}

/** The stack and the name together, because two stacks may write to one namespace. */
const managerOf = ({ owner }: TopicResourcesInputs): string => fieldManagerOf(owner);

async function planOf(
  inputs: TopicResourcesInputs,
  progress: Progress,
): Promise<{ plan: TopicResourcePlan; topics: number }> {
  const { operator, place } = targetOf(inputs);
  const origin = operatorOf(inputs.originSecrets);
  const isFiles = inputs.topics === "files";
  const [topics, found, labelled] = await Promise.all([
    readMigratedTopics(modelOf(inputs), progress),
    // The files do not depend on what is in Kubernetes: only the names of resources that others have must stay free.
    isFiles ? [] : topicsInNamespace(place, operator),
    origin === undefined ? undefined : topicsOfCluster(origin),
  ]);
  const manager = managerOf(inputs);
  const isOurs = (one: KafkaTopicFound) => isAppliedBy(one, manager);
  return {
    topics: topics.length,
    plan: planTopicResources({ topics, place, found, origin: labelled?.topics ?? [], isOurs }),
  };
}

const folderOf = ({ folder, root }: TopicResourcesInputs): string => reportFolder({ name: "", folder, root });

async function write(inputs: TopicResourcesInputs, progress: Progress): Promise<TopicResourcesOutputs> {
  if (inputs.abandon) return none;
  const { plan, topics } = await planOf(inputs, progress);
  const isFiles = inputs.topics === "files";
  const written = isFiles
    ? await writeFiles(folderOf(inputs), [...filesOf(plan), ...userFiles(inputs.users)])
    : await writeResources(plan, targetOf(inputs).operator, managerOf(inputs), progress);
  const where = isFiles ? `in ${inputs.folder}` : `in namespace ${targetOf(inputs).place.namespace}`;
  progress.info(
    `topics: ${countText(written.written, isFiles ? "file" : "KafkaTopic")} written ${where}, ` +
      `${written.unchanged} already correct`,
  );
  warnOf(inputs, written, progress);
  return { writtenAt: now(), result: { topics, ...written } };
}

function warnOf(
  { topics }: TopicResourcesInputs,
  { differ, changed = [] }: Pick<Written, "differ" | "changed">,
  progress: Progress,
): void {
  const linesOf = (some: Written["differ"]) =>
    someOf(
      some.map(({ topic, resource, differences }) => `${topic} (${resource}: ${differences.join(", ")})`),
      5,
    );
  if (changed.length > 0)
    progress.warn(
      `topics: in ${countText(changed.length, "KafkaTopic")} of this stack somebody has set fields since they were ` +
        `written; such a KafkaTopic was left alone: ${linesOf(changed)}; to have the topic's value again, set the ` +
        "field to it with the tool that changed it; to keep the change, do nothing",
    );
  if (differ.length === 0) return;
  const lines = linesOf(differ);
  progress.warn(
    topics === "files"
      ? `topics: ${countText(differ.length, "file")} edited by somebody and left alone: ${lines}; ` +
          "delete a file and run `pulumi up --refresh` to write it again"
      : `topics: ${countText(differ.length, "KafkaTopic")} of somebody else differ from the topic and were left ` +
          `alone: ${lines}; change the KafkaTopic where its text is kept, or the topic`,
  );
}

const ofUsers = ({ users = [] }: TopicResourcesInputs) =>
  users.length === 0 ? "" : ` and ${countText(users.length, "user")}`;

/** Says at preview what the `up` will write. @throws MigrationError, for example KUBERNETES_FORBIDDEN */
async function describe(inputs: TopicResourcesInputs, progress: Progress): Promise<void> {
  if (inputs.phase !== "cutover" || inputs.abandon) return;
  const { plan, topics } = await planOf(inputs, progress);
  if (inputs.topics === "files") {
    const states = await compareFiles(folderOf(inputs), [...filesOf(plan), ...userFiles(inputs.users)]);
    const count = (...of: string[]) => states.filter(({ state }) => of.includes(state)).length;
    progress.info(
      `topics: ${countText(topics, "migrated topic")}${ofUsers(inputs)}: ${countText(count("new", "outdated"), "file")} to write in ` +
        `${inputs.folder}, ${count("equal")} already there, ${count("edited")} edited by somebody and left alone`,
    );
    return;
  }
  const { operator, place } = targetOf(inputs);
  await askToWrite(plan, operator, managerOf(inputs));
  const created = plan.write.filter(({ exists }) => !exists).length;
  progress.info(
    `topics: ${countText(topics, "migrated topic")}: ${countText(created, "KafkaTopic")} to create in namespace ` +
      `${place.namespace}, ${topics - created} already there`,
  );
}

/**
 * After a roll-back the mirror changes the topics again. An operator that owns them would change them back. A roll-back
 * must succeed, so a failure here is a warning that says what to do.
 */
async function giveBack(inputs: TopicResourcesInputs, progress: Progress): Promise<void> {
  const { place, operator } = targetOf(inputs);
  const annotation = managedAnnotation(inputs.apiVersion);
  try {
    if (inputs.topics === "files") {
      const { plan } = await planOf(inputs, progress);
      const unmanaged = (text: KafkaTopicText) => ({
        ...text,
        metadata: { ...text.metadata, annotations: { ...text.metadata.annotations, [annotation]: "false" } },
      });
      const { written, differ } = await writeFiles(folderOf(inputs), filesOf(plan, unmanaged));
      progress.info(
        `topics: ${countText(written, "file")} in ${inputs.folder} now with the annotation ${annotation}: "false": ` +
          "apply them, so that the Topic Operator does not change what the mirror copies",
      );
      warnOf(inputs, { differ }, progress);
      return;
    }
    const ours = await ourTopics(inputs, place, operator, progress);
    const count = await handBack(ours, operator, managerOf(inputs));
    progress.info(
      `topics: ${countText(count, "KafkaTopic")} kept, now with the annotation ${annotation}: "false": ` +
        "the mirror changes the topics again, and the Topic Operator leaves them alone",
    );
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    progress.warn(
      `topics: the KafkaTopics were not handed back (${error.seen}). The Topic Operator may change topics that the ` +
        `mirror changes: set the annotation ${annotation}: "false" on the KafkaTopics in namespace ${place.namespace}`,
    );
  }
}

/** KafkaTopics that this stack has applied, for the topics of this part. */
async function ourTopics(
  inputs: TopicResourcesInputs,
  place: TopicPlace,
  operator: OperatorCluster,
  progress: Progress,
): Promise<Pick<KafkaTopicText, "apiVersion" | "kind" | "metadata">[]> {
  const [topics, found] = await Promise.all([
    readMigratedTopics(modelOf(inputs), progress),
    topicsInNamespace(place, operator),
  ]);
  const ours = byTopic(found.filter((one) => isOf(one, place) && isAppliedBy(one, managerOf(inputs))));
  return topics.flatMap(({ name }) => {
    const one = ours.get(name);
    if (one === undefined) return [];
    const metadata = { name: String(one.metadata.name), namespace: place.namespace, labels: {} };
    return [{ apiVersion: place.apiVersion, kind: "KafkaTopic" as const, metadata }];
  });
}

/** Preview and update both use this decision. */
function changeOf(olds: TopicResourcesInputs & TopicResourcesOutputs, news: TopicResourcesInputs): PhaseChange {
  const same = (["topics", "folder", "apiVersion", "replication", "users"] as const).every((key) =>
    isDeepStrictEqual(olds[key] ?? null, news[key] ?? null),
  );
  const done = isDefined(olds.writtenAt) && same && sameTopics(olds, news);
  return phaseChange({ phase: olds.phase, done }, news.phase);
}

/**
 * Gives each migrated topic of the part a KafkaTopic that says how the topic is, after the replication reset. Deleting
 * this resource deletes nothing: the KafkaTopics and files belong to the topics' owners, and deleting a KafkaTopic
 * deletes its topic.
 */
export const topicResourcesStep = defineStep<TopicResourcesInputs, TopicResourcesOutputs>("topic-resources", {
  outputs: { writtenAt: true, result: true },
  optional: ["users"],

  async previewFailures(news, olds, progress) {
    if (olds !== undefined) return [];
    return failuresOf(() => describe(news, progress));
  },

  async describeUpdate(olds, news, progress) {
    if (changeOf(olds, news) === "cutover") await describe(news, progress);
  },

  async create(inputs, progress) {
    return inputs.phase === "cutover" ? write(inputs, progress) : none;
  },

  async update(olds, news, progress) {
    switch (changeOf(olds, news)) {
      case "cutover":
        return write(news, progress);
      case "roll-back":
        if (isDefined(olds.writtenAt) || olds.phase === "cutover") await giveBack(news, progress);
        return none;
      default:
        return { writtenAt: olds.writtenAt, result: olds.result };
    }
  },

  async remove({ topics, folder, writtenAt }, progress) {
    if (!isDefined(writtenAt)) return;
    progress.info(
      topics === "files"
        ? `the files in ${folder} stay`
        : "the KafkaTopics stay: deleting them would delete the topics",
    );
  },
});

async function failuresOf(work: () => Promise<void>): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    return [error.message];
  }
}

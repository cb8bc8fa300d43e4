import { isMigrationError } from "../../engine/errors";
import type { MigrationModel } from "../../engine/model";
import type { Progress } from "../../engine/progress";
import { type ReplicationOptions, wantedReplicationFor } from "../../engine/replication";
import { inParallel } from "../../engine/side-by-side";
import {
  byTool,
  byTopic,
  changeText,
  countIn,
  isManaged,
  type OwnedChange,
  ownedChanges,
  type OwnedTopic,
  settingsIn,
  type TopicPlace,
} from "../../engine/topic-resources";
import { countText, someOf } from "../../engine/units";
import { toolOf } from "../kubernetes/field-managers";
import { type OperatorCluster, operatorOf, topicsOfCluster } from "../kubernetes/topics";
import { openWriter } from "../kubernetes/writer";
import type { StepInputs } from "./inputs";

/** Field manager of the changes in KafkaTopics that somebody else created. */
const MANAGER = "kafka-migration-replication";

export interface Owned {
  topics: OwnedTopic[];
  place?: TopicPlace;
  operator?: OperatorCluster;
}

/**
 * Returns the topics that the target's Topic Operator owns. It may not be possible to list the KafkaTopics. Then a line
 * says so, and the migration goes on as it does without an operator.
 */
export async function ownedTopics({ targetSecrets }: StepInputs, progress: Progress): Promise<Owned> {
  const operator = operatorOf(targetSecrets);
  if (operator === undefined) return { topics: [] };
  try {
    const found = await topicsOfCluster(operator);
    if (found === undefined) return { topics: [] };
    const { place, topics } = found;
    const owned = [...byTopic(topics)].filter(([, one]) => isManaged(one, place.apiVersion));
    return {
      operator,
      place,
      topics: owned.map(([topic, one]): OwnedTopic => {
        const replicas = countIn(one, "replicas");
        const minInsync = settingsIn(one)["min.insync.replicas"];
        const managedBy = toolOf(one);
        return {
          topic,
          resource: `${place.namespace}/${String(one.metadata.name)}`,
          ...(replicas === undefined ? {} : { replicas }),
          ...(minInsync === undefined ? {} : { minInsync }),
          ...(managedBy === undefined ? {} : { managedBy }),
        };
      }),
    };
  } catch (error) {
    if (!isMigrationError(error)) throw error;
    progress.info(
      `the KafkaTopics in namespace ${operator.namespace} cannot be listed (${error.code}), so it is not known ` +
        "whether a Topic Operator owns migrated topics and reverts the replication reset",
    );
    return { topics: [] };
  }
}

/** What the reset must change in KafkaTopics. */
export interface OwnedPlan extends Owned {
  /** Changes that this migration makes. */
  ours: OwnedChange[];
  /** Changes that only a tool can make. Their topics stay as they are. */
  others: OwnedChange[];
}

export async function planOwned(
  inputs: StepInputs,
  model: MigrationModel,
  options: ReplicationOptions,
  progress: Progress,
): Promise<OwnedPlan> {
  const owned = await ownedTopics(inputs, progress);
  if (owned.topics.length === 0) return { ...owned, ours: [], others: [] };
  const changes = ownedChanges(owned.topics, await wantedReplicationFor(model, options));
  const others = changes.filter(({ managedBy }) => managedBy !== undefined);
  return { ...owned, others, ours: changes.filter(({ managedBy }) => managedBy === undefined) };
}

/** Topics that the reset must not change. */
export const leaveOf = ({ others }: Pick<OwnedPlan, "others">): { leave?: string[] } =>
  others.length === 0 ? {} : { leave: others.map(({ topic }) => topic) };

export function describeOwned({ ours, others }: OwnedPlan, progress: Progress): void {
  if (ours.length > 0)
    progress.info(
      `replication: the Topic Operator owns ${countText(ours.length, "of these topics", "of these topics")}; their ` +
        `KafkaTopics change, too: ${someOf(ours.map(changeText), 5)}`,
    );
  for (const { tool, changes, text } of byTool(others))
    progress.warn(
      `replication: ${countText(changes.length, "topic")} left as ${changes.length === 1 ? "it is" : "they are"}, ` +
        `because ${tool} writes the KafkaTopic and would revert the change: ${text}. Change these values where ${tool} ` +
        "reads them",
    );
}

/**
 * Changes the KafkaTopics. Before the reset: what must not be reverted while replicas move, and minimums that go down.
 * After the reset: minimums that go up, because all replicas exist now.
 */
export async function changeOwned({ ours, operator, place }: OwnedPlan, when: "before" | "after"): Promise<void> {
  if (operator === undefined || place === undefined) return;
  const writer = openWriter(operator);
  await inParallel(ours, async ({ resource, replicas, minInsync }) => {
    const isNow = minInsync !== undefined && minInsync.lowers === (when === "before");
    const spec = {
      ...(when === "before" && replicas !== undefined ? { replicas: replicas.to } : {}),
      ...(isNow ? { config: { "min.insync.replicas": minInsync.to } } : {}),
    };
    if (Object.keys(spec).length === 0) return;
    const name = resource.slice(resource.indexOf("/") + 1);
    const { apiVersion, namespace } = place;
    await writer.merge({ apiVersion, kind: "KafkaTopic", namespace, name }, { spec }, MANAGER);
  });
}

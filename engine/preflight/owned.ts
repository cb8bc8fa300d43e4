import type { Clusters } from "../clusters";
import type { MirrorModel } from "../model";
import { type WantedReplication, wantedReplication } from "../replication";
import { byTool, changeText, type OwnedTopic, ownedChanges } from "../topic-resources";
import { countText, someOf } from "../units";
import type { FactorOptions } from "./brokers";
import { error, type PreflightFinding, warning } from "./finding";

/** Checks for KafkaTopics on the target that would revert the replication reset. */
export function checkOwned(owned: readonly OwnedTopic[], wanted: readonly WantedReplication[]): PreflightFinding[] {
  const changes = ownedChanges(owned, wanted);
  const ours = changes.filter(({ managedBy }) => managedBy === undefined);
  return [
    ...byTool(changes).map(({ tool, changes: own, text }) =>
      error(
        "TARGET_TOPIC_OWNED",
        `the Topic Operator owns ${countText(own.length, "migrated topic")} on the target, and ${tool} writes the ` +
          `KafkaTopics; the replication reset needs other values: ${text}`,
        `change these values where ${tool} reads them, or give the topics the values of their KafkaTopics ` +
          "(replication.rules, min.insync.replicas on the origin); if preflight.accept has this code, the reset leaves " +
          "these topics as they are",
      ),
    ),
    ...(ours.length === 0
      ? []
      : [
          warning(
            "TARGET_TOPIC_OWNED",
            `the Topic Operator owns ${countText(ours.length, "migrated topic")} on the target and would revert the ` +
              `replication reset, so the reset also changes the KafkaTopics: ${someOf(ours.map(changeText), 5)}`,
            "if a file has the text of such a KafkaTopic, change it there, too; the operator changes spec.replicas only " +
              "with Cruise Control, so the reset itself moves the replicas",
          ),
        ]),
  ];
}

/** Reads what the replication reset wants, and compares it with the KafkaTopics. */
export async function ownedTopicFindings(
  clusters: Clusters,
  mirror: MirrorModel,
  { owned = [], replication = {} }: { owned?: readonly OwnedTopic[] } & Pick<FactorOptions, "replication">,
): Promise<PreflightFinding[]> {
  return owned.length === 0 ? [] : checkOwned(owned, await wantedReplication(clusters, mirror, replication));
}

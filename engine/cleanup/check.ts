import { MigrationError } from "../errors";
import type { MirrorModel } from "../model";
import type { InternalTopic, InternalTopicKind } from "../naming";
import { foreignReasons } from "./foreign";
import { type NeededClusters, readInternalTopics } from "./read";

export interface InternalTopicCheck extends InternalTopic {
  state: "absent" | "present" | "foreign";
  /** Number of records checked, from the beginning and the end of every partition. */
  records: number;
  /** Reasons why it is foreign. */
  reasons: string[];
}

/** The setting that determines the name of each internal topic, for errors. */
export function renamedBy(kind: InternalTopicKind, mirror: Pick<MirrorModel, "offsetSyncsLocation">): string {
  switch (kind) {
    case "offsets":
      return "target.offsetStorageTopic";
    case "configs":
      return "target.configStorageTopic";
    case "status":
      return "target.statusStorageTopic";
    case "checkpoints":
      return "origin.alias";
    case "offset-syncs":
      return mirror.offsetSyncsLocation === "source" ? "target.alias" : "origin.alias";
    case "heartbeats":
      return "mirror.heartbeatConnector";
  }
}

/** Checks every topic without throwing. `foreign` is a result here, not an error. */
export async function inspectInternalTopics(
  clusters: NeededClusters,
  mirror: MirrorModel,
  topics: readonly InternalTopic[],
): Promise<InternalTopicCheck[]> {
  const all = await readInternalTopics(clusters, topics);
  return topics.map((topic, i): InternalTopicCheck => {
    const found = all[i];
    if (found === undefined) return { ...topic, state: "absent", records: 0, reasons: [] };
    const reasons = foreignReasons(topic, found, mirror);
    return { ...topic, state: reasons.length > 0 ? "foreign" : "present", records: found.records.length, reasons };
  });
}

/** @throws MigrationError INTERNAL_TOPIC_FOREIGN with every topic that is not what MirrorMaker 2 creates, and why */
export async function requireOwn(
  clusters: NeededClusters,
  mirror: MirrorModel,
  topics: readonly InternalTopic[],
): Promise<InternalTopicCheck[]> {
  const checks = await inspectInternalTopics(clusters, mirror, topics);
  const foreign = checks.filter((c) => c.state === "foreign");
  if (foreign.length > 0) {
    throw new MigrationError(
      "INTERNAL_TOPIC_FOREIGN",
      "some internal topics to delete do not contain what MirrorMaker 2 writes; nothing was deleted",
      {
        fix:
          "check these topics; if they are not needed, delete them by hand and run again; otherwise give the " +
          "mirror's topics other names (the setting is in brackets)",
        details: foreign.map(
          (c) => `${c.side} topic ${c.name} (${renamedBy(c.kind, mirror)}): ${c.reasons.join("; ")}`,
        ),
      },
    );
  }
  return checks;
}

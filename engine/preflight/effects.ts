import type { MirrorModel, Side } from "../model";
import { internalTopics, type InternalTopicKind } from "../naming";
import type { Need } from "./privileges";

/**
 * What happens to a mirror that lacks one operation. We saw each effect on Kafka 4.3.1 by removing only that ACL. The
 * connector does not fail at once in any of these cases, so preflight checks them beforehand.
 */
export function mirrorEffect(side: Side, need: Need, mirror: MirrorModel): string {
  const kinds = new Set(
    internalTopics(mirror)
      .filter((t) => t.side === side && need.names.includes(t.name))
      .map((t) => t.kind),
  );
  const has = (...some: InternalTopicKind[]) => need.type === "topic" && some.some((k) => kinds.has(k));
  if (side === "origin") {
    if (need.type === "group")
      return "data is copied, but the checkpoint connector is RUNNING without tasks and no group offset is translated";
    if (has("offset-syncs") && need.operation === "Create") return "the target topics are made, but no data is copied";
    if (has("offset-syncs") && need.operation === "Write") return "data is copied, but there are no checkpoints";
    if (need.operation === "DescribeConfigs")
      return "the connector is RUNNING, but nothing is created and nothing copied";
    if (need.operation === "Read") return "the connector is RUNNING without tasks, or does not copy these topics";
    return "the mirror can't do its work on the origin";
  }
  if (need.type === "transactionalId") return "the worker does not start, or its tasks are FAILED (exactly-once)";
  if (need.type === "group")
    return need.names.includes(mirror.groupId)
      ? "the worker never works: REST requests time out and its log floods"
      : "the groups' offsets are not synchronised";
  if (has("offsets", "configs", "status")) return "the worker never works: REST requests time out and its log floods";
  if (has("checkpoints")) return "there are no checkpoints, or old ones are not read again after a restart";
  if (has("offset-syncs")) return "data is copied, but there are no checkpoints";
  switch (need.operation) {
    case "Write":
      return "nothing is copied into these topics; the connector stays RUNNING";
    case "Create":
      return "these topics are never made; the failure is only a warning in the worker's log and its producer blocks";
    case "Alter":
      return "partitions that the origin gets later are not made, and later topics may not be copied; the status stays RUNNING";
    case "AlterConfigs":
      return "later changes of topic configurations are not copied";
    case "Read":
      return "the groups' offsets are not synchronised";
    default:
      return "the mirror can't do its work on the target";
  }
}

const NO_JOURNAL = "the cutover can't keep what the groups' offsets were, so it writes none";

/**
 * What the administrator cannot do without one operation.
 * @param journal name of the topic for the journal of the groups' offsets
 */
export function administratorEffect(side: Side, need: Need, journal: string): string {
  const isJournal = side === "target" && need.type === "topic" && need.names.every((name) => name === journal);
  if (isJournal) return NO_JOURNAL;
  switch (`${side} ${need.type} ${need.operation}`) {
    case "origin topic Read":
    case "target topic Read":
      return "the gate and the verification can't read the records";
    case "origin topic DescribeConfigs":
    case "target topic DescribeConfigs":
      return "it can't be told whether settings fit, or whether a topic is the mirror's own";
    case "origin topic Delete":
    case "target topic Delete":
      return "the mirror's own topics can't be removed at the end";
    case "target topic Create":
      return NO_JOURNAL;
    case "target topic Write":
      return need.names.includes(journal) ? NO_JOURNAL : "connectors' offsets can't be written to these topics";
    case "target topic AlterConfigs":
      return "min.insync.replicas and the replication throttle can't be set";
    case "origin group Describe":
      return "the groups' committed offsets can't be read";
    case "target group Read":
      return "the groups' offsets can't be written";
    case "target group Delete":
      return "offsets that were written can't be taken back, and the mirror's group can't be removed";
    case "origin cluster Describe":
      return "log sizes and ACLs can't be read";
    case "origin cluster Alter":
      return "the fence's ACLs can't be made, and log sizes not be read";
    case "target cluster Alter":
      return "replicas can't be reassigned, leaders not elected, and log sizes not be read";
    case "target cluster AlterConfigs":
      return "the brokers' defaults can't be checked, and replication not be throttled";
    default:
      return "a later step would fail";
  }
}

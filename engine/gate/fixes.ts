import { COPY_ALL_AGAIN, COPY_APART, EXCLUDE } from "../ways-out";
import type { GateFinding } from "./types";

/**
 * What to type or change next, by kind of finding. The order matters: an earlier kind can be the cause of a later one.
 */
export const FIXES: Record<GateFinding["kind"], string> = {
  "no topics": "correct mirror.topicsPattern, or let the migration's administrator describe the topics",
  "no storage topics":
    "check target.offsetStorageTopic, target.configStorageTopic and target.statusStorageTopic, and that the " +
    "mirror's workers run",
  "no connector": "check that the KafkaMirrorMaker2 is Ready and that its aliases are origin.alias and target.alias",
  "connector setting":
    "correct mirror.sourceConnector.config; topics with left-out records must be copied again: " + COPY_ALL_AGAIN,
  "out of memory":
    'give the workers more heap (mirror.jvmOptions: {"-Xmx": "2g"}, and mirror.resources to match) or smaller ' +
    "buffers (mirror.sourceConnector.config), and run `pulumi up` again: changed workers restart their tasks",
  "topic name":
    "exclude the topic with mirror.topicsExcludePattern and copy it another way, or delete the other topic on " +
    "the target",
  "record too large":
    "set producer.override.max.request.size in mirror.sourceConnector.config to more than the largest " +
    "uncompressed record, and run `pulumi up`: " +
    "changed workers restart their tasks",
  "record refused":
    "change the named setting where the finding says, then restart the task; or exclude the topic with " +
    "mirror.topicsExcludePattern",
  "connector failed": "fix what the trace names and restart the connector",
  "task failed": "fix what the trace names and restart the task",
  "connector not running": "set the state of mirror.sourceConnector and mirror.checkpointConnector to running",
  recreated:
    `${COPY_APART}; or, when you know that the copy is whole or accept the loss, ` +
    `name it in gate.acceptTruncation and run \`pulumi up\`; or copy everything again: ${COPY_ALL_AGAIN}`,
  "stale offsets": `${EXCLUDE}; otherwise copy it again: ${COPY_ALL_AGAIN}`,
  truncated:
    `accept the loss by naming the topic in gate.acceptTruncation, or ${EXCLUDE}; otherwise copy it again: ` +
    `${COPY_ALL_AGAIN}`,
  "partition count": "give the target's topic the origin's partition count",
  "no target topic": "look for the reason in the worker's log; the mirror's user needs Create on the target",
  offline: "bring the partition's broker back",
  "first record":
    "find out whether the topic was deleted and created again, or who else writes to the target's topic; then " +
    `leave it out (mirror.topicsExcludePattern), or copy everything again: ${COPY_ALL_AGAIN}`,
  "last record":
    `find out who else writes to the target's topic; for another topic of the same name: ${EXCLUDE}, or ` +
    `${COPY_ALL_AGAIN}`,
  "no tasks": "check the mirror's user on the origin (Read on the topics) and restart the connector",
  unassigned: "restart the source connector, or wait for its next refresh",
  "open transaction": "end the transaction's producer, or abort it with kafka-transactions.sh",
  "producers writing": "stop the producers on the origin, or raise the fence (fence: true)",
  behind: "wait longer (gate.limitSeconds), or give the mirror more tasks (mirror.tasksMax)",
};

export function order(finding: GateFinding): number {
  return Object.keys(FIXES).indexOf(finding.kind);
}

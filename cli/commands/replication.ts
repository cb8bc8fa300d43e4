import {
  applyReplication,
  cancelReplication,
  planReplicationFor,
  type ReplicationOptions,
  type ReplicationRule,
} from "../../engine/replication";
import { bytesText, countText, durationText } from "../../engine/units";
import type { Command } from "../command";
import { EXIT } from "../exit";
import { Reader } from "../values";

/** Changes the target to the wanted replication, or cancels reassignments that are in progress. */
export const replication: Command = {
  summary: "show what the replication reset will move; --apply moves it",
  options: {
    apply: { type: "boolean", help: "make the change (default: only show it)" },
    cancel: { type: "boolean", help: "cancel reassignments in progress and remove the throttle (with --apply)" },
    rule: {
      type: "string",
      multiple: true,
      value: "PATTERN=N",
      help: "replicas by topic; take precedence over the stack's rules; the first match wins; may be repeated",
    },
    throttle: { type: "string", value: "BYTES", help: "bytes per second and broker" },
    batch: { type: "string", value: "N", help: "number of partitions reassigned at the same time" },
    limit: { type: "string", value: "SECONDS", help: "longest time for the reset" },
    "allow-same-rack": { type: "boolean", help: "allow more replicas than there are racks" },
  },
  async run({ migration, values, progress, signal }) {
    const read = new Reader(values);
    const configured = migration.options.replication;
    const rules = read.list("rule").flatMap((text) => rule(text, read));
    const throttleBytesPerSecond = read.count("throttle");
    const batchPartitions = read.count("batch");
    const limitMs = read.seconds("limit");
    const apply = read.flag("apply");
    read.check("replication");
    const options: ReplicationOptions = {
      ...configured,
      ...(rules.length === 0 ? {} : { rules: [...rules, ...(configured.rules ?? [])] }),
      ...(throttleBytesPerSecond === undefined ? {} : { throttleBytesPerSecond }),
      ...(batchPartitions === undefined ? {} : { batchPartitions }),
      ...(limitMs === undefined ? {} : { limitMs }),
      ...(read.flag("allow-same-rack") ? { allowSameRack: true } : {}),
    };
    if (read.flag("cancel") && apply) {
      const result = await cancelReplication(
        migration.model,
        limitMs === undefined ? {} : { limitMs },
        progress,
        signal,
      );
      return {
        exit: EXIT.fine,
        lines: [`${countText(result.cancelled, "reassignment")} cancelled`],
        json: { applied: true, ...result },
      };
    }
    if (apply) {
      const result = await applyReplication(migration.model, options, progress, signal);
      return {
        exit: EXIT.fine,
        lines: [
          `${countText(result.partitions, "partition")} changed, ${result.unchanged} already correct, ` +
            `${bytesText(result.bytes)} copied in ${durationText(result.durationMs)}`,
        ],
        json: { applied: true, result },
      };
    }
    const plan = await planReplicationFor(migration.model, options, undefined, progress);
    const lines = read.flag("cancel")
      ? [`${countText(plan.underWay, "reassignment")} in progress would be cancelled`]
      : plan.lines;
    return {
      exit: EXIT.fine,
      lines: [...lines, "dry run: nothing was changed; --apply does it"],
      json: { applied: false, plan },
    };
  },
};

function rule(text: string, read: Reader): ReplicationRule[] {
  const at = text.lastIndexOf("=");
  const factor = Number(text.slice(at + 1));
  if (at > 0 && Number.isInteger(factor) && factor > 0) return [{ pattern: text.slice(0, at), factor }];
  read.mistake(`--rule is "${text}": write it as PATTERN=N, e.g. "orders.*=3"`);
  return [];
}

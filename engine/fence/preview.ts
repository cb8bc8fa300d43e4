import { type OpenKafka, withClusters } from "../clusters";
import { isMigrationError, MigrationError } from "../errors";
import type { MigrationModel } from "../model";
import { wanted } from "./needed";
import { refuseAclSync, settleMsOf } from "./raise";
import { compare } from "./acls";
import type { FenceOptions } from "./types";

/** The effect and the cost of raising the fence. */
export interface FencePreview {
  topics: number;
  /** Number of ACLs that would be created. The marker of each ACL is not counted. */
  rules: number;
  /** Number of ACLs of this fence that exist: producers wait already. */
  existing: number;
  /** Duration of this check in ms, including the connection. Each step behind the fence takes that time again. */
  lookMs: number;
  /** Minimum time that the raise waits to see that writes have ended, ms. */
  settleMs: number;
}

/**
 * Runs the read-only part of the raise.
 * @throws MigrationError FENCE_NOT_ALLOWED if this administrator may not list or create ACLs on the origin;
 *   FENCE_NO_AUTHORIZER, FENCE_ACL_SYNC, FENCE_DEFAULT_UNKNOWN, FENCE_EXCEPT_EVERYONE as in the raise
 */
export async function previewFence(
  model: MigrationModel,
  options: FenceOptions,
  open?: OpenKafka,
): Promise<FencePreview> {
  const started = Date.now();
  return withClusters(
    model,
    async (clusters) => {
      await refuseAclSync(clusters.target, model.mirror);
      const { authorizedOperations } = await clusters.origin.describeCluster();
      // Absent: the broker does not return it (before Kafka 2.3). Then only the raise shows whether it is allowed.
      if (authorizedOperations?.includes("Alter") === false) throw notAllowed("make");
      const { topics, needed, acls } = await wanted(clusters.origin, model.mirror, options).catch((error: unknown) => {
        throw isMigrationError(error) && error.code === "KAFKA_UNAUTHORIZED" ? notAllowed("list") : error;
      });
      const { missing, ours } = compare(needed, acls);
      return {
        topics: topics.length,
        rules: missing.length,
        existing: ours.length,
        lookMs: Date.now() - started,
        settleMs: settleMsOf(options),
      };
    },
    open,
  );
}

function notAllowed(what: "list" | "make"): MigrationError {
  return new MigrationError(
    "FENCE_NOT_ALLOWED",
    `the migration's administrator may not ${what} ACLs on the origin and cannot raise the fence`,
    {
      fix:
        `grant it ${what === "list" ? "Describe" : "Alter"} on the origin's cluster (fence: true grants it to ` +
        "a user that the stack creates), or switch the fence off",
    },
  );
}

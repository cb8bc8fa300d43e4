import { type OpenKafka, withClusters } from "../clusters";
import { isMigrationError, MigrationError } from "../errors";
import type { MigrationModel } from "../model";
import { refuseAclSync, SETTLE_MS, wanted } from "./raise";
import { compare } from "./rules";
import type { FenceOptions } from "./types";

/** What raising the fence would come to. */
export interface FencePreview {
  topics: number;
  /** Rules that would be made, a marker for each not counted. */
  rules: number;
  /** ms that this look took, connecting included; each step behind the fence takes it again. */
  lookMs: number;
  /** ms that the raise waits, at least, to see that the writes have ended. */
  settleMs: number;
}

/**
 * Does all of the raise that only reads.
 * @throws MigrationError FENCE_NOT_ALLOWED when this administrator may not list or make ACLs on the origin; FENCE_NO_AUTHORIZER,
 *   FENCE_ACL_SYNC, FENCE_DEFAULT_UNKNOWN, FENCE_EXCEPT_EVERYONE as the raise
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
      await refuseAclSync(clusters, model.mirror);
      const { authorizedOperations } = await clusters.origin.describeCluster();
      // Absent: the broker does not say (before Kafka 2.3); then only the raise can tell.
      if (authorizedOperations?.includes("Alter") === false) throw notAllowed("make");
      const { topics, rules, acls } = await wanted(clusters.origin, model.mirror, options).catch((error: unknown) => {
        throw isMigrationError(error) && error.code === "KAFKA_UNAUTHORIZED" ? notAllowed("list") : error;
      });
      return {
        topics: topics.length,
        rules: compare(rules, acls).missing.length,
        lookMs: Date.now() - started,
        settleMs: options.settleMs ?? SETTLE_MS,
      };
    },
    open,
  );
}

function notAllowed(what: "list" | "make"): MigrationError {
  return new MigrationError(
    "FENCE_NOT_ALLOWED",
    `the migration's administrator may not ${what} ACLs on the origin, so it can't raise the fence`,
    {
      fix: `grant it ${what === "list" ? "Describe" : "Alter"} on the origin's cluster (fence: true does where the stack makes the user), or switch the fence off`,
    },
  );
}

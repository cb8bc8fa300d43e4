import * as pulumi from "@pulumi/pulumi";
import type { TopicEnds } from "../../engine/fence";
import type { GateOptions } from "../../engine/gate";
import { defined } from "../../engine/objects";
import type { Stopped } from "../../engine/report";
import { defaultsOf } from "../../engine/setting";
import type { Fence, Gate, Unasked } from "../../lifecycle/resources";
import { gateShape, type MigrationArgs } from "../settings/migration";
import { hasLeft, type Part, returningTopics } from "./waves";
import type { RecordedTopics } from "../../engine/model";

/** What the gate is asked, and what other steps read from its outputs. */

/**
 * Strimzi restarts a FAILED connector or task at its next reconciliation, every two minutes. The gate must not fail
 * before.
 */
const RESTART_MS = 150_000;

/** True if a user operator manages the origin's users, and so removes the fence's ACLs. */
export function userOperator({ fence = false, origin }: MigrationArgs): { userOperator?: boolean } {
  return fence && origin.operator !== undefined ? { userOperator: true } : {};
}

export function gateOptions({ gate = {}, fence = false, mirror }: MigrationArgs): GateOptions {
  // Nothing writes behind a fence. The fence itself waited for writes in progress.
  const { limitSeconds = defaultsOf(gateShape).limitSeconds, stableSeconds = fence ? 0 : 5, acceptTruncation } = gate;
  const restarts = mirror?.sourceConnector?.autoRestart?.enabled === true;
  return {
    ...(restarts ? { graceMs: RESTART_MS } : {}),
    limitMs: limitSeconds * 1000,
    stableForMs: stableSeconds * 1000,
    compareLastRecord: true,
    ...(acceptTruncation === undefined ? {} : { acceptTruncation }),
  };
}

/**
 * What a destroy asks if the first `up` was killed before a gate was in the state. Nothing about a part that uses its
 * way back: the origin then also gets records that come from the target.
 */
export function unaskedGate(args: MigrationArgs, parts: readonly Part[]): Unasked {
  const stay = parts.filter((part) => !hasLeft(part) && part.phase !== "returned");
  if (stay.length === 0) return {};
  const isCutOver = stay.some(({ phase }) => phase === "cutover");
  const returning = returningTopics(args);
  return {
    [isCutOver ? "cutoverGate" : "gate"]: gateOptions(args),
    ...(returning.length === 0 ? {} : { returning }),
  };
}

/** Null in the state of an older version. */
export function topicIds(gate: Gate): pulumi.Output<RecordedTopics | null> {
  return gate.topicIds.apply((ids) => ids ?? null);
}

/** Null in the state of an older version. */
export function originEnds(gate: Gate): pulumi.Output<TopicEnds | null> {
  return gate.ends.apply((ends) =>
    ends === undefined || ends === null
      ? null
      : Object.fromEntries(Object.entries(ends).map(([topic, at]) => [topic, at.originEnds])),
  );
}

/** What the fence and the gate know about when the producers stopped. */
export function producersStopped(fence: Fence, gate: Gate): pulumi.Output<Stopped> {
  return pulumi.all([fence.raised, gate.result]).apply(([raised, result]) => {
    if (result === null || result === undefined) return {};
    const { passedAt, durationMs, partitions, quietFrom } = result;
    return defined({
      fenceClosedAt: raised?.closedAt,
      fenceRaisedAt: raised?.raisedAt,
      fenceEarlier: raised?.earlier,
      gate: defined({ passedAt, durationMs, partitions, quietFrom }),
    });
  });
}

/** The ends of the target's partitions when the gate passed, by the origin's topic name. Null: it has not passed. */
export function targetEnds(gate: Gate): pulumi.Output<TopicEnds | null> {
  return gate.ends.apply((ends) =>
    ends === undefined || ends === null
      ? null
      : Object.fromEntries(Object.entries(ends).map(([topic, at]) => [topic, at.targetEnds])),
  );
}

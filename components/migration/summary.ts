import * as pulumi from "@pulumi/pulumi";
import type { GateResult } from "../../engine/gate";
import type { Phase } from "../../engine/model";
import type { AppliedOffsets } from "../../engine/offsets";
import type { ReplicationResult } from "../../engine/replication";
import type { VerifyResult } from "../../engine/verify";
import type { AllSteps, Lifecycle } from "./lifecycle";
import type { LastSteps } from "./part";

/** Results of the steps of a cutover. Null: not available yet. Contains no secrets. */
export interface PartSummary {
  /** Null: the gate has not passed yet. */
  gate: Omit<GateResult, "samples"> | null;
  verification: VerifyResult | null;
  /**
   * `rereads`: the partitions in which a group reads records again, with the number of records. At most 100, largest
   * first.
   */
  offsets:
    | (Omit<AppliedOffsets, "groups"> & {
        groups: number;
        rereads: { group: string; topic: string; partition: number; records: number }[];
      })
    | null;
  replication: ReplicationResult | null;
}

/** The results of one wave. */
export interface WaveSummary extends PartSummary {
  phase: Phase;
  /** Time at which the wave's gate passed, ISO 8601. Null: not passed yet. */
  passedAt: string | null;
}

/** Results of the cutover of everything outside the waves, and of each wave by its name. */
export interface Summary extends PartSummary {
  /** Absent: the migration has no waves. */
  waves?: Record<string, WaveSummary>;
}

export function summaryOf({ waves }: Lifecycle, steps: AllSteps): pulumi.Output<Summary> {
  const rest = partSummary(steps.rest);
  if (waves.length === 0) return rest;
  const summaries = waves.map((wave, i) => {
    const { gate } = steps.waves[i]!;
    return pulumi
      .all([partSummary(steps.waves[i]!), wave.verdict(gate).passedAt])
      .apply(([results, passedAt]): [string, WaveSummary] => [
        wave.part.wave!,
        { phase: wave.part.phase, passedAt, ...results },
      ]);
  });
  return pulumi.all([rest, pulumi.all(summaries)]).apply(([own, all]) => ({ ...own, waves: Object.fromEntries(all) }));
}

/** In phase `cleanup` only the gate is declared. */
function partSummary({ gate, verification, offsets, replication }: LastSteps): pulumi.Output<PartSummary> {
  return pulumi
    .all([gate.result, verification?.result, offsets?.applied, replication?.result])
    .apply(([gateResult, verified, applied, reset]) => ({
      gate: withoutSamples(gateResult as GateResult | null),
      verification: (verified as VerifyResult | undefined) ?? null,
      offsets: withoutDetails(applied as AppliedOffsets | null),
      replication: (reset as ReplicationResult | undefined) ?? null,
    }));
}

function withoutSamples(gate: GateResult | null | undefined) {
  if (!gate) return null;
  const { samples: _samples, ...rest } = gate;
  return rest;
}

/**
 * A stack output must not contain thousands of offsets. These are in the report. Keeps only the offsets that make a
 * group read records again.
 */
function withoutDetails(applied: AppliedOffsets | null | undefined): PartSummary["offsets"] {
  if (!applied) return null;
  const { groups, ...rest } = applied;
  const all = groups.flatMap((g) =>
    g.offsets.map((o) => ({ group: g.group, topic: o.topic, partition: o.partition, records: o.rereads ?? 0 })),
  );
  const rereads = all
    .filter((o) => o.records > 0)
    .sort((a, b) => b.records - a.records)
    .slice(0, 100);
  return { ...rest, groups: groups.length, rereads };
}

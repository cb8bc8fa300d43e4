import * as pulumi from "@pulumi/pulumi";
import { defined } from "../../engine/objects";
import type { GateResult } from "../../engine/gate";
import type { Phase } from "../../engine/model";
import type { AppliedOffsets } from "../../engine/offsets";
import type { ReplicationResult } from "../../engine/replication";
import type { VerifyResult } from "../../engine/verify";
import { Mirror } from "../mirror/mirror";
import type { MirrorSettings } from "../settings/mirror";
import { ClusterAccess } from "./access";
import { defaultsOf } from "../../engine/setting";
import { type MigrationArgs, stepShape } from "../settings/migration";
import { resolveMigration } from "./checks";
import { Lifecycle } from "./lifecycle";
import { createdNamespace } from "./namespace";
import { preflightOptions } from "./preflight";
import { type LastSteps, reportLocation, triggerOf } from "./report";

/** Results of the parts of the cutover. Null: not available yet. Contains no secrets. */
export interface Summary {
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

/**
 * One migration: users with exact ACLs, their Secrets beside the mirror, the KafkaMirrorMaker2, and the steps that
 * guard the migration, prove that it is complete and clean up. `phase` decides what an `up` does. `pulumi destroy` runs
 * the gate and then deletes everything except the migrated topics.
 *
 * @example
 * new Migration("orders", {
 *   phase: "mirror",
 *   origin: {
 *     bootstrapServers: "origin-kafka-bootstrap.origin-ns:9093",
 *     operator: { cluster: "origin", namespace: "origin-ns" },
 *   },
 *   target: {
 *     bootstrapServers: "target-kafka-bootstrap.target-ns:9093",
 *     operator: { cluster: "target", namespace: "target-ns" },
 *   },
 * });
 */
export class Migration extends pulumi.ComponentResource {
  readonly phase: Phase;
  /** Time at which the gate passed, ISO 8601. Null: not passed yet. */
  readonly passedAt: pulumi.Output<string | null>;
  /** Time at which the migration was abandoned, ISO 8601. Null: not abandoned. */
  readonly abandonedAt: pulumi.Output<string | null>;
  readonly summary: pulumi.Output<Summary>;
  /**
   * Path of the report's page. Relative to the Pulumi project's folder, unless `report.folder` is absolute. Null: no
   * report.
   */
  readonly report: pulumi.Output<string | null>;

  /** @throws MigrationError MIGRATION_SETTINGS with every mistake, before anything is declared */
  constructor(name: string, args: MigrationArgs, opts?: pulumi.ComponentResourceOptions) {
    const { settings, model } = resolveMigration(args, name);
    super("kafka-migration:components:Migration", name, {}, opts);
    this.phase = args.phase ?? defaultsOf(stepShape).phase;

    const access = (side: "origin" | "target") => new ClusterAccess({ name, side, parent: this, args, mirror: model });
    const origin = access("origin");
    const target = access("target");
    const administrators = { origin: origin.administrator, target: target.administrator };
    const lifecycle = new Lifecycle({
      name,
      parent: this,
      phase: this.phase,
      abandon: args.abandon ?? false,
      args,
      mirror: model,
      preflight: preflightOptions(args, settings),
      administrators,
      secrets: defined({ originSecrets: origin.secrets, targetSecrets: target.secrets }),
      ...reportLocation(name, args),
      trigger: triggerOf({ ...args, settings }),
    });

    const steps: LastSteps =
      this.phase === "cleanup"
        ? { gate: lifecycle.gate(lifecycle.checkpoints) }
        : lifecycle.aboveMirror(this.mirror(name, args, settings, origin, target, lifecycle));
    const report = lifecycle.report(steps);
    lifecycle.guard(steps, report);
    this.report = report === undefined ? pulumi.output(null) : report.report;
    const { passedAt, abandonedAt } = lifecycle.verdict(steps.gate);
    this.passedAt = passedAt;
    this.abandonedAt = abandonedAt;
    this.summary = summaryOf(steps);
    this.registerOutputs({
      phase: this.phase,
      passedAt: this.passedAt,
      abandonedAt: this.abandonedAt,
      summary: this.summary,
      report: this.report,
    });
  }

  private mirror(
    name: string,
    args: MigrationArgs,
    settings: MirrorSettings,
    origin: ClusterAccess,
    target: ClusterAccess,
    lifecycle: Lifecycle,
  ): Mirror {
    const created = args.mirror?.createNamespace === true ? [createdNamespace(`${name}-namespace`, args, this)] : [];
    const after = [lifecycle.preflight, lifecycle.checkpoints, lifecycle.beneathUsers(), ...created];
    const users = { origin: origin.mirrorsUser(after), target: target.mirrorsUser(after) };
    const ready = [...users.origin.resources, ...users.target.resources];
    const privileges = lifecycle.privileges(
      { origin: users.origin.connection, target: users.target.connection },
      ready,
    );
    const beneath = lifecycle.beneathMirror([privileges, ...ready]);
    const side = (which: "origin" | "target") => ({
      ...settings[which],
      bootstrapServers: args[which].bootstrapServers,
      authentication: users[which].authentication,
      tls: users[which].tls,
    });
    const { provider, kubeconfig, context, name: mirrorName, namespace } = args.mirror ?? {};
    return new Mirror(
      `${name}-mirror`,
      {
        ...settings,
        ...(mirrorName === undefined ? {} : { name: mirrorName }),
        ...(namespace === undefined ? {} : { namespace }),
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(context === undefined ? {} : { context }),
        origin: side("origin"),
        target: side("target"),
      },
      { parent: this, dependsOn: beneath, ...(provider === undefined ? {} : { provider }) },
    );
  }
}

/** In phase `cleanup` only the gate is declared. */
function summaryOf({ gate, verification, offsets, replication }: LastSteps): pulumi.Output<Summary> {
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
function withoutDetails(applied: AppliedOffsets | null | undefined): Summary["offsets"] {
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

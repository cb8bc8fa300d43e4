import * as pulumi from "@pulumi/pulumi";
import { defined } from "../../engine/objects";
import type { Phase, Side } from "../../engine/model";
import type { Mirror } from "../mirror/mirror";
import type { MirrorSettings } from "../settings/mirror";
import { ClusterAccess } from "./access";
import { declareMirror } from "./around-mirror";
import { defaultsOf } from "../../engine/setting";
import { type MigrationArgs, stepShape } from "../settings/migration";
import { declareClients, hasClients } from "./clients";
import { resolveMigration, withoutLeft } from "./checks";
import { type AllSteps, Lifecycle } from "./lifecycle";
import { createdNamespace } from "./namespace";
import { preflightOptions } from "./preflight";
import { reportLocation, triggerOf } from "./report";
import { wayBackPlace } from "./return-mirror";
import { type Summary, summaryOf } from "./summary";
import { leftTopics } from "./waves";

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
  /** With waves: the phase of everything outside the waves. */
  readonly phase: Phase;
  /** Time at which the gate passed, ISO 8601. Null: not passed yet. With waves: of everything outside them. */
  readonly passedAt: pulumi.Output<string | null>;
  /** Time at which the migration was abandoned, ISO 8601. Null: not abandoned. */
  readonly abandonedAt: pulumi.Output<string | null>;
  /** Results of the steps of a cutover. Contains no secrets. */
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

    const preflight = preflightOptions(args, settings, model);
    const moreRights = (side: Side) => preflight.moreRights?.[side] ?? [];
    const access = (side: Side) =>
      new ClusterAccess({ name, side, parent: this, args, mirror: model, moreRights: moreRights(side) });
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
      preflight,
      administrators,
      secrets: defined({ originSecrets: origin.secrets, targetSecrets: target.secrets }),
      settings,
      placeOf: (part) => wayBackPlace(this, args, part),
      ...reportLocation(name, args),
      trigger: triggerOf({ ...args, settings }),
    });

    const clients = hasClients(args)
      ? [declareClients(name, args, model, administrators.target, { parent: this, dependsOn: [lifecycle.preflight] })]
      : [];
    lifecycle.clients = clients;
    const { steps, mirrors } =
      this.phase === "cleanup"
        ? { steps: lifecycle.gates(), mirrors: [] }
        : running(lifecycle, this.mirror(name, args, settings, origin, target, lifecycle));
    const report = lifecycle.report(steps, mirrors);
    lifecycle.guards(steps, report, [...mirrors, ...clients]);
    this.report = report === undefined ? pulumi.output(null) : report.report;
    const { passedAt, abandonedAt } = lifecycle.rest.verdict(steps.rest.gate);
    this.passedAt = passedAt;
    this.abandonedAt = abandonedAt;
    this.summary = summaryOf(lifecycle, steps);
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
    const limit = lifecycle.copyLimit(after);
    const beforeUsers = limit === undefined ? after : [...after, limit.shares];
    const users = {
      origin: origin.mirrorsUser(beforeUsers, limit?.quotas("origin")),
      target: target.mirrorsUser(beforeUsers, limit?.quotas("target")),
    };
    const ready = [...users.origin.resources, ...users.target.resources];
    const privileges = lifecycle.privileges(
      { origin: users.origin.connection, target: users.target.connection },
      ready,
    );
    const limited = limit === undefined ? [] : [limit.declare([privileges, ...ready])];
    const beneath = [
      ...lifecycle.beneathMirror([privileges, ...ready, ...limited]),
      ...lifecycle.beforeMirror(limited),
    ];
    const copying = withoutLeft(settings, leftTopics(args));
    const named = (part: string) => `${name}-${part}`;
    return declareMirror({ parent: this, named }, { args, settings: copying, users }, beneath);
  }
}

function running(lifecycle: Lifecycle, mirror: Mirror): { steps: AllSteps; mirrors: pulumi.Resource[] } {
  const steps = lifecycle.aboveMirror(mirror);
  return { steps, mirrors: lifecycle.returnMirrors(mirror, steps) };
}

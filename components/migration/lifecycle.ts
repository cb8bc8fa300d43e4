import * as pulumi from "@pulumi/pulumi";
import { internalTopics } from "../../engine/naming";
import type { FenceOptions, TopicEnds } from "../../engine/fence";
import type { GateOptions, GateResult } from "../../engine/gate";
import type { Connection, MirrorModel, Phase } from "../../engine/model";
import {
  CheckpointsTopic,
  ConsumerOffsets,
  Fence,
  Gate,
  Guard,
  InternalTopicResource,
  MirrorGone,
  Preflight,
  Replication,
  Report,
  type ReportPlace,
  Residue,
  type StepArgs,
  Verification,
} from "../../lifecycle/resources";
import { administratorRights, type PreflightOptions } from "../../engine/preflight";
import type { RecordedTopics } from "../../engine/topic-ids";
import type { MigrationArgs } from "./args";
import { ownObjects, ownPrincipals } from "./objects";
import { type CutoverSteps, type LastSteps, reportFacts } from "./report";

/** Longest wait for the workers to leave after their resource is gone. */
const LEAVING_SECONDS = 300;

/** Strimzi restarts a FAILED connector or task at its next look, every two minutes: the gate must not give up before. */
const RESTART_MS = 150_000;

export interface LifecycleContext {
  name: string;
  parent: pulumi.Resource;
  phase: Phase;
  abandon: boolean;
  args: MigrationArgs;
  mirror: MirrorModel;
  preflight: PreflightOptions;
  /** Undefined: no report is written. */
  report?: ReportPlace;
  /** Where an interrupted step leaves what the next run can use. */
  notes: ReportPlace;
  /** Changes with every setting. */
  trigger: string;
  administrators: { origin: pulumi.Output<Connection>; target: pulumi.Output<Connection> };
  /** Where the administrators' values come from. */
  secrets: Pick<StepArgs, "originSecrets" | "targetSecrets">;
}

export interface GateVerdict {
  passed: pulumi.Output<boolean>;
  passedAt: pulumi.Output<string | null>;
  abandonedAt: pulumi.Output<string | null>;
  cleared: pulumi.Output<GateResult["cleared"] | null>;
}

/**
 * The steps that guard and finish a migration. Pulumi deletes in reverse dependency order after all creates and updates,
 * so what has to happen after the mirror is gone is declared before it, and what has to be asked first depends on it.
 */
export class Lifecycle {
  readonly preflight: Preflight;
  readonly checkpoints: CheckpointsTopic;
  private readonly step: StepArgs;

  constructor(private readonly context: LifecycleContext) {
    const { mirror, administrators, abandon, args, phase, preflight } = this.context;
    this.step = {
      originConnection: administrators.origin,
      targetConnection: administrators.target,
      mirror,
      ...this.context.secrets,
    };
    const looked = {
      phase,
      abandon,
      stage: "clusters" as const,
      options: preflight,
      rights: administratorRights(mirror, preflight),
    };
    this.preflight = new Preflight(this.named("preflight"), { ...this.step, ...looked }, this.after());
    const mode = abandon ? "always" : (args.checkpoints ?? "when-applied");
    const nothingLeft = this.residue("destroy", mode === "never", this.preflight);
    const { name } = internalTopics(mirror).find((topic) => topic.kind === "checkpoints")!;
    this.checkpoints = new CheckpointsTopic(
      this.named(`target-${name}`),
      { ...this.step, mode },
      this.after(nothingLeft),
    );
  }

  /** What has to be gone once the mirror and its users are; they depend on it. */
  beneathUsers(): Residue {
    return this.residue("cleanup", true, this.checkpoints);
  }

  private residue(when: "cleanup" | "destroy", keepCheckpoints: boolean, after: pulumi.Resource): Residue {
    const { phase, abandon, args, parent, report } = this.context;
    const look = { keepCheckpoints, principals: ownPrincipals(args), fence: args.fence ?? false };
    const kubernetes = ownObjects(parent, args);
    return new Residue(
      this.named(`residue-on-${when}`),
      { ...this.step, phase, abandon, when, look, kubernetes, ...(report === undefined ? {} : { report }) },
      this.after(after),
    );
  }

  /** As the mirror's own users: is every right there that a missing one would turn into a silent stop? */
  privileges(
    mirrorConnections: { origin: pulumi.Output<Connection>; target: pulumi.Output<Connection> },
    after: pulumi.Resource[],
  ): Preflight {
    const { phase, abandon, preflight } = this.context;
    return new Preflight(
      this.named("privileges"),
      {
        ...this.step,
        phase,
        abandon,
        stage: "privileges",
        options: preflight,
        mirrorOriginConnection: mirrorConnections.origin,
        mirrorTargetConnection: mirrorConnections.target,
      },
      this.after(...after),
    );
  }

  /** What acts once the mirror is gone; the mirror depends on it. Every topic that will be deleted is a resource of its own. */
  beneathMirror(after: pulumi.Resource[]): pulumi.Resource[] {
    const { phase, abandon, args, mirror } = this.context;
    const replication = new Replication(
      this.named("replication-on-removal"),
      { ...this.step, phase, abandon, options: args.replication ?? {}, when: "removal" },
      this.after(...after),
    );
    const givenUp = abandon ? { abandon } : {};
    const topics = internalTopics(mirror)
      .filter((topic) => topic.kind !== "checkpoints")
      .map(
        (topic) =>
          new InternalTopicResource(
            this.named(`${topic.side}-${topic.name}`),
            { ...this.step, ...givenUp, topic },
            this.after(replication),
          ),
      );
    return [
      new MirrorGone(
        this.named(`target-group-${mirror.groupId}`),
        { ...this.step, ...givenUp, limitSeconds: LEAVING_SECONDS },
        this.after(...topics),
      ),
    ];
  }

  /** What is asked before the mirror goes, and what the cutover does. */
  aboveMirror(mirror: pulumi.Resource): CutoverSteps {
    const { phase, abandon, args, notes } = this.context;
    const fenced = this.fenced();
    const raised = new Fence(
      this.named("fence"),
      { ...this.step, phase, enabled: fenced.fence, options: args.fenceOptions ?? {}, ...this.userOperator() },
      this.after(mirror),
    );
    const gate = this.gate(raised);
    const { passedAt } = this.verdict(gate);
    const passed = { ...this.step, gatePassedAt: passedAt, gateEnds: originEnds(gate), topicIds: topicIds(gate) };
    const verification = new Verification(
      this.named("verification"),
      {
        ...passed,
        phase,
        abandon,
        ...fenced,
        options: { mode: args.verify?.mode ?? "tail", tailRecords: args.verify?.tailRecords ?? 100 },
        resume: notes,
      },
      this.after(gate),
    );
    const offsets = new ConsumerOffsets(
      this.named("consumer-offsets"),
      { ...passed, phase, abandon, ...fenced, options: args.offsets ?? {}, resume: notes },
      this.after(verification),
    );
    const replication = new Replication(
      this.named("replication"),
      // Its plan is said at preview, when nobody knows yet when the gate will have passed.
      { ...this.step, phase, abandon, options: args.replication ?? {}, when: "cutover" },
      this.after(offsets),
    );
    return { fence: raised, gate, verification, offsets, replication };
  }

  /** @param after in phase `cleanup`, when no mirror is declared, the checkpoints: it is asked before anything is deleted */
  gate(after: pulumi.Resource): Gate {
    const { phase, abandon } = this.context;
    return new Gate(
      this.named("gate"),
      { ...this.step, phase, abandon, ...this.fenced(), options: this.gateOptions() },
      this.after(after),
    );
  }

  /**
   * What the gate has decided. In phase `mirror` it has decided nothing, and the program says so itself: a preview that updates
   * the gate (another pattern) would otherwise show all of this as unknown, in every step that follows.
   */
  verdict({ passed, passedAt, abandonedAt, result }: Gate): GateVerdict {
    const { phase, abandon } = this.context;
    if (phase === "mirror" && !abandon) {
      const none = pulumi.output(null);
      return { passed: pulumi.output(false), passedAt: none, abandonedAt: none, cleared: none };
    }
    // Pulumi keeps no null: on a second `up` what has not happened yet is absent.
    return {
      passed,
      passedAt: passedAt.apply((at) => at ?? null),
      abandonedAt: abandonedAt.apply((at) => at ?? null),
      cleared: result.apply((r) => r?.cleared ?? null),
    };
  }

  /** Written after all that acts. @param steps in phase `cleanup` the gate alone is left of them */
  report(steps: LastSteps): Report | undefined {
    const { phase, args, report, trigger } = this.context;
    if (report === undefined) return undefined;
    const facts = reportFacts(this.preflight, steps);
    const options = { gate: this.gateOptions(), offsets: args.offsets ?? {} };
    return new Report(
      this.named("report"),
      {
        ...this.step,
        phase,
        ...report,
        options,
        facts,
        gateEnds: originEnds(steps.gate),
        topicIds: topicIds(steps.gate),
        trigger,
        ...this.userOperator(),
      },
      this.after(this.checkpoints, ...Object.values(steps)),
    );
  }

  /** Declared last of all, and so deleted first. */
  guard(steps: LastSteps, report: Report | undefined): Guard {
    const { phase, abandon, args } = this.context;
    const ends = { gateEnds: originEnds(steps.gate), topicIds: topicIds(steps.gate) };
    const known = { fence: args.fence ?? false, ...ends, ...this.verdict(steps.gate) };
    const after = [this.checkpoints, ...Object.values(steps), ...(report === undefined ? [] : [report])];
    return new Guard(
      this.named("guard"),
      { ...this.step, phase, abandon, options: this.gateOptions(), ...known },
      this.after(...after),
    );
  }

  private userOperator(): { userOperator?: boolean } {
    const { fence = false, origin } = this.context.args;
    return fence && origin.operator !== undefined ? { userOperator: true } : {};
  }

  private fenced(): { fence: boolean; fenceOptions?: FenceOptions } {
    const { fence = false, fenceOptions } = this.context.args;
    // Absent rather than empty: a new key would change every state that has none.
    return { fence, ...(fenceOptions === undefined ? {} : { fenceOptions }) };
  }

  private gateOptions(): GateOptions {
    const { gate = {}, fence = false } = this.context.args;
    // Nobody writes behind a fence, which has itself waited for what was under way.
    const { limitSeconds = 1800, stableSeconds = fence ? 0 : 5, acceptTruncation } = gate;
    const restarts = this.context.args.mirror?.sourceConnector?.autoRestart?.enabled === true;
    return {
      ...(restarts ? { graceMs: RESTART_MS } : {}),
      limitMs: limitSeconds * 1000,
      stableForMs: stableSeconds * 1000,
      compareLastRecord: true,
      ...(acceptTruncation === undefined ? {} : { acceptTruncation }),
    };
  }

  private named(part: string): string {
    return `${this.context.name}-${part}`;
  }

  private after(...resources: pulumi.Resource[]): pulumi.CustomResourceOptions {
    return { parent: this.context.parent, dependsOn: resources };
  }
}

/** An older state knows of none. */
function topicIds(gate: Gate): pulumi.Output<RecordedTopics | null> {
  return gate.topicIds.apply((ids) => ids ?? null);
}

/** An older state knows of none. */
function originEnds(gate: Gate): pulumi.Output<TopicEnds | null> {
  return gate.ends.apply((ends) =>
    ends === undefined || ends === null
      ? null
      : Object.fromEntries(Object.entries(ends).map(([topic, at]) => [topic, at.originEnds])),
  );
}

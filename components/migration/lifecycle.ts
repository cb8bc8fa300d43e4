import * as pulumi from "@pulumi/pulumi";
import { defined } from "../../engine/objects";
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
  type ReportLocation,
  Residue,
  type StepArgs,
  Verification,
} from "../../lifecycle/resources";
import { administratorRights, type PreflightOptions } from "../../engine/preflight";
import type { RecordedTopics } from "../../engine/topic-ids";
import { defaultsOf } from "../../engine/setting";
import { gateShape, type MigrationArgs, stepShape, verifyShape } from "../settings/migration";
import { ownObjects, ownPrincipals } from "./objects";
import { type CutoverSteps, type LastSteps, reportFacts } from "./report";

/** Longest time to wait until the workers have left after their resource is deleted. */
const LEAVING_SECONDS = 300;

/**
 * Strimzi restarts a FAILED connector or task at its next reconciliation, every two minutes. The gate must not fail
 * before.
 */
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
  report?: ReportLocation;
  /** Location for what an interrupted step leaves for the next run. */
  notes: ReportLocation;
  /** Changes with every setting. */
  trigger: string;
  administrators: { origin: pulumi.Output<Connection>; target: pulumi.Output<Connection> };
  /** Secrets that the administrators' values come from. */
  secrets: Pick<StepArgs, "originSecrets" | "targetSecrets">;
}

export interface GateVerdict {
  passed: pulumi.Output<boolean>;
  passedAt: pulumi.Output<string | null>;
  abandonedAt: pulumi.Output<string | null>;
  cleared: pulumi.Output<GateResult["cleared"] | null>;
}

/**
 * The steps that guard and finish a migration. Pulumi deletes in reverse dependency order, after all creates and
 * updates. Therefore a step that must run after the mirror is deleted is declared before it. A step that must run
 * before any deletion depends on the mirror.
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
    const mode = abandon ? "always" : (args.checkpoints ?? defaultsOf(stepShape).checkpoints);
    const residueOnDestroy = this.residue("destroy", mode === "never", this.preflight);
    const { name } = internalTopics(mirror).find((topic) => topic.kind === "checkpoints")!;
    this.checkpoints = new CheckpointsTopic(
      this.named(`target-${name}`),
      { ...this.step, mode },
      this.after(residueOnDestroy),
    );
  }

  /** Declares the search for residue that runs after the mirror and its users are deleted. They depend on it. */
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

  /** Checks the rights as the mirror's own users. Without one of these rights the mirror would stop silently. */
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

  /**
   * Declares the steps that run after the mirror is deleted. The mirror depends on them. Each topic to delete is a
   * separate resource.
   */
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

  /** Declares the steps of the cutover, and those that run before the mirror is deleted. */
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
        options: { ...defaultsOf(verifyShape), ...defined({ ...args.verify }) },
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
      // Without `gatePassedAt`: the preview shows the plan, and it does not know yet when the gate passes.
      { ...this.step, phase, abandon, options: args.replication ?? {}, when: "cutover" },
      this.after(offsets),
    );
    return { fence: raised, gate, verification, offsets, replication };
  }

  /**
   * @param after in phase `cleanup`, which declares no mirror, the checkpoints: the gate runs before anything is
   *   deleted
   */
  gate(after: pulumi.Resource): Gate {
    const { phase, abandon } = this.context;
    return new Gate(
      this.named("gate"),
      { ...this.step, phase, abandon, ...this.fenced(), options: this.gateOptions() },
      this.after(after),
    );
  }

  /**
   * Returns what the gate has decided. In phase `mirror` it has decided nothing, so the program sets these values
   * itself. Otherwise a preview that updates the gate (for example, for another pattern) would show all of them as
   * unknown in every step that follows.
   */
  verdict({ passed, passedAt, abandonedAt, result }: Gate): GateVerdict {
    const { phase, abandon } = this.context;
    if (phase === "mirror" && !abandon) {
      const none = pulumi.output(null);
      return { passed: pulumi.output(false), passedAt: none, abandonedAt: none, cleared: none };
    }
    // Pulumi drops nulls. On a second `up`, what has not happened yet is absent.
    return {
      passed,
      passedAt: passedAt.apply((at) => at ?? null),
      abandonedAt: abandonedAt.apply((at) => at ?? null),
      cleared: result.apply((r) => r?.cleared ?? null),
    };
  }

  /**
   * Declares the report, which is written after all other steps.
   * @param steps in phase `cleanup` only the gate
   */
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

  /** Declared last, and therefore deleted first. */
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
    // Leave the key out instead of an empty value: a new key would change every state that does not have it.
    return { fence, ...(fenceOptions === undefined ? {} : { fenceOptions }) };
  }

  private gateOptions(): GateOptions {
    const { gate = {}, fence = false } = this.context.args;
    // Nothing writes behind a fence. The fence itself waited for writes in progress.
    const { limitSeconds = defaultsOf(gateShape).limitSeconds, stableSeconds = fence ? 0 : 5, acceptTruncation } = gate;
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

/** Null in the state of an older version. */
function topicIds(gate: Gate): pulumi.Output<RecordedTopics | null> {
  return gate.topicIds.apply((ids) => ids ?? null);
}

/** Null in the state of an older version. */
function originEnds(gate: Gate): pulumi.Output<TopicEnds | null> {
  return gate.ends.apply((ends) =>
    ends === undefined || ends === null
      ? null
      : Object.fromEntries(Object.entries(ends).map(([topic, at]) => [topic, at.originEnds])),
  );
}

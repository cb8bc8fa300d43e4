import * as pulumi from "@pulumi/pulumi";
import { defined } from "../../engine/objects";
import type { FenceOptions } from "../../engine/fence";
import type { GateResult } from "../../engine/gate";
import type { Phase } from "../../engine/model";
import {
  type ConnectorOffsets,
  type Access,
  ConsumerOffsets,
  Fence,
  Gate,
  Guard,
  Replication,
  type ReportLocation,
  type StepArgs,
  type TopicResources,
  Verification,
  WayBack,
} from "../../lifecycle/resources";
import { stackOwner } from "../kubernetes";
import type { MigrationArgs } from "../settings/migration";
import type { KubernetesArgs } from "../settings/place";
import { connectorOffsets, connectorsOf } from "./connectors";
import { topicResources } from "./topics";
import { verifyJob, verifyOptions } from "./verify-job";
import { equalAccess } from "./equal-access";
import { gateOptions, originEnds, producersStopped, topicIds, userOperator } from "./gate-values";
import { hasLeft, type Part } from "./waves";

/** The steps of the cutover, in order. */
export interface CutoverSteps {
  /** Absent: access is not compared. */
  access?: Access;
  fence: Fence;
  gate: Gate;
  verification: Verification;
  /** Absent: no Connect cluster is named for this part. */
  connectors?: ConnectorOffsets;
  offsets: ConsumerOffsets;
  replication: Replication;
  /** Absent: `topics` is `none`. */
  topics?: TopicResources;
}

/** Those steps that the current phase declares. */
export type LastSteps = Pick<CutoverSteps, "gate"> & Partial<CutoverSteps> & { wayBack?: WayBack };

/** The step of a cutover that runs last. */
export const lastOf = ({ replication, topics }: CutoverSteps): pulumi.Resource => topics ?? replication;

export interface GateVerdict {
  passed: pulumi.Output<boolean>;
  passedAt: pulumi.Output<string | null>;
  abandonedAt: pulumi.Output<string | null>;
  cleared: pulumi.Output<GateResult["cleared"] | null>;
}

interface PartContext {
  /** The migration's name. */
  name: string;
  parent: pulumi.Resource;
  part: Part;
  abandon: boolean;
  args: MigrationArgs;
  /** Location for what an interrupted step leaves for the next run. */
  notes: ReportLocation;
  /** Users of applications that this migration declares. Their access is compared when they exist. */
  clients: () => readonly pulumi.Resource[];
  /** The arguments of every step, with the whole mirror. */
  step: StepArgs;
  /** Principal of the part's return mirror on the origin. Absent: there is no return mirror. */
  returnPrincipal?: string;
}

/** In phase `consumers` only the groups move. Every other step of the part still waits. */
export const stepPhase = (phase: Phase): Phase => (phase === "consumers" ? "mirror" : phase);

/** What the way back of a part needs to know besides the part. */
export interface WayBackPlace {
  /** The return mirror's object. */
  place: WayBackArgs["place"];
  access: KubernetesArgs;
}

type WayBackArgs = ConstructorParameters<typeof WayBack>[1];

/** The steps that cut over one part of a migration: a wave, or everything outside the waves. */
export class PartSteps {
  readonly part: Part;
  /** Phase of every step except the one that moves the groups. */
  readonly phase: Phase;
  private readonly step: StepArgs;

  constructor(private readonly context: PartContext) {
    this.part = context.part;
    this.phase = stepPhase(this.part.phase);
    this.step = { ...context.step, mirror: this.part.mirror };
  }

  /**
   * Declares the steps of the cutover, and those that run before the mirror is deleted.
   * @param wayBack phase `returned`: what has brought everything back
   */
  aboveMirror(after: pulumi.Resource[], wayBack?: WayBack): CutoverSteps {
    const { abandon, args, notes: resume } = this.context;
    const { phase } = this;
    const fenced = this.fenced();
    const clusters = connectorsOf(args, this.part.wave);
    const behind = { connectors: clusters, offsets: args.offsets ?? {}, resume };
    const access = equalAccess(
      this.named("access"),
      { ...this.step, phase: this.part.phase, abandon },
      args,
      this.context.returnPrincipal,
      this.after(...after, ...this.context.clients()),
    );
    const raised = new Fence(
      this.named("fence"),
      {
        ...this.step,
        phase,
        enabled: fenced.fence,
        options: fenced.fenceOptions ?? {},
        ...userOperator(args),
        ...(fenced.fence && !abandon ? { gate: gateOptions(args), behind } : {}),
      },
      this.after(...after, ...(access === undefined ? [] : [access])),
    );
    // Directly after the mirror, too: a fence that another phase has moved before it no longer is.
    const gate = this.gate([...after, raised], wayBack);
    const { passedAt } = this.verdict(gate);
    const passed = { ...this.step, gatePassedAt: passedAt, gateEnds: originEnds(gate), topicIds: topicIds(gate) };
    const verification = new Verification(
      this.named("verification"),
      {
        ...passed,
        phase,
        abandon,
        ...fenced,
        options: verifyOptions(args),
        resume,
        ...(wayBack === undefined ? {} : { proved: wayBack.ends.apply((ends) => ends ?? null) }),
        ...verifyJob(this.context.parent, args, this.part.wave),
      },
      this.after(gate),
    );
    const connectors = connectorOffsets(
      this.named("connector-offsets"),
      { ...this.step, phase, abandon },
      clusters,
      this.after(verification),
    );
    const offsets = new ConsumerOffsets(
      this.named("consumer-offsets"),
      {
        ...passed,
        phase: this.part.phase,
        abandon,
        ...fenced,
        options: args.offsets ?? {},
        resume,
        stopped: producersStopped(raised, gate),
        ...(wayBack === undefined ? {} : { wentBack: wayBack.wentBack.apply((groups) => groups ?? null) }),
      },
      this.after(connectors ?? verification),
    );
    const replication = new Replication(
      this.named("replication"),
      // Without `gatePassedAt`: the preview shows the plan, and it does not know yet when the gate passes.
      { ...this.step, phase, abandon, options: args.replication ?? {}, when: "cutover" },
      this.after(offsets),
    );
    const step = { ...this.step, phase, abandon };
    const topics = topicResources(this.named("topics"), step, this.context, this.after(replication));
    return {
      ...defined({ access }),
      fence: raised,
      gate,
      verification,
      ...defined({ connectors }),
      offsets,
      replication,
      ...defined({ topics }),
    };
  }

  /**
   * Declares the step that opens the way back after the cutover, and that goes it in phase `returned`. The mirror
   * depends on it: a part's topics leave the mirror only when their copy is proved, and they come back only when the
   * return mirror is gone.
   * @param steps those of the cutover, which have run; absent in phase `returned`
   */
  wayBack(after: pulumi.Resource[], { place, access }: WayBackPlace, steps?: CutoverSteps): WayBack {
    const { abandon, args, notes: resume } = this.context;
    const gate = steps?.gate;
    return new WayBack(
      this.named("way-back"),
      {
        ...this.step,
        ...(gate === undefined
          ? {}
          : {
              gatePassedAt: this.verdict(gate).passedAt,
              gateEnds: originEnds(gate),
              topicIds: topicIds(gate),
              proved: gate.ends.apply((ends) => ends ?? null),
            }),
        ...(steps === undefined ? {} : { moved: steps.offsets.applied.apply((applied) => applied ?? null) }),
        phase: this.part.phase,
        wayBack: this.part.wayBack === true,
        abandon,
        ...this.fenced(),
        gate: gateOptions(args),
        verify: verifyOptions(args),
        offsets: args.offsets ?? {},
        resume,
        place,
        owner: stackOwner(),
        ...access,
      },
      this.after(...after),
    );
  }

  /**
   * Declares the gate.
   * @param after in phase `cleanup`, which declares no mirror, the checkpoints: the gate runs before anything is
   *   deleted
   * @param wayBack as for {@link aboveMirror}
   */
  gate(after: pulumi.Resource[], wayBack?: WayBack): Gate {
    const { abandon, args } = this.context;
    return new Gate(
      this.named("gate"),
      {
        ...this.step,
        ...this.left(),
        phase: this.phase,
        abandon,
        ...this.fenced(),
        options: gateOptions(args),
        ...(wayBack === undefined ? {} : { returnedAt: wayBack.returnedAt.apply((at) => at ?? null) }),
      },
      this.after(...after),
    );
  }

  /**
   * Returns what the gate has decided. In phase `mirror` it has decided nothing, so the program sets these values
   * itself. Otherwise a preview that updates the gate (for example, for another pattern) would show all of them as
   * unknown in every step that follows.
   */
  verdict({ passed, passedAt, abandonedAt, result }: Gate): GateVerdict {
    if (this.phase === "mirror" && !this.context.abandon) {
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

  /** Declared after everything else, and therefore deleted first. */
  guard(gate: Gate, after: pulumi.Resource[]): Guard {
    const { abandon, args } = this.context;
    const ends = { gateEnds: originEnds(gate), topicIds: topicIds(gate) };
    const known = { fence: args.fence ?? false, ...ends, ...this.verdict(gate) };
    return new Guard(
      this.named("guard"),
      { ...this.step, ...this.left(), phase: this.phase, abandon, options: gateOptions(args), ...known },
      this.after(...after),
    );
  }

  /** With a way back, the origin gets the target's records after the cutover: no reason to ask the gate again. */
  private left(): { hasLeft?: boolean } {
    return hasLeft(this.part) ? { hasLeft: true } : {};
  }

  private fenced(): { fence: boolean; fenceOptions?: FenceOptions } {
    const { fence = false } = this.context.args;
    const fenceOptions = this.fenceOptions();
    // Leave the key out instead of an empty value: a new key would change every state that does not have it.
    return { fence, ...(fenceOptions === undefined ? {} : { fenceOptions }) };
  }

  /** The return mirror writes to the origin behind the fence. Nobody else does. */
  private fenceOptions(): FenceOptions | undefined {
    const { fenceOptions } = this.context.args;
    const { returnPrincipal } = this.context;
    if (returnPrincipal === undefined) return fenceOptions;
    return { ...fenceOptions, except: [...(fenceOptions?.except ?? []), returnPrincipal] };
  }

  private named(step: string): string {
    const { wave } = this.part;
    return `${this.context.name}${wave === undefined ? "" : `-wave-${wave}`}-${step}`;
  }

  private after(...resources: pulumi.Resource[]): pulumi.CustomResourceOptions {
    return { parent: this.context.parent, dependsOn: resources };
  }
}

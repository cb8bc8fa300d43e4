import type * as pulumi from "@pulumi/pulumi";
import { internalTopics } from "../../engine/naming";
import type { Connection, MirrorModel, Phase, Side } from "../../engine/model";
import {
  CheckpointsTopic,
  type Guard,
  Preflight,
  Replication,
  Report,
  type ReportLocation,
  Residue,
  type StepArgs,
} from "../../lifecycle/resources";
import { administratorRights, type PreflightOptions } from "../../engine/preflight";
import { defined } from "../../engine/objects";
import { defaultsOf } from "../../engine/setting";
import { type MigrationArgs, stepShape } from "../settings/migration";
import { type AroundMirror, declarePrivileges, declareRemoval } from "./around-mirror";
import { type CopyLimit, copyLimit, throttledPrincipals } from "./copy-throttle";
import { ownObjects, ownPrincipals } from "./objects";
import { gateOptions, originEnds, targetEnds, topicIds, unaskedGate, userOperator } from "./gate-values";
import { lastOf, type LastSteps, PartSteps, stepPhase, type WayBackPlace } from "./part";
import type { MirrorSettings } from "../settings/mirror";
import { endsForReport, partFacts, reportFacts } from "./report";
import { principalOf, ReturnMirror } from "./return-mirror";
import { estateForPreflight, wavesForPreflight } from "./preflight";

import { verifyJobs } from "./verify-job";
import { hasLeft, type Part, partsOf, returnedParts, returns } from "./waves";

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
  settings: MirrorSettings;
  /** Where the return mirror of a part is. */
  placeOf: (part: Part) => WayBackPlace;
  /** Secrets that the administrators' values come from. */
  secrets: Pick<StepArgs, "originSecrets" | "targetSecrets">;
}

type ReportArgs = ConstructorParameters<typeof Report>[1];

/** The steps that the current phase declares, for each part. */
export interface AllSteps {
  rest: LastSteps;
  /** In the order of the settings. */
  waves: LastSteps[];
}

/**
 * The steps that guard and finish a migration. Pulumi deletes in reverse dependency order, after all creates and
 * updates. Therefore a step that must run after the mirror is deleted is declared before it. A step that must run
 * before any deletion depends on the mirror.
 */
export class Lifecycle {
  readonly preflight: Preflight;
  readonly checkpoints: CheckpointsTopic;
  /** Everything outside the waves. */
  readonly rest: PartSteps;
  readonly waves: PartSteps[];
  /** Users of applications that this migration declares. */
  clients: readonly pulumi.Resource[] = [];
  private readonly step: StepArgs;
  private readonly steps = new Map<PartSteps, LastSteps>();

  constructor(private readonly context: LifecycleContext) {
    const { name, parent, notes, mirror, administrators, abandon, args, phase, preflight } = this.context;
    this.step = {
      originConnection: administrators.origin,
      targetConnection: administrators.target,
      mirror,
      ...this.context.secrets,
    };
    const parts = partsOf({ ...args, phase }, mirror);
    const stepsOf = (part: Part) => {
      const returnPrincipal = part.wayBack === true ? principalOf(args, context.settings, part) : undefined;
      const own = { part, ...defined({ returnPrincipal }) };
      return new PartSteps({
        name,
        parent,
        notes,
        abandon,
        args,
        step: this.step,
        clients: () => this.clients,
        ...own,
      });
    };
    this.rest = stepsOf(parts.rest);
    this.waves = parts.waves.map(stepsOf);
    const looked = {
      ...wavesForPreflight(args),
      ...estateForPreflight(args),
      phase,
      abandon,
      stage: "clusters" as const,
      options: preflight,
      rights: administratorRights(mirror, preflight),
    };
    this.preflight = new Preflight(this.named("preflight"), { ...this.step, ...looked }, this.after());
    const mode = abandon ? "always" : (args.checkpoints ?? defaultsOf(stepShape).checkpoints);
    const residueOnDestroy = this.residue("destroy", mode === "never", this.preflight);
    const topic = internalTopics(mirror).find(({ kind }) => kind === "checkpoints")!;
    this.checkpoints = new CheckpointsTopic(
      this.named(`target-${topic.name}`),
      { ...this.step, mode, ...returnedParts(parts) },
      this.after(residueOnDestroy),
    );
  }

  /** Declares the search for residue that runs after the mirror and its users are deleted. They depend on it. */
  beneathUsers(): Residue {
    return this.residue("cleanup", true, this.checkpoints);
  }

  private residue(when: "cleanup" | "destroy", keepCheckpoints: boolean, after: pulumi.Resource): Residue {
    const { phase, abandon, args, parent, report } = this.context;
    const throttled = throttledPrincipals(args);
    const look = {
      keepCheckpoints,
      principals: ownPrincipals(args),
      fence: args.fence ?? false,
      ...defined({ throttled }),
    };
    const kubernetes = ownObjects(parent, args);
    return new Residue(
      this.named(`residue-on-${when}`),
      {
        ...this.step,
        phase: stepPhase(phase),
        abandon,
        when,
        look,
        kubernetes,
        ...verifyJobs(parent, args),
        ...(report === undefined ? {} : { report }),
      },
      this.after(after),
    );
  }

  privileges(mirrorConnections: Record<Side, pulumi.Output<Connection>>, after: pulumi.Resource[]): Preflight {
    return declarePrivileges(this.around(), this.context.preflight, mirrorConnections, after);
  }

  /** Declares what limits the copy. Undefined: it is not limited. */
  copyLimit(after: pulumi.Resource[]): CopyLimit | undefined {
    return copyLimit(this.around(), this.context.args, after);
  }

  /** Declares the steps that run after the mirror is deleted. The mirror depends on them. */
  beneathMirror(after: pulumi.Resource[]): pulumi.Resource[] {
    const { abandon, args } = this.context;
    // After the cutover of one part, its topics belong to their owners.
    const cutOver = [this.rest, ...this.waves].some((part) => part.phase === "cutover");
    const phase = cutOver ? "cutover" : this.rest.phase;
    const replication = new Replication(
      this.named("replication-on-removal"),
      { ...this.step, phase, abandon, options: args.replication ?? {}, when: "removal" },
      this.after(...after),
    );
    const parts = [this.rest, ...this.waves].map(({ part }) => part);
    return [declareRemoval(this.around(), [replication], unaskedGate(args, parts))];
  }

  /**
   * Declares the steps of every part: those of its cutover, and those that run before the mirror is deleted. One part
   * runs after the other. Parts that copy come first, so that a roll-back does not wait for the cutover of another
   * part.
   */
  aboveMirror(mirror: pulumi.Resource): AllSteps {
    let after = [mirror];
    for (const part of byPhase([...this.waves, this.rest])) {
      if (hasLeft(part.part)) continue;
      const before = this.steps.get(part);
      const declared = part.aboveMirror(after, before?.wayBack);
      this.steps.set(part, { ...before, ...declared });
      after = [mirror, lastOf(declared)];
    }
    return this.each((part) => this.steps.get(part)!);
  }

  /**
   * Declares what has to happen before the mirror is changed: the cutover of parts whose topics then leave the mirror,
   * and the return of parts whose topics then come back.
   * @param limited what lifts the limit of the copy
   * @returns what the mirror depends on; nothing without a way back
   */
  beforeMirror(limited: readonly pulumi.Resource[] = []): pulumi.Resource[] {
    const before: pulumi.Resource[] = [];
    for (const part of byPhase([...this.waves, this.rest])) {
      if (!hasLeft(part.part) && part.part.phase !== "returned") continue;
      const after = [this.preflight, this.checkpoints, ...limited, ...before.slice(-1)];
      const declared = hasLeft(part.part) ? part.aboveMirror(after) : undefined;
      const wayBack = part.wayBack(
        declared === undefined ? after : [lastOf(declared)],
        this.context.placeOf(part.part),
        declared,
      );
      this.steps.set(part, { ...declared, wayBack } as LastSteps);
      before.push(wayBack);
    }
    return before;
  }

  /**
   * Declares the mirrors that copy back to the origin.
   * @returns all mirrors
   */
  returnMirrors(mirror: pulumi.Resource, steps: AllSteps): pulumi.Resource[] {
    const { name, parent, args, settings, administrators, abandon } = this.context;
    const returning = [this.rest, ...this.waves].flatMap((of, i) => {
      if (!returns(of.part)) return [];
      const { gate } = i === 0 ? steps.rest : steps.waves[i - 1]!;
      const context = { name, parent, part: of.part, args, settings, administrators, abandon };
      const step = { ...this.step, mirror: of.part.mirror };
      const ends = { gateEnds: originEnds(gate), targetEnds: targetEnds(gate) };
      return [new ReturnMirror({ ...context, step, ...ends }, [mirror]).mirror];
    });
    return [mirror, ...returning];
  }

  /** Declares the gates for phase `cleanup`, which has no mirror. */
  gates(): AllSteps {
    return this.each((part) => ({ gate: part.gate([this.checkpoints]) }));
  }

  /**
   * Declares the report, which is written after all other steps.
   * @param mirrors all of them, see {@link guards}
   */
  report(steps: AllSteps, mirrors: readonly pulumi.Resource[] = []): Report | undefined {
    const { phase, args, report, trigger } = this.context;
    if (report === undefined) return undefined;
    const facts = reportFacts(this.preflight, steps.rest, this.rest.part.phase);
    const options = { gate: gateOptions(args), offsets: args.offsets ?? {} };
    return new Report(
      this.named("report"),
      {
        ...this.step,
        phase,
        ...report,
        options,
        facts,
        gateEnds: endsForReport(this.rest.part, steps.rest.gate),
        topicIds: topicIds(steps.rest.gate),
        ...this.reportWaves(steps),
        trigger,
        ...userOperator(args),
      },
      this.after(this.checkpoints, ...resourcesOf(steps), ...mirrors),
    );
  }

  private reportWaves({ waves }: AllSteps): Pick<ReportArgs, "waves" | "waveGates"> {
    if (waves.length === 0) return {};
    const each = <T>(of: (steps: LastSteps, part: PartSteps) => T) =>
      waves.map((steps, i) => of(steps, this.waves[i]!));
    const gate = ({ gate: of }: LastSteps, part: PartSteps) => ({
      gateEnds: endsForReport(part.part, of),
      topicIds: topicIds(of),
    });
    return {
      waves: each((steps, { part: { mirror, phase, wayBack } }) => ({
        scope: mirror.scope!,
        phase,
        facts: partFacts(steps, phase, wayBack !== false),
      })),
      waveGates: Object.fromEntries(each((steps, part) => [part.part.wave!, gate(steps, part)])),
    };
  }

  /**
   * Declares the guard of every part. They are declared last, and therefore deleted first.
   * @param mirrors all of them. The steps are not enough: with a way back, an `up` that fails or is killed at the gate
   *   leaves steps in the state that come before the mirror now, and a destroy would delete the mirror first
   */
  guards(steps: AllSteps, report: Report | undefined, mirrors: readonly pulumi.Resource[] = []): Guard[] {
    const after = [this.checkpoints, ...resourcesOf(steps), ...(report === undefined ? [] : [report]), ...mirrors];
    return [
      this.rest.guard(steps.rest.gate, after),
      ...this.waves.map((part, i) => part.guard(steps.waves[i]!.gate, after)),
    ];
  }

  private each(declare: (part: PartSteps) => LastSteps): AllSteps {
    return { rest: declare(this.rest), waves: this.waves.map(declare) };
  }

  private around(): AroundMirror {
    const { parent, phase, abandon, mirror } = this.context;
    return { parent, named: (part) => this.named(part), step: { ...this.step, mirror }, phase, abandon };
  }

  private named(part: string): string {
    return `${this.context.name}-${part}`;
  }

  private after(...resources: pulumi.Resource[]): pulumi.CustomResourceOptions {
    return { parent: this.context.parent, dependsOn: resources };
  }
}

const ORDER: readonly Phase[] = ["mirror", "returned", "consumers", "cutover", "cleanup"];

const byPhase = (parts: readonly PartSteps[]): PartSteps[] =>
  [...parts].sort((a, b) => ORDER.indexOf(a.part.phase) - ORDER.indexOf(b.part.phase));

const resourcesOf = ({ rest, waves }: AllSteps): pulumi.Resource[] =>
  [rest, ...waves].flatMap((steps) => Object.values(steps) as pulumi.Resource[]);

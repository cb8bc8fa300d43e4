import * as pulumi from "@pulumi/pulumi";
import type { InternalTopic } from "../engine/naming";
import type { Connection, MirrorModel, Phase } from "../engine/model";
import type { CheckpointsMode, ResidueOptions } from "../engine/cleanup";
import type { FenceOptions, RaisedFence, TopicEnds } from "../engine/fence";
import type { CopyEnds, GateOptions, GateResult } from "../engine/gate";
import type { OffsetOptions, AppliedOffsets } from "../engine/offsets";
import type { PreflightOptions, PreflightResult } from "../engine/preflight";
import type { ReplicationOptions, ReplicationResult } from "../engine/replication";
import type { ReportFacts } from "../engine/report";
import type { RecordedTopics } from "../engine/topic-ids";
import type { VerifyOptions, VerifyResult } from "../engine/verify";
import type { ObjectsOn } from "./kubernetes/left";
import type { ConnectionSecrets } from "./handlers/renewed";
import { type StepKind, thinProvider } from "./provider";
import { SECRET_INPUTS } from "./secret-inputs";

type Args<T> = { [K in keyof T]: pulumi.Input<T[K]> };

/** What every step is given: how the administrator reaches both clusters, and what the mirror was told. */
export interface StepArgs {
  originConnection: pulumi.Input<Connection>;
  targetConnection: pulumi.Input<Connection>;
  /** Secrets that the connections come from, to be read again where a login is refused. Default: none. */
  originSecrets?: pulumi.Input<ConnectionSecrets>;
  targetSecrets?: pulumi.Input<ConnectionSecrets>;
  mirror: MirrorModel;
  /** Of the gate, for what follows it. */
  gatePassedAt?: pulumi.Input<string | null>;
  /** Of the gate, for what follows it behind the fence: where the origin ended when it passed. */
  gateEnds?: pulumi.Input<TopicEnds | null>;
  /** Of the gate, for what follows it: the topics' ids when the mirror was started. */
  topicIds?: pulumi.Input<RecordedTopics | null>;
}

export interface PhasedArgs extends StepArgs {
  phase: Phase;
}

/** Connections are secret in inputs and so in outputs: a password must not get into state as plain text. */
class Step extends pulumi.dynamic.Resource {
  constructor(kind: StepKind, typeName: string, name: string, props: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
    const inputs = { ...props };
    for (const key of SECRET_INPUTS) if (inputs[key] !== undefined) inputs[key] = pulumi.secret(inputs[key]);
    super(thinProvider(kind), name, inputs, { ...opts, additionalSecretOutputs: [...SECRET_INPUTS] }, "kafka-migration", typeName);
  }
}

/** Looks at both clusters before anything is made, or (`privileges`) as the mirror's own users before the mirror. */
export class Preflight extends Step {
  declare readonly checkedAt: pulumi.Output<string | null>;
  declare readonly result: pulumi.Output<PreflightResult | null>;
  constructor(
    name: string,
    args: PhasedArgs & {
      stage: "clusters" | "privileges";
      options: Args<PreflightOptions>;
      rights?: string;
      abandon: boolean;
      mirrorOriginConnection?: pulumi.Input<Connection>;
      mirrorTargetConnection?: pulumi.Input<Connection>;
    },
    opts: pulumi.CustomResourceOptions,
  ) {
    super("preflight", "Preflight", name, { ...args, checkedAt: undefined, result: undefined }, opts);
  }
}

/** Keeps the checkpoints topic until it is removed; see {@link CheckpointsMode}. */
export class CheckpointsTopic extends Step {
  constructor(name: string, args: StepArgs & { mode: CheckpointsMode }, opts: pulumi.CustomResourceOptions) {
    super("checkpoints-topic", "CheckpointsTopic", name, args, opts);
  }
}

/** One internal topic of MirrorMaker 2; its removal deletes the topic. */
export class InternalTopicResource extends Step {
  constructor(name: string, args: StepArgs & { topic: InternalTopic; abandon?: boolean }, opts: pulumi.CustomResourceOptions) {
    super("internal-topic", "InternalTopic", name, args, opts);
  }
}

/** Its removal proves that the mirror is gone and that every topic to delete is the mirror's own. */
export class MirrorGone extends Step {
  constructor(name: string, args: StepArgs & { limitSeconds: number; abandon?: boolean }, opts: pulumi.CustomResourceOptions) {
    super("mirror-gone", "MirrorGone", name, args, opts);
  }
}

/** Denies writes on the migrated origin topics while the cutover is under way. */
export class Fence extends Step {
  declare readonly raised: pulumi.Output<RaisedFence | null>;
  constructor(name: string, args: PhasedArgs & { options: Args<FenceOptions>; enabled: boolean; userOperator?: boolean }, opts: pulumi.CustomResourceOptions) {
    super("fence", "Fence", name, { ...args, raised: undefined }, opts);
  }
}

/** Opens when the copy is complete; on the way down it is asked first. */
export class Gate extends Step {
  declare readonly passed: pulumi.Output<boolean>;
  declare readonly passedAt: pulumi.Output<string | null>;
  declare readonly abandonedAt: pulumi.Output<string | null>;
  declare readonly result: pulumi.Output<GateResult | null>;
  declare readonly ends: pulumi.Output<CopyEnds | null>;
  declare readonly topicIds: pulumi.Output<RecordedTopics | null>;
  constructor(name: string, args: PhasedArgs & { options: GateOptions; abandon: boolean; fence: boolean; fenceOptions?: FenceOptions }, opts: pulumi.CustomResourceOptions) {
    super("gate", "Gate", name, { ...args, passed: undefined, passedAt: undefined, abandonedAt: undefined, result: undefined, ends: undefined, topicIds: undefined }, opts);
  }
}

/**
 * Depends on all the others: it is the last to look whether the origin stood still, and the first to go: its removal asks the
 * gate before anything is taken away.
 */
export class Guard extends Step {
  constructor(
    name: string,
    args: PhasedArgs & { options: GateOptions; abandon: boolean; fence: boolean } & Partial<Args<{ passed: boolean; passedAt: string | null; abandonedAt: string | null; cleared: GateResult["cleared"] | null }>>,
    opts: pulumi.CustomResourceOptions,
  ) {
    super("guard", "Guard", name, args, opts);
  }
}

/** Compares both sides, record by record as far as its mode says. */
export class Verification extends Step {
  declare readonly verifiedAt: pulumi.Output<string | null>;
  declare readonly result: pulumi.Output<VerifyResult | null>;
  constructor(name: string, args: PhasedArgs & { options: VerifyOptions; abandon: boolean; fence: boolean; fenceOptions?: FenceOptions; resume: ReportPlace }, opts: pulumi.CustomResourceOptions) {
    super("verification", "Verification", name, { ...args, verifiedAt: undefined, result: undefined }, opts);
  }
}

/** Moves the consumer groups to their exact place on the target. */
export class ConsumerOffsets extends Step {
  declare readonly applied: pulumi.Output<AppliedOffsets | null>;
  constructor(name: string, args: PhasedArgs & { options: OffsetOptions; abandon: boolean; fence: boolean; fenceOptions?: FenceOptions; resume: ReportPlace }, opts: pulumi.CustomResourceOptions) {
    super("consumer-offsets", "ConsumerOffsets", name, { ...args, appliedAt: undefined, applied: undefined }, opts);
  }
}

/** Sets the target's replication factors right, at cutover or on removal. */
export class Replication extends Step {
  declare readonly resetAt: pulumi.Output<string | null>;
  declare readonly result: pulumi.Output<ReplicationResult | null>;
  constructor(
    name: string,
    args: PhasedArgs & { options: ReplicationOptions; abandon: boolean; when: "cutover" | "removal" },
    opts: pulumi.CustomResourceOptions,
  ) {
    super("replication", "Replication", name, { ...args, resetAt: undefined, result: undefined }, opts);
  }
}

/** Where the report's files are, and what they are called. */
export interface ReportPlace {
  name: string;
  /** As somebody wrote it: a relative one is taken from the Pulumi project's folder. */
  folder: string;
  /** The Pulumi project's folder, from the program's, in which steps run. */
  root: string;
}

/** Writes the report after the last step of each phase. */
export class Report extends Step {
  /** Path of the page. */
  declare readonly report: pulumi.Output<string>;
  constructor(
    name: string,
    args: PhasedArgs & ReportPlace & { options: { gate: GateOptions; offsets: OffsetOptions }; facts: pulumi.Input<ReportFacts>; gateEnds: pulumi.Input<TopicEnds | null>; trigger: pulumi.Input<string>; userOperator?: boolean },
    opts: pulumi.CustomResourceOptions,
  ) {
    super("report", "Report", name, { ...args, report: undefined, writtenAt: undefined, kept: undefined }, opts);
  }
}

/** Its removal proves by listing that nothing is left behind, and adds that to the report. */
export class Residue extends Step {
  constructor(
    name: string,
    args: PhasedArgs & { when: "cleanup" | "destroy"; abandon: boolean; look: ResidueOptions; kubernetes: pulumi.Input<pulumi.Input<ObjectsOn>[]>; report?: ReportPlace },
    opts: pulumi.CustomResourceOptions,
  ) {
    super("residue", "Residue", name, args, opts);
  }
}

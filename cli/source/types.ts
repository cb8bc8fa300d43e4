import type { FenceOptions, RaisedFence, TopicEnds } from "../../engine/fence";
import type { GateOptions, GateResult } from "../../engine/gate";
import type { MigrationModel, Phase } from "../../engine/model";
import type { AppliedOffsets, OffsetOptions } from "../../engine/offsets";
import type { PreflightOptions, PreflightResult } from "../../engine/preflight";
import type { ReplicationOptions, ReplicationResult } from "../../engine/replication";
import type { VerifyOptions, VerifyResult } from "../../engine/verify";

/** What the engine's functions are given, as the stack gives it. */
export interface Options {
  preflight: PreflightOptions;
  gate: GateOptions;
  verify: VerifyOptions;
  offsets: OffsetOptions;
  replication: ReplicationOptions;
  fence: FenceOptions;
}

/** What has happened so far, as the stack's state tells it; everything is absent without a stack. */
export interface Done {
  phase?: Phase;
  preflight?: { at: string; result: PreflightResult };
  gate?: GateResult;
  /** Where the origin ended when the gate passed. */
  originEnds?: TopicEnds;
  abandonedAt?: string;
  fence?: RaisedFence;
  verification?: { at: string; result: VerifyResult };
  offsets?: AppliedOffsets;
  replication?: { at: string; result: ReplicationResult };
}

/** One migration, from a stack or a file. */
export interface Migration {
  name: string;
  model: MigrationModel;
  options: Options;
  done: Done;
}

export const DEFAULT_OPTIONS: Options = {
  preflight: {},
  gate: {},
  verify: { mode: "tail" },
  offsets: {},
  replication: {},
  fence: {},
};

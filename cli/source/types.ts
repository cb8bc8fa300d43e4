import type { AccessMode, AccessOptions } from "../../engine/access";
import type { ConnectCluster } from "../../engine/connectors";
import type { FenceOptions, RaisedFence, TopicEnds } from "../../engine/fence";
import type { GateOptions, GateResult } from "../../engine/gate";
import type { MigrationModel, Phase, Scope } from "../../engine/model";
import type { AppliedOffsets, OffsetOptions } from "../../engine/offsets";
import type { PreflightOptions, PreflightResult } from "../../engine/preflight";
import type { PartFacts } from "../../engine/report";
import type { ReplicationOptions, ReplicationResult } from "../../engine/replication";
import type { OriginOperator } from "../inventory/kubernetes";
import type { VerifyOptions, VerifyResult } from "../../engine/verify";
import type { RecordedTopics } from "../../engine/model";

/** The options of the engine's functions, as the stack sets them. */
export interface Options {
  preflight: PreflightOptions;
  gate: GateOptions;
  verify: VerifyOptions;
  offsets: OffsetOptions;
  replication: ReplicationOptions;
  fence: FenceOptions;
  access: AccessOptions & { mode?: AccessMode };
  /** Connect clusters of this part whose source connectors' offsets are copied. */
  connectors: readonly ConnectCluster[];
}

/** What has happened so far to this part, from the stack's state. Without a stack, everything is absent. */
export interface Done {
  phase?: Phase;
  preflight?: { at: string; result: PreflightResult };
  access?: PartFacts["access"];
  gate?: GateResult;
  /**
   * The origin's end offsets when the gate passed. Absent if the way back was opened: later records on the origin then
   * come from the target, and are not late writes.
   */
  originEnds?: TopicEnds;
  abandonedAt?: string;
  fence?: RaisedFence;
  verification?: { at: string; result: VerifyResult };
  connectors?: PartFacts["connectors"];
  offsets?: AppliedOffsets;
  replication?: { at: string; result: ReplicationResult };
  wayBack?: PartFacts["wayBack"];
}

/** One wave of a migration. */
export interface LoadedWave {
  name: string;
  scope: Scope;
  /** Connect clusters whose source connectors' offsets its cutover copies. */
  connectors: readonly ConnectCluster[];
  /** Topic ids that its gate recorded. */
  recorded?: RecordedTopics;
  done: Done;
}

/** One migration, from a stack or a file. If it has waves: one of them, or everything outside the waves. */
export interface LoadedMigration {
  name: string;
  /** The wave that the command is about. Absent: everything outside the waves, or there are none. */
  wave?: string;
  /** Every wave, in the order of the state. Empty: the migration has none. */
  waves: LoadedWave[];
  /** Limited to the wave, or to everything outside the waves. */
  model: MigrationModel;
  options: Options;
  done: Done;
  /** From a model file: when the gate passed, ISO 8601. A stack says it in `done.gate`. */
  gatePassedAt?: string;
  /** Principals of the mirror and of the administrators on the origin, as far as the stack knows them. */
  principals: string[];
  operators: Operators;
  /** The setting `topics`. Absent: no KafkaTopics are written. */
  ownership?: "resources" | "files";
}

/** The operators that manage the users of the clusters. A model file names none. */
export interface Operators {
  /** How to read the resources of the origin's operator. Absent: there is none, or the state is of an older version. */
  origin?: OriginOperator;
  /** True if there is one on the target. */
  target: boolean;
}

export const DEFAULT_OPTIONS: Options = {
  preflight: {},
  gate: {},
  verify: { mode: "tail" },
  offsets: {},
  replication: {},
  fence: {},
  access: {},
  connectors: [],
};

export type Plain = Record<string, unknown>;

export interface StepState {
  /** `Gate`, `Replication`, ... */
  kind: string;
  /** Name of the migration that it belongs to. */
  owner: string;
  props: Plain;
}

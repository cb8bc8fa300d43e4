/** The engine without Pulumi: what `pulumi-kafka-migration/engine` exports. */
export { openKafka, type CountingPort } from "./kafka/client";
export type * from "./kafka/port";
export type * from "./model";
export { MigrationError, isMigrationError } from "./errors";
export * from "./selection";
export { evaluateGate, runGate, type GateOptions, type GateResult } from "./gate";
export {
  compareCopy,
  compareShard,
  mergeResults,
  readShard,
  shardFile,
  type ShardResult,
  verifyCopy,
  type VerifyOptions,
  type VerifyResult,
} from "./verify";
export { silent, type Progress } from "./progress";

export { divide, type Shard, shardName, type Weighted } from "./divide";
export { mergeResults, type NamedShard, shardProblems, shardText } from "./merge";
export type { Remarks } from "./remarks";
export { sampleText } from "./result";
export { progressFileProblem } from "./resume";
export { compareCopy, compareShard, requireEqual, type ShardOptions, verifyCopy } from "./run";
export { isShardText, readShard, shardFile, SHORT_BYTES, shortShard } from "./shard-text";
export { type Look, type ShardResult, type ShardTopic, shardResult } from "./shards";
export {
  comparedBy,
  COUNT_UP_TO,
  type Difference,
  type DifferenceKind,
  HOLE_RECORDS,
  isFault,
  MISS_PROBABILITY,
  MOST_THREADS,
  type SampleResult,
  SEED,
  TAIL_RECORDS,
  type TopicResult,
  type VerifyOptions,
  type VerifyResult,
} from "./types";

export { sampleText } from "./result";
export { compareCopy, verifyCopy } from "./run";
export {
  comparedBy,
  COUNT_UP_TO,
  type Difference,
  type DifferenceKind,
  HOLE_RECORDS,
  isFault,
  MISS_PROBABILITY,
  type SampleResult,
  SEED,
  TAIL_RECORDS,
  type TopicResult,
  type VerifyOptions,
  type VerifyResult,
} from "./types";

export { compareCopy, verifyCopy } from "./run";
export {
  COUNT_UP_TO,
  type Difference,
  type DifferenceKind,
  isFault,
  TAIL_RECORDS,
  type TopicResult,
  type VerifyOptions,
  type VerifyResult,
} from "./types";

export { compareCopy, verifyCopy } from "./run";
export { type Difference, type DifferenceKind, isFault, type TopicResult, type VerifyOptions, type VerifyResult } from "./types";

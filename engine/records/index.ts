export { type Beginning, type BeginningDifference, compareBeginnings } from "./beginning";
export { CODECS } from "./codecs";
export { type DigestState, SequenceDigest } from "./digest";
export { fetchBatches, type Isolation, pickLast, readLast, type ReadOptions, readRecords } from "./read";
export { fingerprint, type Fingerprint, isCopy, Originals, sameTime, timestampCounts } from "./same";
export { scan, type ScanOptions } from "./scan";
export { RecordCursor, STOP, type Visit, walk, type Walked, type WalkOptions } from "./walk";
export { NO_TIMESTAMP } from "./legacy";

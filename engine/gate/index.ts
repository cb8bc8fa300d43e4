export type { Sample } from "./types";
export { findingsOf, type Findings } from "./findings";
export { gap, verdictOf, type PartitionFacts, type Verdict } from "./rule";
export { evaluateGate, runGate } from "./run";
export { findRecreatedTopics } from "./compare-records";
export { runGateAndNameWriters } from "./writers";
export { Samples } from "./samples";
export type { GateFinding, GateFindingKind, GateOptions, GateResult } from "./types";
export { copyEnds, type CopyEnds, originMovedOn, writtenSince, type WrittenOnTarget } from "./copy-ends";

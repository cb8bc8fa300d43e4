export type { Stopped } from "./types";
/** The report of a migration: plain data to JSON and to one self-contained page. See docs/report.md. */
export { buildReport, sampleOf } from "./build";
export { type Ending, endReport } from "./end";
export { factsOf, type ReportFacts, returnPause } from "./facts";
export { lookAtCopy, lookAtGroups, lookAtThrottle } from "./look";
export { reportHtml } from "./page";
export { type GateRecord, reportParts, type ReportWave, waveFacts, withoutResult, writtenSinceGates } from "./parts";
export type {
  CopyLook,
  FenceHistory,
  GroupCount,
  GroupRow,
  LeftThrottle,
  PartFacts,
  GroupsPause,
  Pause,
  Report,
  ReportInput,
  ReturnGate,
  Sample,
  TimelineEntry,
  Tone,
  TopicCopy,
  TopicRow,
  WaveFacts,
  WaveRow,
} from "./types";
export { groupsPause, lengthText, partPause, type PartPause, partPauseText, pauseText, producersPause } from "./pause";
export { earlierReport, earlierSamples, reportPaths, writeReport, type WrittenReport } from "./write";

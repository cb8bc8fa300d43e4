/** The report of a migration: plain data to JSON and to one self-contained page. See docs/report.md. */
export { buildReport, sampleOf } from "./build";
export { reportHtml } from "./page";
export type { CopyLook, GroupRow, Report, ReportInput, Sample, TimelineEntry, Tone, TopicCopy, TopicRow } from "./types";
export { earlierSamples, writeReport, type WrittenReport } from "./write";

/** Asks the gate once, in a process that does nothing else: its memory and its cold code are what a `pulumi up` pays. */
import { readFileSync } from "node:fs";
import { evaluateGate } from "../engine/gate";
import type { MigrationModel } from "../engine/model";
import { silent } from "../engine/progress";

export interface GateMeasure {
  /** From the call to the answer, connecting included. */
  ms: number;
  requests: number;
  partitions: number;
  gapsRead: number;
  lastRecordsCompared: number;
  /** Largest resident set of the process, bytes. */
  peakBytes: number;
}

/** The kernel's own mark where there is one: `maxRSS` of a forked process also counts what its parent held before the exec. */
function peakBytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // No /proc here.
  }
  return process.resourceUsage().maxRSS * 1024;
}

// The connections hold passwords: they come through the pipe, never as arguments.
process.once("message", (model: MigrationModel) => {
  const begun = performance.now();
  evaluateGate(model, {}, silent).then(
    ({ requests, partitions, gapsRead, lastRecordsCompared }) => {
      const measure: GateMeasure = { ms: performance.now() - begun, requests, partitions, gapsRead, lastRecordsCompared, peakBytes: peakBytes() };
      process.send!(measure, () => process.disconnect());
    },
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});

/** Asks the gate once, in a process that does nothing else: its memory and its cold code are what a `pulumi up` pays. */
import { evaluateGate } from "../engine/gate";
import type { MigrationModel } from "../engine/model";
import { silent } from "../engine/progress";
import { peakBytes } from "./peak";

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

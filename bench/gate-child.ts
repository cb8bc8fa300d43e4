/**
 * Asks the gate once, in a process that has loaded what Pulumi's process for dynamic providers has: its memory and its cold
 * code are what a `pulumi up` pays.
 */
import { evaluateGate } from "../engine/gate";
import type { MigrationModel } from "../engine/model";
import { planOffsets } from "../engine/offsets";
import { preflight } from "../engine/preflight";
import { silent } from "../engine/progress";
import { planReplicationFor } from "../engine/replication";
import { verifyCopy } from "../engine/verify";
import { peakBytes } from "./peak";

export interface GateMeasure {
  /** From the call to the answer, connecting included. */
  ms: number;
  requests: number;
  partitions: number;
  gapsRead: number;
  lastRecordsCompared: number;
  /** Largest resident set of the process, bytes: after the gate, */
  peakBytes: number;
  /** and after the other steps of a cutover in the same process, as in one `pulumi up`. */
  peakBytesOfAll: number;
}

// It serves on a port of its own, which nobody asks; the engine's address is only for its log.
process.argv[2] = "127.0.0.1:1";
require("@pulumi/pulumi/cmd/dynamic-provider");
require("../lifecycle/handlers");

async function measure(model: MigrationModel): Promise<GateMeasure> {
  const begun = performance.now();
  const { requests, partitions, gapsRead, lastRecordsCompared } = await evaluateGate(model, {}, silent);
  const ms = performance.now() - begun;
  const peak = peakBytes();
  await preflight(model, {}, silent);
  await verifyCopy(model, { mode: "tail", tailRecords: 100 }, silent);
  await planOffsets(model, {}, silent);
  await planReplicationFor(model, {});
  return { ms, requests, partitions, gapsRead, lastRecordsCompared, peakBytes: peak, peakBytesOfAll: peakBytes() };
}

// The connections hold passwords: they come through the pipe, never as arguments.
process.once("message", (model: MigrationModel) => {
  measure(model).then(
    (result) => process.send!(result, () => process.exit()),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    },
  );
});

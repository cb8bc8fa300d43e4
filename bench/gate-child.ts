/**
 * Evaluates the gate once, in a process that has loaded the same modules as Pulumi's process for dynamic providers. Its
 * memory and its cold code are therefore those of a `pulumi up`.
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
  /** Milliseconds from the call to the answer, including the time to connect. */
  ms: number;
  requests: number;
  partitions: number;
  gapsRead: number;
  lastRecordsCompared: number;
  /** Largest resident set of the process after the gate, in bytes. */
  peakBytes: number;
  /** Largest resident set, in bytes, after the other steps of a cutover in the same process, as in one `pulumi up`. */
  peakBytesOfAll: number;
}

// The provider listens on its own port, which nothing calls. It uses the engine's address only for its log.
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

// The connections hold passwords, so they come through the pipe and never as arguments.
process.once("message", (model: MigrationModel) => {
  measure(model).then(
    (result) => process.send!(result, () => process.exit()),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    },
  );
});

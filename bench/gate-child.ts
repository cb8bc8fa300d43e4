/**
 * Evaluates the gate once, in a process that has loaded the same modules as Pulumi's process for dynamic providers. Its
 * memory and its cold code are therefore those of a `pulumi up`. Then measures one look of a gate that waits.
 */
import { withClusters } from "../engine/clusters";
import { evaluateGate } from "../engine/gate";
import { Observer } from "../engine/gate/observe";
import { keepHeapSmall } from "../engine/memory";
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
  /** Milliseconds of one look of a connected gate that has looked before: what each further look of a wait costs. */
  lookMs: number;
  requests: number;
  partitions: number;
  gapsRead: number;
  lastRecordsCompared: number;
  /** Largest resident set of the process after the gate, in bytes. */
  peakBytes: number;
  /** The same after the looks, at the end of which the gate holds two of them. */
  peakBytesOfLooks: number;
  /** Largest resident set, in bytes, after the other steps of a cutover in the same process, as in one `pulumi up`. */
  peakBytesOfAll: number;
}

export interface GateTask {
  model: MigrationModel;
  /** False: only the gate, not the other steps. Simulated brokers do not answer those. */
  steps: boolean;
  /** False: the process has only loaded what the command line loads. */
  pulumi: boolean;
}

function loadPulumi(): void {
  // The provider listens on its own port, which nothing calls. It uses the engine's address only for its log.
  process.argv[2] = "127.0.0.1:1";
  require("@pulumi/pulumi/cmd/dynamic-provider");
  require("../lifecycle/handlers");
}

async function look(model: MigrationModel): Promise<number> {
  return withClusters(model, async (clusters) => {
    const observer = new Observer(clusters, model.mirror);
    await observer.look(false);
    const begun = performance.now();
    await observer.look(false);
    return performance.now() - begun;
  });
}

async function measure({ model, steps, pulumi }: GateTask): Promise<GateMeasure> {
  if (pulumi) loadPulumi();
  else keepHeapSmall();
  const begun = performance.now();
  const { requests, partitions, gapsRead, lastRecordsCompared } = await evaluateGate(model, {}, silent);
  const ms = performance.now() - begun;
  const peak = peakBytes();
  const lookMs = await look(model);
  const peakBytesOfLooks = peakBytes();
  if (steps) {
    await preflight(model, {}, silent);
    await verifyCopy(model, { mode: "tail", tailRecords: 100 }, silent);
    await planOffsets(model, {}, silent);
    await planReplicationFor(model, {});
  }
  const peaks = { peakBytes: peak, peakBytesOfLooks, peakBytesOfAll: peakBytes() };
  return { ms, lookMs, requests, partitions, gapsRead, lastRecordsCompared, ...peaks };
}

// The connections hold passwords, so they come through the pipe and never as arguments.
process.once("message", (task: GateTask) => {
  measure(task).then(
    (result) => process.send!(result, () => process.exit()),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    },
  );
});

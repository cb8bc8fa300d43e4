/**
 * Reads and compares in a process that does nothing else. Its memory and its cold code are therefore those of a `pulumi
 * up`.
 */
import { withClusters } from "../engine/clusters";
import type { MigrationModel } from "../engine/model";
import { silent } from "../engine/progress";
import { compareCopy } from "../engine/verify";
import { countReads } from "../engine/verify/count-reads";
import { digests } from "../engine/verify/ordered";
import { readPairs } from "../engine/verify/pairs";
import { peakBytes } from "./peak";

export interface VerificationTask {
  model: MigrationModel;
  /** `origin`: only the verification's work on the origin. `both`: the verification in mode `full`. */
  what: "origin" | "both";
}

export interface VerificationMeasure {
  /**
   * `origin`: reading only, as the tool counts it. `both`: from the call to the answer, including the time to connect.
   */
  seconds: number;
  /** CPU seconds of all threads of this process. */
  cpuSeconds: number;
  records: number;
  /** Bytes as fetched: batches with their headers. */
  bytes: number;
  peakBytes: number;
}

type Read = Omit<VerificationMeasure, "peakBytes" | "seconds" | "cpuSeconds">;

async function timed(work: () => Promise<Read>): Promise<VerificationMeasure> {
  const begun = performance.now();
  const used = process.cpuUsage();
  const read = await work();
  const { user, system } = process.cpuUsage(used);
  return {
    ...read,
    seconds: (performance.now() - begun) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: peakBytes(),
  };
}

async function origin(model: MigrationModel): Promise<VerificationMeasure> {
  return withClusters(model, async (clusters) => {
    const { pairs } = await readPairs(clusters, model.mirror);
    return timed(async () => {
      const read = { records: 0, bytes: 0 };
      await digests(
        countReads(clusters, (_, bytes) => void (read.bytes += bytes)),
        "origin",
        pairs,
        model.mirror.isolationLevel,
        {},
        (_, { count }) => void (read.records += count),
      );
      return read;
    });
  });
}

async function both(model: MigrationModel): Promise<VerificationMeasure> {
  return timed(async () => {
    const { equal, topics, bytes } = await compareCopy(model, { mode: "full", threads: 1 }, silent);
    if (!equal) throw new Error("the copy differs: this run says nothing");
    return {
      records: topics.reduce((sum, t) => sum + t.originRecords + t.targetRecords, 0),
      bytes: bytes.origin + bytes.target,
    };
  });
}

// The connections hold passwords, so they come through the pipe and never as arguments.
process.once("message", ({ model, what }: VerificationTask) => {
  (what === "origin" ? origin(model) : both(model)).then(
    (measure) => process.send!(measure, () => process.disconnect()),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});

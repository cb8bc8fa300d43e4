/** Compares a recording with itself in a process that does nothing else, with one thread or several. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { silent } from "../engine/progress";
import { countReads } from "../engine/verify/count-reads";
import { workerThread } from "../engine/verify/thread-start";
import { Threads } from "../engine/verify/threads";
import type { Pair } from "../engine/verify/pairs";
import type { PartitionResult } from "../engine/verify/types";
import { comparing } from "../engine/verify/work";
import { withClusters } from "../engine/clusters";
import { peakBytes } from "./peak";
import { type ReplaySource, replayRanges } from "./replay";
import { openReplay } from "./threads-program";

export interface ThreadsTask {
  source: ReplaySource;
  threads: number;
}

export interface ThreadsMeasure {
  /** From the call to the last result, including the start of the threads. */
  seconds: number;
  /** The same without the time for which the threads waited for a core. On an idle machine both are equal. */
  ownSeconds: number;
  /** CPU seconds of all threads of this process. */
  cpuSeconds: number;
  /** Bytes of both sides, as fetched. */
  bytes: number;
  /** Records of both sides. */
  records: number;
  peakBytes: number;
}

/**
 * The seconds for which the busiest threads of this process waited for a core: the least of them, so that the result
 * is rather too slow than too fast. 0 where the kernel does not tell (`/proc/PID/task/TID/schedstat`, Linux).
 */
function leastWait(threads: number): number {
  try {
    const times = readdirSync("/proc/self/task").map((task) =>
      readFileSync(`/proc/self/task/${task}/schedstat`, "utf8").split(" ").map(Number),
    );
    const busiest = times.sort(([a], [b]) => b! - a!).slice(0, threads);
    return Math.min(...busiest.map(([, waited]) => waited! / 1e9));
  } catch {
    return 0;
  }
}

async function measure({ source, threads }: ThreadsTask): Promise<ThreadsMeasure> {
  const { ranges, bytes: each, records } = await replayRanges(source);
  const connection = { bootstrapServers: JSON.stringify(source) };
  const model = { origin: connection, target: connection };
  const items = ranges.map((range) => {
    const pair: Pair = { origin: range, target: range, compacted: false, timestamps: true, identity: "" };
    return { pair };
  });
  const read = { bytes: 0, records: 0, equal: 0 };
  const watch = {
    bytes: (_: string, count: number) => void (read.bytes += count),
    done: (_: Pair, { differences, originRecords, targetRecords }: PartitionResult) => {
      read.records += originRecords! + targetRecords!;
      if (differences.length === 0) read.equal++;
    },
  };
  const begun = performance.now();
  const used = process.cpuUsage();
  const work = { kind: "in order" } as const;
  const options = { model, progress: silent, start: workerThread(join(__dirname, "threads-program.js")) };
  const several = new Threads(options);
  if (threads > 1) await several.compare(threads, () => 2 * each)(work, items, "read_uncommitted", watch);
  else
    await withClusters(
      model,
      (clusters) => comparing(countReads(clusters, watch.bytes))(work, items, "read_uncommitted", watch),
      openReplay,
    );
  const seconds = (performance.now() - begun) / 1000;
  const ownSeconds = seconds - leastWait(threads);
  const { user, system } = process.cpuUsage(used);
  several.end();
  const expected = 2 * each * items.length;
  if (read.equal !== items.length || read.records !== 2 * records || read.bytes < expected)
    throw new Error(
      `${read.equal} of ${items.length} partitions equal, ${read.records} of ${2 * records} records and ` +
        `${read.bytes} of ${expected} bytes read`,
    );
  return {
    seconds,
    ownSeconds,
    cpuSeconds: (user + system) / 1e6,
    bytes: read.bytes,
    records: read.records,
    peakBytes: peakBytes(),
  };
}

process.once("message", (task: ThreadsTask) => {
  measure(task).then(
    (answer) => process.send!(answer, () => process.disconnect()),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});

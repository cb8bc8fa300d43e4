import { MigrationError } from "../../engine/errors";
import { atMost, bytesText, countText, durationText } from "../../engine/units";
import {
  compareCopy,
  isFault,
  MOST_THREADS,
  progressFileProblem,
  sampleText,
  type VerifyOptions,
  type VerifyResult,
} from "../../engine/verify";
import { type Command, type Outcome, SOURCE_OPTIONS, type Values } from "../command";
import { EXIT } from "../exit";
import { table } from "../table";
import { Reader } from "../values";
import { mergeFiles, runShard, SHARD_OPTIONS, shardFrom } from "../verify-shards";

const ONLY_SAMPLE = ["hole-records", "miss-probability", "seed"];

/** Compares both sides. Changes nothing. */
export const verify: Command = {
  summary: "compare the records on both sides",
  options: {
    mode: {
      type: "string",
      value: "tail|sample|full",
      help: "counts and the last records of each partition, also samples, or every record (default: the stack's)",
    },
    "tail-records": {
      type: "string",
      value: "N",
      help: "modes tail and sample: records compared at the end of each partition (default: the stack's)",
    },
    "hole-records": { type: "string", value: "N", help: "mode sample: size of the hole to look for (default: 1000)" },
    "miss-probability": {
      type: "string",
      value: "P",
      help: "mode sample: accepted probability that such a hole is missed (default: 0.05)",
    },
    seed: { type: "string", value: "N", help: "mode sample: the same seed reads the same samples (default: 1)" },
    "throttle-bytes-per-second": {
      type: "string",
      value: "BYTES",
      help: "read at most this many bytes per second from each cluster (default: the stack's)",
    },
    threads: {
      type: "string",
      value: "N",
      help: "threads that read and compare (default: one for each core if there is enough to read; mode tail: 1)",
    },
    resume: {
      type: "string",
      value: "FILE",
      help: "file for the progress: an interrupted run continues from there, also within a partition",
    },
    ...SHARD_OPTIONS,
  },
  runAlone(values) {
    const files = new Reader(values).list("merge");
    return files.length === 0 ? undefined : async () => outcomeOf(await mergeFiles(files, othersThanMerge(values)));
  },
  afterInterrupt: ({ resume }) =>
    resume === undefined
      ? "run it again; with --resume FILE an interrupted run goes on where it stopped"
      : "run it again: it goes on where it stopped",
  async run({ migration, values, progress, signal }) {
    const read = new Reader(values);
    const configured = migration.options.verify;
    const asked = read.oneOf("mode", ["tail", "sample", "full"] as const);
    const mode = asked ?? (configured.mode === "none" ? "tail" : configured.mode);
    const unused = { tail: ONLY_SAMPLE, sample: [], full: [...ONLY_SAMPLE, "tail-records"] }[mode];
    // A mode that does not exist is the only mistake.
    for (const name of asked === undefined && read.text("mode") !== undefined ? [] : unused)
      if (read.text(name) !== undefined) read.mistake(`--${name} has no effect in mode ${mode}: add --mode sample`);
    const tailRecords = read.count("tail-records");
    const [holeRecords, missProbability, seed] = [
      read.count("hole-records"),
      read.fraction("miss-probability"),
      read.count("seed"),
    ];
    const throttleBytesPerSecond = read.count("throttle-bytes-per-second");
    const threads = read.count("threads");
    if ((threads ?? 1) > MOST_THREADS)
      read.mistake(`--threads is "${threads}": it must be a whole number from 1 to ${MOST_THREADS}`);
    const resumeFile = read.text("resume");
    const shard = shardFrom(read);
    if (resumeFile !== undefined && resumeFile === read.text("out"))
      read.mistake("--resume and --out name the same file");
    read.check("verify");
    if (resumeFile !== undefined) await requireProgressFile(resumeFile);
    const options: VerifyOptions = {
      ...configured,
      mode,
      ...(tailRecords === undefined ? {} : { tailRecords }),
      ...(holeRecords === undefined ? {} : { holeRecords }),
      ...(missProbability === undefined ? {} : { missProbability }),
      ...(seed === undefined ? {} : { seed }),
      ...(throttleBytesPerSecond === undefined ? {} : { throttleBytesPerSecond }),
      ...(threads === undefined ? {} : { threads }),
      ...(resumeFile === undefined ? {} : { resumeFile }),
    };
    if (shard !== undefined) {
      const gatePassedAt = migration.done.gate?.passedAt ?? migration.gatePassedAt;
      return runShard(
        migration.model,
        options,
        { ...shard, ...(gatePassedAt === undefined ? {} : { gatePassedAt }) },
        progress,
        signal,
      );
    }
    return outcomeOf(await compareCopy(migration.model, options, progress, signal));
  },
};

/** Hours of reading must not end without anything that a later run can go on from. */
async function requireProgressFile(file: string): Promise<void> {
  const problem = await progressFileProblem(file);
  if (problem === undefined) return;
  throw new MigrationError("CLI_RESUME_FILE", `the progress can't be kept in ${file}: ${problem}`, {
    fix: "use a file for --resume that an earlier `verify --resume` wrote, or a new one in an existing folder",
  });
}

/** The options that were given beside `--merge` and that it would ignore. It needs no migration. */
function othersThanMerge(values: Values): string[] {
  return [...SOURCE_OPTIONS, ...Object.keys(verify.options)].filter(
    (name) => name !== "merge" && values[name] !== undefined,
  );
}

function outcomeOf(result: VerifyResult): Outcome {
  const shown = [...result.differences].sort((a, b) => Number(isFault(b)) - Number(isFault(a)));
  return {
    exit: result.equal ? EXIT.fine : EXIT.no,
    lines: [
      ...table(
        ["topic", "partitions", "origin", "target", "twice", "differing"],
        result.topics.map((t) => [
          t.topic,
          String(t.partitions),
          atMost(t.originRecords, !t.counted),
          atMost(t.targetRecords, !t.counted),
          String(t.duplicates),
          String(t.faulty),
        ]),
      ),
      "",
      ...shown.slice(0, 50).map((d) => `${isFault(d) ? "difference" : "note"}: ${d.text}`),
      ...(shown.length > 50 ? [`and ${shown.length - 50} more (--json has them)`] : []),
      ...result.notes.map((n) => `note: ${n}`),
      ...(result.sample === undefined ? [] : [sampleText(result.sample)]),
      `${result.equal ? "equal" : "DIFFERENT"}: ${countText(result.partitions, "partition")} (${result.mode}), ` +
        `${bytesText(result.bytes.origin)} against ${bytesText(result.bytes.target)} in ` +
        `${durationText(result.durationMs)} and ${countText(result.requests, "request")}`,
    ],
    json: result,
  };
}

/** The default of {@link VerifyOptions.tailRecords}. */
export const TAIL_RECORDS = 100;
/** The default of {@link VerifyOptions.countUpTo}. */
export const COUNT_UP_TO = 200_000;

/** The default of {@link VerifyOptions.holeRecords}. */
export const HOLE_RECORDS = 1_000;
/** The default of {@link VerifyOptions.missProbability}. */
export const MISS_PROBABILITY = 0.05;
/** The default of {@link VerifyOptions.seed}. */
export const SEED = 1;

/** The largest value of {@link VerifyOptions.threads}. */
export const MOST_THREADS = 64;

/** Options of the verification. */
export interface VerifyOptions {
  /**
   * What is compared. `none`: nothing. `tail`: the counts and the last records of each partition. `sample`: the same,
   * and windows of records at random places of each partition. `full`: every record.
   */
  mode: "none" | "tail" | "sample" | "full";
  /** Modes `tail` and `sample`: number of records that are compared at the end of each partition. Default 100. */
  tailRecords?: number;
  /**
   * Modes `tail` and `sample`: if the number of offsets of a partition differs between the sides, it is counted record
   * by record, provided that it has at most this many offsets. Default 200,000.
   */
  countUpTo?: number;
  /**
   * Path of a file that saves the progress, so that an interrupted run can continue where it stopped. Progress is saved
   * after each partition. In mode `full` it is also saved after every 100,000 records of a partition that is not
   * compacted. Default: no file.
   */
  resumeFile?: string;
  /** Mode `sample`: a hole of this many records has to be found. Default 1,000. */
  holeRecords?: number;
  /** Mode `sample`: accepted probability that such a hole, at a random place, is missed. Default 0.05. */
  missProbability?: number;
  /** Mode `sample`: the same seed reads the same windows of the same logs. Default 1. */
  seed?: number;
  /**
   * Bytes per second that are read from each cluster, on average. The client limits itself, so no quota is needed.
   * Default: no limit.
   */
  throttleBytesPerSecond?: number;
  /**
   * Number of threads that read and compare, each with its own connections. The result does not depend on it. Default:
   * one for each core, at most 8, and only as many as there is enough to read for; 1 in mode `tail`.
   */
  threads?: number;
}

export type DifferenceKind =
  /** The record is only on the origin. */
  | "missing"
  /** The record is only on the target, and is not a copy of a record near it. */
  | "extra"
  /** The record is on the target twice. The mirror's producer is not idempotent by default. */
  | "duplicate"
  /** The same number of records at the same position, but with other content. */
  | "changed"
  /** The same records in a different order. */
  | "order"
  /** The target still has records that the origin has deleted after they were copied. */
  | "kept longer"
  /** The target's retention has deleted records that the origin still has. */
  | "expired"
  /** The topic id has changed since the mirror was started. The topic was deleted and created again. */
  | "recreated"
  /** No position was found from which both sides match again. The rest was not compared. */
  | "diverged";

export interface Difference {
  /** Origin topic. */
  topic: string;
  partition: number;
  kind: DifferenceKind;
  /** Number of affected records. */
  count: number;
  /** Origin offset at which the difference begins. undefined if only the target has the records. */
  originOffset?: number;
  /** Target offset at which the difference begins. undefined if only the origin has the records. */
  targetOffset?: number;
  /** Readable description in one line. */
  text: string;
}

/** The result of comparing one partition. */
export interface PartitionResult {
  topic: string;
  partition: number;
  /**
   * What was compared. `exact`: every record. `latest per key`: the latest record of each key. `tail`: the last
   * records. `sample`: windows of records at random places.
   */
  proof: "exact" | "latest per key" | "tail" | "sample" | "nothing to compare";
  /** With proof `sample`: what was read of the partition. */
  sample?: Pick<SampleResult, "windows" | "records" | "missed">;
  /** Number of visible records. undefined if they were not counted. */
  originRecords?: number;
  targetRecords?: number;
  /** The first differences. The rest is counted in one more difference for each kind at the end. */
  differences: Difference[];
}

/** True if some records of the partition were not compared: neither at its ends nor in samples. */
export const isPartial = ({ proof, originRecords, targetRecords }: PartitionResult): boolean =>
  proof === "sample" || (proof === "tail" && (originRecords === undefined || targetRecords === undefined));

export interface TopicResult {
  topic: string;
  target: string;
  partitions: number;
  /** True if only the latest record of each key was compared. */
  compacted: boolean;
  originRecords: number;
  targetRecords: number;
  /** False if a partition was compared only at its end, so its records were not counted. */
  counted: boolean;
  /** Number of records that are on the target twice. */
  duplicates: number;
  /** Number of records that one side has deleted and the other side still has. undefined: none. */
  oneSided?: number;
  /** Number of partitions with a difference that is a fault. */
  faulty: number;
}

/** What mode `sample` read of the partitions that were not compared completely. */
export interface SampleResult {
  /** The same seed reads the same windows of the same logs. */
  seed: number;
  partitions: number;
  windows: number;
  /** Number of records in the windows. */
  records: number;
  holeRecords: number;
  /** Probability that a hole of `holeRecords` at a random place was missed, in the partition where it is largest. */
  missed: number;
}

export interface VerifyResult {
  mode: "none" | "tail" | "sample" | "full";
  /** True if no fault was found. Duplicates and records that one side keeps longer are not faults. */
  equal: boolean;
  topics: TopicResult[];
  /** At most 1,000 differences, faults first. */
  differences: Difference[];
  /** Remarks that are not faults. */
  notes: string[];
  partitions: number;
  /** Number of partitions with a fault. Only if `topics` is not complete: merged from short results of machines. */
  faulty?: number;
  /** Number of partitions whose result is from an interrupted run. */
  resumed: number;
  bytes: { origin: number; target: number };
  /** In mode `sample`. */
  sample?: SampleResult;
  durationMs: number;
  requests: number;
  /** The limit with which it read from each cluster, in bytes per second. Absent: none. */
  throttleBytesPerSecond?: number;
}

const FAULTS: ReadonlySet<DifferenceKind> = new Set(["missing", "extra", "changed", "order", "recreated", "diverged"]);

export function isFault(difference: Difference): boolean {
  return FAULTS.has(difference.kind);
}

/** Returns the options that decide how much is compared, with their defaults. The mode ignores the others. */
export function comparedBy(options: VerifyOptions): VerifyOptions {
  const { mode, tailRecords = TAIL_RECORDS, countUpTo = COUNT_UP_TO } = options;
  const { holeRecords = HOLE_RECORDS, missProbability = MISS_PROBABILITY, seed = SEED } = options;
  if (mode === "tail") return { mode, tailRecords, countUpTo };
  return mode === "sample" ? { mode, tailRecords, countUpTo, holeRecords, missProbability, seed } : { mode };
}

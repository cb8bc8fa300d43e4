/** The default of {@link VerifyOptions.tailRecords}. */
export const TAIL_RECORDS = 100;
/** The default of {@link VerifyOptions.countUpTo}. */
export const COUNT_UP_TO = 200_000;

/** Options of the verification. */
export interface VerifyOptions {
  /** `none`: nothing; `tail`: counts and the last records of each partition; `full`: every record. */
  mode: "none" | "tail" | "full";
  /** Records compared at the end of each partition in mode `tail`. Default 100. */
  tailRecords?: number;
  /** Mode `tail`: a partition whose sides differ in offsets is counted record by record up to this many offsets. Default 200,000. */
  countUpTo?: number;
  /** A file that remembers how far it was, so that an interrupted run goes on where it stopped: at each partition, and in mode `full` every 100,000 records of one that is not compacted. Default none. */
  resumeFile?: string;
}

export type DifferenceKind =
  /** On the origin only. */
  | "missing"
  /** On the target only, and no copy of a record near it. */
  | "extra"
  /** On the target twice: the mirror's producer is not idempotent by default. */
  | "duplicate"
  /** The same number of records at the same place, with other content. */
  | "changed"
  /** The same records in another order. */
  | "order"
  /** The target still holds what the origin has deleted meanwhile. */
  | "kept longer"
  /** The target's retention has deleted what the origin still holds. */
  | "expired"
  /** The topic has another id than when the mirror was started: it was deleted and created again. */
  | "recreated"
  /** No common ground found any more: what follows was not compared. */
  | "diverged";

export interface Difference {
  /** Origin topic. */
  topic: string;
  partition: number;
  kind: DifferenceKind;
  /** Records concerned. */
  count: number;
  /** Origin offset at which it begins; undefined where only the target holds records. */
  originOffset?: number;
  /** Target offset at which it begins; undefined where only the origin holds records. */
  targetOffset?: number;
  /** One line for a person. */
  text: string;
}

/** What one partition's comparison came to. */
export interface PartitionResult {
  topic: string;
  partition: number;
  /** `exact`: every record was compared; `tail`: the last ones were. */
  proof: "exact" | "latest per key" | "tail" | "nothing to compare";
  /** Visible records; undefined where they were not counted. */
  originRecords?: number;
  targetRecords?: number;
  /** The first of each kind; more are counted in the text of the last. */
  differences: Difference[];
}

export interface TopicResult {
  topic: string;
  target: string;
  partitions: number;
  /** Compared as the latest value of each key. */
  compacted: boolean;
  originRecords: number;
  targetRecords: number;
  /** False where some partition was compared at its end only and not counted. */
  counted: boolean;
  /** Records on the target twice. */
  duplicates: number;
  /** Records that one side has deleted and the other still holds; undefined: none. */
  oneSided?: number;
  /** Partitions with a difference that is a fault. */
  faulty: number;
}

export interface VerifyResult {
  mode: "none" | "tail" | "full";
  /** No fault was found; duplicates and records that one side keeps longer are no faults. */
  equal: boolean;
  topics: TopicResult[];
  /** At most 1,000, faults first. */
  differences: Difference[];
  /** Said, but no fault. */
  notes: string[];
  partitions: number;
  /** Partitions taken over from an interrupted run. */
  resumed: number;
  bytes: { origin: number; target: number };
  durationMs: number;
  requests: number;
}

const FAULTS: ReadonlySet<DifferenceKind> = new Set(["missing", "extra", "changed", "order", "recreated", "diverged"]);

export function isFault(difference: Difference): boolean {
  return FAULTS.has(difference.kind);
}

import type { DiskSpace } from "../kafka/port";

/** What is known about one topic that the migration copies. */
export interface TopicFacts {
  name: string;
  partitions: number;
  /** Offsets between the start and the end of its logs, all partitions. */
  records: number;
  /** Bytes on disk, one copy of each partition. undefined: the origin does not report sizes to this user. */
  bytes?: number;
  /** Offsets per second between the two looks. undefined: a partition had no leader, or the topic is gone. */
  recordsPerSecond?: number;
  /** The highest timestamp, ms since the epoch. undefined: no record, or unknown (before Kafka 3.0). */
  lastRecordAt?: number;
  /** True if it has no record of the last days (option `idleMs`). undefined: a partition has no leader. */
  idle?: boolean;
  /** `retention.ms` if the topic deletes by time. */
  retentionMs?: number;
  /** `retention.bytes` of one partition if the topic deletes by size. */
  retentionBytes?: number;
  /** Replicas that it needs on the target. undefined: unknown. */
  factor?: number;
  /** Bytes of all its replicas on the target now. */
  targetBytes: number;
  /** Offsets that its logs hold on the target. undefined: it does not exist there. */
  targetRecords?: number;
  /** Offsets per second that were added on the target between the two looks. */
  targetRecordsPerSecond?: number;
}

export interface GroupFacts {
  name: string;
  members: number;
  /** Topics of the migration with a committed offset, sorted. */
  committed: string[];
  /** Topics of the migration that its members read now, sorted. undefined: unknown (`GroupDescription.reads`). */
  reads?: string[];
  /** Why the group looks unused. undefined: it is used, or this cannot be determined. */
  unused?: string;
}

/** A producer that has written transactions to several topics of the migration. */
export interface TransactionsOf {
  /** The transactional id, or `producer 4711` if this user may not see it. */
  name: string;
  topics: string[];
}

/** What was read from both clusters. Plain data. */
export interface PlanFacts {
  topics: TopicFacts[];
  /** Names of all topics that the origin shows. Patterns must not select the others. */
  allTopics: string[];
  /** Groups that move. */
  groups: GroupFacts[];
  allGroups: string[];
  /** Groups that read topics of the migration and that the patterns do not select. */
  leftOut: string[];
  /** Share groups. They never move. */
  share: string[];
  /** undefined: the brokers do not report producers (before Kafka 2.8), or this user may not read them. */
  transactions?: TransactionsOf[];
  /** Brokers of the target. */
  targetBrokers: number[];
  disks: DiskSpace[];
  /** Time between the two looks, ms. */
  measuredMs: number;
}

export interface PlanOptions {
  /** Time between the two looks at the end offsets, ms. Default 10,000. */
  measureMs?: number;
  /** A topic without a record of this time is idle; a group that has not read a record of this age is unused, ms. */
  idleMs?: number;
  /** Bytes per second at which the mirror copies. Default: measured, if a mirror is catching up. */
  rate?: number;
  /** Most waves to propose. Default 8. */
  waves?: number;
  /** Names of groups or transactional producers that do not hold topics together. Default none. */
  split?: readonly string[];
}

/** What holds topics together. */
export interface Link {
  kind: "group" | "streams" | "transactions";
  name: string;
  /** Sorted. */
  topics: string[];
}

/** One of the pieces into which a part falls without a link. */
export interface Piece {
  topics: number;
  /** undefined: the sizes are unknown. */
  bytes?: number;
  /** The first few names. */
  some: string[];
}

/** A link without which its part falls into pieces. */
export interface Bridge {
  kind: Link["kind"];
  name: string;
  pieces: Piece[];
}

/** Topics that belong together, directly or through others. */
export interface Part {
  /** Sorted. */
  topics: string[];
  links: Link[];
  bridges: Bridge[];
}

export interface Wave {
  name: string;
  topics: string[];
  groups: string[];
  /** Java regular expressions that select exactly these topics and groups of the origin. */
  topicsPattern: string;
  /** Without the groups of `Plan.splitGroups`. Empty: no group. */
  groupsPattern: string;
  phase: "mirror";
  parts: number;
  /** undefined: unknown. */
  bytes?: number;
  bytesPerSecond?: number;
  /** Topics without a recent record. */
  idle: number;
  /** How long its copy takes alone, ms. undefined: unknown or never. */
  copyMs?: number;
}

export interface CopyEstimate {
  /** Bytes that the mirror still has to copy. undefined: the sizes are unknown. */
  leftBytes?: number;
  /** Bytes that are written on the origin per second. */
  writtenPerSecond?: number;
  rate?: { bytesPerSecond: number; from: "given" | "measured" };
  /** undefined: unknown, or the rate is not higher than what is written. */
  ms?: number;
  /** The estimate in words. */
  text: string;
}

export interface Plan {
  facts: PlanFacts;
  parts: Part[];
  waves: Wave[];
  /** Groups that several waves move: each wave their offsets on its own topics. Sorted. */
  splitGroups: string[];
  copy: CopyEstimate;
  /** What would lose records or fill disks. */
  problems: string[];
  /** What could not be determined. */
  unknown: string[];
}

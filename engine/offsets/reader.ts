import type { TopicPartition } from "../kafka/port";
import type { RecordCursor } from "../records/walk";

/** A stretch of one partition to be read. */
export interface ScanAsk extends TopicPartition {
  from: number;
  /** Exclusive. */
  to: number;
  /** Called for every visible record of [from, to), in order. */
  see(cursor: RecordCursor): void;
}

/** A time (ms) in one partition. */
export interface Moment extends TopicPartition {
  timestamp: number;
}

/** What the translation needs of one cluster's logs. */
export interface LogReader {
  /**
   * Reads every ask to its end; several asks may name the same partition. Partitions are read side by side.
   * @throws MigrationError when a stretch can't be read, or is no longer there.
   */
  scan(asks: readonly ScanAsk[], signal?: AbortSignal): Promise<void>;
  /** The first offset whose record has this timestamp (ms) or a later one; undefined when there is none. */
  offsetAt(partition: TopicPartition, timestamp: number): Promise<number | undefined>;
  /** The same for many places at once, in order; a partition may be named several times. */
  offsetsAt(places: readonly Moment[]): Promise<(number | undefined)[]>;
}

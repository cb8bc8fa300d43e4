import type { KafkaPort, TopicPartition } from "../kafka/port";
import { readLogs } from "../log/bounds";
import { partitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import { connectorNames } from "../naming";
import type { Isolation } from "../records/read";
import type { RecordCursor } from "../records/walk";
import { scan } from "../records/scan";
import {
  assignedPartitions,
  Connectors,
  type ConnectorState,
  currentTasks,
  SourceOffsets,
  type Status,
} from "./storage";

/** The state of one mirror, read from Connect's storage topics. */
export interface ConnectView {
  /** Storage topics that do not exist on the target. The workers never ran, or ran with a different configuration. */
  missingTopics: string[];
  /** Last mirrored origin offset by `topic:partition`. Partitions without any mirrored record are absent. */
  offsets: ReadonlyMap<string, number>;
  /** When its worker wrote each offset, ms since the epoch, by the worker's clock. Absent where it is not known. */
  offsetTimes?: ReadonlyMap<string, number>;
  source?: ConnectorState;
  /** The source connector's tasks in the current assignment, and the partitions that each task copies. */
  assignments: { task: number; status?: Status; partitions: TopicPartition[] }[];
  checkpoint?: ConnectorState;
  heartbeat?: ConnectorState;
}

type Fold = (record: RecordCursor) => void;

/** Sees every record of Connect's storage topics, in order within a partition. */
export interface ConnectObserver {
  /** A record of the config topic, and the source connector after it. */
  config(record: RecordCursor, source: ConnectorState | undefined): void;
  status(record: RecordCursor): void;
  /** All records are read again from the start. */
  restart(): void;
}

/**
 * Reads Connect's storage topics over Kafka, because Connect's REST interface is not reachable under an operator. Each
 * call reads only the records that were added since the last call, up to the end that the topics have when it starts.
 */
export class ConnectStateReader {
  private readonly names: ReturnType<typeof connectorNames>;
  private readonly positions = new Map<string, bigint>();
  private offsets: SourceOffsets;
  private connectors = new Connectors();

  constructor(
    private readonly target: KafkaPort,
    private readonly mirror: MirrorModel,
    private readonly observer?: ConnectObserver,
  ) {
    this.names = connectorNames(mirror);
    this.offsets = this.noOffsets();
  }

  private noOffsets(): SourceOffsets {
    return new SourceOffsets(this.names.source, this.mirror.originAlias);
  }

  async read(signal?: AbortSignal): Promise<ConnectView> {
    const { configStorageTopic, statusStorageTopic } = this.mirror;
    const missing = await this.fold(
      new Map<string, Fold>([
        [
          configStorageTopic,
          (r) => {
            this.connectors.addConfig(r.key(), r.value());
            this.observer?.config(r, this.connectors.byName.get(this.names.source));
          },
        ],
        [
          statusStorageTopic,
          (r) => {
            this.connectors.addStatus(r.key(), r.value(), writtenAt(r));
            this.observer?.status(r);
          },
        ],
      ]),
      () => {
        this.connectors = new Connectors();
        this.observer?.restart();
      },
      "read_uncommitted",
      signal,
    );
    const source = this.connectors.byName.get(this.names.source);
    const offsetsTopic = offsetsTopicOf(source, this.mirror);
    const noOffsets = await this.fold(
      new Map<string, Fold>([[offsetsTopic, (r) => this.offsets.add(r.key(), r.value(), writtenAt(r))]]),
      () => (this.offsets = this.noOffsets()),
      // With exactly-once support, Connect writes offsets in the same transaction as their records.
      this.mirror.exactlyOnce ? "read_committed" : "read_uncommitted",
      signal,
    );
    const checkpoint = this.connectors.byName.get(this.names.checkpoint);
    const heartbeat = this.connectors.byName.get(this.names.heartbeat);
    return {
      missingTopics: [...missing, ...noOffsets],
      offsets: this.offsets.latest,
      offsetTimes: this.offsets.times,
      assignments:
        source === undefined
          ? []
          : currentTasks(source).map(({ config, ...task }) => ({ ...task, partitions: assignedPartitions(config) })),
      ...(source === undefined ? {} : { source }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
      ...(heartbeat === undefined ? {} : { heartbeat }),
    };
  }

  /** @returns the topics that do not exist */
  private async fold(
    folds: Map<string, Fold>,
    restart: () => void,
    isolation: Isolation,
    signal?: AbortSignal,
  ): Promise<string[]> {
    const topics = await this.target.describeTopics([...folds.keys()]);
    const partitions = topics.flatMap((t) => t.partitions.map((p) => ({ topic: t.name, partition: p.partition })));
    const logs = await readLogs(this.target, partitions);
    // If a topic was created again or lost its first records, read all topics from the start again.
    const anew = logs.some((log) => {
      const at = this.positions.get(partitionKey(log));
      return at !== undefined && (at > log.to || at < log.from);
    });
    if (anew) {
      restart();
      for (const p of partitions) this.positions.delete(partitionKey(p));
    }
    const ranges = logs.map((log) => ({ ...log, from: this.positions.get(partitionKey(log)) ?? log.from }));
    await scan(this.target, ranges, {
      isolation,
      visit: (range, record) => folds.get(range.topic)!(record),
      reached: (range, offset) => this.positions.set(partitionKey(range), offset),
      ...(signal === undefined ? {} : { signal }),
    });
    return [...folds.keys()].filter((name) => !topics.some((t) => t.name === name));
  }
}

/** The time that the worker gave a record. Undefined if the broker replaced it by its own. */
function writtenAt({ timestamp, stamped }: RecordCursor): number | undefined {
  return stamped ? undefined : timestamp;
}

/** The topic that holds the source connector's offsets. KIP-618: a source connector can have its own. */
export function offsetsTopicOf(source: ConnectorState | undefined, mirror: MirrorModel): string {
  return source?.config["offsets.storage.topic"] ?? mirror.offsetStorageTopic;
}

/** The isolation level of the source connector's consumer. If there is no connector, the level of the model. */
export function effectiveIsolation(view: ConnectView, mirror: MirrorModel): Isolation {
  if (view.source === undefined) return mirror.isolationLevel;
  const { config } = view.source;
  const set = config["source.consumer.isolation.level"] ?? config["consumer.isolation.level"];
  return set?.toLowerCase() === "read_committed" ? "read_committed" : "read_uncommitted";
}

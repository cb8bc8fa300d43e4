import type { KafkaPort, TopicPartition } from "../kafka/port";
import { readLogs } from "../log/bounds";
import { parsePartitionKey, partitionKey } from "../log/partition";
import type { MirrorModel } from "../model";
import { connectorNames } from "../naming";
import type { Isolation } from "../records/read";
import type { RecordCursor } from "../records/walk";
import { scan } from "../records/scan";
import { idsByName } from "../topic-ids";
import { kept, type Known } from "./kept";
import {
  assignedPartitions,
  Connectors,
  type ConnectorState,
  currentTasks,
  SourceOffsets,
  type Status,
} from "./storage";

/** Connect's records are small, and parsing them takes longer than a request. */
const ANSWER_BYTES = 1024 * 1024;

/** The state of one mirror, read from Connect's storage topics. */
export interface ConnectView {
  /** Storage topics that do not exist on the target. The workers never ran, or ran with a different configuration. */
  missingTopics: string[];
  /** Last mirrored origin offset by `topic:partition`. Partitions without any mirrored record are absent. */
  offsets: ReadonlyMap<string, number>;
  /** When its worker wrote each offset, ms since the epoch, by the worker's clock. Absent where it is not known. */
  offsetTimes?: ReadonlyMap<string, number>;
  source?: ConnectorState;
  /**
   * The source connector's tasks in the current assignment, and the partitions that each task copies. They are made
   * from the task's configuration each time they are read: kept, they would be a large part of the memory.
   */
  assignments: { task: number; status?: Status; partitions: readonly TopicPartition[] }[];
  checkpoint?: ConnectorState;
  heartbeat?: ConnectorState;
}

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
  private known: Known | undefined;

  constructor(
    private readonly target: KafkaPort,
    private readonly mirror: MirrorModel,
    private readonly observer?: ConnectObserver,
  ) {
    this.names = connectorNames(mirror);
  }

  async read(signal?: AbortSignal): Promise<ConnectView> {
    const { configStorageTopic, statusStorageTopic, exactlyOnce } = this.mirror;
    // With exactly-once support, Connect writes offsets in the same transaction as their records.
    const isolation = exactlyOnce ? "read_committed" : "read_uncommitted";
    const usual = offsetsTopicOf(this.source(), this.mirror);
    const together = exactlyOnce ? [] : [usual];
    const there = new Set(
      await this.fold([configStorageTopic, statusStorageTopic, ...together], "read_uncommitted", signal),
    );
    const offsetsTopic = offsetsTopicOf(this.source(), this.mirror);
    if (!together.includes(offsetsTopic))
      for (const name of await this.fold([offsetsTopic], isolation, signal)) there.add(name);
    const { connectors, offsets } = this.known!;
    const source = this.source();
    const checkpoint = connectors.byName.get(this.names.checkpoint);
    const heartbeat = connectors.byName.get(this.names.heartbeat);
    return {
      missingTopics: [configStorageTopic, statusStorageTopic, offsetsTopic].filter((name) => !there.has(name)),
      offsets: offsets.latest,
      offsetTimes: offsets.times,
      assignments:
        source === undefined
          ? []
          : currentTasks(source).map(({ config, ...task }) => ({
              ...task,
              get partitions() {
                return assignedPartitions(config);
              },
            })),
      ...(source === undefined ? {} : { source }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
      ...(heartbeat === undefined ? {} : { heartbeat }),
    };
  }

  /** The work needs this reader no more: what it knows is kept for the next one (`kept`). */
  keep(): void {
    const name = this.known && this.nameOf(this.known.ids);
    if (name !== undefined && this.observer === undefined) kept.keep(name, this.known!);
    this.known = undefined;
  }

  private keptBefore(ids: ReadonlyMap<string, string>): Known | undefined {
    const name = this.observer === undefined ? this.nameOf(ids) : undefined;
    return name === undefined ? undefined : kept.take(name);
  }

  private source(): ConnectorState | undefined {
    return this.known?.connectors.byName.get(this.names.source);
  }

  /** The name under which the state of these topics is kept. Undefined: without ids, a topic may be another one. */
  private nameOf(ids: ReadonlyMap<string, string>): string | undefined {
    const own = [this.mirror.configStorageTopic, this.mirror.statusStorageTopic].map((name) => ids.get(name));
    return own.includes(undefined) ? undefined : [...own, this.names.source, this.mirror.originAlias].join(" ");
  }

  /** @returns the topics that exist */
  private async fold(names: readonly string[], isolation: Isolation, signal?: AbortSignal): Promise<string[]> {
    const topics = await this.target.describeTopics(names);
    const ids = idsByName(topics);
    const known = (this.known ??= this.keptBefore(ids) ?? this.nothing());
    const partitions = topics.flatMap((t) => t.partitions.map((p) => ({ topic: t.name, partition: p.partition })));
    const logs = await readLogs(this.target, partitions);
    // If a topic was created again or lost its first records, read all topics from the start again.
    const recreated = topics.some(({ name }) => known.ids.has(name) && known.ids.get(name) !== ids.get(name));
    const isShorter = logs.some((log) => {
      const at = known.positions.get(partitionKey(log));
      return at !== undefined && (at > log.to || at < log.from);
    });
    if (recreated || isShorter) this.restart(known, names);
    const offsetsTopic = names.find((name) => !this.isState(name));
    // The source connector was configured with another topic for its offsets (KIP-618).
    if (offsetsTopic !== undefined && offsetsTopic !== known.offsetsTopic) {
      this.restart(known, [offsetsTopic]);
      known.offsetsTopic = offsetsTopic;
    }
    for (const [name, id] of ids) known.ids.set(name, id);
    const ranges = logs.map((log) => ({ ...log, from: known.positions.get(partitionKey(log)) ?? log.from }));
    await scan(this.target, ranges, {
      isolation,
      answerBytes: ANSWER_BYTES,
      visit: ({ topic }, record) => this.add(known, topic, record),
      reached: (range, offset) => known.positions.set(partitionKey(range), offset),
      ...(signal === undefined ? {} : { signal }),
    });
    return topics.map((t) => t.name);
  }

  private isState(topic: string): boolean {
    return topic === this.mirror.configStorageTopic || topic === this.mirror.statusStorageTopic;
  }

  private add({ connectors, offsets }: Known, topic: string, record: RecordCursor): void {
    if (topic === this.mirror.configStorageTopic) {
      connectors.addConfig(record.key(), record.value());
      this.observer?.config(record, connectors.byName.get(this.names.source));
    } else if (topic === this.mirror.statusStorageTopic) {
      connectors.addStatus(record.key(), record.value(), writtenAt(record));
      this.observer?.status(record);
    } else offsets.add(record.key(), record.value(), writtenAt(record));
  }

  private nothing(): Known {
    return {
      positions: new Map(),
      ids: new Map(),
      connectors: new Connectors(),
      offsets: this.noOffsets(),
      offsetsTopic: undefined,
    };
  }

  private noOffsets(): SourceOffsets {
    return new SourceOffsets(this.names.source, this.mirror.originAlias);
  }

  /** Forgets what these topics held. */
  private restart(known: Known, names: readonly string[]): void {
    for (const key of known.positions.keys())
      if (names.includes(parsePartitionKey(key).topic)) known.positions.delete(key);
    if (names.some((name) => !this.isState(name))) known.offsets = this.noOffsets();
    if (!names.some((name) => this.isState(name))) return;
    known.connectors = new Connectors();
    this.observer?.restart();
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

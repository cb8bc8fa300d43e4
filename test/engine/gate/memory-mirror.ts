import type { Clusters, OpenKafka } from "../../../engine/clusters";
import type { KafkaPort } from "../../../engine/kafka/port";
import type { MigrationModel, MirrorModel } from "../../../engine/model";
import { connectorNames } from "../../../engine/naming";
import { testMirror } from "../../support/models";
import type { TestRecord } from "../records/build";
import { type MemoryTopic, memoryPort, put, puts } from "../verify/memory-cluster";

const connection = { bootstrapServers: "b:1" };

/** A mirror with both its clusters in memory: what it says to Connect's topics, and what is on both sides. */
export class MemoryMirror {
  readonly origin: Record<string, MemoryTopic> = {};
  readonly target: Record<string, MemoryTopic> = {};
  readonly model: MigrationModel;
  /** Called before each question for offsets, with how many came before it on that side. */
  beforeOffsets: (side: "origin" | "target", count: number) => void = () => {};
  /** Topics that the administrator may not describe on the origin. */
  readonly hidden = new Set<string>();
  private readonly names: ReturnType<typeof connectorNames>;
  private tasks: string[] = [];
  /** The worker's clock. Each record has a time of its own. */
  private now = 1000;

  constructor(changes: Partial<MirrorModel> = {}) {
    this.model = {
      origin: connection,
      target: connection,
      mirror: testMirror({ topicsPattern: "orders|payments", ...changes }),
    };
    this.names = connectorNames(this.model.mirror);
    const { offsetStorageTopic, configStorageTopic, statusStorageTopic } = this.model.mirror;
    for (const topic of [offsetStorageTopic, configStorageTopic, statusStorageTopic])
      this.target[topic] = { logs: [{ records: [] }], configs: { "cleanup.policy": "compact" } };
    this.connector({});
  }

  /** A topic with one partition on both sides, wholly copied: `records` of them, from offset 0 on. */
  topic(name: string, records = 10, partitions = 1): void {
    const logs = () => Array.from({ length: partitions }, () => ({ records: puts(0, records) }));
    this.origin[name] = { logs: logs() };
    this.target[name] = { logs: logs() };
    this.tasks.push(...Array.from({ length: partitions }, (_, p) => `${name}-${p}`));
    this.assign(...this.tasks);
    this.status("task-0", "RUNNING");
    for (let p = 0; p < partitions; p++) if (records > 0) this.copied(name, records - 1, p);
  }

  connector(config: Record<string, string>): void {
    this.say("configStorageTopic", `connector-${this.names.source}`, { properties: config });
  }

  targetState(state: string): void {
    this.say("configStorageTopic", `target-state-${this.names.source}`, { "state.v2": state });
  }

  status(what: "connector" | `task-${number}`, state: string, trace: string | null = null): void {
    const { source } = this.names;
    const key = what === "connector" ? `status-connector-${source}` : what.replace("task-", `status-task-${source}-`);
    this.say("statusStorageTopic", key, { state, trace, worker_id: "w:8083" });
  }

  /** A checkpoint connector with one task, and the states of both. */
  checkpoint(connector: string, task: string): void {
    const name = this.names.checkpoint;
    this.say("configStorageTopic", `connector-${name}`, { properties: {} });
    this.say("configStorageTopic", `task-${name}-0`, { properties: {} });
    this.say("configStorageTopic", `commit-${name}`, { tasks: 1 });
    this.say("statusStorageTopic", `status-connector-${name}`, { state: connector, trace: null, worker_id: "w:8083" });
    this.say("statusStorageTopic", `status-task-${name}-0`, { state: task, trace: null, worker_id: "w:8083" });
  }

  /** An assignment of these `topic-partition`s to one task; of none: no task. */
  assign(...partitions: string[]): void {
    this.assignTasks(...(partitions.length === 0 ? [] : [partitions]));
  }

  /** An assignment with one list of `topic-partition`s for each task. */
  assignTasks(...tasks: string[][]): void {
    const { source } = this.names;
    tasks.forEach((partitions, task) => {
      const properties = { "task.assigned.partitions": partitions.join(",") };
      this.say("configStorageTopic", `task-${source}-${task}`, { properties });
    });
    this.say("configStorageTopic", `commit-${source}`, { tasks: tasks.length });
  }

  /** Removes the mirror's connectors: what a clean-up of Connect leaves. */
  noConnector(): void {
    this.say("configStorageTopic", `connector-${this.names.source}`, null);
  }

  /** The mirror says that it has copied up to this origin offset. */
  copied(topic: string, offset: number, partition = 0): void {
    const key = JSON.stringify([this.names.source, { cluster: this.model.mirror.originAlias, partition, topic }]);
    this.say("offsetStorageTopic", key, { offset });
  }

  /** Appends to one side. */
  write(side: "origin" | "target", topic: string, records: readonly TestRecord[], partition = 0): void {
    this[side][topic]!.logs[partition]!.records.push(...records);
  }

  private say(
    topic: "offsetStorageTopic" | "configStorageTopic" | "statusStorageTopic",
    key: string,
    value: unknown,
  ): void {
    const { records } = this.target[this.model.mirror[topic]]!.logs[0]!;
    records.push(put(records.length, key, value === null ? null : JSON.stringify(value), this.now++));
  }

  readonly open: OpenKafka = async (_connection, side) => this.port(side);

  clusters(): Clusters {
    return { origin: this.port("origin"), target: this.port("target") };
  }

  private port(side: "origin" | "target"): KafkaPort {
    const port = memoryPort(side, this[side]);
    let count = 0;
    return {
      ...port,
      topicOperations: async (names) => new Map(names.map((name) => [name, this.hidden.has(name) ? null : []])),
      listOffsets: async (partitions, at) => {
        if (partitions.length > 0) this.beforeOffsets(side, count++);
        return port.listOffsets(partitions, at);
      },
    };
  }
}

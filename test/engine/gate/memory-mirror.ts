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
  private readonly names: ReturnType<typeof connectorNames>;
  private tasks: string[] = [];

  constructor(changes: Partial<MirrorModel> = {}) {
    this.model = { origin: connection, target: connection, mirror: testMirror({ topicsPattern: "orders|payments", ...changes }) };
    this.names = connectorNames(this.model.mirror);
    const { offsetStorageTopic, configStorageTopic, statusStorageTopic } = this.model.mirror;
    for (const topic of [offsetStorageTopic, configStorageTopic, statusStorageTopic]) this.target[topic] = { logs: [{ records: [] }], configs: { "cleanup.policy": "compact" } };
    this.connector({});
  }

  /** A topic with one partition on both sides, wholly copied: `records` of them, from offset 0 on. */
  topic(name: string, records = 10, partitions = 1): void {
    const logs = () => Array.from({ length: partitions }, () => ({ records: puts(0, records) }));
    this.origin[name] = { logs: logs() };
    this.target[name] = { logs: logs() };
    this.tasks.push(...Array.from({ length: partitions }, (_, p) => `${name}-${p}`));
    this.say("configStorageTopic", `task-${this.names.source}-0`, { properties: { "task.assigned.partitions": this.tasks.join(",") } });
    this.say("configStorageTopic", `commit-${this.names.source}`, { tasks: 1 });
    this.status("task-0", "RUNNING");
    for (let p = 0; p < partitions; p++) if (records > 0) this.copied(name, records - 1, p);
  }

  connector(config: Record<string, string>): void {
    this.say("configStorageTopic", `connector-${this.names.source}`, { properties: config });
  }

  targetState(state: string): void {
    this.say("configStorageTopic", `target-state-${this.names.source}`, { "state.v2": state });
  }

  status(what: "connector" | "task-0", state: string, trace: string | null = null): void {
    const key = what === "connector" ? `status-connector-${this.names.source}` : `status-task-${this.names.source}-0`;
    this.say("statusStorageTopic", key, { state, trace, worker_id: "w:8083" });
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

  private say(topic: "offsetStorageTopic" | "configStorageTopic" | "statusStorageTopic", key: string, value: unknown): void {
    const { records } = this.target[this.model.mirror[topic]]!.logs[0]!;
    records.push(put(records.length, key, JSON.stringify(value)));
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
      listOffsets: async (partitions, at) => {
        if (partitions.length > 0) this.beforeOffsets(side, count++);
        return port.listOffsets(partitions, at);
      },
    };
  }
}

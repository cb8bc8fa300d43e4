import type { Kafka, Message as KafkaMessage, Producer } from "kafkajs";
import { uniqueName } from "@kafka-migration/sandbox/testing";
import type { MigrationModel, MirrorModel } from "../../../engine/model";
import { connectorNames } from "../../../engine/naming";
import { application, type Ports } from "../kafka/support";
import { modelFor } from "../support/mirror";

export interface Message {
  key?: string | null;
  value: string | null;
  timestamp?: string;
  headers?: Record<string, string>;
}

/**
 * Plays MirrorMaker 2 towards the gate: writes what Connect keeps in its storage topics, and the copies, so that a test
 * can say exactly what the mirror has done and what not.
 */
export class FakeMirror {
  readonly prefix = uniqueName("port-gate");
  readonly origin: Kafka;
  readonly target: Kafka;
  readonly model: MigrationModel;
  private readonly names: { source: string; checkpoint: string };
  private tasks: string[][] = [[]];
  private readonly producers = new Map<Kafka, Promise<Producer>>();

  private constructor(
    private readonly ports: Ports,
    changes: Partial<MirrorModel>,
  ) {
    this.origin = application(ports.clusters.origin);
    this.target = application(ports.clusters.target);
    this.model = modelFor(ports.clusters, this.prefix, changes);
    this.names = connectorNames(this.model.mirror);
  }

  static async start(
    ports: Ports,
    changes: Partial<MirrorModel> = {},
    config: Record<string, string> = {},
  ): Promise<FakeMirror> {
    const fake = new FakeMirror(ports, changes);
    const { offsetStorageTopic, configStorageTopic, statusStorageTopic, topicsPattern } = fake.model.mirror;
    for (const [topic, partitions] of [
      [offsetStorageTopic, 3],
      [configStorageTopic, 1],
      [statusStorageTopic, 2],
    ] as const) {
      ports.remember(topic);
      await ports.target.createTopic(topic, {
        partitions,
        replicationFactor: 1,
        configs: { "cleanup.policy": "compact" },
      });
    }
    ports.atEnd(() => fake.disconnect());
    await fake.connector({ topics: topicsPattern, ...config });
    await fake.status("connector", "RUNNING");
    return fake;
  }

  /** Makes a topic on both sides and assigns its partitions to the first task. */
  async topic(
    name = "data",
    partitions = 1,
    both: Record<string, string> = {},
    origin: Record<string, string> = {},
    target: Record<string, string> = {},
  ): Promise<string> {
    const topic = `${this.prefix}-data-${name}`;
    this.ports.remember(topic);
    await this.ports.origin.createTopic(topic, { partitions, replicationFactor: 1, configs: { ...both, ...origin } });
    await this.ports.target.createTopic(topic, { partitions, replicationFactor: 1, configs: { ...both, ...target } });
    this.tasks[0]!.push(...Array.from({ length: partitions }, (_, p) => `${topic}-${p}`));
    await this.assign(...this.tasks.map((t) => t.join(",")));
    return topic;
  }

  async connector(config: Record<string, string>): Promise<void> {
    await this.write(this.model.mirror.configStorageTopic, `connector-${this.names.source}`, { properties: config });
  }

  async targetState(state: string): Promise<void> {
    await this.write(this.model.mirror.configStorageTopic, `target-state-${this.names.source}`, {
      state: "PAUSED",
      "state.v2": state,
    });
  }

  /** Commits an assignment: each task's `topic-partition` list. */
  async assign(...tasks: string[]): Promise<void> {
    const topic = this.model.mirror.configStorageTopic;
    for (const [i, partitions] of tasks.entries()) {
      await this.write(topic, `task-${this.names.source}-${i}`, {
        properties: { "task.assigned.partitions": partitions },
      });
      await this.status(`task-${i}`, "RUNNING");
    }
    await this.write(topic, `commit-${this.names.source}`, { tasks: tasks.length });
  }

  async status(what: "connector" | `task-${number}`, state: string, trace: string | null = null): Promise<void> {
    const key =
      what === "connector"
        ? `status-connector-${this.names.source}`
        : `status-task-${this.names.source}-${what.slice(5)}`;
    await this.write(this.model.mirror.statusStorageTopic, key, {
      state,
      trace,
      worker_id: "127.0.0.1:8083",
      generation: 1,
    });
  }

  /** The mirror says that it has copied up to this origin offset. */
  async copied(topic: string, offset: number | null, partition = 0): Promise<void> {
    const key = JSON.stringify([this.names.source, { cluster: this.model.mirror.originAlias, partition, topic }]);
    await this.produce(this.target, this.model.mirror.offsetStorageTopic, [
      { key, value: offset === null ? null : JSON.stringify({ offset }) },
    ]);
  }

  /** Sends to the origin, and the first `copies` of them to the target. */
  async send(topic: string, messages: readonly Message[], copies = messages.length, partition = 0): Promise<void> {
    const stamped = messages.map((m, i) => ({ timestamp: String(START + i), partition, ...m }));
    await Promise.all([
      this.produce(this.origin, topic, stamped),
      this.produce(this.target, topic, stamped.slice(0, copies)),
    ]);
  }

  /** Sends to one side only; `stamp` says whose timestamp the i-th one gets. */
  async only(
    side: "origin" | "target",
    topic: string,
    messages: readonly Message[],
    stamp: (i: number) => number = (i) => i,
  ): Promise<void> {
    await this.produce(
      this[side],
      topic,
      messages.map((m, i) => ({ timestamp: String(START + stamp(i)), partition: 0, ...m })),
    );
  }

  private async write(topic: string, key: string, value: unknown): Promise<void> {
    await this.produce(this.target, topic, [{ key, value: JSON.stringify(value) }]);
  }

  private async produce(kafka: Kafka, topic: string, some: KafkaMessage[]): Promise<void> {
    if (some.length === 0) return;
    let producer = this.producers.get(kafka);
    if (producer === undefined) {
      const made = kafka.producer({ idempotent: true });
      producer = made.connect().then(() => made);
      this.producers.set(kafka, producer);
    }
    await (await producer).send({ topic, acks: -1, messages: some });
  }

  private async disconnect(): Promise<void> {
    await Promise.all([...this.producers.values()].map(async (p) => (await p).disconnect()));
  }
}

/** Timestamp of the first message; the next ones follow by 1 ms. Recent, so that retention leaves them alone. */
export const START = Date.now() - 3_600_000;

export const messages = (count: number, from = 0): Message[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `k${from + i}`,
    value: `v${from + i}`,
    headers: { h: `${from + i}` },
  }));

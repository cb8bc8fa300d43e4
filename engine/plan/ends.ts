import type { KafkaPort, TopicDescription } from "../kafka/port";
import { readOffsets } from "../log/bounds";
import { partitionKey, type TopicPartition } from "../log/partition";

/** Two looks at the ends of logs. Partitions without a leader at the first look are left out: they are unknown. */
export class Ends {
  readonly partitions: TopicPartition[];
  private starts = new Map<string, bigint>();
  private before = new Map<string, bigint>();
  private after = new Map<string, bigint>();
  private firstAt = 0;
  /** Time between the two looks, ms. */
  elapsedMs = 0;

  constructor(
    private readonly port: KafkaPort,
    topics: readonly TopicDescription[],
  ) {
    this.partitions = topics.flatMap((t) =>
      t.partitions.filter((p) => p.leader >= 0).map((p) => ({ topic: t.name, partition: p.partition })),
    );
  }

  async first(): Promise<void> {
    this.starts = await readOffsets(this.port, this.partitions, "earliest");
    this.before = await readOffsets(this.port, this.partitions, "latest");
    this.firstAt = Date.now();
  }

  /** Topics that were deleted meanwhile keep their first look. */
  async second(): Promise<void> {
    const names = new Set(await this.port.listTopics());
    const left = this.partitions.filter((p) => names.has(p.topic));
    this.after = await readOffsets(this.port, left, "latest");
    this.elapsedMs = Math.max(1, Date.now() - this.firstAt);
  }

  start(p: TopicPartition): bigint {
    return this.starts.get(partitionKey(p)) ?? 0n;
  }

  /** The end at the first look. */
  end(p: TopicPartition): bigint {
    return this.before.get(partitionKey(p)) ?? 0n;
  }

  records(p: TopicPartition): number {
    return Math.max(0, Number(this.end(p) - this.start(p)));
  }

  /** 0 if the end did not move, or if the topic was created again. undefined: not known at both looks. */
  private added(p: TopicPartition): number | undefined {
    const [before, after] = [this.before.get(partitionKey(p)), this.after.get(partitionKey(p))];
    return before === undefined || after === undefined ? undefined : Math.max(0, Number(after - before));
  }

  moved(p: TopicPartition): boolean {
    return (this.added(p) ?? 0) > 0;
  }

  recordsOf(topic: TopicDescription): number {
    return allOf(topic).reduce((sum, p) => sum + this.records(p), 0);
  }

  movedIn(topic: TopicDescription): boolean {
    return allOf(topic).some((p) => this.moved(p));
  }

  /** Offsets per second of all partitions. undefined: one of them is unknown. */
  perSecond(topic: TopicDescription): number | undefined {
    let sum = 0;
    for (const p of allOf(topic)) {
      const added = this.added(p);
      if (added === undefined) return undefined;
      sum += added;
    }
    return (sum * 1000) / this.elapsedMs;
  }
}

function allOf(topic: TopicDescription): TopicPartition[] {
  return topic.partitions.map(({ partition }) => ({ topic: topic.name, partition }));
}

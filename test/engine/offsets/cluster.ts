import { MigrationError } from "../../../engine/errors";
import type { CommittedOffset, ConfigEntry, GroupDescription, KafkaPort } from "../../../engine/kafka/port";

/** One group of a simulated cluster. */
export interface FakeGroup {
  type?: string;
  protocolType?: string;
  members?: string[];
  /** Topics that the members read. */
  reads?: string[];
  offsets: Map<string, { offset: bigint; metadata: string }>;
}

export interface FakeTopic {
  partitions: { start: number; end: number }[];
  configs?: Record<string, string>;
  /** Default: none, as brokers before Kafka 2.8. */
  id?: string;
}

/** A cluster in memory: just enough of the port for groups, topics and offsets. */
export class FakeCluster {
  readonly groups = new Map<string, FakeGroup>();
  readonly topics = new Map<string, FakeTopic>();
  /** Calls of the methods that write, as they came. */
  readonly writes: string[] = [];
  /** Runs before each write: may throw, or change the cluster as others would. */
  beforeWrite: (write: string) => void = () => {};

  group(
    name: string,
    offsets: Record<string, number | [number, string]> = {},
    more: Omit<FakeGroup, "offsets"> = {},
  ): FakeGroup {
    const entries = Object.entries(offsets).map(([at, value]) => {
      const [offset, metadata] = typeof value === "number" ? [value, ""] : value;
      return [at, { offset: BigInt(offset), metadata }] as const;
    });
    const group = { offsets: new Map(entries), ...more };
    this.groups.set(name, group);
    return group;
  }

  /** `group t:0` -> offset, for short expectations. */
  offsets(name: string): Record<string, number> {
    return Object.fromEntries([...(this.groups.get(name)?.offsets ?? [])].map(([at, o]) => [at, Number(o.offset)]));
  }

  afterWrite: (what: string) => void = () => {};
  brokerConfig: Record<string, string> = {};

  private write(what: string, group: string): void {
    this.beforeWrite(what);
    if ((this.groups.get(group)?.members ?? []).length > 0)
      throw new MigrationError("KAFKA_GROUP_ACTIVE", `group "${group}" has members`, { fix: "stop them" });
    this.writes.push(what);
  }

  port(side: "origin" | "target"): KafkaPort {
    const notUsed = (): never => {
      throw new Error("not part of the simulated cluster");
    };
    const listed = (at: "start" | "end") => async (partitions: readonly { topic: string; partition: number }[]) =>
      partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        offset: BigInt(this.topics.get(topic)?.partitions[partition]?.[at] ?? -1),
        timestamp: -1n,
      }));
    return new Proxy({} as KafkaPort, {
      get: (_, name) => {
        switch (name) {
          case "side":
            return side;
          case "listGroups":
            return async () =>
              [...this.groups].map(([groupId, g]) => ({
                groupId,
                state: stateOf(g),
                type: g.type ?? "classic",
                protocolType: g.protocolType ?? "consumer",
              }));
          case "describeGroups":
            return async (ids: string[]) => ids.map((id) => this.describe(id));
          case "groupOffsets":
            return async (ids: string[]) => new Map(ids.map((id) => [id, this.committed(id)]));
          case "alterGroupOffsets":
            return async (id: string, offsets: CommittedOffset[]) => {
              if (offsets.length === 0) return;
              this.write(`commit ${id} ${offsets.map((o) => `${o.topic}-${o.partition}=${o.offset}`).join(" ")}`, id);
              const group = this.groups.get(id) ?? this.group(id);
              for (const o of offsets)
                group.offsets.set(`${o.topic}:${o.partition}`, { offset: o.offset, metadata: o.metadata });
              this.afterWrite(this.writes.at(-1)!);
            };
          case "deleteGroupOffsets":
            return async (id: string, partitions: { topic: string; partition: number }[]) => {
              if (partitions.length === 0) return;
              this.write(`delete offsets ${id} ${partitions.map((p) => `${p.topic}-${p.partition}`).join(" ")}`, id);
              for (const p of partitions) this.groups.get(id)?.offsets.delete(`${p.topic}:${p.partition}`);
            };
          case "deleteGroups":
            return async (ids: string[]) => {
              for (const id of ids) {
                this.write(`delete ${id}`, id);
                this.groups.delete(id);
              }
            };
          case "describeTopics":
            return async (names: string[]) =>
              names.flatMap((n) =>
                this.topics.has(n)
                  ? [
                      {
                        name: n,
                        topicId: this.topics.get(n)?.id ?? "",
                        internal: false,
                        partitions: this.topics
                          .get(n)
                          ?.partitions.map((_, partition) => ({ partition, leader: 1, replicas: [1], isr: [1] })),
                      },
                    ]
                  : [],
              );
          case "describeTopicConfigs":
            return async (names: string[]) =>
              new Map(names.map((n) => [n, entries(this.topics.get(n)?.configs ?? {})]));
          case "describeCluster":
            return async () => ({ clusterId: side, controllerId: 1, brokers: [{ id: 1, host: side, port: 1 }] });
          case "describeBrokerConfigs":
            return async (ids: number[]) => new Map(ids.map((id) => [id, entries(this.brokerConfig)]));
          case "listOffsets":
            return async (partitions: { topic: string; partition: number }[], spec: string) =>
              listed(spec === "earliest" ? "start" : "end")(partitions);
          case "close":
            return async () => {};
          // A port that is awaited is no promise.
          case "then":
            return undefined;
          default:
            return notUsed;
        }
      },
    });
  }

  private committed(id: string): CommittedOffset[] {
    return [...(this.groups.get(id)?.offsets ?? [])].map(([at, o]) => {
      const [topic, partition] = at.split(":") as [string, string];
      return { topic, partition: Number(partition), ...o };
    });
  }

  private describe(groupId: string): GroupDescription {
    const group = this.groups.get(groupId);
    const members = (group?.members ?? []).map((m) => ({ memberId: m, clientId: m, clientHost: "/10.0.0.1" }));
    return {
      groupId,
      state: group === undefined ? "Dead" : stateOf(group),
      type: group?.type ?? "classic",
      protocolType: "consumer",
      members,
      ...(group?.reads === undefined ? {} : { reads: group.reads }),
    };
  }
}

const stateOf = (g: FakeGroup): "Stable" | "Empty" => ((g.members ?? []).length > 0 ? "Stable" : "Empty");

const entries = (configs: Record<string, string>): Map<string, ConfigEntry> =>
  new Map(Object.entries(configs).map(([k, value]) => [k, { value, source: "dynamic-topic", sensitive: false }]));

import { MigrationError } from "../../../engine/errors";
import type { OpenKafka } from "../../../engine/clusters";
import type { ConfigEntry, ConfigSource, KafkaPort, Reassignment, TopicPartition } from "../../../engine/kafka/port";
import type { MigrationModel } from "../../../engine/model";
import { testMirror } from "../../support/models";

export interface FakePartition {
  replicas: number[];
  isr: number[];
  leader: number;
  adding: number[];
  removing: number[];
  /** What a stale broker still shows. */
  shown?: { replicas: number[]; isr: number[] };
}

/**
 * A cluster in memory for what the replication reset asks of one. Reassignments finish after `slowness` requests at the
 * list, and metadata stays stale for `staleness` requests more: the trap of real clusters.
 */
export class FakeCluster {
  topics = new Map<string, FakePartition[]>();
  configs = new Map<string, Map<string, string>>();
  brokers: { id: number; rack?: string }[];
  slowness = 1;
  staleness = 0;
  /** Names of calls, for order. */
  calls: string[] = [];
  batches: number[] = [];
  private requests = 0;
  private stale: { p: FakePartition; until: number }[] = [];
  /** Throws from the named call, once it has happened this often. */
  failAt?: { call: string; after: number; error: Error };

  constructor(brokers: number) {
    this.brokers = Array.from({ length: brokers }, (_, i) => ({ id: i + 1, rack: `rack-${i + 1}` }));
  }

  topic(name: string, partitions: number[][], config: Record<string, string> = {}): this {
    this.topics.set(
      name,
      partitions.map((replicas) => ({ replicas, isr: [...replicas], leader: replicas[0]!, adding: [], removing: [] })),
    );
    this.configs.set(`topic ${name}`, new Map(Object.entries(config)));
    return this;
  }

  replicas(topic: string): number[][] {
    return this.topics.get(topic)!.map((p) => p.replicas);
  }

  config(resource: string): Record<string, string> {
    return Object.fromEntries(this.configs.get(resource) ?? []);
  }

  private called(call: string): void {
    this.calls.push(call);
    const fail = this.failAt;
    if (fail !== undefined && fail.call === call && this.calls.filter((c) => c === call).length > fail.after) {
      this.failAt = undefined;
      throw fail.error;
    }
  }

  private tick(): void {
    this.requests++;
    this.stale = this.stale.filter((s) => {
      if (this.requests < s.until) return true;
      s.p.shown = undefined;
      return false;
    });
    for (const partitions of this.topics.values()) {
      for (const p of partitions) {
        if (p.adding.length + p.removing.length === 0 || this.requests % (this.slowness + 1) !== 0) continue;
        p.shown =
          this.staleness > 0 ? { replicas: p.replicas.filter((id) => !p.adding.includes(id)), isr: p.isr } : undefined;
        if (p.shown) this.stale.push({ p, until: this.requests + this.staleness });
        p.replicas = p.replicas.filter((id) => !p.removing.includes(id));
        p.isr = [...p.replicas];
        p.adding = [];
        p.removing = [];
        if (!p.replicas.includes(p.leader)) p.leader = p.replicas[0]!;
      }
    }
  }

  port(side: "origin" | "target"): KafkaPort {
    const entry = (value: string, source: ConfigSource): ConfigEntry => ({ value, source, sensitive: false });
    const cluster = this;
    const used: Partial<KafkaPort> = {
      side,
      listTopics: async () => [...cluster.topics.keys()],
      describeCluster: async () => ({
        clusterId: side,
        controllerId: 1,
        brokers: cluster.brokers.map((b) => ({ ...b, host: "h", port: 1 })),
      }),
      async describeTopics(names) {
        cluster.called("describeTopics");
        return [...cluster.topics]
          .filter(([name]) => names === undefined || names.includes(name))
          .map(([name, partitions]) => ({
            name,
            topicId: name,
            internal: false,
            partitions: partitions.map((p, partition) => ({
              partition,
              leader: p.leader,
              replicas: [...(p.shown ?? p).replicas],
              isr: [...(p.shown ?? p).isr],
            })),
          }));
      },
      async describeTopicConfigs(names) {
        return new Map(
          names.map((name) => {
            const own = cluster.configs.get(`topic ${name}`) ?? new Map<string, string>();
            const all = new Map([["min.insync.replicas", entry("1", "default")]]);
            for (const [k, v] of own) all.set(k, entry(v, "dynamic-topic"));
            return [name, all];
          }),
        );
      },
      async describeBrokerConfigs(ids) {
        return new Map(
          ids.map((id) => [
            id,
            new Map([...(cluster.configs.get(`broker ${id}`) ?? [])].map(([k, v]) => [k, entry(v, "dynamic-broker")])),
          ]),
        );
      },
      partitionSizes: async (topics) =>
        new Map(topics.flatMap((t) => (cluster.topics.get(t) ?? []).map((_, i) => [`${t}:${i}`, 1000n] as const))),
      async alterReassignments(changes: readonly Reassignment[]) {
        cluster.called("alterReassignments");
        cluster.batches.push(changes.length);
        for (const { topic, partition, replicas } of changes) {
          const p = cluster.topics.get(topic)![partition]!;
          if (replicas === null) {
            p.replicas = p.replicas.filter((id) => !p.adding.includes(id));
            p.adding = [];
            p.removing = [];
            continue;
          }
          const old = p.replicas.filter((id) => !p.adding.includes(id));
          p.adding = replicas.filter((id) => !old.includes(id));
          p.removing = old.filter((id) => !replicas.includes(id));
          p.replicas = [...replicas, ...p.removing];
        }
      },
      async listReassignments() {
        cluster.tick();
        return [...cluster.topics].flatMap(([topic, partitions]) =>
          partitions.flatMap((p, partition) =>
            p.adding.length + p.removing.length > 0
              ? [{ topic, partition, replicas: p.replicas, adding: p.adding, removing: p.removing }]
              : [],
          ),
        );
      },
      async electPreferredLeaders(partitions: readonly TopicPartition[]) {
        cluster.called("electPreferredLeaders");
        for (const { topic, partition } of partitions) {
          const p = cluster.topics.get(topic)![partition]!;
          p.leader = p.replicas[0]!;
        }
      },
      async incrementalAlterConfigs(changes) {
        for (const { resource, set } of changes) {
          const key = `${resource.type} ${resource.name}`;
          const own = cluster.configs.get(key) ?? new Map<string, string>();
          for (const [k, v] of Object.entries(set)) {
            cluster.called(`${v === null ? "remove" : "set"} ${k} of ${resource.type}`);
            if ((v ?? "").length > 32_767)
              throw new MigrationError("KAFKA_INVALID_CONFIG", "the value is too long", { fix: "as the brokers say" });
            if (v === null) own.delete(k);
            else own.set(k, v);
          }
          cluster.configs.set(key, own);
        }
      },
      close: async () => {},
    };
    return new Proxy(used, {
      get(port, name) {
        if (name in port || name === "then") return port[name as keyof KafkaPort];
        throw new Error(`the reset must not need ${String(name)}`);
      },
    }) as KafkaPort;
  }
}

export const model: MigrationModel = {
  origin: { bootstrapServers: "origin:1" },
  target: { bootstrapServers: "target:1" },
  mirror: testMirror({ groupId: "migration-connect-cluster" }),
};

export function opening(origin: FakeCluster, target: FakeCluster): OpenKafka {
  return async (_, side) => (side === "origin" ? origin : target).port(side);
}

export const cut = new MigrationError("KAFKA_NOT_AVAILABLE", "the line was cut", { fix: "run again" });

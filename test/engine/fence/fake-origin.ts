import type { Acl, KafkaPort } from "../../../engine/kafka/port";
import { MigrationError } from "../../../engine/errors";
import { encodeBatch } from "../records/build";

const idOf = (a: Acl): string => JSON.stringify(Object.entries(a).sort());

/** An origin in memory: topics with one partition each, and ACLs. */
export class FakeOrigin {
  readonly acls = new Map<string, Acl>();
  readonly ends = new Map<string, bigint>();
  /** Topics whose log ends with a transaction marker. Its other offsets are records. */
  readonly marked = new Set<string>();
  brokerConfig: Record<string, string | null> = {};
  authorizer = true;
  /** Whether this login may describe a transactional id that no ACL names. */
  maySeeUnnamed = true;
  /** What this login may do with the cluster. undefined: the brokers do not return it. */
  clusterOperations: string[] | undefined;
  /** How often the ACLs were listed. */
  checks = 0;
  /** Runs before each change: may throw, as a kill would. */
  beforeWrite: (what: "create" | "delete", acls: readonly Acl[]) => void = () => {};
  /** Runs before end offsets are read. */
  beforeEnds: () => void = () => {};

  constructor(topics: readonly string[]) {
    for (const t of topics) this.ends.set(t, 0n);
  }

  allow(...acls: Partial<Acl>[]): void {
    for (const a of acls) {
      const acl: Acl = {
        resourceType: "topic",
        resourceName: "*",
        patternType: "literal",
        principal: "User:app",
        host: "*",
        operation: "Write",
        permission: "allow",
        ...a,
      };
      this.acls.set(idOf(acl), acl);
    }
  }

  get list(): Acl[] {
    return [...this.acls.values()];
  }

  port(): KafkaPort {
    const known: Partial<KafkaPort> = {
      side: "origin",
      listTopics: async () => [...this.ends.keys()],
      describeTopics: async (names) =>
        (names ?? [...this.ends.keys()])
          .filter((n) => this.ends.has(n))
          .map((name) => ({
            name,
            topicId: "",
            internal: false,
            partitions: [{ partition: 0, leader: 1, replicas: [1], isr: [1] }],
          })),
      listOffsets: async (partitions) => {
        this.beforeEnds();
        return partitions.map((p) => ({ ...p, offset: this.ends.get(p.topic) ?? -1n, timestamp: -1n }));
      },
      fetch: async (requests) =>
        new Map(
          requests.map(({ topic, partition, offset }) => {
            const end = this.ends.get(topic) ?? 0n;
            const isMarker = this.marked.has(topic) && offset === end - 1n;
            const baseOffset = Number(offset);
            const records = [{ offset: baseOffset, timestamp: 1, key: null, value: null, headers: [] }];
            const batch = encodeBatch({ baseOffset, records, ...(isMarker ? { control: "abort" as const } : {}) });
            const known = { highWatermark: end, lastStableOffset: end, logStartOffset: 0n, abortedTransactions: [] };
            return [`${topic}:${partition}`, { ...known, records: offset < end ? batch : Buffer.alloc(0) }];
          }),
        ),
      describeCluster: async () => ({
        clusterId: "c",
        controllerId: 1,
        brokers: [{ id: 1, host: "h", port: 1 }],
        ...(this.clusterOperations === undefined ? {} : { authorizedOperations: this.clusterOperations }),
      }),
      mayDescribeTransactionalId: async () => this.maySeeUnnamed,
      topicOperations: async () => new Map(),
      groupOperations: async () => new Map(),
      describeBrokerConfigs: async () =>
        new Map([
          [
            1,
            new Map(
              Object.entries(this.brokerConfig).map(([k, value]) => [
                k,
                { value, source: "static-broker" as const, sensitive: value === null },
              ]),
            ),
          ],
        ]),
      describeAcls: async () => {
        if (!this.authorizer) throw new MigrationError("KAFKA_REFUSED", "list ACLs: SECURITY_DISABLED", { fix: "-" });
        this.checks++;
        return this.list;
      },
      createAcls: async (acls) => {
        for (const a of acls) {
          this.beforeWrite("create", [a]);
          this.acls.set(idOf(a), a);
        }
      },
      deleteAcls: async (acls) => {
        for (const a of acls) {
          this.beforeWrite("delete", [a]);
          this.acls.delete(idOf(a));
        }
      },
    };
    return new Proxy(known as KafkaPort, {
      get: (target, name) => {
        if (name in target) return Reflect.get(target, name);
        throw new Error(`${String(name)} is not part of the simulated origin`);
      },
    });
  }
}

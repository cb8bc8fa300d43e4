/** How a topic of the estate is filled. */
export type Filling =
  | { how: "bulk"; codec: "none" | "gzip" | "snappy" | "lz4" | "zstd"; recordBytes: number; share: number }
  | { how: "keyed"; records: number }
  | { how: "compacted"; records: number; keys: number }
  | { how: "transactional"; transactions: number; aborted: number; recordsEach: number }
  | { how: "trimmed"; records: number; keep: number }
  | { how: "empty" };

export interface EstateTopic {
  name: string;
  partitions: number;
  configs?: Record<string, string>;
  filling: Filling;
}

export interface EstateGroup {
  groupId: string;
  topic: string;
  /** Where the group stopped on each partition, as a share of the records: 0 is the start, 1 the end. */
  at: number;
  /** Commit metadata, as some frameworks write it. */
  metadata?: string;
}

const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
const DOMAINS = ["billing", "catalog", "delivery", "fraud", "identity", "inventory", "loyalty", "search"];

/** The estate of a mid-sized company: 42 topics, 392 partitions, and every kind of log that a migration can meet. */
export function estateTopics(): EstateTopic[] {
  const bulk = CODECS.map(
    (codec): EstateTopic => ({
      name: `telemetry.${codec}`,
      partitions: 24,
      filling: { how: "bulk", codec, recordBytes: 1024, share: 1 / CODECS.length },
    }),
  );
  const keyed = DOMAINS.flatMap((domain): EstateTopic[] => [
    { name: `${domain}.events`, partitions: 12, filling: { how: "keyed", records: 3000 } },
    { name: `${domain}.commands`, partitions: 6, filling: { how: "keyed", records: 600 } },
  ]);
  const compacted = ["customers.latest", "prices.latest", "stock.latest"].map(
    (name): EstateTopic => ({
      name,
      partitions: 6,
      configs: {
        "cleanup.policy": "compact",
        "segment.ms": "1000",
        "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "2000",
      },
      filling: { how: "compacted", records: 3000, keys: 120 },
    }),
  );
  const transactional = ["payments", "ledger.entries", "orders"].map(
    (name): EstateTopic => ({
      name,
      partitions: 12,
      filling: { how: "transactional", transactions: 12, aborted: 4, recordsEach: 40 },
    }),
  );
  const trimmed = ["audit-trail", "sessions.expired"].map(
    (name, i): EstateTopic => ({
      name,
      partitions: 6,
      filling: { how: "trimmed", records: 1200, keep: i === 0 ? 500 : 0 },
    }),
  );
  const empty = Array.from(
    { length: 6 },
    (_, i): EstateTopic => ({ name: `reserved.${i + 1}`, partitions: 4, filling: { how: "empty" } }),
  );
  const odd: EstateTopic[] = [
    // A careless clean-up or pattern would take these names for MirrorMaker 2's own topics.
    { name: "stuff-internal", partitions: 1, filling: { how: "keyed", records: 50 } },
    { name: "connect-cluster-offsets.archive", partitions: 1, filling: { how: "keyed", records: 50 } },
    { name: "shipments", partitions: 24, configs: { "retention.ms": "-1" }, filling: { how: "keyed", records: 6000 } },
    { name: "invoices", partitions: 1, configs: { "retention.bytes": "-1" }, filling: { how: "keyed", records: 500 } },
    { name: "clicks", partitions: 24, filling: { how: "keyed", records: 6000 } },
    {
      name: "geo.positions",
      partitions: 8,
      configs: { "compression.type": "zstd" },
      filling: { how: "keyed", records: 2000 },
    },
    {
      name: "notifications",
      partitions: 6,
      configs: { "compression.type": "lz4" },
      filling: { how: "keyed", records: 1200 },
    },
  ];
  return [...bulk, ...keyed, ...compacted, ...transactional, ...trimmed, ...empty, ...odd];
}

/** Groups that stopped at the start, in the middle, near the end and at the end. */
export function estateGroups(): EstateGroup[] {
  return [
    { groupId: "billing-service", topic: "billing.events", at: 1 },
    { groupId: "billing-replay", topic: "billing.events", at: 0 },
    { groupId: "fraud-scoring", topic: "fraud.events", at: 0.4 },
    { groupId: "loyalty-nightly", topic: "loyalty.events", at: 0.05 },
    { groupId: "search-indexer", topic: "search.events", at: 0.97, metadata: "indexer:v2;shard=7" },
    { groupId: "payments-settlement", topic: "payments", at: 0.6 },
    { groupId: "orders-shipping", topic: "orders", at: 0.6 },
    { groupId: "ledger-reader", topic: "ledger.entries", at: 1 },
    { groupId: "customer-cache", topic: "customers.latest", at: 0.5 },
    { groupId: "audit-export", topic: "audit-trail", at: 0.8 },
    { groupId: "shipping-eta", topic: "shipments", at: 0.33 },
    { groupId: "telemetry-slow", topic: "telemetry.lz4", at: 0.1 },
    { groupId: "telemetry-live", topic: "telemetry.none", at: 1 },
    { groupId: "reserved-listener", topic: "reserved.1", at: 1 },
  ];
}

import type { ReportInput } from "../../../engine/report";

/** A migration after its cutover, as the stack's state tells it. */
export function cutOver(changes: Partial<ReportInput> = {}): ReportInput {
  return {
    name: "orders",
    madeAt: "2026-05-04T10:40:00.000Z",
    phase: "cutover",
    mirror: {
      originAlias: "origin-cluster",
      targetAlias: "target-cluster",
      topicsPattern: "orders.*",
      groupsPattern: ".*",
    },
    preflight: {
      at: "2026-05-04T09:00:00.000Z",
      result: {
        topics: 3,
        partitions: 14,
        groups: 2,
        resumes: false,
        warnings: [
          {
            code: "TARGET_RETENTION",
            severity: "warning",
            seen: "the target keeps records for 7 days",
            fix: "raise log.retention.ms",
          },
        ],
      },
    },
    gate: {
      passedAt: "2026-05-04T10:30:00.000Z",
      topics: 3,
      partitions: 14,
      recordsAtMost: 120_300,
      gapsRead: 1,
      lastRecordsCompared: 12,
      cleared: {},
      warnings: [],
      durationMs: 61_000,
      quietMs: 5_000,
      looks: 30,
      requests: 400,
    },
    verification: {
      at: "2026-05-04T10:31:00.000Z",
      result: {
        mode: "tail",
        equal: true,
        partitions: 14,
        resumed: 0,
        bytes: { origin: 1_000_000, target: 1_000_000 },
        durationMs: 3_000,
        requests: 90,
        notes: [],
        differences: [
          {
            topic: "orders",
            partition: 2,
            kind: "duplicate",
            count: 2,
            originOffset: 7,
            targetOffset: 9,
            text: "orders-2: 2 records are on the target twice from offset 9",
          },
        ],
        topics: [
          {
            topic: "orders",
            target: "orders",
            partitions: 8,
            compacted: false,
            originRecords: 100_000,
            targetRecords: 100_002,
            counted: true,
            duplicates: 2,
            faulty: 0,
          },
          {
            topic: "orders-state",
            target: "orders-state",
            partitions: 4,
            compacted: true,
            originRecords: 300,
            targetRecords: 300,
            counted: true,
            duplicates: 0,
            faulty: 0,
          },
          {
            topic: "orders-audit",
            target: "orders-audit",
            partitions: 2,
            compacted: false,
            originRecords: 20_000,
            targetRecords: 20_000,
            counted: false,
            duplicates: 0,
            faulty: 0,
          },
        ],
      },
    },
    offsets: {
      version: 1,
      at: "2026-05-04T10:31:30.000Z",
      written: 8,
      inPlace: 1,
      skipped: [{ group: "reports", why: "active on the target" }],
      groups: [
        {
          group: "billing",
          created: true,
          offsets: [
            { topic: "orders", partition: 0, offset: "41" },
            { topic: "orders", partition: 1, offset: "12", inPlace: true },
          ],
        },
      ],
    },
    replication: {
      at: "2026-05-04T10:33:00.000Z",
      result: {
        topics: [{ topic: "orders", from: [1], to: 3, partitions: 8, bytes: 5_000_000 }],
        partitions: 8,
        unchanged: 6,
        bytes: 5_000_000,
        minInsync: [],
        absent: [],
        durationMs: 20_000,
      },
    },
    samples: [
      { at: "2026-05-04T09:10:00.000Z", partitions: 14, complete: 0, left: 120_000 },
      { at: "2026-05-04T09:50:00.000Z", partitions: 14, complete: 9, left: 30_000 },
      { at: "2026-05-04T10:30:00.000Z", partitions: 14, complete: 14, left: 0 },
    ],
    ...changes,
  };
}

import { describe, expect, it } from "vitest";
import type { PreflightFacts } from "./facts";
import { accepting, refuse } from "./finding";
import { timedQuestions } from "./limits";
import { decide, type PreflightRun } from "./preflight";
import { brokers, facts, internals, mirror, running, selected, topic } from "../../test/engine/preflight/facts";

interface Case {
  finding: string;
  severity?: "warning";
  when: PreflightFacts;
  /** Names and numbers that the finding must contain. */
  says: RegExp;
  /** What its fix must contain. */
  fix: RegExp;
  /** Nearly the same facts, but without this finding. */
  not: PreflightFacts;
  options?: PreflightRun;
  notOptions?: PreflightRun;
}

const foreign = (kind: string) =>
  internals("absent").map((t) =>
    t.kind === kind ? { ...t, state: "foreign" as const, reasons: ["cleanup.policy is delete, not compact"] } : t,
  );
const onTarget = (set: Record<string, string>) => ({ clusterId: "two", brokers: brokers(3, set) });
const old = (limit: "retention" | "before" | "after", partitions: number[]) => ({
  timed: [{ limit, topic: "orders", limitMs: 3_600_000, partitions }],
});

const cases: Case[] = [
  // Clusters and selection
  {
    finding: "SAME_CLUSTER",
    when: facts({ target: { clusterId: "one", brokers: brokers(3) } }),
    says: /\(one\)/,
    fix: /bootstrap servers/,
    not: facts(),
  },
  {
    finding: "SELECTION_EMPTY",
    when: facts({ mirror: { ...mirror, topicsPattern: "orderz" }, selected: [] }),
    says: /"orderz" selects none of the 1 visible topics.*did you mean "orders"/,
    fix: /topicsPattern/,
    not: facts(),
  },
  {
    finding: "SYSTEM_TOPICS_SELECTED",
    severity: "warning",
    when: facts({
      selected: ["_schemas", "orders", "my-connect-configs", "app-store-changelog"].map((n) => selected(topic(n))),
    }),
    says: /_schemas \(a schema registry's storage\), my-connect-configs \(another Connect.*app-store-changelog/,
    fix: /topicsExcludePattern/,
    not: facts({ selected: ["orders", "connections", "configs", "changelogs"].map((n) => selected(topic(n))) }),
  },
  {
    finding: "SYSTEM_TOPICS_SELECTED",
    severity: "warning",
    when: facts({
      originGroups: ["app"],
      mirror: { ...mirror, groupsPattern: "billing" },
      selected: [selected(topic("app-store-changelog"))],
    }),
    says: /app-store-changelog \(the state of a Streams application whose group does not move\)/,
    fix: /topicsExcludePattern/,
    not: facts({
      originGroups: ["app"],
      selected: [selected(topic("app-store-changelog")), selected(topic("app-key-repartition"))],
    }),
  },
  {
    finding: "STREAMS_TOPICS_LEFT",
    severity: "warning",
    when: facts({
      originGroups: ["app", "billing"],
      originTopics: ["orders", "app-store-changelog", "app-key-repartition", "application-store-changelog"],
    }),
    says: /app-store-changelog of group "app", app-key-repartition of group "app"; on the target .* an empty state/,
    fix: /topicsPattern.*groupsExcludePattern/,
    not: facts({ originGroups: ["billing"], originTopics: ["orders", "app-store-changelog"] }),
  },
  {
    finding: "NO_GROUP_SELECTED",
    severity: "warning",
    when: facts({ mirror: { ...mirror, groupsPattern: "bill" } }),
    says: /"bill" selects none of the 1 groups.*billing/,
    fix: /groupsPattern/,
    not: facts({ mirror: { ...mirror, groupsPattern: "bill.*" } }),
  },
  {
    finding: "NO_GROUP_SELECTED",
    severity: "warning",
    when: facts({ mirror: { ...mirror, groupsPattern: "bill" } }),
    says: /bill/,
    fix: /./,
    not: facts({ mirror: { ...mirror, groupsPattern: "bill" }, originGroups: [] }),
  },

  // Names
  {
    finding: "INTERNAL_NAME_TAKEN",
    when: facts({ internals: foreign("offsets") }),
    says: /target topic migration-connect-cluster-offsets.*cleanup.policy is delete/,
    fix: /offsetStorageTopic/,
    not: running(),
  },
  {
    finding: "INTERNAL_NAME_TAKEN",
    when: facts({ internals: foreign("offset-syncs") }),
    says: /origin topic mm2-offset-syncs.target-cluster.internal/,
    fix: /target\.alias/,
    not: facts(),
  },
  {
    finding: "INTERNAL_NAME_SELECTED",
    when: facts({ selected: [selected(topic("migration-connect-cluster-offsets"))] }),
    says: /origin topic migration-connect-cluster-offsets would be copied.*offsets topic/,
    fix: /offsetStorageTopic.*topicsExcludePattern/,
    not: facts({ selected: [selected(topic("migration-connect-cluster-offset"))] }),
  },
  {
    finding: "INTERNAL_NAMES_EQUAL",
    when: facts({ mirror: { ...mirror, statusStorageTopic: mirror.configStorageTopic } }),
    says: /target\.configStorageTopic and target\.statusStorageTopic both make target topic migration-connect-cluster-configs/,
    fix: /own name/,
    not: facts(),
  },
  {
    finding: "CONNECT_GROUP_TAKEN",
    when: facts({ mirrorGroup: { state: "Stable", protocolType: "consumer", members: 2, committed: 0 } }),
    says: /2 members, consumer/,
    fix: /groupId/,
    not: running(),
  },
  {
    finding: "CONNECT_GROUP_TAKEN",
    when: facts({ mirrorGroup: { state: "Empty", protocolType: "consumer", members: 0, committed: 4 } }),
    says: /offsets for 4 partitions/,
    fix: /groupId/,
    not: facts({ mirrorGroup: { state: "Empty", protocolType: "connect", members: 0, committed: 0 } }),
  },
  {
    finding: "CONNECT_GROUP_TAKEN",
    when: facts({ mirrorGroup: { state: "Stable", protocolType: "connect", members: 1, committed: 0 } }),
    says: /1 worker of another Connect cluster/,
    fix: /groupId/,
    not: running(),
  },
  {
    finding: "TARGET_NAMES_EQUAL",
    when: facts({
      selected: [
        selected(topic("device-heartbeats")),
        selected(topic("origin-cluster.device-heartbeats")),
        { ...selected(topic("x")), targetName: "origin-cluster.device-heartbeats" },
      ],
    }),
    says: /device-heartbeats and x would both be copied to origin-cluster.device-heartbeats/,
    fix: /topicsExcludePattern/,
    not: facts(),
  },
  {
    finding: "TOPIC_RENAMED",
    severity: "warning",
    when: facts({ selected: [selected(topic("device-heartbeats"))] }),
    says: /device-heartbeats becomes origin-cluster.device-heartbeats/,
    fix: /new name/,
    not: facts({ selected: [selected(topic("device-heartbeat"))] }),
  },
  {
    finding: "TOPIC_CANNOT_RETURN",
    when: facts({ selected: [selected(topic("orders")), selected(topic("device-heartbeats"))] }),
    options: { wayBackTopics: ["orders", "device-.*"] },
    says: /would not come back: device-heartbeats becomes origin-cluster.device-heartbeats$/,
    fix: /wayBack.*topicsExcludePattern/,
    not: facts({ selected: [selected(topic("orders")), selected(topic("device-heartbeats"))] }),
    notOptions: { wayBackTopics: ["orders"] },
  },

  {
    finding: "INTERNAL_TOPIC_LEFT_OVER",
    when: facts({ internals: internals("present", 5) }),
    says: /^origin topic mm2-offset-syncs.target-cluster.internal has 5 records or more, though this mirror has never run/,
    fix: /delete it there.*set target.?[aA]lias/,
    not: running(),
  },
  {
    finding: "INTERNAL_TOPIC_LEFT_OVER",
    when: facts({ internals: internals("present", 5) }),
    says: /./,
    fix: /./,
    not: facts({ internals: internals("present", 0) }),
  },

  {
    finding: "TARGET_NAME_COLLIDES",
    when: facts({ selected: [selected(topic("a.b"))], targetTopics: ["a_b"] }),
    says: /a\.b and a_b on the target/,
    fix: /topicsExcludePattern/,
    // The topic already exists on the target, so it is not created.
    not: facts({ selected: [selected(topic("a.b"), topic("a.b", [[0, 0]]))], targetTopics: ["a.b", "a_b"] }),
  },
  {
    finding: "TARGET_NAME_COLLIDES",
    when: facts({ selected: [selected(topic("a.b")), selected(topic("a_b"))] }),
    says: /a\.b and a_b on the target$/,
    fix: /exclude/,
    not: facts({ selected: [selected(topic("a.b")), selected(topic("ab"))], targetTopics: ["a-b", "a.b.c"] }),
  },
  {
    finding: "TARGET_NAME_COLLIDES",
    when: facts({ originTopics: ["orders", "mm2-offset-syncs_target-cluster_internal"] }),
    says: /mm2-offset-syncs.target-cluster.internal and mm2-offset-syncs_target-cluster_internal on the origin/,
    fix: /./,
    not: facts(),
  },
  {
    finding: "TARGET_NAME_INVALID",
    when: facts({
      selected: [
        selected(topic("x".repeat(249)), undefined, {
          ...mirror,
          policyClass: "org.apache.kafka.connect.mirror.DefaultReplicationPolicy",
        }),
      ],
    }),
    says: /has 264 characters, Kafka allows 249/,
    fix: /identity policy/,
    not: facts({ selected: [selected(topic("x".repeat(249)))] }),
  },
  {
    finding: "TARGET_NAME_INVALID",
    when: facts({ selected: [{ ...selected(topic("orders")), targetName: "origin/orders" }] }),
    says: /has the character "\/"/,
    fix: /identity policy/,
    not: facts(),
  },
  {
    finding: "GROUP_NAME_BREAKS_CHECKPOINTS",
    when: facts({ originGroups: ["", "a,b", "billing"] }),
    says: /"" \(an empty name\), "a,b" \(a comma in its name\)$/,
    fix: /groupsExcludePattern/,
    not: facts({ originGroups: ["", "a,b"], mirror: { ...mirror, groupsExcludePattern: "^$,.*\\x2c.*" } }),
  },
  {
    // Seen on Kafka 4.3.1: 'task.assigned.groups' values must not be empty.
    finding: "GROUP_NAME_BREAKS_CHECKPOINTS",
    when: facts({ originGroups: ["  ", "\t", " padded "] }),
    says: /: "\t" \(a name of blanks only\), "[ ]{2}" \(a name of blanks only\)$/,
    fix: /"\\s\*" is a name that is empty or blank/,
    not: facts({ originGroups: ["  ", "\t"], mirror: { ...mirror, groupsExcludePattern: "connect-.*,\\s*" } }),
  },
  {
    finding: "GROUP_NAME_BREAKS_CHECKPOINTS",
    when: facts({ originGroups: ["a,b"] }),
    says: /a,b/,
    fix: /./,
    // The group has no offset on a migrated topic, so the mirror skips it.
    not: facts({ originGroups: ["a,b"], idleGroups: new Set(["a,b"]) }),
  },
  {
    finding: "SINK_GROUPS_LEFT",
    severity: "warning",
    when: facts({ originGroups: ["billing", "connect-warehouse"] }),
    says: /connect-warehouse/,
    fix: /offsets.groups to \["connect-warehouse"\]; or mirror.groupsExcludePattern to "console-consumer-/,
    not: facts({
      originGroups: ["billing", "connect-warehouse"],
      mirror: { ...mirror, groupsExcludePattern: "connect-.*" },
    }),
  },
  {
    finding: "SINK_GROUPS_LEFT",
    severity: "warning",
    when: facts({ originGroups: ["connect-a", "connect-idle"], idleGroups: new Set(["connect-idle"]) }),
    says: /default: connect-a; on the target/,
    options: { groups: ["connect-b"], waves: true } as PreflightRun,
    fix: /^set offsets.groups to \["connect-b", "connect-a"\], and name them in waves\[\].groups, each in the wave/,
    not: facts({ originGroups: ["connect-a"] }),
    notOptions: { groups: ["connect-a"] },
  },
  {
    finding: "SINK_GROUPS_LEFT",
    severity: "warning",
    // The user has named it, so the exclusion is not meant for it.
    when: facts({
      originGroups: ["connect-a.b", "connect-other"],
      mirror: { ...mirror, groupsPattern: "shop, connect-a\\.b", groupsExcludePattern: "connect-.*" },
    }),
    says: /mirror.groupsExcludePattern "connect-\.\*" leaves them out: connect-a.b; on the target/,
    fix: /^set offsets.groups to \["connect-a.b"\]$/,
    not: facts({
      originGroups: ["connect-a.b", "connect-other"],
      mirror: { ...mirror, groupsPattern: "shop, connect-a\\.b", groupsExcludePattern: "connect-other" },
    }),
  },

  // Leftover offsets
  {
    finding: "OFFSETS_LEFT_OVER",
    when: running({ selected: [selected(topic("orders"))] }),
    says: /orders:0 mirrored up to 7, but the target has no such topic/,
    fix: /delete topic migration-connect-cluster-offsets.*offsetStorageTopic/,
    not: running(),
  },
  {
    finding: "OFFSETS_LEFT_OVER",
    when: running({ selected: [selected(topic("orders"), topic("orders", [[0, 0]]))] }),
    says: /but the target has nothing in it/,
    fix: /delete topic/,
    not: running({ selected: [selected(topic("orders"), topic("orders", [[8, 8]]))] }),
  },
  {
    finding: "OFFSETS_LEFT_OVER",
    when: running({ mirrored: new Map([["orders:0", 10]]) }),
    says: /orders:0 mirrored up to 10, but the origin ends at 10/,
    fix: /delete topic/,
    not: running({ mirrored: new Map([["orders:0", 9]]) }),
  },

  // Target topics
  {
    finding: "TARGET_TOPIC_PARTITIONS",
    when: facts({
      selected: [
        selected(
          topic("orders"),
          topic("orders", [
            [0, 0],
            [0, 0],
          ]),
        ),
      ],
    }),
    says: /2 partitions on the target and 1 on the origin/,
    fix: /delete it/,
    not: facts({ selected: [selected(topic("orders"), topic("orders", [[0, 0]]))] }),
  },
  {
    finding: "TARGET_TOPIC_PARTITIONS",
    when: running({
      selected: [
        selected(
          topic("orders"),
          topic("orders", [
            [0, 8],
            [0, 0],
          ]),
        ),
      ],
    }),
    says: /2 partitions on the target and 1/,
    fix: /same count/,
    not: running({
      selected: [
        selected(
          topic("orders", [
            [0, 9],
            [0, 3],
          ]),
          topic("orders", [[0, 8]]),
        ),
      ],
    }),
  },
  {
    finding: "TARGET_TOPIC_GROWS",
    severity: "warning",
    when: running({
      selected: [
        selected(
          topic("orders", [
            [0, 9],
            [0, 3],
          ]),
          topic("orders", [[0, 8]]),
        ),
      ],
    }),
    says: /1 partition on the target and 2/,
    fix: /600 s/,
    not: running(),
  },
  {
    finding: "TARGET_TOPIC_HAS_DATA",
    when: facts({ selected: [selected(topic("orders"), topic("orders", [[2, 5]]))] }),
    says: /topic orders.*partition 0 from 2 to 5/,
    fix: /delete it.*exclude orders/,
    not: facts({ selected: [selected(topic("orders"), topic("orders", [[5, 5]]))] }),
  },
  {
    // `not`: the mirror has just started and has written offset syncs, but not flushed offsets yet. `when`: the same
    // syncs without a running mirror are leftovers of an earlier mirror on the origin.
    finding: "TARGET_TOPIC_HAS_DATA",
    when: facts({ selected: running().selected, synced: new Set(["orders:0"]) }),
    says: /partition 0 from 0 to 8/,
    fix: /delete it/,
    not: running({ mirrored: new Map() }),
  },
  {
    // The offsets topic does not exist (e.g. it was renamed). So the mirror remembers nothing, even though its syncs
    // exist.
    finding: "TARGET_TOPIC_HAS_DATA",
    when: running({
      mirrored: new Map(),
      internals: internals("present", 5).map((t) => (t.kind === "offsets" ? { ...t, state: "absent", records: 0 } : t)),
    }),
    says: /partition 0 from 0 to 8/,
    fix: /delete it/,
    not: running({ mirrored: new Map() }),
  },
  {
    // Clients wrote these records after a cutover. A later `up`, e.g. for a new password, must not fail because of
    // them.
    finding: "TARGET_TOPIC_HAS_DATA",
    when: running({ mirrored: new Map(), synced: new Set() }),
    says: /partition 0 from 0 to 8/,
    fix: /delete it/,
    not: running({ mirrored: new Map(), synced: new Set(), known: new Set(["orders"]) }),
  },
  {
    finding: "TARGET_TOPIC_WRITTEN",
    severity: "warning",
    when: running({ mirrored: new Map(), synced: new Set(), known: new Set(["orders"]) }),
    says: /partition 0 from 0 to 8/,
    fix: /stop what writes/,
    not: running({ known: new Set(["orders"]) }),
  },
  {
    finding: "TARGET_TOPIC_PARTITIONS",
    severity: "warning",
    when: running({
      selected: [
        selected(
          topic("orders"),
          topic("orders", [
            [0, 8],
            [0, 0],
          ]),
        ),
      ],
      known: new Set(["orders"]),
    }),
    says: /2 partitions on the target and 1/,
    fix: /before the cutover/,
    not: running({ known: new Set(["orders"]) }),
  },
  {
    finding: "TARGET_TOPIC_WRITTEN",
    severity: "warning",
    when: running({
      selected: [
        selected(
          topic("orders", [
            [0, 9],
            [0, 0],
          ]),
          topic("orders", [
            [0, 8],
            [0, 4],
          ]),
        ),
      ],
    }),
    says: /partition 1 from 0 to 4/,
    fix: /stop what writes/,
    not: running({
      selected: [
        selected(
          topic("orders", [
            [0, 9],
            [0, 0],
          ]),
          topic("orders", [
            [0, 8],
            [0, 0],
          ]),
        ),
      ],
    }),
  },
  {
    finding: "PARTITION_OFFLINE",
    when: facts({ selected: [selected({ ...topic("orders"), bounds: [undefined, { start: 0, end: 1 }] })] }),
    says: /origin: 1 partition without a leader: orders:0/,
    fix: /start the brokers/,
    not: facts(),
  },

  // Brokers
  {
    finding: "BROKERS_TOO_FEW",
    when: facts({ mirror: { ...mirror, replicationFactor: 4 } }),
    says: /the copied topics on the target would get 4 replicas \(replication.factor\), but it has 3 brokers/,
    fix: /replication.factor to 3/,
    not: facts({ mirror: { ...mirror, replicationFactor: 3 } }),
  },
  {
    finding: "BROKERS_TOO_FEW",
    when: facts({ target: { clusterId: "two", brokers: brokers(2) } }),
    says: /topic migration-connect-cluster-offsets on the target would get 3 replicas \(offset.storage/,
    fix: /offset.storage.replication.factor to 2/,
    not: facts({ target: { clusterId: "two", brokers: brokers(2) } }),
    notOptions: { storageReplicationFactor: 2, checkpointsReplicationFactor: 1 },
  },
  {
    finding: "BROKERS_TOO_FEW",
    when: facts({ target: { clusterId: "two", brokers: brokers(2) } }),
    options: { storageReplicationFactor: 2, checkpointsReplicationFactor: 1, statusStorageReplicationFactor: 3 },
    says: /-status on the target would get 3 replicas \(status.storage/,
    fix: /status.storage.replication.factor to 2/,
    not: facts({ target: { clusterId: "two", brokers: brokers(2) } }),
    notOptions: {
      storageReplicationFactor: 2,
      checkpointsReplicationFactor: 1,
      configStorageReplicationFactor: 1,
      statusStorageReplicationFactor: 1,
    },
  },
  {
    finding: "BROKERS_TOO_FEW",
    when: facts({ origin: { clusterId: "one", brokers: brokers(1) } }),
    says: /mm2-offset-syncs.target-cluster.internal on the origin.*but it has 1 broker$/,
    fix: /offset-syncs/,
    not: facts({ origin: { clusterId: "one", brokers: brokers(1) } }),
    notOptions: { offsetSyncsReplicationFactor: 1 },
  },
  {
    finding: "MIN_INSYNC_TOO_HIGH",
    when: facts({ target: onTarget({ "min.insync.replicas": "2" }) }),
    says: /would get 1 replica \(replication.factor\), but its brokers ask for 2 in sync/,
    fix: /replication.factor to 2/,
    not: facts({ target: onTarget({ "min.insync.replicas": "2" }), mirror: { ...mirror, replicationFactor: 2 } }),
  },
  {
    finding: "REPLICATION_TOO_LARGE",
    when: facts(),
    options: { replication: { rules: [{ pattern: "orders", factor: 5 }] } },
    says: /topic orders: factor 5, but there are 3 brokers/,
    fix: /lower the factor/,
    not: facts(),
    notOptions: { replication: { rules: [{ pattern: "orders", factor: 3 }] } },
  },
  {
    finding: "REPLICATION_TOO_LARGE",
    when: facts({ selected: [selected({ ...topic("orders"), factor: 4 })] }),
    says: /factor 4/,
    fix: /rule/,
    not: facts({ selected: [selected({ ...topic("orders"), factor: 4 })] }),
    notOptions: { replication: { rules: [{ pattern: ".*", factor: 2 }] } },
  },
  {
    finding: "REPLICATION_TOO_LARGE",
    when: facts({ selected: [selected({ ...topic("orders"), factor: 4 }, { ...topic("orders"), factor: 1 })] }),
    says: /factor 4/,
    fix: /rule/,
    not: facts({ selected: [selected({ ...topic("orders"), factor: 4 }, { ...topic("orders"), factor: 4 })] }),
  },
  {
    finding: "TOPIC_DELETION_DISABLED",
    when: facts({ target: onTarget({ "delete.topic.enable": "false" }) }),
    says: /broker 1, 2, 3 of the target/,
    fix: /delete.topic.enable=true/,
    not: facts(),
  },
  {
    finding: "TOPIC_DELETION_DISABLED",
    when: facts({ origin: { clusterId: "one", brokers: brokers(3, { "delete.topic.enable": "false" }) } }),
    says: /of the origin/,
    fix: /delete.topic/,
    not: facts({
      origin: { clusterId: "one", brokers: brokers(3, { "delete.topic.enable": "false" }) },
      mirror: { ...mirror, offsetSyncsLocation: "target" },
    }),
  },
  {
    finding: "TARGET_AUTO_CREATES",
    severity: "warning",
    when: facts({ target: onTarget({ "auto.create.topics.enable": "true" }) }),
    says: /wrong partition count/,
    fix: /auto.create.topics.enable=false/,
    not: facts(),
  },

  // Records that the target would lose
  {
    finding: "TARGET_RETENTION_DELETES",
    when: facts({ target: onTarget({ "log.retention.ms": "3600000" }), ...old("retention", [0]) }),
    says: /orders has records older than 1 h in 1 partition/,
    fix: /retention.ms/,
    not: facts({ target: onTarget({ "log.retention.ms": "3600000" }), ...old("retention", []) }),
  },
  {
    finding: "TARGET_RETENTION_SHORTER",
    severity: "warning",
    when: facts({ target: onTarget({ "log.retention.hours": "1" }) }),
    says: /orders 1 h instead of 168 h/,
    fix: /retention.ms/,
    not: facts({ target: onTarget({ "log.retention.hours": "169" }) }),
  },
  {
    finding: "TARGET_RETENTION_SHORTER",
    severity: "warning",
    when: facts({ target: onTarget({ "log.retention.hours": "1" }) }),
    says: /orders/,
    fix: /./,
    not: facts({
      target: onTarget({ "log.retention.hours": "1" }),
      selected: [selected(topic("orders", [[0, 1]], { "retention.ms": "604800000" }))],
    }),
  },
  {
    finding: "TARGET_RETENTION_SHORTER",
    severity: "warning",
    when: facts({
      selected: [
        selected({
          ...topic("orders"),
          settings: { ...topic("orders").settings, "retention.ms": { value: "-1", ofTopic: false } },
        }),
      ],
    }),
    says: /168 h instead of for ever/,
    fix: /./,
    not: facts({ selected: [selected(topic("orders", [[0, 1]], { "retention.ms": "-1" }))] }),
  },
  {
    finding: "TARGET_RETENTION_SHORTER",
    severity: "warning",
    when: facts({ target: onTarget({ "log.retention.hours": "1" }) }),
    says: /orders/,
    fix: /./,
    not: facts({
      target: onTarget({ "log.retention.hours": "1" }),
      selected: [selected(topic("orders", [[0, 1]], { "cleanup.policy": "compact" }))],
    }),
  },
  {
    // A partition of 3 MB loses its first segments if the target keeps 1 MB and segments of 1 MB.
    finding: "TARGET_RETENTION_DELETES",
    when: facts({
      target: onTarget({ "log.retention.bytes": "1000000", "log.segment.bytes": "1000000" }),
      sizes: new Map([["orders:0", 3_000_000n]]),
    }),
    says: /larger than the target's limit.*: orders 3 MB instead of 1 MB a partition$/,
    fix: /retention.bytes/,
    not: facts({
      target: onTarget({ "log.retention.bytes": "1000000", "log.segment.bytes": "1000000" }),
      sizes: new Map([["orders:0", 1_900_000n]]),
    }),
  },
  {
    finding: "TARGET_RETENTION_BYTES_SMALLER",
    severity: "warning",
    when: facts({ target: onTarget({ "log.retention.bytes": "1000000" }) }),
    says: /orders above 1 MB a partition/,
    fix: /retention.bytes/,
    not: facts({ target: onTarget({ "log.retention.bytes": "-1" }) }),
  },
  {
    finding: "TARGET_REFUSES_FUTURE",
    when: facts(old("after", [0])),
    says: /orders has records dated more than 1 h in the future in 1 partition/,
    fix: /message.timestamp.after.max.ms/,
    not: facts(old("after", [])),
  },
  {
    finding: "TARGET_REFUSES_PAST",
    when: facts(old("before", [0])),
    says: /in the past/,
    fix: /message.timestamp.before.max.ms/,
    not: facts(old("before", [])),
  },
  {
    finding: "TARGET_STAMPS_RECORDS",
    severity: "warning",
    when: facts({ target: onTarget({ "log.message.timestamp.type": "LogAppendTime" }) }),
    says: /LogAppendTime/,
    fix: /CreateTime/,
    not: facts(),
  },
  {
    finding: "TARGET_CLEANUP_DIFFERS",
    when: facts({ target: onTarget({ "log.cleanup.policy": "compact" }) }),
    says: /orders compact instead of delete/,
    fix: /cleanup.policy/,
    not: facts({
      target: onTarget({ "log.cleanup.policy": "compact" }),
      selected: [selected(topic("orders", [[0, 1]], { "cleanup.policy": "delete" }))],
    }),
  },
  {
    finding: "TARGET_MESSAGE_SIZE_SMALLER",
    when: facts({ target: onTarget({ "message.max.bytes": "1000" }) }),
    says: /orders 1000 instead of 1048588 bytes/,
    fix: /max.message.bytes/,
    not: facts({ target: onTarget({ "message.max.bytes": "1048588" }) }),
  },
  {
    finding: "TARGET_MESSAGE_SIZE_SMALLER",
    when: facts({ target: onTarget({ "message.max.bytes": "1000" }) }),
    says: /orders/,
    fix: /./,
    not: facts({
      target: onTarget({ "message.max.bytes": "1000" }),
      selected: [selected(topic("orders", [[0, 1]], { "max.message.bytes": "1048588" }))],
    }),
  },
  {
    finding: "MIRROR_COPIES_ABORTED",
    severity: "warning",
    when: facts({ originTopics: ["orders", "__transaction_state"] }),
    says: /aborted/,
    fix: /read_committed/,
    not: facts({
      mirror: { ...facts().mirror, isolationLevel: "read_committed" },
      originTopics: ["orders", "__transaction_state"],
    }),
  },
  {
    finding: "TARGET_RECOMPRESSES",
    severity: "warning",
    when: facts({ target: onTarget({ "compression.type": "gzip" }) }),
    says: /orders/,
    fix: /compression.type/,
    not: facts(),
  },
];

describe("findings and their near misses", () => {
  it.each(cases.map((c, i) => [`${c.finding} (${i + 1})`, c] as const))("%s", (_, c) => {
    const options = {
      offsetSyncsReplicationFactor: c.finding === "BROKERS_TOO_FEW" ? undefined : 1,
      ...c.options,
    } as PreflightRun;
    const found = decide(c.when, options).filter((f) => f.code === c.finding);
    expect(found.length, `${c.finding} is found`).toBeGreaterThan(0);
    const match = found.find((f) => c.says.test(f.seen));
    expect(match, `says ${c.says}: ${found.map((f) => f.seen).join(" | ")}`).toBeDefined();
    expect(match!.fix).toMatch(c.fix);
    expect(match!.severity).toBe(c.severity ?? "error");
    const near = decide(c.not, { ...options, ...c.notOptions }).filter(
      (f) => f.code === c.finding && (c.notOptions === undefined || c.says.test(f.seen)),
    );
    expect(near).toEqual([]);
  });

  it("do not appear on two ready clusters or while the mirror runs", () => {
    expect(decide(facts(), {})).toEqual([]);
    expect(decide(running(), {})).toEqual([]);
  });
});

describe("questions about timestamps", () => {
  it("are asked only if a limit of the target matters", () => {
    expect(timedQuestions(facts())).toEqual([{ limit: "after", topic: "orders", limitMs: 3_600_000 }]);
    const strict = facts({
      target: onTarget({ "log.retention.ms": "1000", "log.message.timestamp.before.max.ms": "5000" }),
    });
    expect(timedQuestions(strict).map((q) => [q.limit, q.limitMs])).toEqual([
      ["retention", 1000],
      ["after", 3_600_000],
      ["before", 5000],
    ]);
    expect(timedQuestions(facts({ target: onTarget({ "log.message.timestamp.type": "LogAppendTime" }) }))).toEqual([]);
  });

  it("use the strictest limit if the brokers' limits differ", () => {
    const target = {
      clusterId: "two",
      brokers: [...brokers(2), ...brokers(1, { "log.message.timestamp.after.max.ms": "60000" })],
    };
    expect(timedQuestions(facts({ target }))).toEqual([{ limit: "after", topic: "orders", limitMs: 60_000 }]);
  });
});

describe("the verdict", () => {
  const findings = decide(
    facts({ target: { clusterId: "one", brokers: brokers(3, { "message.max.bytes": "1000" }) } }),
    {},
  );

  it("names every error and its fix at once", () => {
    expect(() => refuse(findings)).toThrow(
      /^PREFLIGHT_FAILED: 2 findings stop the migration before anything was changed\n {2}- SAME_CLUSTER: .* Fix: correct[^\n]*\n {2}- TARGET_MESSAGE_SIZE_SMALLER: [^\n]*\nfix: /,
    );
  });

  it("accepts a finding by its code", () => {
    const accepted = accepting(findings, ["TARGET_MESSAGE_SIZE_SMALLER"]);
    expect(accepted.map((f) => [f.code, f.severity])).toEqual([
      ["SAME_CLUSTER", "error"],
      ["TARGET_MESSAGE_SIZE_SMALLER", "warning"],
    ]);
    expect(() => refuse(accepting(findings, ["SAME_CLUSTER", "TARGET_MESSAGE_SIZE_SMALLER"]))).not.toThrow();
  });
});

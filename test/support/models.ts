import type { MirrorModel } from "../../engine/model";

/** The guide's mirror on Kafka 4.3.1 as the engine sees it, with what a test changes. */
export function testMirror(changes: Partial<MirrorModel> = {}): MirrorModel {
  return {
    originAlias: "origin-cluster",
    targetAlias: "target-cluster",
    groupId: "mirrormaker2-cluster",
    offsetStorageTopic: "migration-connect-cluster-offsets",
    configStorageTopic: "migration-connect-cluster-configs",
    statusStorageTopic: "migration-connect-cluster-status",
    topicsPattern: ".*",
    groupsPattern: ".*",
    offsetSyncsLocation: "source",
    policyClass: "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
    kafkaVersion: "4.3.1",
    heartbeats: false,
    isolationLevel: "read_uncommitted",
    exactlyOnce: false,
    syncGroupOffsets: false,
    replicationFactor: 1,
    offsetFlushIntervalMs: 60_000,
    refreshTopicsIntervalSeconds: 600,
    ...changes,
  };
}

export type { ClusterConnection, KafkaCluster, KafkaClusterOptions, KafkaParts } from "./types";
export { startKafkaCluster } from "./cluster";
export { createScramUser, deleteScramUser } from "./users";
export { type QuotaEntity, type QuotaKey, setManyQuotas, setQuotas } from "./quotas";

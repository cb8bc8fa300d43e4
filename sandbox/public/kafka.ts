/** Clusters, their users, Connect workers, certificates, and Kafka's own programs. */
export { createScramUser, deleteScramUser, setManyQuotas, setQuotas, startKafkaCluster } from "../kafka";
export type { ClusterConnection, KafkaCluster, KafkaClusterOptions, KafkaParts, QuotaEntity, QuotaKey } from "../kafka";
export { classPath, environment, kafkaParts, ownTemporaryFiles, startJava, toolOptions } from "../kafka/java";
export { jaasQuoted, writeProperties } from "../kafka/properties";
export { brokersOf, withBroker } from "../kafka/wire";
export { startConnectWorker } from "../connect";
export type { ConnectWorker, ConnectWorkerOptions } from "../connect";
export { createAuthority, issueCertificate } from "../tls";
export type { Authority, Certificate, CertificateOptions } from "../tls";

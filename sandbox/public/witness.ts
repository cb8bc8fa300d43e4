/**
 * Independent clients (kafkajs, Kafka's own Java client) that read what was migrated, and the comparison of their
 * results.
 */
export * from "../witness/compare";
export * from "../witness/estate";
export * from "../witness/java";
export * from "../witness/kafkajs";
export type * from "../witness/types";

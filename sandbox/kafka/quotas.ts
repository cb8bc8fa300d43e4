import type { KafkaCluster } from "./types";
import { brokersOf, withBroker } from "./wire";

/** What a quota applies to. null: the default. */
export interface QuotaEntity {
  user?: string | null;
  "client-id"?: string | null;
  ip?: string | null;
}

export type QuotaKey =
  | "producer_byte_rate"
  | "consumer_byte_rate"
  | "request_percentage"
  | "controller_mutation_rate"
  | "connection_creation_rate";

/**
 * Sets quotas of one entity (KIP-546). Brokers follow a moment later.
 * @param values null removes the quota
 */
export async function setQuotas(
  cluster: Pick<KafkaCluster, "connection">,
  entity: QuotaEntity,
  values: Partial<Record<QuotaKey, number | null>>,
): Promise<void> {
  await setManyQuotas(cluster, [{ entity, values }]);
}

/** Same as `setQuotas`, for many entities in one request. */
export async function setManyQuotas(
  cluster: Pick<KafkaCluster, "connection">,
  quotas: readonly { entity: QuotaEntity; values: Partial<Record<QuotaKey, number | null>> }[],
): Promise<void> {
  const [broker] = brokersOf(cluster.connection.bootstrapServers);
  const entries = quotas.map(({ entity, values }) => ({
    entities: Object.entries(entity).map(([entityType, entityName]) => ({
      entityType: entityType as keyof QuotaEntity,
      entityName: entityName as string | null,
    })),
    ops: Object.entries(values).map(([key, value]) =>
      value === null
        ? { key: key as QuotaKey, remove: true as const }
        : { key: key as QuotaKey, value, remove: false as const },
    ),
  }));
  await withBroker(cluster.connection, broker!, (link, library) =>
    library.alterClientQuotasV1.api.async(link, entries as never, false),
  );
}

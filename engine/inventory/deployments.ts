import { clusterOf, type DeployedObject } from "./objects";
import type { Fate, InventoryDeployment } from "./types";

/** Kinds that the inventory lists. */
export const DEPLOYED_KINDS = [
  "KafkaConnect",
  "KafkaBridge",
  "KafkaMirrorMaker2",
  "EventStreamsGeoReplicator",
] as const;

type DeployedKind = (typeof DEPLOYED_KINDS)[number];

const FATES: Record<DeployedKind, Fate> = {
  KafkaConnect: {
    moves: "no",
    why: "it is deployed, not copied",
    todo: "declare it again with the target's `bootstrapServers` (docs/connectors.md)",
  },
  KafkaBridge: {
    moves: "no",
    why: "it is deployed, not copied",
    todo: "declare it again with the target's `bootstrapServers`",
  },
  KafkaMirrorMaker2: {
    moves: "no",
    why: "it is another mirror",
    todo: "let it use the target instead, at the cutover",
  },
  EventStreamsGeoReplicator: {
    moves: "no",
    why: "geo-replication belongs to Event Streams",
    todo: "replace it by a KafkaMirrorMaker2 of the target, or remove it",
  },
};

const isKnown = (kind: string): kind is DeployedKind => Object.hasOwn(FATES, kind);

/** Address of an operator's service: `<cluster>-kafka-bootstrap`, `<cluster>-kafka-brokers`, ... */
const SERVICE = /([a-z0-9][-a-z0-9.]*)-kafka-(?:[-a-z0-9]+-)?(?:bootstrap|brokers|\d+)\b/g;

/**
 * True for a resource of this Kafka cluster: its label or an address names the cluster, or no address names one.
 * @param cluster name of the origin's Kafka resource. Undefined: not known
 */
function usesOrigin({ metadata, spec }: DeployedObject, cluster: string | undefined): boolean {
  if (cluster === undefined || clusterOf({ metadata }) === cluster) return true;
  const named = [...JSON.stringify(spec ?? {}).matchAll(SERVICE)].map(([, name]) => name);
  return named.length === 0 || named.includes(cluster);
}

/** @param cluster name of the origin's Kafka resource. Undefined: not known */
export function deploymentsOf(objects: readonly DeployedObject[], cluster: string | undefined): InventoryDeployment[] {
  return objects.flatMap((object): InventoryDeployment[] => {
    const { kind, apiVersion = "", metadata } = object;
    if (!isKnown(kind) || !usesOrigin(object, cluster)) return [];
    const place = { namespace: String(metadata.namespace ?? ""), name: String(metadata.name ?? "") };
    return [{ kind, apiVersion, ...place, ...FATES[kind] }];
  });
}

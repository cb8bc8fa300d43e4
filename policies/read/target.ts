import { attempt, later, type MirrorView, NotKnownYet, sideFor } from "../../engine/rules";
import { homeOf, partsOf } from "./home";
import { type AnyResource, items, number, object } from "./plain";
import { placesIn } from "./side";

/** Adds to each mirror what the stack's Kafka and KafkaNodePool resources show about its target. */
export function tellTargets(
  mirrors: readonly MirrorView[],
  pools: readonly AnyResource[],
  kafkas: readonly AnyResource[],
): void {
  for (const mirror of mirrors) {
    const at = (resources: readonly AnyResource[]) =>
      resources.filter((r) => sideFor(placesIn({ names: [r.name], ...homeOf(r)[0] }, mirrors), mirror) === "target");
    const [ownPools, ownKafkas] = [at(pools), at(kafkas)];
    // If there are node pools, the operator does not read the number in the Kafka resource.
    tell(mirror, "targetBrokers", () => {
      if (pools.some(isAnywhere)) throw new NotKnownYet();
      return brokersIn(ownPools) || brokersIn(ownKafkas);
    });
    tell(mirror, "targetMinInsyncReplicas", () => {
      const [kafka, other] = ownKafkas;
      return kafka === undefined || other !== undefined
        ? undefined
        : number(object(object(partsOf(kafka).spec.kafka).config)["min.insync.replicas"]);
    });
    tell(mirror, "targetDefaultReplicas", () => {
      const [kafka, other] = ownKafkas;
      if (kafka === undefined || other !== undefined) return undefined;
      const kafkaSpec = object(partsOf(kafka).spec.kafka);
      // The brokers' default is 1. Without the block, nothing is known.
      return Object.keys(kafkaSpec).length === 0
        ? undefined
        : (number(object(kafkaSpec.config)["default.replication.factor"]) ?? 1);
    });
  }
}

function tell(
  mirror: MirrorView,
  key: "targetBrokers" | "targetMinInsyncReplicas" | "targetDefaultReplicas",
  read: () => number | undefined,
): void {
  const value = attempt(() => ({ known: read() }));
  if (value === undefined) later(mirror, key);
  else if (value.known !== undefined && value.known > 0) mirror[key] = value.known;
}

/** Returns true if the cluster of the pool is not known yet. The pool may then belong to any cluster. */
const isAnywhere = (pool: AnyResource) =>
  attempt(() => [object(partsOf(pool).metadata.labels)["strimzi.io/cluster"]]) === undefined;

/** 0 if there is no cluster, or more than one. Throws `NotKnownYet` if the number is not known yet. */
function brokersIn(resources: readonly AnyResource[]): number {
  const clusters = new Map<string, number>();
  for (const resource of resources) {
    const { spec } = partsOf(resource);
    if (Array.isArray(spec.roles) && !spec.roles.includes("broker")) continue;
    const own = Array.isArray(spec.nodePools)
      ? items(spec.nodePools)
          .map(object)
          .filter(({ roles }) => !Array.isArray(roles) || roles.includes("broker"))
      : undefined;
    const home = homeOf(resource)[0];
    const key = JSON.stringify([home?.cluster ?? resource.name, home?.namespace]);
    clusters.set(
      key,
      (clusters.get(key) ?? 0) +
        (own?.reduce((sum, pool) => sum + (number(pool.replicas) ?? 0), 0) ??
          number(object(spec.kafka).replicas) ??
          number(spec.replicas) ??
          0),
    );
  }
  return clusters.size === 1 ? [...clusters.values()][0]! : 0;
}

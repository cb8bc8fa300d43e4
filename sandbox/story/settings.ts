import type { Settings } from "./project";

/** Namespaces of the sandbox in Kubernetes, as in the guide. */
export const NAMESPACES = { origin: "origin-ns", target: "target-ns", mirror: "migration" } as const;

export interface StoryPlaces {
  originBootstrap: string;
  targetBootstrap: string;
  /** Path of the kubeconfig. */
  kubeconfig: string;
  /** Default `strimzi-v1`. */
  dialect?: "strimzi-v1" | "strimzi-v1beta2";
  /** Folder of the report. */
  report: string;
  /** The clusters' names and namespaces in Kubernetes. Default: the sandbox's own. */
  origin?: { label: string; namespace: string; brokerIds: readonly number[] };
  target?: { label: string; namespace: string; brokerIds: readonly number[] };
  /** Exactly these topics and groups, for a cluster that also has others. Default: all. */
  topics?: readonly string[];
  groups?: readonly string[];
}

/**
 * The configuration that a user would write for the sandbox: two clusters, each with an operator, and only the values
 * that differ from the defaults.
 */
export function storySettings(places: StoryPlaces): Settings {
  const { originBootstrap, targetBootstrap, kubeconfig, report, topics, groups } = places;
  const {
    origin = { label: "origin", namespace: NAMESPACES.origin, brokerIds: [1] },
    target = { label: "target", namespace: NAMESPACES.target, brokerIds: [1, 2, 3] },
  } = places;
  const chosen = {
    ...(topics === undefined ? {} : { topicsPattern: listed(topics) }),
    ...(groups === undefined ? {} : { groupsPattern: listed(groups) }),
  };
  return {
    origin: {
      bootstrapServers: originBootstrap,
      cluster: origin.label,
      namespace: origin.namespace,
      brokers: origin.brokerIds.length,
    },
    target: {
      bootstrapServers: targetBootstrap,
      cluster: target.label,
      namespace: target.namespace,
      brokers: target.brokerIds.length,
    },
    profile: "tuned",
    ...(places.dialect === undefined ? {} : { dialect: places.dialect }),
    // The buffers of `tuned` for two tasks do not fit into the sandbox's usual 512 MB per worker.
    mirror: { kubeconfig, replicationFactor: 1, tasksMax: 2, jvmOptions: { "-Xmx": "768m" }, ...chosen },
    gate: { limitSeconds: 180, stableSeconds: 3 },
    // The origin has one broker, so its replication factor is 1. A target with three brokers in three racks should have
    // three replicas.
    replication: { rules: [{ pattern: ".*", factor: Math.min(3, target.brokerIds.length) }] },
    // The stack's program is the repository's own, so the default folder would be in the repository.
    report: { folder: report },
  };
}

/** Java regular expressions that match exactly these names. */
const listed = (names: readonly string[]): string => names.map((name) => name.replaceAll(".", "\\.")).join(",");

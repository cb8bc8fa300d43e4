import type { Settings } from "./project";

/** Names of the sandbox's Kubernetes side, as in the guide. */
export const NAMESPACES = { origin: "origin-ns", target: "target-ns", mirror: "migration" } as const;

export interface StoryPlaces {
  originBootstrap: string;
  targetBootstrap: string;
  /** Path of the kubeconfig. */
  kubeconfig: string;
  /** Where the report goes. */
  report: string;
}

/** The configuration that somebody would type for the sandbox: two clusters with an operator each, and what differs from the defaults. */
export function storySettings(places: StoryPlaces): Settings {
  const { originBootstrap, targetBootstrap, kubeconfig, report } = places;
  return {
    origin: { bootstrapServers: originBootstrap, cluster: "origin", namespace: NAMESPACES.origin, brokers: 1 },
    target: { bootstrapServers: targetBootstrap, cluster: "target", namespace: NAMESPACES.target, brokers: 3 },
    profile: "tuned",
    mirror: { kubeconfig, replicationFactor: 1, tasksMax: 2 },
    gate: { limitSeconds: 180, stableSeconds: 3 },
    // The origin has one broker, so its own factor is 1; three brokers in three racks deserve three replicas.
    replication: { rules: [{ pattern: ".*", factor: 3 }] },
    // The stack's program is the repository's own, and so the default would lie there.
    report: { folder: report },
  };
}

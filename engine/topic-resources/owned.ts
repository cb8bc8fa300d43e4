import { someOf } from "../units";
import type { WantedReplication } from "../replication";

/** A topic of the target that its Topic Operator keeps as its KafkaTopic says. */
export interface OwnedTopic {
  topic: string;
  /** `<namespace>/<name>` of the KafkaTopic. */
  resource: string;
  /** Replicas in the KafkaTopic. Absent: the operator accepts every number. */
  replicas?: number;
  /** `min.insync.replicas` in the KafkaTopic. Absent: it is not in there. */
  minInsync?: string;
  /**
   * The tool that writes the KafkaTopic, for example `Argo CD (argocd-controller)`. It would revert a change of
   * somebody else. Absent: no tool is known.
   */
  managedBy?: string;
}

/** What the replication reset changes in a KafkaTopic. */
export interface OwnedChange extends Pick<OwnedTopic, "topic" | "resource" | "managedBy"> {
  replicas?: { from: number; to: number };
  minInsync?: {
    /** Absent: it is not in the KafkaTopic. */
    from?: string;
    to: number;
    /** True if the value goes down: before replicas are removed. */
    lowers: boolean;
  };
}

/**
 * Returns the changes in KafkaTopics without which the Topic Operator would revert the replication reset. For replicas
 * it does so with Cruise Control only. Without it, it reports the topic as not ready.
 */
export function ownedChanges(owned: readonly OwnedTopic[], wanted: readonly WantedReplication[]): OwnedChange[] {
  const byName = new Map(wanted.map((one) => [one.topic, one]));
  return owned.flatMap((one): OwnedChange[] => {
    const want = byName.get(one.topic);
    if (want === undefined) return [];
    const { topic, resource, managedBy } = one;
    const replicas =
      one.replicas === undefined || one.replicas === want.factor
        ? {}
        : { replicas: { from: one.replicas, to: want.factor } };
    const minInsync = minInsyncChange(one, want);
    return Object.keys({ ...replicas, ...minInsync }).length === 0
      ? []
      : [{ topic, resource, ...(managedBy === undefined ? {} : { managedBy }), ...replicas, ...minInsync }];
  });
}

function minInsyncChange({ minInsync: said }: OwnedTopic, want: WantedReplication): Pick<OwnedChange, "minInsync"> {
  const { minInsync: to, now } = want;
  if (said !== undefined)
    return said === String(to) ? {} : { minInsync: { from: said, to, lowers: to < Number(said) } };
  // The operator removes a setting that the KafkaTopic does not have. Without it the brokers' value applies.
  if (now !== undefined && !now.own && now.minInsync === to) return {};
  return { minInsync: { to, lowers: now !== undefined && to < now.minInsync } };
}

/** In words: `orders (KafkaTopic kafka/orders: replicas 1 -> 3)`. */
export const changeText = ({ topic, resource, replicas, minInsync }: OwnedChange): string => {
  const parts = [
    ...(replicas === undefined ? [] : [`spec.replicas ${replicas.from} -> ${replicas.to}`]),
    ...(minInsync === undefined
      ? []
      : [`spec.config["min.insync.replicas"] ${minInsync.from ?? "none"} -> ${minInsync.to}`]),
  ];
  return `${topic} (KafkaTopic ${resource}: ${parts.join(", ")})`;
};

/** The changes by the tool that has to make them. */
export function byTool(changes: readonly OwnedChange[]): { tool: string; changes: OwnedChange[]; text: string }[] {
  const tools = [...new Set(changes.flatMap(({ managedBy }) => managedBy ?? []))].sort();
  return tools.map((tool) => {
    const own = changes.filter(({ managedBy }) => managedBy === tool);
    return { tool, changes: own, text: someOf(own.map(changeText), 5) };
  });
}

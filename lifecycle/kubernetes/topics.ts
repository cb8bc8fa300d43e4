import type { KafkaTopicFound, TopicPlace } from "../../engine/topic-resources";
import { isOf } from "../../engine/topic-resources";
import { managersOf } from "./field-managers";
import type { KubernetesAccess } from "./kubeconfig";
import { type KubernetesReader, openKubernetes } from "./reader";
import { GROUPS, notServed, versionsOf } from "./served";

/** The Kafka resource of one side, and how to reach its Kubernetes cluster. */
export interface OperatorCluster extends KubernetesAccess {
  namespace: string;
  /** Name of the Kafka resource. */
  cluster: string;
}

/**
 * Returns the operator's cluster of a side. Undefined: the side has no operator, or the state is of an older version.
 */
export function operatorOf(
  secrets: (KubernetesAccess & { login?: string; ca?: string; cluster?: string }) | null | undefined,
): OperatorCluster | undefined {
  const { cluster: id, login: _login, ca: _ca, ...access } = secrets ?? {};
  const [namespace, cluster] = id?.split("/") ?? [];
  return namespace === undefined || cluster === undefined ? undefined : { ...access, namespace, cluster };
}

/** KafkaTopics of one cluster, in the API version in which they were read. */
export interface ClusterTopics {
  place: TopicPlace;
  topics: KafkaTopicFound[];
}

/**
 * Returns the KafkaTopics of a cluster, in the newest API version that the server has in each API group. Undefined: the
 * server has no KafkaTopics of this cluster.
 * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE, KUBECONFIG_*
 */
export async function topicsOfCluster({
  namespace,
  cluster,
  ...access
}: OperatorCluster): Promise<ClusterTopics | undefined> {
  const reader = openKubernetes(access);
  for (const group of GROUPS) {
    const [apiVersion] = await versionsOf(reader, group, "KafkaTopic");
    if (apiVersion === undefined) continue;
    const place = { apiVersion, namespace, cluster };
    const topics = (await listed(reader, place)).filter((one) => isOf(one, place));
    if (topics.length > 0) return { place, topics };
  }
  return undefined;
}

/**
 * Returns all KafkaTopics in the namespace, also those of other clusters.
 * @throws MigrationError API_VERSION_NOT_SERVED, and as `topicsOfCluster`
 */
export async function topicsInNamespace(place: TopicPlace, access: KubernetesAccess): Promise<KafkaTopicFound[]> {
  const reader = openKubernetes(access);
  const missing = await notServed(reader, {
    apiVersion: place.apiVersion,
    kind: "KafkaTopic",
    namespace: "",
    name: "",
  });
  if (missing !== undefined) throw missing.error;
  return listed(reader, place);
}

const listed = (reader: KubernetesReader, { apiVersion, namespace }: TopicPlace): Promise<KafkaTopicFound[]> =>
  reader.list({ apiVersion, kind: "KafkaTopic", namespace });

/** True if this field manager has applied the object. */
export const isAppliedBy = (found: KafkaTopicFound, manager: string): boolean =>
  managersOf(found).some((one) => one.manager === manager && one.operation === "Apply");

import { isMigrationError, MigrationError } from "../../engine/errors";
import { clusterOf, type OperatorObjects } from "../../engine/inventory";
import { defined } from "../../engine/objects";
import { someOf } from "../../engine/units";
import { type KubernetesObject, type KubernetesReader, openKubernetes } from "../../lifecycle/kubernetes/reader";
import { GROUPS, versionsOf } from "../../lifecycle/kubernetes/served";
import { ownerOf } from "../../lifecycle/owner";

/** Where the resources of the origin's operator are. */
export interface OriginOperator {
  /** Content or path. Absent: found as Pulumi's Kubernetes plugin finds it. */
  kubeconfig?: string;
  context?: string;
  namespace: string;
  /** API version of the KafkaUsers. Absent: the newest that the API server serves. */
  apiVersion?: string;
  /** Name of the Kafka resource. Absent: that of `user`, or the only one in the namespace. */
  cluster?: string;
  /** Name of the mirror's KafkaUser. */
  user?: string;
}

/**
 * Reads the KafkaUsers and KafkaTopics of the origin's Kafka cluster.
 * @returns `unread`: what the API server did not let us read
 * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE, KUBECONFIG_INVALID, CLI_KUBERNETES
 */
export async function readOperatorObjects(
  operator: OriginOperator,
): Promise<{ objects: OperatorObjects; unread: string[] }> {
  const { kubeconfig, context, namespace } = operator;
  const reader = openKubernetes(defined({ kubeconfig: kubeconfig as string, context: context as string }));
  const apiVersion = operator.apiVersion ?? (await servedVersion(reader));
  const all = await reader.list({ apiVersion, kind: "KafkaUser", namespace });
  const cluster = operator.cluster ?? clusterIn(all, operator);
  const ofCluster = (list: readonly KubernetesObject[]) =>
    list.filter((object) => cluster === undefined || clusterOf(object) === cluster).map((o) => ({ ...o, apiVersion }));
  const unread: string[] = [];
  const topics = await reader.list({ apiVersion, kind: "KafkaTopic", namespace }).catch((error: unknown) => {
    if (!isMigrationError(error) || error.code !== "KUBERNETES_FORBIDDEN") throw error;
    unread.push(`the KafkaTopics: ${error.fix}`);
    return [];
  });
  const users = ofCluster(all);
  const own = users.filter((user) => ownerOf(user) !== undefined).map((user) => String(user.metadata.name));
  return { objects: { users, topics: ofCluster(topics), own }, unread };
}

function clusterIn(users: readonly KubernetesObject[], { user, namespace }: OriginOperator): string | undefined {
  const mirrors = users.find(({ metadata }) => metadata.name === user);
  if (mirrors !== undefined) return clusterOf(mirrors);
  const clusters = [...new Set(users.map(clusterOf))].filter((name) => name !== undefined).sort();
  if (clusters.length <= 1) return clusters[0];
  throw new MigrationError(
    "CLI_KUBERNETES",
    `namespace ${namespace} has the users of ${clusters.length} Kafka clusters: ${someOf(clusters, 5)}`,
    { fix: "name the origin's Kafka resource with --kafka" },
  );
}

async function servedVersion(reader: KubernetesReader): Promise<string> {
  for (const group of GROUPS) {
    const [newest] = await versionsOf(reader, group, "KafkaUser");
    if (newest !== undefined) return newest;
  }
  throw new MigrationError("CLI_KUBERNETES", `${reader.server} serves no KafkaUsers of Strimzi or Event Streams`, {
    fix: "check --kubeconfig and --context: this may be another cluster",
  });
}

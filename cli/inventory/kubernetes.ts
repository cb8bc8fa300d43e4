import { isMigrationError, MigrationError } from "../../engine/errors";
import { clusterOf, DEPLOYED_KINDS, type DeployedObject, type OperatorObjects, UNREAD } from "../../engine/inventory";
import { defined } from "../../engine/objects";
import { someOf } from "../../engine/units";
import { type KubernetesObject, type KubernetesReader, openKubernetes } from "../../lifecycle/kubernetes/reader";
import { GROUPS, versionsOf } from "../../lifecycle/kubernetes/served";
import { isOwnUser, ownerOf } from "../../lifecycle/owner";

/** Where the resources of the origin's operator are. */
export interface OriginOperator {
  /** Content or path. Absent: found as Pulumi's Kubernetes plugin finds it. */
  kubeconfig?: string;
  context?: string;
  namespace: string;
  /** API version of the KafkaUsers. Absent: the newest of the API group that has KafkaUsers in the namespace. */
  apiVersion?: string;
  /** Name of the Kafka resource. Absent: that of `user`, or the only one in the namespace. */
  cluster?: string;
  /** Name of the mirror's KafkaUser. */
  user?: string;
}

/**
 * Reads the KafkaUsers and KafkaTopics of the origin's Kafka cluster.
 * @returns `unread`: what the API server did not let us read
 * @throws MigrationError KUBERNETES_UNREACHABLE, KUBECONFIG_INVALID, CLI_KUBERNETES
 */
export async function readOperatorObjects(
  operator: OriginOperator,
): Promise<{ objects: OperatorObjects; unread: string[] }> {
  const { kubeconfig, context, namespace } = operator;
  const reader = openKubernetes(defined({ kubeconfig: kubeconfig as string, context: context as string }));
  const unread: string[] = [];
  const list = (apiVersion: string, kind: "KafkaUser" | "KafkaTopic", what: string) =>
    listIfAllowed(reader, { apiVersion, kind, namespace }, what, unread);
  const versions = operator.apiVersion === undefined ? await servedVersions(reader) : [operator.apiVersion];
  let [apiVersion = "", ...others] = versions;
  let all = await list(apiVersion, "KafkaUser", UNREAD.kafkaUsers);
  // Strimzi and Event Streams can be on one Kubernetes cluster.
  for (const other of others) {
    if (all.length > 0) break;
    const found = await list(other, "KafkaUser", UNREAD.kafkaUsers);
    if (found.length > 0) [apiVersion, all] = [other, found];
  }
  const cluster = operator.cluster ?? clusterIn(all, operator);
  const ofCluster = (list: readonly KubernetesObject[]) =>
    list.filter((object) => cluster === undefined || clusterOf(object) === cluster).map((o) => ({ ...o, apiVersion }));
  const topics = await list(apiVersion, "KafkaTopic", "the KafkaTopics");
  const users = ofCluster(all);
  const deployments = await readDeployments(reader, namespace, unread);
  const own = users.filter(isOwnUser).map((user) => String(user.metadata.name));
  return { objects: { users, topics: ofCluster(topics), own, deployments, ...defined({ cluster }) }, unread };
}

/** Resources in this namespace whose pods may use the origin. Those of migrations with this package are left out. */
async function readDeployments(
  reader: KubernetesReader,
  namespace: string,
  unread: string[],
): Promise<DeployedObject[]> {
  const read = async (kind: (typeof DEPLOYED_KINDS)[number]): Promise<DeployedObject[]> => {
    for (const group of GROUPS) {
      const [apiVersion] = await versionsOf(reader, group, kind);
      if (apiVersion === undefined) continue;
      const found = await listIfAllowed(
        reader,
        { apiVersion, kind, namespace },
        `the resources of kind ${kind}`,
        unread,
      );
      if (found.length > 0) return found.map((object) => ({ ...object, kind, apiVersion }));
    }
    return [];
  };
  const all = await Promise.all(DEPLOYED_KINDS.map(read));
  return all.flat().filter((object) => ownerOf(object) === undefined);
}

/** What the API server refuses is noted in `unread`. */
const listIfAllowed = (
  reader: KubernetesReader,
  of: Parameters<KubernetesReader["list"]>[0],
  what: string,
  unread: string[],
): Promise<KubernetesObject[]> =>
  reader.list(of).catch((error: unknown): KubernetesObject[] => {
    if (!isMigrationError(error) || error.code !== "KUBERNETES_FORBIDDEN") throw error;
    unread.push(`${what}: ${error.fix}`);
    return [];
  });

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

/** The newest version of each group. */
async function servedVersions(reader: KubernetesReader): Promise<string[]> {
  const found = await Promise.all(GROUPS.map((group) => versionsOf(reader, group, "KafkaUser")));
  const newest = found.flatMap(([first]) => first ?? []);
  if (newest.length > 0) return newest;
  throw new MigrationError("CLI_KUBERNETES", `${reader.server} serves no KafkaUsers of Strimzi or Event Streams`, {
    fix: "check --kubeconfig and --context: this may be another cluster",
  });
}

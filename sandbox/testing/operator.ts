import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Kafka,
  logLevel,
  type AclFilter,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
} from "kafkajs";
import { startConnectWorker } from "../connect";
import { startKafkaCluster, type KafkaCluster } from "../kafka";
import { startKubernetes, type Kubernetes } from "../kubernetes";
import { startOperator, type ManagedCluster, type Operator, type Worker } from "../operator";
import { connectKube, type Kube, type KubeObject, type Resource } from "../operator/kube/client";
import { supervise } from "../processes";

export const USERS_V1: Resource = { group: "kafka.strimzi.io", version: "v1", plural: "kafkausers", kind: "KafkaUser" };
export const USERS_V1BETA2: Resource = { ...USERS_V1, version: "v1beta2" };
export const MIRRORS_V1: Resource = {
  group: "kafka.strimzi.io",
  version: "v1",
  plural: "kafkamirrormaker2s",
  kind: "KafkaMirrorMaker2",
};
export const MIRRORS_V1BETA2: Resource = { ...MIRRORS_V1, version: "v1beta2" };

export interface World {
  folder: string;
  kube: Kube;
  kubernetes: Kubernetes;
  origin: KafkaCluster;
  target: KafkaCluster;
  operator: Operator;
  /** What the operator said. */
  lines: string[];
  /** Every worker process that the operator started. */
  workers: (Worker & { name: string; folder: string; pid: number; gone: boolean })[];
  stop(): Promise<void>;
}

/**
 * One broker each, an API server and an operator of their own: an operator that wipes principals must never see anybody
 * else's.
 */
export async function startWorld(options: { fullPassMs: number }): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "kafka-operator-test-"));
  const supervisor = supervise(folder);
  const lines: string[] = [];
  const workers: World["workers"] = [];
  const progress = (line: string): void => void lines.push(line);
  const ends: (() => Promise<void>)[] = [() => supervisor.stop()];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const [origin, target, kubernetes] = await Promise.all([
      startKafkaCluster({ name: "origin", brokers: 1, folder: join(folder, "origin"), progress }),
      startKafkaCluster({ name: "target", brokers: 1, folder: join(folder, "target"), progress }),
      startKubernetes({ folder: join(folder, "kubernetes"), progress }),
    ]);
    const kube = await connectKube(kubernetes.kubeconfig);
    ends.push(
      () => kubernetes.stop(),
      async () => kube.close(),
    );
    for (const namespace of ["origin-ns", "target-ns", "migration"]) await kubernetes.createNamespace(namespace);
    const managed = ({ bootstrapServers, ca, admin }: KafkaCluster, namespace: string): ManagedCluster => ({
      bootstrapServers,
      ca,
      admin,
      namespace,
    });
    const operator = await startOperator({
      kubeconfig: kubernetes.kubeconfig,
      clusters: { origin: managed(origin, "origin-ns"), target: managed(target, "target-ns") },
      folder: join(folder, "operator"),
      startWorker: async (worker) => {
        const started = await startConnectWorker(worker);
        const seen = { ...started, name: worker.name, folder: worker.folder, gone: false };
        void started.exited.then(() => (seen.gone = true));
        workers.push(seen);
        return started;
      },
      fullPassMs: options.fullPassMs,
      checkMs: 1_000,
      progress,
    });
    ends.push(() => operator.stop());
    return { folder, kube, kubernetes, origin, target, operator, lines, workers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Asks until the answer is not undefined; fails with what was last seen. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  limitMs = 30_000,
  seen: () => unknown = () => "",
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${limitMs} ms; last seen: ${JSON.stringify(seen())}`);
    await sleep(50);
  }
}

export interface Status {
  conditions: { type: string; status: string; reason?: string; message?: string }[];
  observedGeneration: number;
  [field: string]: unknown;
}

/** Waits until the operator has settled the object's present generation, and the check (if any) holds. */
export async function settled(
  kube: Kube,
  resource: Resource,
  namespace: string,
  name: string,
  check: (status: Status) => boolean = () => true,
  limitMs = 60_000,
): Promise<Status> {
  let last: KubeObject | undefined;
  return until(
    `${resource.kind} ${namespace}/${name}`,
    async () => {
      last = await kube.get(resource, namespace, name);
      const status = last?.status as Status | undefined;
      return status && status.observedGeneration === last?.metadata.generation && check(status) ? status : undefined;
    },
    limitMs,
    () => last?.status,
  );
}

export function main(status: Status): { type: string; reason?: string; message?: string } {
  return status.conditions[0]!;
}

/** An application's client. */
export function application(
  cluster: KafkaCluster,
  username = cluster.admin.username,
  password = cluster.admin.password,
): Kafka {
  return new Kafka({
    brokers: cluster.bootstrapServers.split(","),
    ssl: { ca: [cluster.ca] },
    sasl: { mechanism: "scram-sha-512", username, password },
    logLevel: logLevel.NOTHING,
    retry: { retries: 6, initialRetryTime: 100 },
  });
}

export async function canLogIn(cluster: KafkaCluster, username: string, password: string): Promise<boolean> {
  const admin = application(cluster, username, password).admin();
  try {
    await admin.connect();
    return true;
  } catch (error) {
    if (/authentication|credentials/i.test((error as Error).message)) return false;
    throw error;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

export type Binding = string;

/** ACLs of a principal as an independent client sees them: `allow Read topic literal orders *`, sorted. */
export async function bindings(cluster: KafkaCluster, principal: string): Promise<Binding[]> {
  const admin = application(cluster).admin();
  await admin.connect();
  const everything: AclFilter = {
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
    principal,
  };
  const { resources } = await admin.describeAcls(everything);
  await admin.disconnect();
  const nameOf = (table: Record<string, unknown>, value: number): string =>
    String(Object.entries(table).find(([, each]) => each === value)?.[0]).toLowerCase();
  return resources
    .flatMap(({ resourceType, resourceName, resourcePatternType, acls }) =>
      acls.map(({ operation, permissionType, host }) =>
        [
          nameOf(AclPermissionTypes as never, permissionType),
          nameOf(AclOperationTypes as never, operation),
          nameOf(AclResourceTypes as never, resourceType),
          nameOf(ResourcePatternTypes as never, resourcePatternType),
          resourceName,
          host,
        ].join(" "),
      ),
    )
    .sort();
}

import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { startMirrorController, type MirrorController } from "./controllers/mirror";
import { startUserController, type Controller, type UserKind } from "./controllers/user";
import { openPrincipals, type AdminConnection } from "./kafka/principals";
import { type Generation, generationOf } from "./generation";
import { connectKube, SECRETS, type Kube, type KubeObject } from "./kube/client";
import type { StartWorker } from "./mirror/workers";
import { every } from "./timer";

export type { StartWorker, Worker } from "./mirror/workers";

/** A Kafka cluster that the operator manages. */
export interface ManagedCluster extends AdminConnection {
  /** Namespace of the cluster. It holds its KafkaUsers, their Secrets and the Secret with the CA certificate. */
  namespace: string;
  /**
   * Principals whose ACLs and credentials are never deleted, as in Strimzi's ignore pattern. The administrator is
   * always excluded from deletion.
   */
  ignoredUsers?: RegExp;
  /** Prefix of a user's Secret name, as STRIMZI_SECRET_PREFIX. Default none. */
  secretPrefix?: string;
}

export interface OperatorOptions {
  kubeconfig: string;
  /** Clusters by the value of the label `strimzi.io/cluster` (or `eventstreams.ibm.com/cluster`). */
  clusters: Record<string, ManagedCluster>;
  /** Folder for the mirrors' workers. */
  folder: string;
  startWorker: StartWorker;
  /**
   * Interval of the full passes in milliseconds. Default 120000, as in Strimzi. A full pass also reads the connectors'
   * status again.
   */
  fullPassMs?: number;
  /** Interval of the checks of the managed users' ACLs in milliseconds. Default 3000. */
  checkMs?: number;
  progress: (line: string) => void;
}

export interface Operator {
  /** Stops watching and stops the mirrors' workers. Leaves Kubernetes and Kafka as they are. */
  stop(): Promise<void>;
  /** Kills every worker of every mirror (SIGKILL). They start again after a while. @returns how many */
  crashWorkers(): number;
  /** Connect's REST interface of each mirror that has a worker. */
  workerUrls(): string[];
}

const GROUPS = [
  { group: "kafka.strimzi.io", domain: "strimzi.io" },
  { group: "eventstreams.ibm.com", domain: "eventstreams.ibm.com" },
];

/**
 * Starts the smallest operator that the sandbox needs. It behaves as Strimzi's operators 0.51, or as those of 1.2 where
 * the CRDs serve only v1. It handles KafkaUser (read as v1) and KafkaMirrorMaker2 (read as v1beta2, which knows every
 * form). Returns when it has seen all existing objects.
 */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { clusters, progress } = options;
  const fullPassMs = options.fullPassMs ?? 120_000;
  const kube = await connectKube(options.kubeconfig);
  const controllers: Controller[] = [];
  const mirrors: MirrorController[] = [];
  const stopSecrets = every(
    fullPassMs,
    () => applyCaSecrets(kube, clusters),
    (error) => progress(`operator: CA secrets: ${error.message}`),
  );
  const stop = async (): Promise<void> => {
    await stopSecrets();
    await Promise.all(controllers.map((controller) => controller.stop()));
    kube.close();
  };
  try {
    await applyCaSecrets(kube, clusters);
    const userKinds: UserKind[] = [];
    for (const { group, domain } of GROUPS) {
      const users = await newest(kube, group, "kafkausers", ["v1", "v1beta2", "v1beta1"]);
      if (users)
        userKinds.push({
          domain,
          generation: users.generation,
          resource: { group, version: users.version, plural: "kafkausers", kind: "KafkaUser" },
        });
      const read = await newest(kube, group, "kafkamirrormaker2s", ["v1beta2", "v1", "v1alpha1"]);
      if (!read) continue;
      const mirror = startMirrorController({
        kube,
        resource: { group, version: read.version, plural: "kafkamirrormaker2s", kind: "KafkaMirrorMaker2" },
        domain,
        generation: read.generation,
        folder: join(options.folder, "mirrors"),
        startWorker: options.startWorker,
        fullPassMs,
        progress,
      });
      mirrors.push(mirror);
      controllers.push(mirror);
    }
    for (const [cluster, managed] of Object.entries(clusters)) {
      controllers.push(
        startUserController({
          kube,
          principals: await openPrincipals(managed),
          cluster,
          namespace: managed.namespace,
          ...(managed.secretPrefix === undefined ? {} : { secretPrefix: managed.secretPrefix }),
          kinds: userKinds,
          ignored: new RegExp(
            `^(?:${escape(managed.admin.username)}${managed.ignoredUsers ? `|${managed.ignoredUsers.source}` : ""})$`,
          ),
          fullPassMs,
          checkMs: options.checkMs ?? 3_000,
          progress,
        }),
      );
    }
    await Promise.all(controllers.map((controller) => controller.synced));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    stop,
    crashWorkers: () => mirrors.reduce((sum, mirror) => sum + mirror.crashWorkers(), 0),
    workerUrls: () => mirrors.flatMap((mirror) => mirror.workerUrls()),
  };
}

/** Returns the first of these versions that is served, and the generation of operators that belongs to it. */
async function newest(
  kube: Kube,
  group: string,
  plural: string,
  versions: readonly string[],
): Promise<{ version: string; generation: Generation } | undefined> {
  const served = await kube.servedVersions(group, plural);
  const version = versions.find((each) => served.includes(each));
  return version === undefined ? undefined : { version, generation: generationOf(served) };
}

/**
 * Writes the Secret with the broker's CA certificate, `<cluster>-cluster-ca-cert`. Beside `ca.crt` it has a key of the
 * form `ca-<date>.crt`. Strimzi's Secret has such a key while an old CA is still trusted.
 */
async function applyCaSecrets(kube: Kube, clusters: Record<string, ManagedCluster>): Promise<void> {
  for (const [cluster, { namespace, ca }] of Object.entries(clusters)) {
    const data = { "ca.crt": Buffer.from(ca).toString("base64") };
    const name = `${cluster}-cluster-ca-cert`;
    const live = await kube.get(SECRETS, namespace, name);
    if (live?.data?.["ca.crt"] === data["ca.crt"]) continue;
    const secret: KubeObject = {
      metadata: {
        name,
        namespace,
        labels: {
          "strimzi.io/cluster": cluster,
          "strimzi.io/kind": "Kafka",
          "strimzi.io/component-type": "certificate-authority",
        },
        annotations: { "strimzi.io/ca-cert-generation": "0" },
      },
      type: "Opaque",
      data: { ...data, [`ca-${expiry(ca)}.crt`]: data["ca.crt"] },
    };
    if (live)
      await kube.replace(SECRETS, {
        ...secret,
        metadata: { ...secret.metadata, resourceVersion: live.metadata.resourceVersion },
      });
    else await kube.create(SECRETS, secret);
  }
}

/** Expiry date in the format of Strimzi's keys: `2027-01-01T00-00-00Z`. */
function expiry(pem: string): string {
  return new Date(new X509Certificate(pem).validTo).toISOString().replace(/\.\d+/, "").replaceAll(":", "-");
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

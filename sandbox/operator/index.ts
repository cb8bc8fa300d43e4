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

/** A Kafka cluster that the operator looks after. */
export interface ManagedCluster extends AdminConnection {
  /** Namespace of the cluster: its KafkaUsers, their Secrets and the CA certificate's Secret are there. */
  namespace: string;
  /** Principals whose ACLs and credentials are never wiped, as Strimzi's ignore pattern. The administrator never is. */
  ignoredUsers?: RegExp;
  /** Before a user's name in its Secret's name, as STRIMZI_SECRET_PREFIX. Default none. */
  secretPrefix?: string;
}

export interface OperatorOptions {
  kubeconfig: string;
  /** By the value of the label `strimzi.io/cluster` (or `eventstreams.ibm.com/cluster`). */
  clusters: Record<string, ManagedCluster>;
  /** Folder for the mirrors' workers. */
  folder: string;
  startWorker: StartWorker;
  /** Time between full passes, milliseconds; Strimzi's default of 120000. A connector's status is read anew then, too. */
  fullPassMs?: number;
  /** Time between looks at the rules of managed users, milliseconds. Default 3000. */
  checkMs?: number;
  progress: (line: string) => void;
}

export interface Operator {
  /** Stops watching and ends the mirrors' workers; leaves Kubernetes and Kafka as they are. */
  stop(): Promise<void>;
  /** Kills every worker of every mirror (SIGKILL) and says how many; they are started again after a while. */
  crashWorkers(): number;
}

const GROUPS = [
  { group: "kafka.strimzi.io", domain: "strimzi.io" },
  { group: "eventstreams.ibm.com", domain: "eventstreams.ibm.com" },
];

/**
 * The smallest operator that makes the sandbox move, behaving as Strimzi's operators 0.51, or as those of 1.2 where the CRDs
 * serve v1 only: KafkaUser (v1 is read) and KafkaMirrorMaker2 (v1beta2 is read, which knows every form). Returns when it has
 * seen what there is.
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
  return { stop, crashWorkers: () => mirrors.reduce((sum, mirror) => sum + mirror.crashWorkers(), 0) };
}

/** The first of these versions that is served, and which operators' ways go with it. */
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
 * The Secret with the broker's CA certificate, `<cluster>-cluster-ca-cert`. Beside `ca.crt` it has a key of the form
 * `ca-<date>.crt`, as Strimzi's has while an old CA is still trusted.
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

/** `2027-01-01T00-00-00Z`, as Strimzi writes it into a key. */
function expiry(pem: string): string {
  return new Date(new X509Certificate(pem).validTo).toISOString().replace(/\.\d+/, "").replaceAll(":", "-");
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

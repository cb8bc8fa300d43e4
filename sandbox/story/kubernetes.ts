import { connectKube, type KubeObject, type Resource, SECRETS } from "../operator/kube/client";

const strimzi = (plural: string, kind: string): Resource => ({ group: "kafka.strimzi.io", version: "v1", plural, kind });
const LISTS = [strimzi("kafkausers", "KafkaUser"), strimzi("kafkamirrormaker2s", "KafkaMirrorMaker2"), SECRETS];

/** Whatever has a kubeconfig: the sandbox, its API server. */
interface Place {
  readonly kubeconfig: string;
}

/** Users, mirrors and secrets of the whole API server as `kind namespace/name`; the clusters' own CA secrets are not the migration's. */
export async function kubernetesObjects({ kubeconfig }: Place): Promise<string[]> {
  const lists = await listAll(kubeconfig, LISTS);
  return LISTS.flatMap(({ kind }, i) => lists[i]!.map((item) => `${kind} ${item.metadata.namespace}/${item.metadata.name}`))
    .filter((object) => !/^Secret (origin-ns\/origin|target-ns\/target)-(cluster|clients)-ca(-cert)?$/.test(object));
}

/** Every password in a Secret, in plain text. */
export async function secretPasswords({ kubeconfig }: Place): Promise<string[]> {
  const [secrets] = await listAll(kubeconfig, [SECRETS]);
  return secrets!.flatMap((item) => (item.data?.["password"] === undefined ? [] : [Buffer.from(item.data["password"], "base64").toString("utf8")]));
}

async function listAll(kubeconfig: string, resources: readonly Resource[]): Promise<KubeObject[][]> {
  const kube = await connectKube(kubeconfig);
  try {
    return await Promise.all(resources.map(async (resource) => (await kube.list(resource)).items));
  } finally {
    kube.close();
  }
}

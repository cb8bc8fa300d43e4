import { connectKube, type Kube, type KubeObject, type Resource, SECRETS } from "../operator/kube/client";
import { servedUsers } from "../others";

/** Uses the version in which KafkaUsers are served: the CRDs of a cluster of the user may not have v1 yet. */
const lists = (users: Resource): Resource[] => [
  users,
  { ...users, plural: "kafkamirrormaker2s", kind: "KafkaMirrorMaker2" },
  SECRETS,
];

/** KafkaUsers of Event Streams, if the API server serves them. */
export async function eventStreamsUsers(kube: Kube): Promise<Resource[]> {
  const [group, plural] = ["eventstreams.ibm.com", "kafkausers"];
  const served = await kube.servedVersions(group, plural);
  return served.includes("v1beta2") ? [{ group, version: "v1beta2", plural, kind: "KafkaUser" }] : [];
}

/** Anything with a kubeconfig: the sandbox or its API server. */
interface Place {
  readonly kubeconfig: string;
}

/**
 * Users, mirrors and secrets of the whole API server, as `kind namespace/name`. Excludes the clusters' own CA secrets,
 * which do not belong to the migration.
 */
export async function kubernetesObjects({ kubeconfig }: Place): Promise<string[]> {
  const found = await listAll(kubeconfig, async (kube) => [
    ...lists(await servedUsers(kube)),
    ...(await eventStreamsUsers(kube)),
  ]);
  return found
    .flatMap(({ kind, items }) => items.map((item) => `${kind} ${item.metadata.namespace}/${item.metadata.name}`))
    .filter((object) => !/^Secret (origin-ns\/origin|target-ns\/target)-(cluster|clients)-ca(-cert)?$/.test(object));
}

/** Every value of every Secret except certificates, in base64 and in plain text. */
export async function secretValues({ kubeconfig }: Place): Promise<string[]> {
  const [secrets] = await listAll(kubeconfig, async () => [SECRETS]);
  return secrets!.items.flatMap(({ data = {} }) =>
    Object.entries(data as Record<string, string>).flatMap(([key, value]) =>
      key.endsWith(".crt") ? [] : [value, Buffer.from(value, "base64").toString("utf8")],
    ),
  );
}

/** The dialect that the API server accepts: v1 where it is served. */
export async function servedDialect({ kubeconfig }: Place): Promise<"strimzi-v1" | "strimzi-v1beta2"> {
  const kube = await connectKube(kubeconfig);
  try {
    return (await servedUsers(kube)).version === "v1" ? "strimzi-v1" : "strimzi-v1beta2";
  } finally {
    kube.close();
  }
}

async function listAll(
  kubeconfig: string,
  resourcesOf: (kube: Kube) => Promise<Resource[]>,
): Promise<{ kind: string; items: KubeObject[] }[]> {
  const kube = await connectKube(kubeconfig);
  try {
    const resources = await resourcesOf(kube);
    return await Promise.all(
      resources.map(async (resource) => ({ kind: resource.kind, items: (await kube.list(resource)).items })),
    );
  } finally {
    kube.close();
  }
}

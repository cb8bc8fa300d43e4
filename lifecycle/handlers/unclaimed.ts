import { isMigrationError, MigrationError } from "../../engine/errors";
import type { Progress } from "../../engine/progress";
import { prefixIn } from "../kubernetes/left";
import { type KubernetesObject, type KubernetesReader, openKubernetes, type ObjectPlace } from "../kubernetes/reader";
import { notServed } from "../kubernetes/served";
import { ownerOf, ownerText } from "../owner";
import { defineStep } from "./framework";

/** The Kafka resource of a KafkaUser. It is in the user's namespace. */
export interface KafkaCluster {
  name: string;
  /**
   * Value of `allow.everyone.if.no.acl.found` on the brokers. Absent: taken from the Kafka resource. False: also if the
   * user accepted the risk.
   */
  everyoneByDefault?: boolean;
}

export interface UnclaimedInputs {
  place: ObjectPlace;
  /** Stack that is about to create the object: `<organization>/<project>/<stack>`. */
  owner: string;
  /**
   * The object is a Secret that an operator creates beside a KafkaUser. A Secret that an operator created may exist.
   */
  ofKafkaUser?: boolean;
  /**
   * With `ofKafkaUser`: how the operator names its Secrets. Absent (an older state): the Secret has the user's name.
   */
  operator?: {
    /** API version of the KafkaUsers. Their status shows the operator's prefix (`STRIMZI_SECRET_PREFIX`). */
    apiVersion: string;
    /** The prefix, if it is known. */
    secretPrefix?: string;
  };
  /** The Kafka cluster for the ACLs of a KafkaUser. Absent: the cluster is not checked. */
  cluster?: KafkaCluster;
  /** Content or path of a kubeconfig. Absent: found in the same way as Pulumi's Kubernetes plugin finds it. */
  kubeconfig?: string;
  context?: string;
}

/** How to give an object of this migration another name. */
const OTHER_NAME: Record<"KafkaMirrorMaker2" | "KafkaUser" | "Secret" | "Namespace", string> = {
  KafkaMirrorMaker2: "give the mirror another mirror.name or mirror.namespace",
  KafkaUser: "give the users of this side other names (origin.names.user, origin.names.administrator, or the target's)",
  Secret:
    "give the Secret another name (origin.names.credentialsSecret, origin.names.caSecret, or the target's), " +
    "or the mirror another mirror.namespace",
  Namespace: "remove mirror.createNamespace, because the namespace exists",
};

async function look(inputs: UnclaimedInputs, progress: Progress): Promise<object> {
  const { place, cluster, kubeconfig, context } = inputs;
  const reader = openKubernetes({ kubeconfig, context });
  const open = cluster === undefined ? undefined : await whyOpen(reader, place, cluster);
  if (open !== undefined) throw open;
  for (const prefix of await prefixes(inputs, reader, progress))
    await requireUnclaimed(reader, { ...place, name: `${prefix}${place.name}` }, inputs);
  return {};
}

/**
 * With `allow.everyone.if.no.acl.found=true` the user's ACLs would deny all other users access to the resources that
 * they name. The brokers can be asked only when a user can log in, which is too late. The Kafka resource shows the
 * setting earlier. A cluster without authorization has no ACLs.
 */
export async function whyOpen(
  reader: KubernetesReader,
  user: ObjectPlace,
  cluster: KafkaCluster,
): Promise<MigrationError | undefined> {
  const { name, everyoneByDefault } = cluster;
  if (everyoneByDefault === false) return undefined;
  const { apiVersion, namespace } = user;
  const what = `Kafka ${namespace}/${name}`;
  const open =
    everyoneByDefault ??
    isOpen(await reader.get({ apiVersion, kind: "Kafka", namespace, name }).catch(() => undefined));
  if (!open) return undefined;
  const seen = `${what} allows everyone to use resources without ACLs (allow.everyone.if.no.acl.found=true)`;
  return new MigrationError(
    "CLUSTER_OPEN",
    `${seen}: the ACLs of KafkaUser ${namespace}/${user.name} would deny everyone else access to the ` +
      "resources that they name",
    {
      fix:
        "use existing users (given and administrator of this cluster), or first create ACLs for the " +
        "cluster's clients " +
        'and then accept this (preflight.accept: ["CLUSTER_OPEN"])',
    },
  );
}

function isOpen(kafka: KubernetesObject | undefined): boolean {
  const { config, authorization } = (kafka?.spec?.["kafka"] ?? {}) as {
    config?: Record<string, unknown>;
    authorization?: unknown;
  };
  return (
    authorization !== undefined &&
    authorization !== null &&
    String(config?.["allow.everyone.if.no.acl.found"]).trim().toLowerCase() === "true"
  );
}

/** Returns the prefixes that the user operator may put before the user's name to name its Secret. */
export async function prefixes(
  { place, operator }: Pick<UnclaimedInputs, "operator"> & { place: Pick<ObjectPlace, "namespace"> },
  reader: KubernetesReader,
  progress: Progress,
): Promise<string[]> {
  if (operator === undefined) return [""];
  if (operator.secretPrefix !== undefined) return [operator.secretPrefix];
  try {
    const users = await reader.list({ apiVersion: operator.apiVersion, kind: "KafkaUser", namespace: place.namespace });
    const found = users.flatMap((user) => prefixIn(user, String(user.metadata.name)) ?? []);
    return found.length === 0 ? [""] : [...new Set(found)];
  } catch (error) {
    if (!isMigrationError(error) || error.code !== "KUBERNETES_FORBIDDEN") throw error;
    progress.info(
      `the KafkaUsers in namespace ${place.namespace} cannot be listed: if the user operator has ` +
        "STRIMZI_SECRET_PREFIX, set origin.secretPrefix (or target.secretPrefix)",
    );
    return [""];
  }
}

/** Returns who has an object of this name: `ownerText`. Undefined: the name is free, or the object is this stack's. */
export async function holderOf(
  reader: KubernetesReader,
  place: ObjectPlace,
  { owner, ofKafkaUser }: Pick<UnclaimedInputs, "owner" | "ofKafkaUser">,
): Promise<string | undefined> {
  const found = await reader.find(place);
  if (found === "not-served")
    throw (await notServed(reader, place))?.error ?? new Error(`${reader.server} does not serve ${place.apiVersion}`);
  if (found === undefined) return undefined;
  if (ofKafkaUser === true && isOfKafkaUser(found)) return undefined;
  const holder = ownerOf(found);
  return holder === owner ? undefined : ownerText(holder);
}

async function requireUnclaimed(reader: KubernetesReader, place: ObjectPlace, inputs: UnclaimedInputs): Promise<void> {
  const holder = await holderOf(reader, place, inputs);
  if (holder === undefined) return;
  const kind = place.kind as keyof typeof OTHER_NAME;
  const what = `${kind} ${kind === "Namespace" ? "" : `${place.namespace}/`}${place.name}`;
  throw new MigrationError(
    "OBJECT_TAKEN",
    `${what} already exists on ${reader.server} and ${holder}; it was not changed`,
    {
      fix: `${OTHER_NAME[inputs.ofKafkaUser === true ? "KafkaUser" : kind]}, or delete the existing one if nothing needs it`,
    },
  );
}

/** Operators label the Secrets that they create. They overwrite a Secret of the same name without such a label. */
function isOfKafkaUser({ metadata }: KubernetesObject): boolean {
  const labels = (metadata.labels ?? {}) as Record<string, unknown>;
  const owners = (metadata.ownerReferences ?? []) as { kind?: unknown }[];
  return (
    owners.some((o) => o.kind === "KafkaUser") ||
    Object.entries(labels).some(([key, value]) => key.endsWith("/kind") && value === "KafkaUser")
  );
}

/**
 * Runs before an object is created. The object must be absent, or created by a killed `up` of the same stack that could
 * not record it.
 */
export const unclaimedStep = defineStep<UnclaimedInputs, object>("unclaimed", {
  /**
   * If the cluster does not serve the object's API version, the preview lists the versions that it serves. The preview
   * reports nothing if the cluster cannot be reached or has no such CRD at all: the same program may install the CRD.
   */
  async previewFailures({ place, cluster, kubeconfig, context }, olds) {
    const ask = async () => {
      const reader = openKubernetes({ kubeconfig, context });
      const missing = await notServed(reader, place);
      if (missing !== undefined) return missing.served.length === 0 ? undefined : missing.error;
      return olds === undefined && cluster !== undefined ? whyOpen(reader, place, cluster) : undefined;
    };
    const found = await ask().catch(() => undefined);
    return found === undefined ? [] : [found.message];
  },
  create: look,
  update: (_olds, news, progress) => look(news, progress),
  async remove() {},
  immaterial: ["kubeconfig", "context", "operator", "cluster"],
  secret: ["kubeconfig"],
});

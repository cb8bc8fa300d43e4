import { isMigrationError, MigrationError } from "../../engine/errors";
import type { Progress } from "../../engine/progress";
import { prefixIn } from "../kubernetes/left";
import { type KubernetesObject, type KubernetesReader, openKubernetes, type ObjectPlace } from "../kubernetes/reader";
import { notServed } from "../kubernetes/served";
import { OWNER_ANNOTATION } from "../owner";
import { defineStep } from "./framework";

export interface UnclaimedInputs {
  place: ObjectPlace;
  /** Who is about to make the object: `<organization>/<project>/<stack>`. */
  owner: string;
  /** The Secret is one that an operator makes beside a KafkaUser: one that it has made may be there. */
  ofKafkaUser?: boolean;
  /** With `ofKafkaUser`: how the operator names its Secrets. Absent (an older state): as it names the user. */
  operator?: {
    /** Of the KafkaUsers, whose status tells a prefix (`STRIMZI_SECRET_PREFIX`). */
    apiVersion: string;
    /** The prefix, where it is known. */
    secretPrefix?: string;
  };
  /** Content or path; absent: as Pulumi's kubernetes plugin finds its own. */
  kubeconfig?: string;
  context?: string;
}

/** How the object of this migration gets another name. */
const OTHER_NAME: Record<ObjectPlace["kind"], string> = {
  KafkaMirrorMaker2: "give the mirror another mirror.name or mirror.namespace",
  KafkaUser: "give the users of this side other names (origin.names.user, origin.names.administrator, or the target's)",
  Secret: "give the Secret another name (origin.names.credentialsSecret, origin.names.caSecret, or the target's), or the mirror another mirror.namespace",
  Namespace: "leave mirror.createNamespace out, since the namespace is there",
};

async function look(inputs: UnclaimedInputs, progress: Progress): Promise<object> {
  const { place, kubeconfig, context } = inputs;
  const reader = openKubernetes({ kubeconfig, context });
  for (const prefix of await prefixes(inputs, reader, progress)) await requireUnclaimed(reader, { ...place, name: `${prefix}${place.name}` }, inputs);
  return {};
}

/** What the user operator may put before the user's name to name its Secret. */
async function prefixes({ place, operator }: UnclaimedInputs, reader: KubernetesReader, progress: Progress): Promise<string[]> {
  if (operator === undefined) return [""];
  if (operator.secretPrefix !== undefined) return [operator.secretPrefix];
  try {
    const users = await reader.list({ apiVersion: operator.apiVersion, kind: "KafkaUser", namespace: place.namespace });
    const found = users.flatMap((user) => prefixIn(user, String(user.metadata.name)) ?? []);
    return found.length === 0 ? [""] : [...new Set(found)];
  } catch (error) {
    if (!isMigrationError(error) || error.code !== "KUBERNETES_FORBIDDEN") throw error;
    progress.info(`the KafkaUsers in namespace ${place.namespace} may not be listed: where the user operator has STRIMZI_SECRET_PREFIX, set origin.secretPrefix (or target.secretPrefix)`);
    return [""];
  }
}

async function requireUnclaimed(reader: KubernetesReader, place: ObjectPlace, { owner, ofKafkaUser }: UnclaimedInputs): Promise<void> {
  const found = await reader.find(place);
  if (found === "not-served") throw (await notServed(reader, place))?.error ?? new Error(`${reader.server} does not serve ${place.apiVersion}`);
  if (found === undefined) return;
  if (ofKafkaUser === true && isOfKafkaUser(found)) return;
  const holder = (found.metadata.annotations as Record<string, string> | undefined)?.[OWNER_ANNOTATION];
  if (holder === owner) return;
  const what = `${place.kind} ${place.kind === "Namespace" ? "" : `${place.namespace}/`}${place.name}`;
  throw new MigrationError("OBJECT_TAKEN", `${what} is on ${reader.server} already and ${holder === undefined ? "it was not made by a stack of this kind" : `is that of stack ${holder}`}; it was not touched`, {
    fix: `${OTHER_NAME[ofKafkaUser === true ? "KafkaUser" : place.kind]}, or delete that one when nothing needs it`,
  });
}

/** Operators label the Secrets that they make, and overwrite one of the name that has no such label. */
function isOfKafkaUser({ metadata }: KubernetesObject): boolean {
  const labels = (metadata.labels ?? {}) as Record<string, unknown>;
  const owners = (metadata.ownerReferences ?? []) as { kind?: unknown }[];
  return owners.some((o) => o.kind === "KafkaUser") || Object.entries(labels).some(([key, value]) => key.endsWith("/kind") && value === "KafkaUser");
}

/** Before an object is made: absent, or left by an `up` of this very stack that was killed before it could note it down. */
export const unclaimedStep = defineStep<UnclaimedInputs, object>("unclaimed", {
  /**
   * A preview says which API versions there are when the object's is not among them. A cluster that cannot be asked, or that
   * has no such CRD at all (the same program may install it), says nothing before the `up`.
   */
  async foresee({ place, kubeconfig, context }) {
    const ask = async () => notServed(openKubernetes({ kubeconfig, context }), place);
    const missing = await ask().catch(() => undefined);
    return missing === undefined || missing.served.length === 0 ? [] : [missing.error.message];
  },
  create: look,
  update: (_olds, news, progress) => look(news, progress),
  async remove() {},
  immaterial: ["kubeconfig", "context", "operator"],
  secret: ["kubeconfig"],
});

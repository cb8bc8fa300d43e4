import { entry } from "../../engine/objects";
import { MigrationError } from "../../engine/errors";
import { type KubernetesReader, type ObjectPlace, PLURAL } from "./reader";

/** Dialects by kind and API version. A test compares this table with the dialects. */
const DIALECTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  KafkaUser: {
    "kafka.strimzi.io/v1": "strimzi-v1",
    "kafka.strimzi.io/v1beta2": "strimzi-v1beta2",
    "eventstreams.ibm.com/v1": "event-streams-v1",
    "eventstreams.ibm.com/v1beta2": "event-streams-v1beta2",
    "eventstreams.ibm.com/v1beta1": "event-streams-v1beta1",
  },
  KafkaTopic: {
    "kafka.strimzi.io/v1": "strimzi-v1",
    "kafka.strimzi.io/v1beta2": "strimzi-v1beta2",
    "eventstreams.ibm.com/v1": "event-streams-v1",
    "eventstreams.ibm.com/v1beta2": "event-streams-v1beta2",
    "eventstreams.ibm.com/v1beta1": "event-streams-v1beta1",
  },
  KafkaMirrorMaker2: {
    "kafka.strimzi.io/v1": "strimzi-v1",
    "kafka.strimzi.io/v1beta2": "strimzi-v1beta2",
    "eventstreams.ibm.com/v1": "event-streams-v1",
    "eventstreams.ibm.com/v1beta2": "event-streams-v1beta2",
    "eventstreams.ibm.com/v1alpha1": "event-streams-v1beta1",
  },
};

export const GROUPS = ["kafka.strimzi.io", "eventstreams.ibm.com"];

/** What an API server serves instead of the API version that is missing. */
export interface NotServed {
  /**
   * The API versions that it serves for this kind, as `<group>/<version>`, newest first. Empty: it serves no version of
   * Strimzi or Event Streams.
   */
  served: string[];
  error: MigrationError;
}

/**
 * Asks the API server whether it serves the API version of an object. If the API server refuses the question, the
 * version counts as served: the request for the object then gives a better error.
 * @returns undefined if the version is served
 * @throws MigrationError KUBERNETES_UNREACHABLE, KUBECONFIG_*
 */
export async function notServed(
  reader: KubernetesReader,
  { apiVersion, kind }: ObjectPlace,
): Promise<NotServed | undefined> {
  if (!Object.hasOwn(DIALECTS, kind)) return undefined;
  if ((await serves(reader, apiVersion, kind)) !== false) return undefined;
  const served = (await Promise.all(GROUPS.map((group) => versionsOf(reader, group, kind)))).flat();
  const ways = served.map((one) => entry(DIALECTS[kind], one)).filter((one) => one !== undefined);
  const seen = served.length === 0 ? "it has no CRD of this kind" : `it serves ${served.join(", ")}`;
  const fix =
    ways.length > 0
      ? `set dialect to ${ways.join(" or ")}, or upgrade the operator and its CRDs`
      : served.length > 0
        ? "upgrade the operator and its CRDs: no dialect of this package writes these versions"
        : "install the operator's CRDs first, or check kubeconfig and context: this may be another cluster";
  return {
    served,
    error: new MigrationError(
      "API_VERSION_NOT_SERVED",
      `${reader.server} does not serve ${kind} as ${apiVersion}: ${seen}`,
      { fix },
    ),
  };
}

/** Returns undefined if the server does not answer the question. */
async function serves(
  reader: KubernetesReader,
  apiVersion: string,
  kind: ObjectPlace["kind"],
): Promise<boolean | undefined> {
  const answer = await reader.discover(`/apis/${apiVersion}`);
  if (answer === "refused") return undefined;
  const resources = (answer?.resources ?? []) as { name?: string }[];
  return resources.some(({ name }) => name === PLURAL[kind]);
}

/** Returns the API versions of a kind that the server serves in one group, newest first. */
export async function versionsOf(
  reader: KubernetesReader,
  group: string,
  kind: ObjectPlace["kind"],
): Promise<string[]> {
  const answer = await reader.discover(`/apis/${group}`);
  if (answer === undefined || answer === "refused") return [];
  const versions = (answer.versions ?? []) as { groupVersion: string }[];
  const has = await Promise.all(versions.map(({ groupVersion }) => serves(reader, groupVersion, kind)));
  return versions.filter((_, i) => has[i] === true).map(({ groupVersion }) => groupVersion);
}

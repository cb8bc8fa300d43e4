import type { KafkaTopicFound, TopicPlace } from "./types";

/*
 * Labels and annotations of the origin's KafkaTopics that must not be copied. Those of Argo CD, Flux and Helm say which
 * application an object belongs to. An application that found the copy among its objects, but not in its files, would
 * delete it, and the Topic Operator would then delete the topic.
 */
const FOREIGN_DOMAINS = [
  "strimzi.io",
  "eventstreams.ibm.com",
  "kubectl.kubernetes.io",
  "pulumi.com",
  "pulumi-kafka-migration",
  "argocd.argoproj.io",
  "fluxcd.io",
  "helm.sh",
  "config.k8s.io",
  "config.kubernetes.io",
  "internal.config.kubernetes.io",
];
const FOREIGN_KEYS = ["app.kubernetes.io/instance", "app.kubernetes.io/managed-by"];

function isForeign(key: string): boolean {
  const domain = key.includes("/") ? key.slice(0, key.indexOf("/")) : "";
  return FOREIGN_KEYS.includes(key) || FOREIGN_DOMAINS.some((one) => domain === one || domain.endsWith(`.${one}`));
}

/** Returns the labels or annotations of the origin's KafkaTopic that its copy gets, sorted by key. */
export function copied(fields: unknown): Record<string, string> {
  const entries = typeof fields === "object" && fields !== null ? Object.entries(fields) : [];
  return sorted(
    Object.fromEntries(
      entries.filter((one): one is [string, string] => !isForeign(one[0]) && typeof one[1] === "string"),
    ),
  );
}

export const sorted = <T>(fields: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

/** `strimzi.io` or `eventstreams.ibm.com`: the domain of the operator's labels and annotations. */
export const domainOf = (apiVersion: string): string =>
  apiVersion.startsWith("eventstreams.ibm.com/") ? "eventstreams.ibm.com" : "strimzi.io";

export const clusterLabel = (apiVersion: string): string => `${domainOf(apiVersion)}/cluster`;

/** Annotation with which the Topic Operator leaves a topic alone, also when its KafkaTopic is deleted. */
export const managedAnnotation = (apiVersion: string): string => `${domainOf(apiVersion)}/managed`;

const fieldsOf = (fields: unknown): Record<string, unknown> => (fields ?? {}) as Record<string, unknown>;

/** True if the Topic Operator of this cluster reads the KafkaTopic. */
export const isOf = ({ metadata }: KafkaTopicFound, { apiVersion, cluster }: TopicPlace): boolean =>
  fieldsOf(metadata.labels)[clusterLabel(apiVersion)] === cluster;

/** True if the Topic Operator changes the topic to match its KafkaTopic. */
export const isManaged = ({ metadata }: KafkaTopicFound, apiVersion: string): boolean =>
  fieldsOf(metadata.annotations)[managedAnnotation(apiVersion)] !== "false";

/** The topic that a KafkaTopic is about. */
export const topicOf = ({ metadata, spec }: KafkaTopicFound): string => String(spec?.topicName ?? metadata.name);

/** The KafkaTopics by topic. Of two for one topic the Topic Operator reads the older one. */
export function byTopic(found: readonly KafkaTopicFound[]): Map<string, KafkaTopicFound> {
  const time = ({ metadata }: KafkaTopicFound) => String(metadata.creationTimestamp ?? "");
  const topics = new Map<string, KafkaTopicFound>();
  for (const one of found) {
    const other = topics.get(topicOf(one));
    if (other === undefined || time(one) < time(other)) topics.set(topicOf(one), one);
  }
  return topics;
}

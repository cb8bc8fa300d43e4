import { defined } from "../objects";
import { plainSecrets } from "../rules/security";
import type { InventoryQuotas, InventoryUser } from "./types";

/** A KafkaUser or KafkaTopic as plain data. The engine knows no Kubernetes. */
export interface PlainObject {
  apiVersion?: string;
  metadata: Record<string, unknown>;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

/** A resource with pods. */
export interface DeployedObject extends PlainObject {
  kind: string;
}

/** The resources of the origin's operator. */
export interface OperatorObjects {
  users: readonly PlainObject[];
  topics: readonly PlainObject[];
  /** Names of KafkaUsers that a migration made for itself. */
  own: readonly string[];
  /** Resources whose pods may use the origin, without those of migrations. Absent: none. */
  deployments?: readonly DeployedObject[];
  /** Name of the Kafka resource. Absent: not known. */
  cluster?: string;
}

/** One KafkaUser, as far as the inventory needs it. */
export interface FoundKafkaUser extends Pick<InventoryUser, "authentication" | "kafkaUser" | "labels" | "quotas"> {
  /** Name in ACLs without `User:`. */
  principal: string;
  name: string;
}

const AUTHENTICATIONS = ["scram-sha-512", "tls", "tls-external"] as const;

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const blockOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** Returns what a KafkaUser says about its user. */
export function kafkaUserOf(object: PlainObject): FoundKafkaUser {
  const name = textOf(object.metadata.name);
  const written = textOf(blockOf(object.spec?.authentication).type);
  const authentication = AUTHENTICATIONS.find((one) => one === written) ?? "none";
  const labels = labelsOf(object);
  const quotas = quotasOf(blockOf(object.spec?.quotas));
  return defined<FoundKafkaUser>({
    name,
    principal: authentication.startsWith("tls") ? `CN=${name}` : name,
    authentication,
    kafkaUser: { apiVersion: textOf(object.apiVersion), namespace: textOf(object.metadata.namespace), name },
    labels: labels as Record<string, string>,
    quotas: quotas as InventoryQuotas,
  });
}

function quotasOf(spec: Record<string, unknown>): InventoryQuotas | undefined {
  const amount = (key: string) => (typeof spec[key] === "number" ? spec[key] : undefined);
  const quotas = defined({
    producerByteRate: amount("producerByteRate"),
    consumerByteRate: amount("consumerByteRate"),
    requestPercentage: amount("requestPercentage"),
    controllerMutationRate: amount("controllerMutationRate"),
  }) as InventoryQuotas;
  return Object.keys(quotas).length === 0 ? undefined : quotas;
}

/**
 * Labels with which operators and delivery tools mark their own objects. Argo CD deletes an object that has its label
 * and is not in its repository.
 */
const NOT_COPIED = /^([\w.-]+\.)?(strimzi\.io|ibm\.com|argoproj\.io|fluxcd\.io|helm\.sh|kubernetes\.io)\//;
/** Kubernetes recommends these to users. */
const COMMON = /^app\.kubernetes\.io\/(name|component|part-of|version)$/;

/** The labels that a person gave the object, without secrets. */
function labelsOf({ metadata }: PlainObject): Record<string, string> | undefined {
  const all = Object.entries(blockOf(metadata.labels)).map(([key, value]) => [key, String(value)] as const);
  const own = all.filter(([key]) => COMMON.test(key) || !NOT_COPIED.test(key));
  const kept = withoutSecrets("metadata.labels", own);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** Leaves out values that look like a secret. */
export function withoutSecrets(
  path: string,
  entries: readonly (readonly [string, string])[],
): (readonly [string, string])[] {
  const secret = new Set(plainSecrets(entries.map(([key, value]) => ({ path: `${path}.${key}`, value }))));
  return entries.filter(([key]) => !secret.has(`${path}.${key}`));
}

/** Name of the topic that a KafkaTopic is about. */
export const topicOf = (object: PlainObject): string =>
  textOf(object.spec?.topicName) || textOf(object.status?.topicName) || textOf(object.metadata.name);

/** Name of the Kafka resource that an object belongs to. Absent: it has no such label. */
export function clusterOf({ metadata }: PlainObject): string | undefined {
  const labels = blockOf(metadata.labels);
  return textOf(labels["strimzi.io/cluster"] ?? labels["eventstreams.ibm.com/cluster"]) || undefined;
}

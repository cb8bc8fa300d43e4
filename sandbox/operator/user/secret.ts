import { randomInt } from "node:crypto";
import type { KubeObject } from "../kube/client";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LETTERS_AND_DIGITS = `${LETTERS}0123456789`;

/**
 * Generates a password of 32 characters that starts with a letter. Java's parser of JAAS configurations requires the
 * letter.
 */
export function generatePassword(): string {
  let password = LETTERS[randomInt(LETTERS.length)]!;
  while (password.length < 32) password += LETTERS_AND_DIGITS[randomInt(LETTERS_AND_DIGITS.length)]!;
  return password;
}

export function decode(value: string): string {
  return Buffer.from(value, "base64").toString("utf8");
}

function encode(value: string): string {
  return Buffer.from(value, "utf8").toString("base64");
}

/**
 * Returns true if the Secret has the labels of the Secrets that this operator creates. The operator overwrites a Secret
 * without them.
 */
export function isOwnSecret(secret: KubeObject, domain: string, cluster: string): boolean {
  const labels = secret.metadata.labels ?? {};
  return labels[`${domain}/kind`] === "KafkaUser" && labels[`${domain}/cluster`] === cluster;
}

interface SecretTemplate {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/**
 * The Secret of a SCRAM-SHA-512 user. It holds only `password` and `sasl.jaas.config`.
 * @param prefix prefix of the Secret's name (STRIMZI_SECRET_PREFIX); default none
 */
export function userSecret(user: KubeObject, domain: string, password: string, prefix = ""): KubeObject {
  const { name } = user.metadata;
  const jaas = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${name}" password="${password}";`;
  return secretOfUser(user, domain, { password: encode(password), "sasl.jaas.config": encode(jaas) }, prefix);
}

/** The Secret of a user with this content. */
export function secretOfUser(user: KubeObject, domain: string, data: Record<string, string>, prefix = ""): KubeObject {
  const { name, namespace, uid, labels } = user.metadata;
  const template = ((user.spec?.template as { secret?: { metadata?: SecretTemplate } } | undefined)?.secret?.metadata ??
    {}) as SecretTemplate;
  return {
    metadata: {
      name: `${prefix}${name}`,
      namespace,
      labels: {
        ...labels,
        [`${domain}/kind`]: "KafkaUser",
        "app.kubernetes.io/name": "strimzi-user-operator",
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/part-of": `strimzi-${name}`,
        "app.kubernetes.io/managed-by": "strimzi-user-operator",
        ...template.labels,
      },
      ...(template.annotations === undefined ? {} : { annotations: template.annotations }),
      ownerReferences: [
        { apiVersion: user.apiVersion, kind: user.kind, name, uid, controller: false, blockOwnerDeletion: true },
      ],
    },
    type: "Opaque",
    data,
  };
}

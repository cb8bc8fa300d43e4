import type { Generation } from "../generation";
import type { KubeObject } from "../kube/client";
import { invalidResource } from "../refusal";
import { checkRules, type AclRule } from "./acl";

export interface UserSpec {
  authentication: "scram-sha-512" | "tls" | "tls-external" | "none";
  /** Place of a given password, which replaces a generated one. */
  passwordFrom?: { name: string; key: string };
  rules: AclRule[];
  /** By Kafka's names. Empty: the user has no quotas. */
  quotas: Partial<Record<QuotaKey, number>>;
}

/** Kafka's names of the quotas that a KafkaUser can have. */
export type QuotaKey = "producer_byte_rate" | "consumer_byte_rate" | "request_percentage" | "controller_mutation_rate";

const QUOTAS: Readonly<Record<string, QuotaKey>> = {
  producerByteRate: "producer_byte_rate",
  consumerByteRate: "consumer_byte_rate",
  requestPercentage: "request_percentage",
  controllerMutationRate: "controller_mutation_rate",
};

interface RawSpec {
  authentication?: { type: string; password?: { valueFrom?: { secretKeyRef?: { name?: string; key?: string } } } };
  authorization?: { type: string; acls: AclRule[] };
  quotas?: Record<string, number>;
}

/**
 * Reads a KafkaUser as the user operator does.
 * @throws Refusal for what the real operator rejects
 */
export function readUser(user: KubeObject, generation: Generation = "0.51"): UserSpec {
  const { authentication, authorization, quotas } = (user.spec ?? {}) as RawSpec;
  const secretKeyRef = authentication?.password?.valueFrom?.secretKeyRef;
  if (authentication?.password !== undefined && (secretKeyRef?.name === undefined || secretKeyRef.key === undefined)) {
    throw invalidResource(
      "Resource requests custom SCRAM-SHA-512 password but doesn't specify the secret name and/or key",
    );
  }
  const rules = (authorization?.acls ?? []).map((rule) => known(rule, generation));
  checkRules(rules, generation);
  return {
    authentication: authentication === undefined ? "none" : (authentication.type as UserSpec["authentication"]),
    ...(secretKeyRef === undefined ? {} : { passwordFrom: { name: secretKeyRef.name!, key: secretKeyRef.key! } }),
    rules,
    quotas: Object.fromEntries(
      Object.entries(quotas ?? {}).flatMap(([key, value]) => (QUOTAS[key] === undefined ? [] : [[QUOTAS[key], value]])),
    ),
  };
}

/**
 * Removes `operation`, which Strimzi 1.x does not know. A rule that has only `operation` then has no operations and
 * creates no ACL.
 */
function known(rule: AclRule, generation: Generation): AclRule {
  if (generation === "0.51") return rule;
  const { operation: _unknown, ...rest } = rule;
  return rest;
}

/** The principal without `User:`. */
export function usernameOf(name: string, spec: UserSpec): string {
  return spec.authentication === "tls-external" || spec.authentication === "tls" ? `CN=${name}` : name;
}

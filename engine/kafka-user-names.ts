import { userName } from "./acls";

/** Name of a Kubernetes object (RFC 1123). */
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LONGEST_NAME = 253;

/** Brokers name a client with a certificate by its subject: `User:CN=billing,OU=finance`. */
export const isCertificate = (principal: string): boolean => /^User:(.*,)?\s*[A-Za-z][\w.]*=/.test(principal);

/** Name of the user with this principal: the common name of a certificate that has nothing else. */
export const nameIn = (principal: string): string => {
  const name = userName(principal);
  return /^CN=([^,=]+)$/.exec(name)?.[1] ?? name;
};

/**
 * Returns why no KafkaUser can be this user. Undefined: one can.
 * @param certificate true: the user logs in with a certificate
 */
export function unfitForKafkaUser(principal: string, name: string, certificate: boolean): string | undefined {
  const rule = "which a KafkaUser cannot have";
  if (principal === "User:*") return `stands for everyone, ${rule}`;
  if (!OBJECT_NAME.test(name) || name.length > LONGEST_NAME)
    return `has other characters than lower case letters, digits, "-" and ".", ${rule}`;
  // The certificate of an operator's user has the common name only.
  if (!certificate) return undefined;
  return /^User:(CN=)?[^=,]+$/i.test(principal) ? undefined : `has more than a common name, ${rule}`;
}

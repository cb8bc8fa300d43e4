import { NOT_ANSWERED } from "../error-codes";
import type { ClientQuota } from "../port";
import type { Api, In } from "../wire";
import type { Outcome } from "./topics";

/** The types of an entity (KIP-546, KIP-612). */
const FIELDS: Record<string, "user" | "clientId" | "ip"> = { user: "user", "client-id": "clientId", ip: "ip" };

/** Returns null for an entity of a type that this version does not know. */
function readEntry(body: In): ClientQuota | null {
  const entity: Omit<ClientQuota, "values"> = {};
  let known = true;
  body.list(() => {
    const field = FIELDS[body.string()];
    const name = body.nullableString();
    if (field === undefined) known = false;
    else entity[field] = name;
  });
  const values = Object.fromEntries(body.list(() => [body.string(), body.float64()] as const));
  return known ? { ...entity, values } : null;
}

/**
 * DescribeClientQuotas (KIP-546), for all entities: v1 with Kafka 2.8 and later, v0 with Kafka 2.6 and 2.7. Not strict
 * and without components, so every entity matches.
 */
function describeClientQuotas(version: 0 | 1): Api<null, Outcome & { quotas: ClientQuota[] }> {
  return {
    name: "DescribeClientQuotas",
    key: 48,
    version,
    flexible: version === 1,
    write: (out) =>
      out
        .list([], () => {})
        .boolean(false)
        .tags(),
    read(body) {
      body.throttleTime();
      const errorCode = body.int16();
      const message = body.nullableString();
      const quotas = body.list(() => readEntry(body)).filter((entry) => entry !== null);
      return { errorCode, message, quotas };
    },
  };
}

/** One limit of one user. null removes it. */
export interface UserQuotaChange {
  /** Without `User:`. */
  user: string;
  /** Kafka's name of the limit. */
  key: string;
  value: number | null;
}

/** AlterClientQuotas (KIP-546), for one limit of one user: v1 with Kafka 2.8 and later, v0 with Kafka 2.6 and 2.7. */
function alterClientQuotas(version: 0 | 1): Api<UserQuotaChange, Outcome> {
  return {
    name: "AlterClientQuotas",
    key: 49,
    version,
    flexible: version === 1,
    write: (out, { user, key, value }) =>
      out
        .list([user], (name) => {
          out.list([name], () => out.string("user").string(name));
          out.list([key], () =>
            out
              .string(key)
              .float64(value ?? 0)
              .boolean(value === null),
          );
        })
        .boolean(false)
        .tags(),
    read(body) {
      body.throttleTime();
      const [outcome] = body.list(() => {
        const found = { errorCode: body.int16(), message: body.nullableString() };
        body.list(() => [body.string(), body.nullableString()]);
        return found;
      });
      return outcome ?? { errorCode: NOT_ANSWERED, message: null };
    },
  };
}

/** Newest first. */
export const ALTER_CLIENT_QUOTAS = [alterClientQuotas(1), alterClientQuotas(0)] as const;

/** Newest first. */
export const DESCRIBE_CLIENT_QUOTAS = [describeClientQuotas(1), describeClientQuotas(0)] as const;

import { MigrationError } from "../errors";
import type { Side } from "../model";

/** Error codes of the Kafka protocol that the port handles by name (Kafka 4.3, `Errors.java`). */
export const ERROR_NAMES: Readonly<Record<number, string>> = {
  [-1]: "UNKNOWN_SERVER_ERROR",
  1: "OFFSET_OUT_OF_RANGE",
  2: "CORRUPT_MESSAGE",
  3: "UNKNOWN_TOPIC_OR_PARTITION",
  5: "LEADER_NOT_AVAILABLE",
  6: "NOT_LEADER_OR_FOLLOWER",
  7: "REQUEST_TIMED_OUT",
  8: "BROKER_NOT_AVAILABLE",
  9: "REPLICA_NOT_AVAILABLE",
  12: "OFFSET_METADATA_TOO_LARGE",
  13: "NETWORK_EXCEPTION",
  14: "COORDINATOR_LOAD_IN_PROGRESS",
  15: "COORDINATOR_NOT_AVAILABLE",
  16: "NOT_COORDINATOR",
  17: "INVALID_TOPIC_EXCEPTION",
  22: "ILLEGAL_GENERATION",
  24: "INVALID_GROUP_ID",
  25: "UNKNOWN_MEMBER_ID",
  27: "REBALANCE_IN_PROGRESS",
  29: "TOPIC_AUTHORIZATION_FAILED",
  30: "GROUP_AUTHORIZATION_FAILED",
  31: "CLUSTER_AUTHORIZATION_FAILED",
  33: "UNSUPPORTED_SASL_MECHANISM",
  34: "ILLEGAL_SASL_STATE",
  35: "UNSUPPORTED_VERSION",
  36: "TOPIC_ALREADY_EXISTS",
  37: "INVALID_PARTITIONS",
  38: "INVALID_REPLICATION_FACTOR",
  39: "INVALID_REPLICA_ASSIGNMENT",
  40: "INVALID_CONFIG",
  41: "NOT_CONTROLLER",
  42: "INVALID_REQUEST",
  44: "POLICY_VIOLATION",
  54: "SECURITY_DISABLED",
  56: "KAFKA_STORAGE_ERROR",
  58: "SASL_AUTHENTICATION_FAILED",
  59: "UNKNOWN_PRODUCER_ID",
  60: "REASSIGNMENT_IN_PROGRESS",
  68: "NON_EMPTY_GROUP",
  69: "GROUP_ID_NOT_FOUND",
  72: "LISTENER_NOT_FOUND",
  73: "TOPIC_DELETION_DISABLED",
  74: "FENCED_LEADER_EPOCH",
  75: "UNKNOWN_LEADER_EPOCH",
  76: "UNSUPPORTED_COMPRESSION_TYPE",
  78: "OFFSET_NOT_AVAILABLE",
  80: "PREFERRED_LEADER_NOT_AVAILABLE",
  83: "ELIGIBLE_LEADERS_NOT_AVAILABLE",
  84: "ELECTION_NOT_NEEDED",
  85: "NO_REASSIGNMENT_IN_PROGRESS",
  86: "GROUP_SUBSCRIBED_TO_TOPIC",
  87: "INVALID_RECORD",
  88: "UNSTABLE_OFFSET_COMMIT",
  89: "THROTTLING_QUOTA_EXCEEDED",
  100: "UNKNOWN_TOPIC_ID",
  109: "OFFSET_MOVED_TO_TIERED_STORAGE",
  110: "FENCED_MEMBER_EPOCH",
  111: "UNRELEASED_INSTANCE_ID",
  113: "STALE_MEMBER_EPOCH",
};

export const NONE = 0;
export const UNKNOWN_TOPIC_OR_PARTITION = 3;
export const OFFSET_OUT_OF_RANGE = 1;
export const TOPIC_AUTHORIZATION_FAILED = 29;
export const GROUP_AUTHORIZATION_FAILED = 30;
export const ELECTION_NOT_NEEDED = 84;
export const NO_REASSIGNMENT_IN_PROGRESS = 85;
export const GROUP_ID_NOT_FOUND = 69;
export const UNSUPPORTED_VERSION = 35;
const ILLEGAL_SASL_STATE = 34;
/** Not a code of the protocol. Means that the response does not contain the requested item. */
export const NOT_ANSWERED = -100;

/**
 * Codes of temporary errors: leaders move, coordinators load, metadata lags behind (8-12 s after many topics were
 * created).
 */
const RETRIABLE = new Set([3, 5, 6, 7, 8, 9, 13, 14, 15, 16, 34, 41, 56, 72, 74, 75, 78, 80, 83, 88, 89, NOT_ANSWERED]);

export function isRetriable(code: number): boolean {
  return RETRIABLE.has(code);
}

export function errorName(code: number): string {
  return ERROR_NAMES[code] ?? `error ${code}`;
}

/** A connection that failed or broke. If `retriable`, another attempt may succeed. */
export class LinkFailure extends Error {
  constructor(
    readonly reason: MigrationError,
    readonly retriable: boolean,
  ) {
    super(reason.message);
  }
}

/** Collects the error and all nested errors (`.errors` and `.cause`), outermost first. */
function chain(error: unknown, depth = 0): { code: unknown; apiId: unknown; message: string }[] {
  if (!(error instanceof Error) || depth > 12) return [];
  const here = error as Error & { code?: unknown; apiId?: unknown; errors?: unknown[] };
  const found = [{ code: here.code, apiId: here.apiId, message: here.message }];
  for (const inner of here.errors ?? []) found.push(...chain(inner, depth + 1));
  if (here.cause !== undefined) found.push(...chain(here.cause, depth + 1));
  return found;
}

const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO$|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|INVALID_CA|HOSTNAME_MISMATCH)/;

export interface LoginAttempt {
  side: Side;
  address: string;
  tls: boolean;
  /** SASL mechanism. */
  sasl?: string | undefined;
  user?: string | undefined;
  /** True if a broker of this cluster has accepted these credentials before. Default false. */
  acceptedBefore?: boolean;
}

/**
 * Converts the error of a connection attempt into one clear error. Does not keep the library's error objects as a
 * cause, because they contain buffers of the exchange.
 */
export function connectionFailure(error: unknown, at: LoginAttempt): LinkFailure {
  const all = chain(error);
  const deepest = all.at(-1)?.message ?? String(error);
  const where = `${at.side} cluster at ${at.address}`;
  const codes = all.map((e) => (typeof e.code === "string" ? e.code : ""));
  const ids = all.map((e) => e.apiId);
  if (ids.includes("UNSUPPORTED_SASL_MECHANISM")) {
    return fixed(
      "KAFKA_AUTHENTICATION",
      `the ${where} does not accept SASL mechanism ${at.sasl}`,
      "use a mechanism that the listener enables",
    );
  }
  if (ids.includes("SASL_AUTHENTICATION_FAILED") || codes.includes("PLT_KFK_AUTHENTICATION")) {
    const who = at.user === undefined ? "" : ` for user "${at.user}"`;
    if (at.acceptedBefore === true) return refusedLater(`${where} refused the credentials${who} (${at.sasl})`, deepest);
    return fixed(
      "KAFKA_AUTHENTICATION",
      `the ${where} refused the credentials${who} (${at.sasl}): ${deepest}`,
      "check user name, password and mechanism",
    );
  }
  if (ids.includes("ILLEGAL_SASL_STATE")) {
    if (at.acceptedBefore === true) return refusedLater(`${where} refused a request (ILLEGAL_SASL_STATE)`, deepest);
    return fixed(
      "KAFKA_AUTHENTICATION",
      `the ${where} refused the login (${at.sasl}): ${deepest}`,
      "check that the listener requires a SASL login",
    );
  }
  const tlsCode = codes.find((c) => TLS_CODE.test(c));
  if (
    tlsCode !== undefined ||
    all.some((e) => /TLS handshake|secure TLS connection|alert (number|certificate|bad|unknown)/i.test(e.message))
  ) {
    return fixed(
      "KAFKA_TLS",
      `TLS with the ${where} failed: ${deepest}${tlsCode === undefined ? "" : ` (${tlsCode})`}`,
      tlsFix(tlsCode),
    );
  }
  const refused = all.find(
    (e) => e.code === "ECONNREFUSED" || e.code === "ENOTFOUND" || e.code === "EAI_AGAIN" || e.code === "EHOSTUNREACH",
  );
  const missing = [...(at.tls ? [] : ["TLS"]), ...(at.sasl === undefined ? ["SASL"] : [])];
  const hint = missing.length === 0 ? "" : `; does this listener require ${missing.join(" or ")}?`;
  const seen = `cannot reach the ${where}: ${refused?.message ?? deepest}${refused === undefined ? hint : ""}`;
  const failure = new MigrationError("KAFKA_UNREACHABLE", seen, {
    fix:
      "check the address, the port, the network between here and the brokers, and that the broker's advertised " +
      "listener is reachable from here",
  });
  return new LinkFailure(failure, true);
}

/**
 * The failure of a login that succeeded before. This broker may not know the user yet, or cannot check a token at the
 * moment. Another attempt may succeed.
 */
function refusedLater(seen: string, reason: string): LinkFailure {
  const failure = new MigrationError("KAFKA_AUTHENTICATION", `the ${seen}, but accepted them before: ${reason}`, {
    fix: "check whether the password was changed, the user was removed or the token expired, then run again",
  });
  return new LinkFailure(failure, true);
}

function fixed(code: string, seen: string, fix: string): LinkFailure {
  return new LinkFailure(new MigrationError(code, seen, { fix }), false);
}

function tlsFix(code: string | undefined): string {
  switch (code) {
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return (
        "connect to a host name in the broker's certificate, or set this cluster's serverName (tls.serverName " +
        "in a model file) to such a name"
      );
    case "CERT_HAS_EXPIRED":
      return "renew the broker's certificate";
    case "EPROTO":
      return "check that this port uses TLS, and set a client certificate if the listener requires one";
    default:
      return (
        "set the CA certificate that signed the broker's certificate (this cluster's caFile; ca in a program, " +
        "tls.ca in a model file), and a client certificate if the listener requires one"
      );
  }
}

/** Converts the error code of a request into an error. `resource` is readable text, e.g. `topic "orders"`. */
export function requestFailure(
  side: Side,
  action: string,
  resource: string,
  code: number,
  text?: string | null,
): MigrationError {
  const name = errorName(code);
  const detail = text ? ` (${text})` : "";
  const seen = `${action} ${resource} on the ${side} cluster: ${name}${detail}`;
  if (code === NOT_ANSWERED) {
    return new MigrationError("KAFKA_NOT_AVAILABLE", `the ${side} cluster did not answer (${action} ${resource})`, {
      fix: "check the brokers' health and run again",
    });
  }
  if (code === TOPIC_AUTHORIZATION_FAILED || code === GROUP_AUTHORIZATION_FAILED || code === 31) {
    return new MigrationError("KAFKA_UNAUTHORIZED", seen, {
      fix: `grant the migration's administrator the ACL for this on ${resource}`,
    });
  }
  if (code === UNKNOWN_TOPIC_OR_PARTITION) {
    return new MigrationError("KAFKA_UNKNOWN_TOPIC", seen, {
      fix: "check the topic's name, that it still exists, and that the principal may describe it",
    });
  }
  if (code === UNSUPPORTED_VERSION) {
    return new MigrationError("KAFKA_UNSUPPORTED", seen, { fix: "use Kafka 2.4 or newer on both clusters" });
  }
  if (code === ILLEGAL_SASL_STATE || code === 58) {
    return new MigrationError("KAFKA_AUTHENTICATION", seen, { fix: "check which login the listener requires" });
  }
  if (isRetriable(code)) {
    return new MigrationError("KAFKA_NOT_AVAILABLE", seen, {
      fix: "wait until every partition has a leader and every coordinator answers, then run again",
    });
  }
  return new MigrationError("KAFKA_REFUSED", seen, { fix: "correct the value that the broker reports and run again" });
}

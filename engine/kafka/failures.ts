import { MigrationError } from "../errors";
import type { Side } from "../model";
import {
  CLUSTER_AUTHORIZATION_FAILED,
  errorName,
  GROUP_AUTHORIZATION_FAILED,
  ILLEGAL_SASL_STATE,
  isRetriable,
  NOT_ANSWERED,
  SASL_AUTHENTICATION_FAILED,
  TOPIC_AUTHORIZATION_FAILED,
  UNKNOWN_TOPIC_OR_PARTITION,
  UNSUPPORTED_VERSION,
} from "./error-codes";

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
  if (
    code === TOPIC_AUTHORIZATION_FAILED ||
    code === GROUP_AUTHORIZATION_FAILED ||
    code === CLUSTER_AUTHORIZATION_FAILED
  ) {
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
  if (code === ILLEGAL_SASL_STATE || code === SASL_AUTHENTICATION_FAILED) {
    return new MigrationError("KAFKA_AUTHENTICATION", seen, { fix: "check which login the listener requires" });
  }
  if (isRetriable(code)) {
    return new MigrationError("KAFKA_NOT_AVAILABLE", seen, {
      fix: "wait until every partition has a leader and every coordinator answers, then run again",
    });
  }
  return new MigrationError("KAFKA_REFUSED", seen, { fix: "correct the value that the broker reports and run again" });
}

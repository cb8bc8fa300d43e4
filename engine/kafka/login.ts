import { createHash } from "node:crypto";
// biome-ignore syntax/correctness/noTypeOnlyImportAttributes: TypeScript needs it to read the types of an ES module
import type { ConnectionOptions, SASLCustomAuthenticator } from "@platformatic/kafka" with {
  "resolution-mode": "import",
};
import type { Connection } from "../model";

export type Library = typeof import("@platformatic/kafka", { with: { "resolution-mode": "import" }});
type SaslOptions = NonNullable<ConnectionOptions["sasl"]>;
export type Login = NonNullable<Connection["sasl"]>;

/** RFC 7628: a broker refuses a token with a reason in the response, not with an error. Accepted: an empty response. */
function refusedToken(answer: Buffer, callback: (error: Error | null, answer: Buffer) => void): void {
  if (answer.length === 0) callback(null, answer);
  else callback(new Error(`the token was refused: ${answer.toString("utf8").slice(0, 200)}`), answer);
}

/**
 * Returns the library's SASL options for one login.
 *
 * The library logs in again on the same connection before the session ends (KIP-368), but continues to send requests
 * during this login. The broker refuses these requests with ILLEGAL_SASL_STATE or returns empty responses. The session
 * lifetime is therefore hidden from the library, which switches its renewal off. `Links` opens another connection in
 * time.
 * @param token required for OAUTHBEARER
 * @param lifetime receives how long the broker lets this session last, in ms. 0: no limit
 */
export function saslOptions(
  library: Library,
  sasl: Login,
  token: string | undefined,
  lifetime: (ms: number) => void,
): SaslOptions {
  const { saslPlain, saslOAuthBearer, saslScramSha } = library;
  const authenticate: SASLCustomAuthenticator = (mechanism, connection, api, username, password, bearer, callback) => {
    const done = ((error, response) => {
      if (error || response === undefined) return callback(error, response);
      lifetime(Number(response.sessionLifetimeMs));
      callback(null, { ...response, sessionLifetimeMs: 0n });
    }) as typeof callback;
    if (mechanism === "PLAIN") saslPlain.authenticate(api, connection, username!, password!, done);
    else if (mechanism === "OAUTHBEARER") saslOAuthBearer.authenticate(api, connection, bearer!, {}, done);
    else {
      const hash = mechanism.slice("SCRAM-".length) as "SHA-256" | "SHA-512";
      saslScramSha.authenticate(api, connection, hash, username!, password!, saslScramSha.defaultCrypto, done);
    }
  };
  if (sasl.mechanism !== "OAUTHBEARER") return { ...sasl, authenticate };
  const validator = refusedToken as NonNullable<SaslOptions["authBytesValidator"]>;
  return { mechanism: sasl.mechanism, token: token!, authenticate, authBytesValidator: validator };
}

/** Only connections with equal names can be exchanged. Secrets are only part of a digest. */
export function loginName({ tls, sasl }: Connection): string {
  return createHash("sha256")
    .update(JSON.stringify([tls, sasl]))
    .digest("hex");
}

import { isMigrationError } from "../errors";

/** Codes of errors that new credentials or a new CA can fix. KAFKA_TOKEN: the client secret for a token endpoint. */
const CURABLE = new Set(["KAFKA_AUTHENTICATION", "KAFKA_TLS", "KAFKA_TOKEN"]);

/** Returns true if other credentials or another CA may help. */
export function isLoginFailure(error: unknown): boolean {
  return isMigrationError(error) && CURABLE.has(error.code);
}

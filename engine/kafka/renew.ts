import { isMigrationError } from "../errors";
import type { Connection } from "../model";

/** Codes of errors that new credentials or a new CA can fix. */
const CURABLE = new Set(["KAFKA_AUTHENTICATION", "KAFKA_TLS"]);

/** Returns true if other credentials or another CA may help. */
export function isLoginFailure(error: unknown): boolean {
  return isMigrationError(error) && CURABLE.has(error.code);
}

/**
 * Opens a connection. If the login or the certificate is refused, gets the current values from `connection.renew` and
 * tries once more with them.
 * @throws the first error if there are no new values, otherwise the error of the second attempt
 */
export async function openRenewed<T>(connection: Connection, open: (connection: Connection) => Promise<T>): Promise<T> {
  try {
    return await open(connection);
  } catch (error) {
    if (connection.renew === undefined || !isLoginFailure(error)) throw error;
    const renewed = await connection.renew();
    if (renewed === undefined) throw error;
    return open(renewed);
  }
}

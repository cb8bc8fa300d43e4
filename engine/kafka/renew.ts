import { isMigrationError } from "../errors";
import type { Connection } from "../model";

/** What new credentials, or a new CA, can change. */
const CURABLE = new Set(["KAFKA_AUTHENTICATION", "KAFKA_TLS"]);

/** True when other credentials or another CA may help. */
export function isLoginFailure(error: unknown): boolean {
  return isMigrationError(error) && CURABLE.has(error.code);
}

/**
 * Opens a connection. Where the login or the certificate is refused, asks `connection.renew` for the values of now and
 * tries once more with them.
 * @throws the first error when nothing new is known, else the error of the second attempt
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

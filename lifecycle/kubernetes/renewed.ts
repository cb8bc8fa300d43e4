import { isDeepStrictEqual } from "node:util";
import { isMigrationError } from "../../engine/errors";
import type { Connection } from "../../engine/model";
import { silent, type Progress } from "../../engine/progress";
import type { KubernetesAccess } from "./kubeconfig";
import { openKubernetes } from "./reader";

/** The Secrets that a connection's values come from. */
export interface ConnectionSecrets extends KubernetesAccess {
  /** `<namespace>/<name>` of the Secret with the login. Absent: the program gives the login. */
  login?: string;
  /** `<namespace>/<name>` of the Secret with the CA (key `ca.crt`). Absent: the program gives the CA. */
  ca?: string;
  /**
   * `<namespace>/<name>` of the Kafka resource whose operator makes the Secrets. Absent in the state of an older
   * version.
   */
  cluster?: string;
}

/**
 * Connections that were read again in this run, by the connection that was refused. Pulumi keeps one process for all
 * steps of a run, so only the first step tries the old login.
 */
const read = new Map<string, Connection>();

/** For tests: starts a new run. */
export const forgetRenewed = (): void => {
  read.clear();
  said.clear();
};

/**
 * Returns the connection with a function that reads its Secrets again after a refused login. A password may have been
 * rotated since the last `up`, and a destroy does not run the program.
 */
export function renewable(
  connection: Connection,
  secrets: ConnectionSecrets | null | undefined,
  progress: Progress = silent,
): Connection {
  if (secrets === null || secrets === undefined || (secrets.login === undefined && secrets.ca === undefined))
    return connection;
  const refused = JSON.stringify([connection, secrets]);
  // Each connection compares the Secrets with its own values, because they can be rotated more than once in a run.
  const withRenewal = (current: Connection): Connection => ({
    ...current,
    renew: async () => {
      const renewed = await readAgain(current, secrets, progress);
      if (renewed === undefined) return undefined;
      read.set(refused, renewed);
      return withRenewal(renewed);
    },
  });
  return withRenewal(read.get(refused) ?? connection);
}

/** Lines that this run has printed. A refused login is tried several times. */
const said = new Set<string>();

async function readAgain(
  connection: Connection,
  secrets: ConnectionSecrets,
  progress: Progress,
): Promise<Connection | undefined> {
  const { login, ca, cluster: _, ...access } = secrets;
  try {
    const renewed = { ...connection };
    const [ofLogin, ofCa] = await Promise.all(
      [login, ca].map((id) => (id === undefined ? undefined : valuesOf(id, access))),
    );
    if (ofLogin !== undefined) putLogin(renewed, ofLogin);
    if (ofCa?.["ca.crt"] !== undefined && renewed.tls !== undefined)
      renewed.tls = { ...renewed.tls, ca: ofCa["ca.crt"] };
    if (isDeepStrictEqual(renewed, connection)) return undefined;
    progress.info(
      `the login was refused: retrying with the current values of ${[login, ca]
        .filter((id) => id !== undefined)
        .map((id) => `Secret ${id}`)
        .join(" and ")}`,
    );
    return renewed;
  } catch (error) {
    const why = isMigrationError(error) ? error.seen : "the kubeconfig cannot be read";
    const line = `the login was refused, and Secret ${login ?? ca} could not be read again: ${why}`;
    if (!said.has(line)) progress.warn(line);
    said.add(line);
    return undefined;
  }
}

function putLogin(connection: Connection, values: Record<string, string>): void {
  const { sasl } = connection;
  if (sasl !== undefined && "password" in sasl && values.password !== undefined)
    connection.sasl = { ...sasl, password: values.password };
  const { "user.crt": cert, "user.key": key } = values;
  if (connection.tls?.cert !== undefined && cert !== undefined && key !== undefined)
    connection.tls = { ...connection.tls, cert, key };
}

/** Returns undefined if the Secret does not exist. */
async function valuesOf(id: string, access: KubernetesAccess): Promise<Record<string, string> | undefined> {
  const [namespace = "", name = ""] = id.split("/");
  const found = await openKubernetes(access).get({ apiVersion: "v1", kind: "Secret", namespace, name });
  if (found?.data === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(found.data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
}

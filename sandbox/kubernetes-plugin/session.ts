/** One configured provider: its options, its client, and whether the cluster is reachable. */
import { setMaxListeners } from "node:events";
import { ApiClient } from "./client";
import { ambientKubeconfig, type Connection, connectionOf, NotSupported, nowhere, parseKubeconfig } from "./kubeconfig";
import { coreNamespaced } from "./kinds";
import { gvkOf, type Gvk } from "./objects";
import type { Options } from "./options";
import type { PlainObject, Props } from "./values";

/** Shows messages to users: a permanent line, or the status of a resource, which the next status replaces. */
export interface Messages {
  log(severity: "info" | "warning", urn: string, message: string): void;
  status(urn: string, message: string): void;
}

export interface Session {
  options: Options;
  messages: Messages;
  /** Ends every request and every wait. */
  cancelled: AbortSignal;
  /** Namespace of objects that do not name one. */
  namespace: string;
  client: ApiClient;
  /** Why the cluster cannot be used. Undefined if it is reachable. */
  unreachable: string | undefined;
}

/** A resource was created or changed but did not reach the wanted state. Pulumi keeps it, with the reason. */
export class InitFailedError extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly properties: Props,
  ) {
    super(message);
  }
}

/** Maximum time for the first answer of the server, in milliseconds. */
const PROBE_MS = 32_000;

/**
 * Opens a session. An unreachable cluster is not an error here: previews continue without it, and the first operation
 * that needs it fails.
 * @throws NotSupported for a kubeconfig that needs a feature that this stand-in lacks
 */
export async function openSession(options: Options, messages: Messages, cancelled: AbortSignal): Promise<Session> {
  // Every pending request adds a listener.
  setMaxListeners(0, cancelled);
  let connection: Connection | undefined;
  let unreachable: string | undefined;
  try {
    connection = await connect(options);
  } catch (error) {
    if (error instanceof NotSupported) throw error;
    unreachable = (error as Error).message;
  }
  const client = new ApiClient(connection?.config ?? (await nowhere()), cancelled);
  if (connection) unreachable = await probe(client);
  return {
    options,
    messages,
    cancelled,
    namespace: connection?.namespace ?? options.namespace ?? "",
    client,
    unreachable,
  };
}

async function connect(options: Options): Promise<Connection> {
  let config: Awaited<ReturnType<typeof parseKubeconfig>>;
  try {
    config = await (options.kubeconfig === undefined ? ambientKubeconfig() : parseKubeconfig(options.kubeconfig));
  } catch (error) {
    if (error instanceof NotSupported) throw error;
    throw new Error(`failed to parse kubeconfig data in \`kubernetes:config:kubeconfig\`- ${(error as Error).message}`);
  }
  try {
    return await connectionOf(config, options);
  } catch (error) {
    throw new Error(`unable to load Kubernetes client configuration from kubeconfig file: ${(error as Error).message}`);
  }
}

async function probe(client: ApiClient): Promise<string | undefined> {
  try {
    await client.request("GET", "/api/v1", { signal: AbortSignal.timeout(PROBE_MS) });
    return undefined;
  } catch (error) {
    return `unable to load schema information from the API server: ${(error as Error).message}`;
  }
}

/** @throws Error when the cluster is not reachable */
export function mustReach(session: Session): void {
  if (session.unreachable !== undefined)
    throw new Error(`configured Kubernetes cluster is unreachable: ${session.unreachable}`);
}

/** Returns true if the server serves this kind. If not, a preview continues without asking the server. */
export async function isServed(session: Session, object: PlainObject): Promise<boolean> {
  if (session.unreachable !== undefined) return false;
  return session.client.resource(gvkOf(object)).then(
    () => true,
    () => false,
  );
}

/** A kind that is not known yet counts as namespaced. */
export async function isNamespaced(session: Session, gvk: Gvk): Promise<boolean> {
  const known = coreNamespaced(gvk);
  if (known !== undefined) return known;
  if (session.unreachable !== undefined) return true;
  return session.client.resource(gvk).then(
    (resource) => resource.namespaced,
    () => true,
  );
}

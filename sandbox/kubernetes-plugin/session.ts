/** One configured provider: its options, its client, and whether the cluster answers. */
import { setMaxListeners } from "node:events";
import { ApiClient } from "./client";
import {
  ambientKubeconfig,
  connectionOf,
  NotSupported,
  parseKubeconfig,
  type Connection,
  type Overrides,
} from "./kubeconfig";
import { coreNamespaced } from "./kinds";
import { gvkOf, type Gvk } from "./objects";
import type { Options } from "./options";
import type { PlainObject, Props } from "./values";

/** Tells people what goes on: a line that stays, or the status of a resource that the next one replaces. */
export interface Messages {
  log(severity: "info" | "warning", urn: string, message: string): void;
  status(urn: string, message: string): void;
}

export interface Session {
  options: Options;
  messages: Messages;
  /** Ends every request and every wait. */
  cancelled: AbortSignal;
  /** The namespace of objects that name none. */
  namespace: string;
  client: ApiClient;
  /** Why the cluster cannot be used; undefined when it answers. */
  unreachable: string | undefined;
}

/** A resource that was made or changed, and did not become what it should: Pulumi keeps it, with the reason. */
export class InitFailedError extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly properties: Props,
  ) {
    super(message);
  }
}

/** How long a server may take to answer the first question. */
const PROBE_MS = 32_000;
const NOWHERE: Connection = { server: "http://127.0.0.1:0", namespace: "", insecure: false };

/**
 * A cluster that does not answer is no error here: previews go on without it, and the first operation that needs it fails.
 * @throws NotSupported for a kubeconfig that needs what this stand-in does not do.
 */
export async function openSession(options: Options, messages: Messages, cancelled: AbortSignal): Promise<Session> {
  // One listener for every request that is under way.
  setMaxListeners(0, cancelled);
  let connection: Connection | undefined;
  let unreachable: string | undefined;
  try {
    connection = connect(options);
  } catch (error) {
    if (error instanceof NotSupported) throw error;
    unreachable = (error as Error).message;
  }
  const client = new ApiClient(connection ?? NOWHERE, cancelled);
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

function connect(options: Options): Connection {
  const overrides: Overrides = { context: options.context, cluster: options.cluster, namespace: options.namespace };
  let config: ReturnType<typeof parseKubeconfig>;
  try {
    config = parseKubeconfig(options.kubeconfig ?? ambientKubeconfig());
  } catch (error) {
    if (error instanceof NotSupported) throw error;
    throw new Error(`failed to parse kubeconfig data in \`kubernetes:config:kubeconfig\`- ${(error as Error).message}`);
  }
  try {
    return connectionOf(config, overrides);
  } catch (error) {
    if (error instanceof NotSupported) throw error;
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

/** @throws Error unless the cluster answers. */
export function mustReach(session: Session): void {
  if (session.unreachable !== undefined)
    throw new Error(`configured Kubernetes cluster is unreachable: ${session.unreachable}`);
}

/** True when the server serves this kind: a preview without it goes on without asking the server. */
export async function isServed(session: Session, object: PlainObject): Promise<boolean> {
  if (session.unreachable !== undefined) return false;
  return session.client.resource(gvkOf(object)).then(
    () => true,
    () => false,
  );
}

/** A kind that nobody knows yet counts as namespaced. */
export async function isNamespaced(session: Session, gvk: Gvk): Promise<boolean> {
  const known = coreNamespaced(gvk);
  if (known !== undefined) return known;
  if (session.unreachable !== undefined) return true;
  return session.client.resource(gvk).then(
    (resource) => resource.namespaced,
    () => true,
  );
}

/**
 * Sends requests to an API server by path. `@kubernetes/client-node` does TLS, login and proxies. Its typed clients are
 * not used: they cannot ask for the discovery of one API group, and treat a version that is not served like an absent
 * object.
 */
import { MigrationError } from "../../engine/errors";
import { type Connection, connect } from "./connection";
import { type ApiServer, findApiServer, isText, type KubernetesAccess } from "./kubeconfig";

export interface Answer {
  status: number;
  body: string;
}

/** A request that changes something. */
export interface Change {
  method: "DELETE" | "PATCH";
  /** Default `application/json`. */
  contentType?: string;
  /** JSON. */
  body: string;
}

export interface Requests {
  readonly server: ApiServer;
  /** @throws MigrationError KUBERNETES_UNREACHABLE */
  ask(path: string, change?: Change): Promise<Answer>;
}

/** Folder of the pod's service account, and time limit of a request. Only for tests. */
export interface RequestTest {
  pod?: string;
  limitMs?: number;
}

const REQUEST_LIMIT_MS = 10_000;

export function openRequests(access: KubernetesAccess, test: RequestTest = {}): Requests {
  const server = findApiServer(access, process.env, test.pod);
  const limitMs = test.limitMs ?? REQUEST_LIMIT_MS;
  let connection: Promise<Connection> | undefined;
  return {
    server,
    async ask(path, change) {
      const answer = await send(server, await (connection ??= connect(server)), path, limitMs, change);
      if (answer.status !== 401) return answer;
      connection = connect(server);
      return send(server, await connection, path, limitMs, change);
    },
  };
}

/** The parser's message quotes the body, which can be a Secret. */
export function parsed(server: ApiServer, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw unreachable(server, "its answer is no JSON, so something else answers at this address");
  }
}

export function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: unknown }).message ?? "");
  } catch {
    return body.slice(0, 200);
  }
}

export function unreachable(server: ApiServer, why: string, cause?: unknown): MigrationError {
  return new MigrationError(
    "KUBERNETES_UNREACHABLE",
    `the Kubernetes API server ${server.url} does not answer: ${why}${proxyOf(server)}`,
    {
      fix: "check the address in the kubeconfig, the network and the server's certificate",
      cause,
    },
  );
}

/** The proxy without its login. */
function proxyOf({ cluster }: ApiServer): string {
  const proxy = cluster["proxy-url"];
  return isText(proxy) ? ` (through the proxy ${new URL(proxy).protocol}//${new URL(proxy).host})` : "";
}

async function send(
  server: ApiServer,
  connection: Connection,
  path: string,
  limitMs: number,
  change?: Change,
): Promise<Answer> {
  const { client, config, headers } = connection;
  const request = new client.RequestContext(server.url + path, client.HttpMethod[change?.method ?? "GET"]);
  if (change !== undefined) {
    request.setHeaderParam("content-type", change.contentType ?? "application/json");
    request.setBody(change.body);
  }
  const limit = AbortSignal.timeout(limitMs);
  request.setHeaderParam("accept", "application/json");
  request.setSignal(limit);
  await config.applySecurityAuthentication(request);
  endWithin(limitMs, request.getAgent());
  // As an object the headers could not have two values of one name. `fetch` takes a list as well.
  const all = [...Object.entries(request.getHeaders()), ...headers];
  request.getHeaders = () => all as never;
  try {
    const response = await new client.IsomorphicFetchHttpLibrary().send(request).toPromise();
    return { status: response.httpStatusCode, body: await response.body.text() };
  } catch (error) {
    throw unreachable(server, limit.aborted ? `no answer within ${limitMs / 1000} s` : reasonOf(error), error);
  }
}

/** Ends a connection to a proxy that does not answer. The signal only ends the wait for it. */
function endWithin(limitMs: number, agent: object | undefined): void {
  const { options = {} } = (agent ?? {}) as { options?: object };
  // The agent for HTTP proxies reads the option, that for SOCKS proxies its own field.
  for (const one of [agent, options]) Object.assign(one ?? {}, { timeout: limitMs });
}

function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message.replace(/^request to .* failed, reason: */s, "") || code || "no connection";
}

/**
 * Reads objects by their paths; `@kubernetes/client-node` sends the requests. Its typed clients are not used: they
 * cannot ask for the discovery of one API group, and treat a version that is not served like an absent object.
 */
import { MigrationError } from "../../engine/errors";
import { type Connection, connect } from "./connection";
import { type ApiServer, findApiServer, isText, type KubernetesAccess } from "./kubeconfig";

/** One object of the API server. */
export interface ObjectPlace {
  apiVersion: string;
  kind: "Kafka" | "KafkaUser" | "KafkaMirrorMaker2" | "Secret" | "Namespace";
  /** Empty for a Namespace. */
  namespace: string;
  name: string;
}

export interface KubernetesObject {
  metadata: { generation?: number; [field: string]: unknown };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  data?: Record<string, string>;
}

/** Reads objects. The only change that the lifecycle makes is {@link KubernetesReader.remove}. */
export interface KubernetesReader {
  /** Address of the API server, for messages. */
  readonly server: string;
  /**
   * Returns undefined if the object does not exist.
   * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE
   */
  get(place: ObjectPlace): Promise<KubernetesObject | undefined>;
  /**
   * Returns at most 500 objects of one kind in one namespace.
   * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE
   */
  list(of: Omit<ObjectPlace, "name">): Promise<KubernetesObject[]>;
  /**
   * Deletes this very object: the API server refuses if the name belongs to another object by now. Returns at once, also
   * if the object is already gone.
   * @param only `ask`: changes nothing, and only checks whether the API server would allow it
   * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE
   */
  remove(place: ObjectPlace, object: KubernetesObject, only?: "ask"): Promise<void>;
  /** Same as {@link get}, but returns `not-served` if the API server does not serve the object's API version. */
  find(place: ObjectPlace): Promise<KubernetesObject | "not-served" | undefined>;
  /**
   * Returns the API server's discovery document for a path, for example `/apis/kafka.strimzi.io`. Undefined: there is
   * none.
   * @throws MigrationError KUBERNETES_UNREACHABLE
   */
  discover(path: string): Promise<Record<string, unknown> | "refused" | undefined>;
}

/** Names of the kinds in API paths. */
export const PLURAL = {
  Kafka: "kafkas",
  KafkaUser: "kafkausers",
  KafkaMirrorMaker2: "kafkamirrormaker2s",
  Secret: "secrets",
  Namespace: "namespaces",
};
const REQUEST_LIMIT_MS = 10_000;

/** @param test Folder of the pod's service account, and time limit of a request. */
export function openKubernetes(
  access: KubernetesAccess,
  test: { pod?: string; limitMs?: number } = {},
): KubernetesReader {
  const server = findApiServer(access, process.env, test.pod);
  const limitMs = test.limitMs ?? REQUEST_LIMIT_MS;
  let connection: Promise<Connection> | undefined;
  const ask = async (path: string, change?: Change): Promise<Answer> => {
    const answer = await send(server, await (connection ??= connect(server)), path, limitMs, change);
    if (answer.status !== 401) return answer;
    connection = connect(server);
    return send(server, await connection, path, limitMs, change);
  };
  return {
    server: server.url,
    async get(place) {
      return read(server, place, await ask(pathOf(place)), "get") as KubernetesObject | undefined;
    },
    async list(of) {
      const all = { ...of, name: "" };
      const found = read(server, all, await ask(`${pathOf(all).replace(/\/$/, "")}?limit=500`), "list") as
        | { items?: KubernetesObject[] }
        | undefined;
      return found?.items ?? [];
    },
    async remove(place, { metadata }, only) {
      const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: metadata.uid } };
      const path = `${pathOf(place)}${only === "ask" ? "?dryRun=All" : ""}`;
      const answer = await ask(path, { method: "DELETE", body: JSON.stringify(body) });
      // 409: the name belongs to another object, so this one is gone. 202: finalizers still run.
      if (answer.status !== 202 && answer.status !== 409) read(server, place, answer, "delete");
    },
    async find(place) {
      const answer = await ask(pathOf(place));
      return isNotServed(answer) ? "not-served" : (read(server, place, answer, "get") as KubernetesObject | undefined);
    },
    async discover(path) {
      const answer = await ask(path);
      const { status, body } = answer;
      if (status === 200) return parsed(server, body) as Record<string, unknown>;
      if (isNotServed(answer)) return undefined;
      if (status === 401 || status === 403 || status === 404) return "refused";
      throw unreachable(server, `${status} ${messageOf(body)}`);
    },
  };
}

/**
 * For a path that is not served the API server answers with a line of text. For an absent object it answers with JSON.
 */
const isNotServed = ({ status, body }: Answer): boolean => status === 404 && !body.trimStart().startsWith("{");

function pathOf({ apiVersion, kind, namespace, name }: ObjectPlace): string {
  const root = apiVersion.includes("/") ? `apis/${apiVersion}` : `api/${apiVersion}`;
  const parent = kind === "Namespace" ? "" : `namespaces/${encodeURIComponent(namespace)}/`;
  return `/${root}/${parent}${PLURAL[kind]}/${encodeURIComponent(name)}`;
}

interface Answer {
  status: number;
  body: string;
}

/** A request that changes something. */
interface Change {
  method: "DELETE";
  /** JSON. */
  body: string;
}

function read(
  server: ApiServer,
  { apiVersion, kind, namespace, name }: ObjectPlace,
  { status, body }: Answer,
  verb: "get" | "list" | "delete",
): unknown {
  if (status === 200) return parsed(server, body);
  if (status === 404) return undefined;
  const said = messageOf(body);
  if (status === 401 || status === 403) {
    throw new MigrationError(
      "KUBERNETES_FORBIDDEN",
      `${server.url} does not let ${kind} ${namespace}/${name} (${apiVersion}) be ` +
        `${verb === "delete" ? "deleted" : "read"}: ${status} ${said}`,
      {
        fix:
          `check the kubeconfig and its context; ` +
          `the role needs "${verb}" on ${PLURAL[kind]} in namespace ${namespace}`,
      },
    );
  }
  throw unreachable(server, `${status} ${said}`);
}

/** The parser's message quotes the body, which can be a Secret. */
function parsed(server: ApiServer, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw unreachable(server, "its answer is no JSON, so something else answers at this address");
  }
}

function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: unknown }).message ?? "");
  } catch {
    return body.slice(0, 200);
  }
}

function unreachable(server: ApiServer, why: string, cause?: unknown): MigrationError {
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
    request.setHeaderParam("content-type", "application/json");
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

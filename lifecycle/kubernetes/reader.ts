import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { MigrationError } from "../../engine/errors";
import { type ApiServer, type Credentials, findApiServer, type KubernetesAccess } from "./kubeconfig";

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

/** Only reads objects: the lifecycle changes nothing in Kubernetes. */
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

export function openKubernetes(access: KubernetesAccess): KubernetesReader {
  const server = findApiServer(access);
  let credentials: Promise<Credentials> | undefined;
  const ask = async (path: string): Promise<Answer> => {
    const answer = await send(server, await (credentials ??= server.credentials()), path);
    if (answer.status !== 401) return answer;
    credentials = server.credentials();
    return send(server, await credentials, path);
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
    async find(place) {
      const answer = await ask(pathOf(place));
      return isNotServed(answer) ? "not-served" : (read(server, place, answer, "get") as KubernetesObject | undefined);
    },
    async discover(path) {
      const answer = await ask(path);
      const { status, body } = answer;
      if (status === 200) return JSON.parse(body) as Record<string, unknown>;
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

function read(
  server: ApiServer,
  { apiVersion, kind, namespace, name }: ObjectPlace,
  { status, body }: Answer,
  verb: "get" | "list",
): unknown {
  if (status === 200) return JSON.parse(body) as unknown;
  if (status === 404) return undefined;
  const said = messageOf(body);
  if (status === 401 || status === 403) {
    throw new MigrationError(
      "KUBERNETES_FORBIDDEN",
      `${server.url} does not let ${kind} ${namespace}/${name} (${apiVersion}) be read: ${status} ${said}`,
      {
        fix: `check the kubeconfig and its context; the role needs "${verb}" on ${PLURAL[kind]} in namespace ${namespace}`,
      },
    );
  }
  throw unreachable(server, `${status} ${said}`);
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
    `the Kubernetes API server ${server.url} does not answer: ${why}`,
    {
      fix: "check the address in the kubeconfig, the network and the server's certificate",
      cause,
    },
  );
}

function send(server: ApiServer, { token, basic, cert, key }: Credentials, path: string): Promise<Answer> {
  const url = new URL(server.url + path);
  const request = url.protocol === "http:" ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const failed = (error: Error) =>
      reject(unreachable(server, error.message || (error as NodeJS.ErrnoException).code || "no connection", error));
    const call = request(
      url,
      {
        ca: server.ca,
        cert,
        key,
        rejectUnauthorized: server.verify,
        servername: server.serverName,
        timeout: REQUEST_LIMIT_MS,
        auth: basic,
        headers: { accept: "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") }),
        );
        response.once("error", failed);
      },
    );
    call.once("timeout", () => call.destroy(new Error(`no answer within ${REQUEST_LIMIT_MS / 1000} s`)));
    call.once("error", failed);
    call.end();
  });
}

/** Reads objects by their paths (`request.ts` sends the requests), and deletes them. */
import { MigrationError } from "../../engine/errors";
import type { ApiServer, KubernetesAccess } from "./kubeconfig";
import { type Answer, messageOf, openRequests, parsed, type RequestTest, unreachable } from "./request";

/** One object of the API server. */
export interface ObjectPlace {
  apiVersion: string;
  kind: keyof typeof PLURAL;
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

/** Reads objects, and deletes them. `writer.ts` writes. */
export interface KubernetesReader {
  /** Address of the API server, for messages. */
  readonly server: string;
  /**
   * Returns undefined if the object does not exist.
   * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE
   */
  get(place: ObjectPlace): Promise<KubernetesObject | undefined>;
  /**
   * Returns all objects of one kind in one namespace, in pages of 500.
   * @param labels only objects with these labels
   * @throws MigrationError KUBERNETES_FORBIDDEN, KUBERNETES_UNREACHABLE
   */
  list(of: Omit<ObjectPlace, "name">, labels?: Readonly<Record<string, string>>): Promise<KubernetesObject[]>;
  /**
   * Deletes this very object: the API server refuses if the name belongs to another object by now. Returns at once,
   * also if the object is already gone.
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
  KafkaTopic: "kafkatopics",
  KafkaMirrorMaker2: "kafkamirrormaker2s",
  KafkaConnect: "kafkaconnects",
  KafkaBridge: "kafkabridges",
  EventStreamsGeoReplicator: "eventstreamsgeoreplicators",
  Secret: "secrets",
  Namespace: "namespaces",
  Job: "jobs",
  Pod: "pods",
  Event: "events",
};

const PAGE = 500;
/** How often a list may begin again because the server dropped it between two pages. */
const RESTARTS = 3;

interface Page {
  items?: KubernetesObject[];
  metadata?: { continue?: string };
}

/** @param test Folder of the pod's service account, and time limit of a request. */
export function openKubernetes(access: KubernetesAccess, test: RequestTest = {}): KubernetesReader {
  const { server, ask } = openRequests(access, test);
  return {
    server: server.url,
    async get(place) {
      return read(server, place, await ask(pathOf(place)), "get") as KubernetesObject | undefined;
    },
    async list(of, labels = {}) {
      const selector = Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(",");
      const only = selector === "" ? "" : `&labelSelector=${encodeURIComponent(selector)}`;
      const path = pathOf({ ...of, name: "" }).replace(/\/$/, "");
      const found: KubernetesObject[] = [];
      let restarts = 0;
      for (let next: string | undefined = ""; next !== undefined; ) {
        const answer = await ask(
          `${path}?limit=${PAGE}${only}${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`,
        );
        if (answer.status === 410 && restarts++ < RESTARTS) {
          // The server no longer has the list that the first page came from.
          found.length = 0;
          next = "";
          continue;
        }
        const page = read(server, { ...of, name: "" }, answer, "list") as Page | undefined;
        for (const item of page?.items ?? []) found.push(item);
        next = page?.metadata?.continue || undefined;
      }
      return found;
    },
    async remove(place, { metadata }, only) {
      const body = {
        apiVersion: "v1",
        kind: "DeleteOptions",
        preconditions: { uid: metadata.uid },
        // The default of batch/v1 leaves the pods.
        ...(place.kind === "Job" ? { propagationPolicy: "Background" } : {}),
        // If a DELETE request has a body, the API server ignores `dryRun` in the query.
        ...(only === "ask" ? { dryRun: ["All"] } : {}),
      };
      const answer = await ask(pathOf(place), { method: "DELETE", body: JSON.stringify(body) });
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
export const isNotServed = ({ status, body }: Answer): boolean => status === 404 && !body.trimStart().startsWith("{");

export function pathOf({ apiVersion, kind, namespace, name }: ObjectPlace): string {
  const root = apiVersion.includes("/") ? `apis/${apiVersion}` : `api/${apiVersion}`;
  const parent = kind === "Namespace" ? "" : `namespaces/${encodeURIComponent(namespace)}/`;
  return `/${root}/${parent}${PLURAL[kind]}/${encodeURIComponent(name)}`;
}

export function read(
  server: ApiServer,
  { apiVersion, kind, namespace, name }: ObjectPlace,
  { status, body }: Answer,
  verb: "get" | "list" | "delete" | "patch",
): unknown {
  if (status === 200) return parsed(server, body);
  if (status === 404) return undefined;
  const said = messageOf(body);
  if (status === 401 || status === 403) {
    throw new MigrationError(
      "KUBERNETES_FORBIDDEN",
      `${server.url} does not let ${kind} ${namespace}/${name} (${apiVersion}) be ` +
        `${{ get: "read", list: "listed", delete: "deleted", patch: "written" }[verb]}: ${status} ${said}`,
      {
        fix:
          `check the kubeconfig and its context; ` +
          `the role needs "${verb}" on ${PLURAL[kind]} in namespace ${namespace}`,
      },
    );
  }
  throw unreachable(server, `${status} ${said}`);
}

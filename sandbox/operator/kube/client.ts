import { KubeHttp, kubernetesClient } from "../../kube/http";

/** A Kubernetes object as the API server serves it. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: unknown[];
    deletionTimestamp?: string;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  /** Only for Secrets and ConfigMaps. */
  data?: Record<string, string>;
  type?: string;
}

/** A namespaced resource type; `group` is empty for the core group. */
export interface Resource {
  group: string;
  version: string;
  plural: string;
  kind: string;
}

export const SECRETS: Resource = { group: "", version: "v1", plural: "secrets", kind: "Secret" };

export const CONFIG_MAPS: Resource = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap" };

/** An answer of the API server that is not a success. */
export class KubeError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "KubeError";
    this.status = status;
  }
}

export interface Kube {
  /** Versions of the group in which this plural is served. Empty if there are none. */
  servedVersions(group: string, plural: string): Promise<string[]>;
  list(
    resource: Resource,
    scope?: { namespace?: string; labelSelector?: string },
  ): Promise<{ items: KubeObject[]; resourceVersion: string }>;
  get(resource: Resource, namespace: string, name: string): Promise<KubeObject | undefined>;
  /** Here and below, `apiVersion` and `kind` are those of the resource and replace the object's own. */
  create(resource: Resource, object: KubeObject): Promise<KubeObject>;
  replace(resource: Resource, object: KubeObject): Promise<KubeObject>;
  /** @throws KubeError 409 when the object has changed since it was read */
  replaceStatus(resource: Resource, object: KubeObject): Promise<KubeObject>;
  /** Returns false if there was no such object. */
  delete(resource: Resource, namespace: string, name: string): Promise<boolean>;
  /** Streams events until the connection ends (resolves) or fails (rejects). Aborting `signal` ends it. */
  watch(
    resource: Resource,
    scope: { namespace?: string; labelSelector?: string; resourceVersion: string },
    onEvent: (type: string, object: KubeObject) => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): void;
}

function basePath(resource: Resource, namespace?: string): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  return namespace === undefined ? `${root}/${resource.plural}` : `${root}/namespaces/${namespace}/${resource.plural}`;
}

function pathOf(resource: Resource, { metadata }: KubeObject): string {
  return `${basePath(resource, metadata.namespace)}/${metadata.name}`;
}

/** `v1`, or `<group>/<version>`. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** Adds the type to an object: the items of a list come without it, and requests need it. */
export function typed(resource: Resource, object: KubeObject): KubeObject {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

/** Maximum time in milliseconds for one request other than a watch. */
const REQUEST_LIMIT_MS = 30_000;

/** Connects with the kubeconfig's current context. Sends nothing before the first call. */
export async function connectKube(kubeconfig: string): Promise<Kube> {
  const { KubeConfig, Watch } = await kubernetesClient();
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  if (!config.getCurrentCluster()) throw new Error(`the kubeconfig ${kubeconfig} has no current cluster`);
  const http = new KubeHttp(config);

  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const signal = AbortSignal.timeout(REQUEST_LIMIT_MS);
    const { status, text } = await http.ask(method, path, { body, signal }).catch((error: Error) => {
      throw signal.aborted ? new Error(`${method} ${path}: no answer within ${REQUEST_LIMIT_MS} ms`) : error;
    });
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      // An empty answer, or one of a proxy in between.
    }
    if (status >= 200 && status < 300) return parsed;
    const { message = text.slice(0, 200), reason = `status ${status}` } = (parsed ?? {}) as Partial<
      Record<"message" | "reason", string>
    >;
    // The server quotes what it cannot read. The message must not contain a Secret.
    throw new KubeError(status, `${method} ${path}: ${path.includes("/secrets") ? reason : message}`);
  }

  async function orNone<T>(work: Promise<unknown>): Promise<T | undefined> {
    try {
      return (await work) as T;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  return {
    async servedVersions(group, plural) {
      const found = await orNone<{ versions: { version: string }[] }>(call("GET", `/apis/${group}`));
      const served: string[] = [];
      for (const { version } of found?.versions ?? []) {
        const list = await orNone<{ resources: { name: string }[] }>(call("GET", `/apis/${group}/${version}`));
        if (list?.resources.some((r) => r.name === plural)) served.push(version);
      }
      return served;
    },
    async list(resource, scope = {}) {
      const query =
        scope.labelSelector === undefined ? "" : `?labelSelector=${encodeURIComponent(scope.labelSelector)}`;
      const found = (await call("GET", basePath(resource, scope.namespace) + query)) as {
        items: KubeObject[];
        metadata: { resourceVersion: string };
      };
      return { items: found.items, resourceVersion: found.metadata.resourceVersion };
    },
    get: (resource, namespace, name) => orNone<KubeObject>(call("GET", `${basePath(resource, namespace)}/${name}`)),
    create: (resource, object) =>
      call("POST", basePath(resource, object.metadata.namespace), typed(resource, object)) as Promise<KubeObject>,
    replace: (resource, object) =>
      call("PUT", pathOf(resource, object), typed(resource, object)) as Promise<KubeObject>,
    replaceStatus: (resource, object) =>
      call("PUT", `${pathOf(resource, object)}/status`, typed(resource, object)) as Promise<KubeObject>,
    delete: async (resource, namespace, name) =>
      (await orNone(call("DELETE", `${basePath(resource, namespace)}/${name}`))) !== undefined,
    async watch(resource, scope, onEvent, signal) {
      // A time limit lets the server end idle watches, so that a dead connection is noticed.
      const query = {
        resourceVersion: scope.resourceVersion,
        labelSelector: scope.labelSelector,
        allowWatchBookmarks: true,
        timeoutSeconds: 240,
      };
      await new Promise<void>((resolve, reject) => {
        let stop = (): void => undefined;
        let ended = false;
        const done = (error: unknown): void => {
          ended = true;
          signal.removeEventListener("abort", stop);
          const status = (error as { statusCode?: number } | null)?.statusCode;
          if (!error || signal.aborted) resolve();
          else
            reject(
              status === undefined
                ? error
                : new KubeError(status, `watch ${resource.plural}: ${(error as Error).message}`),
            );
        };
        void new Watch(config).watch(basePath(resource, scope.namespace), query, onEvent, done).then((controller) => {
          // If the server is already gone, the watch has ended. A listener added now would never be removed.
          if (ended) return;
          stop = () => controller.abort();
          if (signal.aborted) stop();
          else signal.addEventListener("abort", stop, { once: true });
        }, reject);
      });
    },
    close: () => http.close(),
  };
}

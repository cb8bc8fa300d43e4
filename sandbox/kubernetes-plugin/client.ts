/** What the plugin needs of the Kubernetes API: discovery, requests with the real plugin's errors, and watches. */
import type http from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { KubeHttp, type KubeRequest } from "../kube/http";
import { ApiError, CancelledError, ConnectionError, NoMatchError } from "./api-error";
import { apiVersionOf, type Gvk } from "./objects";
import type { PlainObject } from "./values";

/** REST path of the objects of one kind. */
export interface Resource {
  /** `/apis/<group>/<version>`, or `/api/<version>` for the core group. */
  base: string;
  plural: string;
  namespaced: boolean;
}

interface Discovered {
  kind: string;
  name: string;
  namespaced: boolean;
}

export type RequestOptions = KubeRequest;

export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: PlainObject;
}

/** Maximum number of retries while a server is not ready yet (429 with Retry-After). */
const RETRIES = 10;

export class ApiClient {
  private readonly discovered = new Map<string, Promise<Discovered[]>>();
  private readonly http: KubeHttp;

  /** `cancelled` aborts every pending request. */
  constructor(
    config: KubeConfig,
    private readonly cancelled: AbortSignal,
  ) {
    this.http = new KubeHttp(config);
  }

  /** @throws NoMatchError when the server does not serve that kind in that version */
  async resource(gvk: Gvk): Promise<Resource> {
    const base = gvk.group === "" ? `/api/${gvk.version}` : `/apis/${gvk.group}/${gvk.version}`;
    const wanted = (entry: Discovered) => entry.kind === gvk.kind && !entry.name.includes("/");
    let found = (await this.discover(base, false)).find(wanted);
    // The definition may be newer than the cached answer.
    found ??= (await this.discover(base, true)).find(wanted);
    if (!found) throw new NoMatchError(gvk.kind, apiVersionOf(gvk));
    return { base, plural: found.name, namespaced: found.namespaced };
  }

  private discover(base: string, fresh: boolean): Promise<Discovered[]> {
    let answer = fresh ? undefined : this.discovered.get(base);
    if (!answer) {
      answer = this.request("GET", base).then(
        (list) => (list as { resources?: Discovered[] }).resources ?? [],
        (error: unknown) => {
          this.discovered.delete(base);
          if (error instanceof ApiError && error.notFound) return [];
          throw error;
        },
      );
      this.discovered.set(base, answer);
    }
    return answer;
  }

  collection(resource: Resource, namespace: string): string {
    const scope = resource.namespaced ? `/namespaces/${encodeURIComponent(namespace || "default")}` : "";
    return `${resource.base}${scope}/${resource.plural}`;
  }

  item(resource: Resource, namespace: string, name: string): string {
    return `${this.collection(resource, namespace)}/${encodeURIComponent(name)}`;
  }

  /** @throws ApiError, ConnectionError, CancelledError */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<PlainObject> {
    for (let attempt = 0; ; attempt++) {
      const response = await this.send(method, path, options);
      const body = await collect(response, this.failure(method, path, options));
      const code = response.statusCode ?? 0;
      if (code >= 200 && code < 300) return (body === "" ? {} : JSON.parse(body)) as PlainObject;
      const retryAfter = Number(response.headers["retry-after"]);
      if (code !== 429 || !Number.isFinite(retryAfter) || attempt === RETRIES) throw ApiError.of(code, body);
      await delay(retryAfter * 1000, undefined, { signal: this.signalOf(options) }).catch(() => {
        throw new CancelledError();
      });
    }
  }

  /** Yields events until the server ends the stream. The caller then lists again and continues. */
  async *watch(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const options = { query: { watch: "true", resourceVersion, allowWatchBookmarks: "true" }, signal };
    const response = await this.send("GET", path, options);
    const code = response.statusCode ?? 0;
    if (code !== 200) throw ApiError.of(code, await collect(response, this.failure("GET", path, options)));
    try {
      let rest = "";
      response.setEncoding("utf8");
      for await (const chunk of response) {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as WatchEvent;
      }
    } finally {
      response.destroy();
    }
  }

  private send(method: string, path: string, options: RequestOptions): Promise<http.IncomingMessage> {
    return this.http.open(method, path, { ...options, signal: this.signalOf(options) }).catch((error) => {
      throw this.failure(method, path, options)(error);
    });
  }

  private signalOf(options: RequestOptions): AbortSignal {
    return options.signal ? AbortSignal.any([this.cancelled, options.signal]) : this.cancelled;
  }

  private failure(method: string, path: string, options: RequestOptions): (error: NodeJS.ErrnoException) => Error {
    return (error) =>
      this.signalOf(options).aborted
        ? new CancelledError()
        : new ConnectionError(method, this.http.url(path, options.query), error);
  }
}

async function collect(
  response: http.IncomingMessage,
  failure: (error: NodeJS.ErrnoException) => Error,
): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw failure(error as NodeJS.ErrnoException);
  }
  return Buffer.concat(chunks).toString("utf8");
}

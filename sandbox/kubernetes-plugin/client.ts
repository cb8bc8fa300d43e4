/** A small client of the Kubernetes API over HTTPS: discovery, the verbs that the plugin needs, and watches. */
import http from "node:http";
import https from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, CancelledError, ConnectionError, NoMatchError } from "./api-error";
import type { Connection } from "./kubeconfig";
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

export interface RequestOptions {
  query?: Record<string, string>;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
}

export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: PlainObject;
}

/** Maximum number of retries while a server is not ready yet (429 with Retry-After). */
const RETRIES = 10;

export class ApiClient {
  private readonly discovered = new Map<string, Promise<Discovered[]>>();
  private readonly agent: http.Agent;
  private readonly secure: boolean;

  /** `cancelled` aborts every pending request. */
  constructor(
    private readonly connection: Connection,
    private readonly cancelled: AbortSignal,
  ) {
    this.secure = connection.server.startsWith("https:");
    const { ca, cert, key, serverName } = connection;
    this.agent = this.secure
      ? new https.Agent({
          keepAlive: true,
          ca,
          cert,
          key,
          servername: serverName,
          rejectUnauthorized: !connection.insecure,
        })
      : new http.Agent({ keepAlive: true });
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
    const query = options.query ? `?${new URLSearchParams(options.query).toString()}` : "";
    const url = `${this.connection.server}${path}${query}`;
    const headers: Record<string, string | number> = { Accept: "application/json" };
    if (this.connection.token !== undefined) headers.Authorization = `Bearer ${this.connection.token}`;
    const body = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    if (body) {
      headers["Content-Type"] = options.contentType ?? "application/json";
      headers["Content-Length"] = body.length;
    }
    const signal = this.signalOf(options);
    return new Promise((resolve, reject) => {
      const request = (this.secure ? https : http).request(
        url,
        { method, headers, agent: this.agent, signal },
        resolve,
      );
      request.on("error", (error: NodeJS.ErrnoException) => {
        if (signal.aborted) reject(new CancelledError());
        // The server closed a kept-alive connection while this request was being written. It read none of it, so a
        // retry is safe.
        else if (request.reusedSocket && error.code === "ECONNRESET") resolve(this.send(method, path, options));
        else reject(new ConnectionError(method, url, error));
      });
      request.end(body);
    });
  }

  private signalOf(options: RequestOptions): AbortSignal {
    return options.signal ? AbortSignal.any([this.cancelled, options.signal]) : this.cancelled;
  }

  private failure(method: string, path: string, options: RequestOptions): (error: NodeJS.ErrnoException) => Error {
    return (error) =>
      this.signalOf(options).aborted
        ? new CancelledError()
        : new ConnectionError(method, `${this.connection.server}${path}`, error);
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

/**
 * Requests to an API server as they go over the wire. `@kubernetes/client-node` reads kubeconfigs and does TLS, login
 * and proxies. Its typed calls are not used: they turn dates into objects and drop fields that they do not know, but
 * Pulumi's state and the CRDs need the exact JSON.
 */
import http from "node:http";
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

export interface KubeRequest {
  query?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Default `application/json`. */
  contentType?: string;
  signal?: AbortSignal;
}

export interface KubeAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

/** The library is an ES module and takes half a second to load. */
export const kubernetesClient = () => import("@kubernetes/client-node");

/** Connects with the current context of a kubeconfig. Sends nothing before the first request. */
export class KubeHttp {
  private agent: http.Agent | undefined;

  constructor(private readonly config: KubeConfig) {}

  url(path: string, query?: Record<string, string>): string {
    const server = this.config.getCurrentCluster()?.server.replace(/\/+$/, "") ?? "";
    return `${server}${path}${query === undefined ? "" : `?${new URLSearchParams(query).toString()}`}`;
  }

  /** @throws the error of the connection, or of the signal */
  async ask(method: string, path: string, request: KubeRequest = {}): Promise<KubeAnswer> {
    const response = await this.open(method, path, request);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text: Buffer.concat(chunks).toString("utf8"),
    };
  }

  /** Returns when the answer begins. Its body is still to be read, for example that of a watch. */
  async open(method: string, path: string, request: KubeRequest = {}): Promise<http.IncomingMessage> {
    const { body, contentType = "application/json", signal } = request;
    // The login is applied to each request: tokens in files and from programs change.
    const login: https.RequestOptions = {};
    await this.config.applyToHTTPSOptions(login);
    const url = this.url(path, request.query);
    const secure = url.startsWith("https:");
    this.agent ??= this.keepingAlive(login, secure);
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = { accept: "application/json", ...(login.headers as http.OutgoingHttpHeaders) };
    if (text) Object.assign(headers, { "content-type": contentType, "content-length": text.length });
    const options = { method, headers, agent: this.agent, auth: login.auth, signal };
    return new Promise((resolve, reject) => {
      const sent = (secure ? https : http).request(url, options, resolve);
      sent.on("error", (error: NodeJS.ErrnoException) => {
        // The server closed a kept-alive connection while this request was being written. It read none of it, so a
        // retry is safe.
        if (sent.reusedSocket && error.code === "ECONNRESET") resolve(this.open(method, path, request));
        else reject(error);
      });
      sent.end(text);
    });
  }

  close(): void {
    this.agent?.destroy();
  }

  /** The library's own agent opens a connection for each request. It is needed for a proxy. */
  private keepingAlive(login: https.RequestOptions, secure: boolean): http.Agent {
    if (this.config.getCurrentCluster()?.proxyUrl) return login.agent as http.Agent;
    const { ca, cert, key, passphrase, servername, rejectUnauthorized } = login;
    if (!secure) return new http.Agent({ keepAlive: true });
    const strict = rejectUnauthorized === undefined ? {} : { rejectUnauthorized };
    return new https.Agent({ keepAlive: true, ca, cert, key, passphrase, servername, ...strict });
  }
}

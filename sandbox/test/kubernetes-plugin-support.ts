import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach } from "vitest";
import { parseOptions } from "../kubernetes-plugin/options";
import { openSession, type Session } from "../kubernetes-plugin/session";
import type { Props } from "../kubernetes-plugin/values";

/** Requests and answers only: what a real API server makes of them is proved in kubernetes-plugin.test.ts. */
interface Seen {
  method: string;
  path: string;
  query: Record<string, string>;
  type: string;
  body: Record<string, never>;
}
type Answer = {
  code?: number;
  body?: object;
  headers?: Record<string, string>;
  stream?: (response: ServerResponse) => void;
};

export const USERS = "/apis/kafka.strimzi.io/v1/namespaces/ns/kafkausers";
export const URN = "urn:pulumi:dev::kp::kubernetes:kafka.strimzi.io/v1:KafkaUser::user";
export const SECRET_URN = "urn:pulumi:dev::kp::kubernetes:core/v1:Secret::secret";
export const inputs = (annotations: Record<string, string> = {}, spec: object = {}): Props =>
  ({
    apiVersion: "kafka.strimzi.io/v1",
    kind: "KafkaUser",
    metadata: { name: "mm2", namespace: "ns", annotations },
    spec,
  }) as unknown as Props;
export const live = (annotations: Record<string, string> = {}, more: object = {}): Record<string, never> =>
  ({
    ...inputs(annotations),
    metadata: { name: "mm2", namespace: "ns", annotations, generation: 1, resourceVersion: "7" },
    ...more,
  }) as unknown as Record<string, never>;
export const failed = (code: number, reason: string, message: string, details: object = {}): Answer => ({
  code,
  body: { kind: "Status", code, reason, message, details },
});

const served = (): FakeServer["answers"] => ({
  "GET /api/v1": () => ({
    body: {
      resources: [
        { kind: "Secret", name: "secrets", namespaced: true },
        { kind: "Namespace", name: "namespaces", namespaced: false },
      ],
    },
  }),
  "GET /apis/kafka.strimzi.io/v1": () => ({
    body: {
      resources: [
        { kind: "KafkaUser", name: "kafkausers", namespaced: true },
        { kind: "KafkaUser", name: "kafkausers/status", namespaced: true },
      ],
    },
  }),
});

/** A server that answers what a test says, and a session of the plugin with it; both begin anew with each start. */
export class FakeServer {
  server!: Server;
  session!: Session;
  seen!: Seen[];
  /** By `METHOD /path`, `WATCH` for a watch. */
  answers!: Record<string, (request: Seen) => Answer>;
  cancel!: AbortController;
  /** What the plugin said to Pulumi. */
  told!: string[];

  calls(method: string): Seen[] {
    return this.seen.filter((request) => request.method === method && !request.path.endsWith("/v1"));
  }

  async start(): Promise<void> {
    Object.assign(this, { seen: [], answers: served(), cancel: new AbortController(), told: [] });
    this.server = createServer((request, response) => void this.handle(request, response));
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.session = await this.open();
  }

  async stop(): Promise<void> {
    this.cancel.abort();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  open(port = (this.server.address() as AddressInfo).port): Promise<Session> {
    const kubeconfig = JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: "u", user: { token: "t" } }],
    });
    const messages = {
      log: (_: string, urn: string, text: string) => void this.told.push(`${urn}: ${text}`),
      status: (_: string, text: string) => void this.told.push(text),
    };
    return openSession(parseOptions({ kubeconfig }, {}), messages, this.cancel.signal);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "", "http://x");
    const body = JSON.parse(Buffer.concat(chunks).toString() || "{}") as Record<string, never>;
    const query = Object.fromEntries(url.searchParams);
    const one: Seen = {
      method: request.method ?? "",
      path: url.pathname,
      query,
      type: request.headers["content-type"] ?? "",
      body,
    };
    this.seen.push(one);
    const key = `${query["watch"] ? "WATCH" : one.method} ${one.path}`;
    const answer = this.answers[key]?.(one) ?? failed(404, "NotFound", `no answer for ${key}`);
    response.writeHead(answer.code ?? 200, { "content-type": "application/json", ...answer.headers });
    if (answer.stream) answer.stream(response);
    else response.end(JSON.stringify(answer.body ?? {}));
  }
}

/** Call it at the top of a file; read it inside tests. */
export function withFakeServer(): FakeServer {
  const fake = new FakeServer();
  beforeEach(() => fake.start());
  afterEach(() => fake.stop());
  return fake;
}

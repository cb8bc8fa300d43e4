import { Agent, request } from "node:https";
import { SandboxError } from "../error";

export interface Answer {
  status: number;
  body: unknown;
}

/** The minimal client that the sandbox itself needs: JSON over TLS with a bearer token. */
export class KubernetesRest {
  private readonly agent: Agent;

  constructor(
    private readonly server: string,
    private readonly token: string,
    ca: string,
  ) {
    this.agent = new Agent({ ca, keepAlive: true, maxSockets: 8 });
  }

  call(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const sent = request(
        `${this.server}${path}`,
        {
          method,
          agent: this.agent,
          timeout: 15_000,
          headers: {
            authorization: `Bearer ${this.token}`,
            accept: "application/json",
            ...(text === undefined
              ? {}
              : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString("utf8")) }),
          );
        },
      );
      sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer within 15 s`)));
      sent.on("error", reject);
      sent.end(text);
    });
  }

  /** Creates an object by POST. "Already exists" is not an error. */
  async create(path: string, what: string, body: unknown): Promise<void> {
    const answer = await this.call("POST", path, body);
    if (answer.status === 201 || answer.status === 409) return;
    throw new SandboxError(
      "KUBERNETES_REFUSED",
      `${what}: the API server answered ${answer.status}: ${messageOf(answer.body)}`,
      {
        fix: "read the API server's log",
      },
    );
  }

  close(): void {
    this.agent.destroy();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const messageOf = (body: unknown): string => (body as { message?: string } | null)?.message ?? String(body);

import { SandboxError } from "../error";
import { KubeHttp, kubernetesClient } from "../kube/http";

export interface Answer {
  status: number;
  body: unknown;
}

const LIMIT_MS = 15_000;

/** The administrator's client for the sandbox's own API server: any path, with JSON in both directions. */
export class KubernetesRest {
  private http: Promise<KubeHttp> | undefined;

  constructor(
    private readonly server: string,
    private readonly token: string,
    private readonly ca: string,
  ) {}

  async call(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<Answer> {
    this.http ??= this.connect();
    const signal = AbortSignal.timeout(LIMIT_MS);
    const answer = (await this.http).ask(method, path, { body, signal });
    const { status, text } = await answer.catch((error: Error) => {
      throw signal.aborted ? new Error(`${method} ${path}: no answer within ${LIMIT_MS / 1000} s`) : error;
    });
    return { status, body: parse(text) };
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
    void this.http?.then((http) => http.close());
  }

  private async connect(): Promise<KubeHttp> {
    const { KubeConfig } = await kubernetesClient();
    const config = new KubeConfig();
    const caData = Buffer.from(this.ca).toString("base64");
    config.loadFromClusterAndUser(
      { name: "sandbox", server: this.server, caData, skipTLSVerify: false },
      { name: "administrator", token: this.token },
    );
    return new KubeHttp(config);
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

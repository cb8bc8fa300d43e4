import { setTimeout as sleep } from "node:timers/promises";
import { Refusal } from "../refusal";

/** A connector's status as Connect returns it. */
export interface ConnectorStatus {
  name: string;
  connector: { state: string; worker_id?: string; trace?: string };
  tasks: { id: number; state: string; worker_id?: string; trace?: string }[];
  type?: string;
}

/** Returns true if the connector or one of its tasks has failed. */
export const hasFailed = ({ connector, tasks }: ConnectorStatus): boolean =>
  [connector, ...tasks].some(({ state }) => state === "FAILED");

/** An answer of Connect that is not a success, with the text that Strimzi uses. */
export class ConnectRefusal extends Refusal {
  constructor(
    readonly status: number,
    method: string,
    path: string,
    message: string,
  ) {
    super(
      "io.strimzi.operator.cluster.operator.assembly.ConnectRestException",
      `${method} ${path} returned ${status} (${status}): ${message}`,
    );
  }
}

/** Milliseconds. Connect answers after 90 s at the latest, even if it waits for its own topics without success. */
const REQUEST_LIMIT_MS = 95_000;

/** The calls of Connect's REST interface that the operator uses. */
export class ConnectRest {
  constructor(
    private readonly url: string,
    private readonly signal: AbortSignal,
  ) {}

  list(): Promise<string[]> {
    return this.call("GET", "/connectors") as Promise<string[]>;
  }

  /** Returns undefined if there is no such connector. Retries during a rebalance (409). */
  async config(name: string): Promise<Record<string, string> | undefined> {
    try {
      return (await this.retrying([409], 6, () => this.call("GET", this.path(name, "/config")))) as Record<
        string,
        string
      >;
    } catch (error) {
      if (error instanceof ConnectRefusal && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Creates a connector in this state (KIP-980). */
  async create(
    name: string,
    config: Record<string, string | number>,
    state: "running" | "paused" | "stopped",
  ): Promise<void> {
    await this.retrying([409], 10, () =>
      this.call("POST", "/connectors", { name, config, initial_state: state.toUpperCase() }),
    );
  }

  async putConfig(name: string, config: Record<string, string | number>): Promise<void> {
    await this.retrying([409], 10, () => this.call("PUT", this.path(name, "/config"), config));
  }

  /** A new connector has no status at first (404), so this call retries. */
  status(name: string): Promise<ConnectorStatus> {
    return this.retrying([404], 10, () => this.call("GET", this.path(name, "/status"))) as Promise<ConnectorStatus>;
  }

  async topics(name: string): Promise<void> {
    await this.call("GET", this.path(name, "/topics"));
  }

  offsets(name: string): Promise<unknown> {
    return this.call("GET", this.path(name, "/offsets"));
  }

  /** Connect refuses this unless the connector is stopped. */
  async alterOffsets(name: string, offsets: unknown): Promise<void> {
    await this.call("PATCH", this.path(name, "/offsets"), offsets);
  }

  async resetOffsets(name: string): Promise<void> {
    await this.call("DELETE", this.path(name, "/offsets"));
  }

  async setState(name: string, verb: "pause" | "stop" | "resume"): Promise<void> {
    await this.call("PUT", this.path(name, `/${verb}`));
  }

  /** Restarts the connector and its failed tasks. */
  async restartFailed(name: string): Promise<ConnectorStatus> {
    return (await this.call(
      "POST",
      `${this.path(name, "/restart")}?includeTasks=true&onlyFailed=true`,
    )) as ConnectorStatus;
  }

  async delete(name: string): Promise<void> {
    await this.retrying([409], 10, () => this.call("DELETE", this.path(name)));
  }

  private path(name: string, rest = ""): string {
    // Connect answers a raw `>` with 400.
    return `/connectors/${encodeURIComponent(name)}${rest}`;
  }

  private async call(method: string, path: string, body?: unknown): Promise<unknown> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.url + path, {
        method,
        headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(REQUEST_LIMIT_MS)]),
      });
      text = await response.text();
    } catch (error) {
      const cause = (error as { cause?: { message?: string } }).cause?.message ?? (error as Error).message;
      throw new Refusal("java.net.ConnectException", `${method} ${decodeURIComponent(path)}: ${cause}`);
    }
    let json: unknown;
    try {
      json = text === "" ? undefined : JSON.parse(text);
    } catch {
      json = undefined;
    }
    if (response.ok) return json;
    const message = (json as { message?: string } | undefined)?.message ?? "Unknown error message";
    throw new ConnectRefusal(response.status, method, decodeURIComponent(path.split("?")[0]!), message);
  }

  private async retrying<T>(statuses: number[], times: number, work: () => Promise<T>): Promise<T> {
    for (let wait = 200; ; wait *= 2) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ConnectRefusal) || !statuses.includes(error.status) || --times <= 0) throw error;
        await sleep(wait, undefined, { signal: this.signal });
      }
    }
  }
}

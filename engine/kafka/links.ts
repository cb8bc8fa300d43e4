import { setMaxListeners } from "node:events";
import type { Connection, Side } from "../model";
import { MigrationError } from "../errors";
import type { AnswerMemory, OpenOptions } from "./port";
import { LinkFailure } from "./failures";
import { keep, takeKept } from "./kept-links";
import { Lanes } from "./lanes";
import { loadLibrary } from "./library";
import { type Address, Link, type LinkContext } from "./link";
import { loginName } from "./login";
import { isLoginFailure } from "./renew";
import { Throttle } from "./throttle";
import { Tokens } from "./tokens";
import type { Api } from "./wire";

/** Selects the version of a request that this link's broker supports. */
export type Choice<Request, Response> = (link: Link) => Api<Request, Response>;

/** The connections to one cluster: first to the bootstrap addresses, then to each broker by its id. */
export class Links {
  private readonly byAddress = new Map<string, Promise<Link>>();
  /** Those that are connected. */
  private readonly links = new Set<Link>();
  private brokers = new Map<number, Address>();
  private turn = 0;
  private accepted = false;
  private renewing: Promise<Connection | undefined> | undefined;
  private readonly lanes = new Lanes();
  private readonly ending = new AbortController();
  private readonly context: LinkContext;
  readonly throttle: Throttle;
  /** Number of requests sent, for the reports. */
  requests = 0;

  private constructor(
    context: Pick<LinkContext, "library" | "connection" | "side">,
    private readonly bootstrap: readonly Address[],
    options: OpenOptions,
  ) {
    const { side, connection } = context;
    // Each link and each waiting request adds a listener.
    setMaxListeners(0, this.ended);
    this.throttle = new Throttle(side, { progress: options.progress, until: options.throttledUntil });
    const tokens = connection.sasl?.mechanism === "OAUTHBEARER" ? new Tokens(connection.sasl, side, this) : undefined;
    this.context = { ...context, tokens, throttle: this.throttle, ended: this.ended, accepted: () => this.accepted };
    const { signal } = options;
    if (signal?.aborted === true) this.ending.abort(signal.reason);
    const end = () => void this.close(signal?.reason);
    signal?.addEventListener("abort", end, { once: true });
    this.ended.addEventListener("abort", () => signal?.removeEventListener("abort", end));
  }

  static async open(connection: Connection, side: Side, options: OpenOptions = {}): Promise<Links> {
    const library = await loadLibrary();
    const links = new Links({ library, connection, side }, parseAddresses(connection.bootstrapServers, side), options);
    try {
      await links.any();
    } catch (error) {
      await links.close();
      throw error;
    }
    return links;
  }

  /** Aborted when the links are closed. The abort reason is the error that their users get. */
  get ended(): AbortSignal {
    return this.ending.signal;
  }

  learn(brokers: readonly { id: number; host: string; port: number }[]): void {
    this.brokers = new Map(brokers.map((b) => [b.id, { host: b.host, port: b.port }]));
  }

  knows(id: number): boolean {
    return this.brokers.has(id);
  }

  get brokerIds(): number[] {
    return [...this.brokers.keys()];
  }

  /** @param lane the number of the connection to this address */
  private async at(address: Address, lane = 0): Promise<Link> {
    this.ended.throwIfAborted();
    const key = lane === 0 ? addressText(address) : `${addressText(address)} ${lane}`;
    const known = this.byAddress.get(key);
    if (known === undefined) return this.connect(key, address);
    const link = await known;
    if (link.usable) return link;
    if (this.byAddress.get(key) === known) {
      // The session ends soon. Replace the link before the broker refuses it.
      if (link.open) link.retire();
      this.byAddress.delete(key);
    }
    return this.at(address, lane);
  }

  /** Same as `at`. If the broker accepts no further connection, returns the first one. */
  private async inLane(address: Address, lane: number): Promise<Link> {
    try {
      return await this.at(address, lane);
    } catch (error) {
      if (lane === 0 || !(error instanceof LinkFailure)) throw error;
      this.lanes.refused();
      return this.at(address);
    }
  }

  private connect(key: string, address: Address): Promise<Link> {
    const made = this.loggedIn(address).then((link) => {
      this.accepted = true;
      this.links.add(link);
      return link;
    });
    this.byAddress.set(key, made);
    made.catch(() => {
      if (this.byAddress.get(key) === made) this.byAddress.delete(key);
    });
    return made;
  }

  /**
   * A password, a certificate or a CA can be rotated while the port is open. If they are refused, gets the current ones
   * from `connection.renew`, and tries once more with them. All later links use them, too.
   */
  private async loggedIn(address: Address): Promise<Link> {
    const used = this.context.connection;
    const before = takeKept(loginName(used), addressText(address));
    if (before !== undefined && (await before.adopt(this.context))) return before;
    try {
      return await Link.connect(this.context, address);
    } catch (error) {
      if (!(error instanceof LinkFailure) || !isLoginFailure(error.reason)) throw error;
      if (!(await this.renewed(used)) && !(await this.isRewritten(error))) throw error;
      return Link.connect(this.context, address);
    }
  }

  /** A first token that is refused may have been read while its file was written. Later ones are retried anyway. */
  private async isRewritten({ reason, retriable }: LinkFailure): Promise<boolean> {
    return reason.code === "KAFKA_AUTHENTICATION" && !retriable && (await this.context.tokens?.isRewritten()) === true;
  }

  /** Returns true if the credentials are no longer those that were used. */
  private async renewed(used: Connection): Promise<boolean> {
    if (used.renew === undefined) return false;
    if (this.context.connection === used) {
      this.renewing ??= used.renew().finally(() => (this.renewing = undefined));
      const current = await this.renewing;
      if (current !== undefined) this.context.connection = current;
    }
    return this.context.connection !== used;
  }

  broker(id: number): Promise<Link> {
    const address = this.brokers.get(id);
    return address === undefined ? this.any() : this.at(address);
  }

  /** Returns a link to any broker that answers. Tries the known brokers in turn, then the bootstrap addresses. */
  async any(): Promise<Link> {
    const known = [...this.brokers.values()];
    const start = this.turn++;
    const candidates = [...known.map((_, i) => known[(start + i) % known.length]!), ...this.bootstrap];
    let last: unknown;
    for (const address of candidates) {
      try {
        return await this.at(address);
      } catch (error) {
        // If one broker refuses the credentials, all do. More attempts could lock the account.
        if (!(error instanceof LinkFailure) || !error.retriable) throw error;
        last = error;
      }
    }
    throw last;
  }

  /**
   * Sends a request to a broker. Waits first while that broker throttles this client.
   * @throws LinkFailure, MigrationError KAFKA_THROTTLED, or the reason that the port was closed with
   */
  async send<Request, Response>(
    to: number | "any",
    api: Api<Request, Response> | Choice<Request, Response>,
    request: Request,
    memory?: AnswerMemory,
  ): Promise<Response> {
    for (;;) {
      const link = to === "any" ? await this.any() : await this.broker(to);
      // The session can end during the wait, so get the link again.
      if (await this.waited(link)) continue;
      return this.sendOn(link, typeof api === "function" ? api(link) : api, request, memory);
    }
  }

  /**
   * Same as `send`, for a request that the broker answers late because its replicas must confirm it. Uses several
   * connections if many such requests are in progress.
   */
  async sendLate<Request, Response>(to: number, api: Api<Request, Response>, request: Request): Promise<Response> {
    const address = this.brokers.get(to);
    if (address === undefined) return this.send(to, api, request);
    return this.lanes.use(addressText(address), async (lane) => {
      for (;;) {
        const link = await this.inLane(address, lane);
        if (await this.waited(link)) continue;
        return this.sendOn(link, api, request);
      }
    });
  }

  /** Same as `send`, but uses this link. */
  async sendOn<Request, Response>(
    link: Link,
    api: Api<Request, Response>,
    request: Request,
    memory?: AnswerMemory,
  ): Promise<Response> {
    await this.waited(link);
    // The next port may already use this connection.
    this.ended.throwIfAborted();
    this.requests++;
    try {
      return await link.send(api, request, memory);
    } catch (error) {
      this.ended.throwIfAborted();
      throw error;
    }
  }

  private async waited(link: Link): Promise<boolean> {
    try {
      return await this.throttle.wait(link.address, this.ended);
    } catch (error) {
      this.ended.throwIfAborted();
      throw error;
    }
  }

  /**
   * Refuses all new requests and ends the requests in progress.
   * @param reason the error that these requests throw. Default: MigrationError KAFKA_CLOSED
   */
  async close(reason?: unknown): Promise<void> {
    const kept = new Set(reason === undefined && !this.ended.aborted ? [...this.links].filter(keep) : []);
    this.ending.abort(reason ?? closed(this.context.side));
    const made = [...this.byAddress.values()];
    this.byAddress.clear();
    await Promise.all(
      made.map((link) =>
        link.then(
          (l) => (kept.has(l) ? undefined : l.close()),
          () => {},
        ),
      ),
    );
  }
}

const addressText = ({ host, port }: Address): string => `${host}:${port}`;

function closed(side: Side): MigrationError {
  return new MigrationError("KAFKA_CLOSED", `the connection to the ${side} cluster is closed`, {
    fix: "look for an earlier error",
  });
}
function parseAddresses(list: string, side: Side): Address[] {
  const addresses = list
    .split(",")
    .map((s) => s.trim())
    .filter((s) => s !== "")
    .map((text) => {
      const colon = text.lastIndexOf(":");
      const port = Number(text.slice(colon + 1));
      const host = text.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
      return colon > 0 && Number.isInteger(port) && port > 0 && port < 65536 ? { host, port } : text;
    });
  const bad = addresses.filter((a): a is string => typeof a === "string");
  if (bad.length > 0 || addresses.length === 0) {
    throw addressMistake(side, bad);
  }
  return addresses as Address[];
}

function addressMistake(side: Side, bad: string[]): MigrationError {
  const seen = bad.length === 0 ? "no bootstrap address is set" : `not a host:port address: ${bad.join(", ")}`;
  return new MigrationError("KAFKA_ADDRESS", `${side} cluster: ${seen}`, {
    fix: `set ${side}.bootstrapServers (or ${side}.adminBootstrapServers) to host:port, comma-separated`,
  });
}

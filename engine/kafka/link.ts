import { isIP } from "node:net";
// biome-ignore syntax/correctness/noTypeOnlyImportAttributes: TypeScript needs it to read the types of an ES module
import type { Connection as LibraryConnection } from "@platformatic/kafka" with { "resolution-mode": "import" };
import type { MigrationError } from "../errors";
import type { Connection, Side } from "../model";
import { UNSUPPORTED_VERSION } from "./error-codes";
import { connectionFailure, LinkFailure, requestFailure } from "./failures";
import { type Library, loginName, saslOptions } from "./login";
import type { AnswerMemory } from "./port";
import type { Throttle } from "./throttle";
import type { Tokens } from "./tokens";
import { In, Out, type Api } from "./wire";

const CLIENT_ID = "kafka-migration";
/**
 * A link without any response for this long is broken. Time in which the broker throttles this client does not count.
 */
const REQUEST_TIMEOUT_MS = 30_000;
/** The largest delay of a Node timer. The library's own timeout counts throttled time, so it must never fire first. */
const NEVER_MS = 2 ** 31 - 1;
/**
 * A link takes no new requests after this part of its session. The rest leaves time for the responses to requests in
 * progress.
 */
const USED_PART = 0.8;

export interface Address {
  host: string;
  port: number;
}

export interface VersionRange {
  min: number;
  max: number;
}

/** The data that all links of one cluster share. */
export interface LinkContext {
  library: Library;
  /** Replaced when other credentials were found. */
  connection: Connection;
  side: Side;
  tokens: Tokens | undefined;
  throttle: Throttle;
  /** Aborted when the port is closed. */
  ended: AbortSignal;
  /** Returns true if a broker has accepted these credentials before. */
  accepted(): boolean;
}

/** ApiVersions v3 (Kafka 2.4 and later). An older broker returns UNSUPPORTED_VERSION in the first two bytes. */
export const apiVersions: Api<null, { errorCode: number; ranges: Map<number, VersionRange> }> = {
  name: "ApiVersions",
  key: 18,
  version: 3,
  flexible: true,
  write: (out) => out.string(CLIENT_ID).string("1").tags(),
  read(body) {
    const errorCode = body.int16();
    const ranges = new Map<number, VersionRange>();
    if (errorCode !== 0) return { errorCode, ranges };
    body.list(() => ranges.set(body.int16(), { min: body.int16(), max: body.int16() }));
    body.throttleTime();
    return { errorCode, ranges };
  },
};

/** A response as the library received it. `buffers` has the pieces. `slice` returns them as one buffer. */
interface Received {
  buffers: Buffer[];
  length: number;
  slice(from: number): Buffer;
}

function gather(received: Received, from: number, memory: AnswerMemory): Buffer {
  const bytes = memory.take(received.length - from);
  let skip = from;
  let at = 0;
  for (const piece of received.buffers) {
    if (skip < piece.length) at += piece.copy(bytes, at, skip);
    skip = Math.max(0, skip - piece.length);
  }
  return bytes;
}

/** One authenticated connection to one broker. */
export class Link {
  private versions = new Map<number, VersionRange>();
  private isOpen = true;
  /**
   * Why the connection broke. The errors of its requests do not contain the reason. For example, a TLS 1.3 client is
   * refused only after its handshake.
   */
  private broken: unknown;
  private underWay = 0;
  private heardAt = 0;
  /** From this time on the link takes no new requests. ms since the epoch. */
  private usableUntil = Infinity;
  private retired = false;

  /** Another port with the same login can use this connection (`kept-links`). */
  readonly login: string;
  private stopListening = () => {};

  private constructor(
    private context: LinkContext,
    readonly address: string,
    private readonly failure: (error: unknown) => LinkFailure,
    private readonly connection: LibraryConnection,
  ) {
    this.login = loginName(context.connection);
  }

  /**
   * Connects, logs in and requests the API versions.
   * @throws LinkFailure, or the abort reason of `ended`
   */
  static async connect(context: LinkContext, { host, port }: Address): Promise<Link> {
    const { library, connection: to, side, tokens, ended } = context;
    const address = `${host}:${port}`;
    const token = await tokens?.get();
    ended.throwIfAborted();
    const failure = (error: unknown): LinkFailure => connectionFailure(error, describeLogin(link.context, address));
    let lifetimeMs = 0;
    const login = to.sasl && saslOptions(library, to.sasl, token, (ms) => (lifetimeMs = ms));
    const connection = new library.Connection(CLIENT_ID, {
      connectTimeout: to.connectTimeoutMs ?? 5000,
      requestTimeout: NEVER_MS,
      ...(login === undefined ? {} : { sasl: login }),
      ...(to.tls === undefined ? {} : tlsOptions(to.tls, host)),
    });
    const link: Link = new Link(context, address, failure, connection);
    connection.on("error", (error) => {
      link.isOpen = false;
      link.broken ??= error;
    });
    connection.on("close", () => {
      link.isOpen = false;
      link.stopListening();
    });
    link.closeWith(ended);
    const began = Date.now();
    try {
      await connection.connect(host, port);
      if (lifetimeMs > 0) link.usableUntil = began + lifetimeMs * USED_PART;
      const { errorCode, ranges } = await link.send(apiVersions, null);
      if (errorCode !== 0) {
        throw new LinkFailure(requestFailure(side, "ask", `${address} for its API versions`, errorCode), false);
      }
      link.versions = ranges;
      return link;
    } catch (error) {
      link.stopListening();
      void link.close();
      ended.throwIfAborted();
      const reason = error instanceof LinkFailure ? error : failure(error);
      if (reason.reason.code === "KAFKA_AUTHENTICATION") tokens?.refused();
      throw reason;
    }
  }

  private closeWith(ended: AbortSignal): void {
    const end = () => void this.close();
    ended.addEventListener("abort", end);
    this.stopListening = () => ended.removeEventListener("abort", end);
  }

  /** True if the next port can use this connection: no request is in progress, and its broker does not throttle it. */
  get idle(): boolean {
    const muted = this.context.throttle.mutedUntil(this.address) > Date.now();
    return this.usable && this.underWay === 0 && !this.retired && !muted;
  }

  /** No port uses the connection. It does not keep the process running. */
  rest(): void {
    this.stopListening();
    this.connection.socket?.unref();
  }

  /**
   * Another port of the same cluster and login uses the connection from now on. Returns false if the broker does not
   * answer on it any more.
   */
  async adopt(context: LinkContext): Promise<boolean> {
    this.context = context;
    this.connection.socket?.ref();
    this.closeWith(context.ended);
    const answer = await this.send(apiVersions, null).catch(() => undefined);
    if (answer?.errorCode === 0) return true;
    context.ended.throwIfAborted();
    await this.close();
    return false;
  }

  get open(): boolean {
    return this.isOpen;
  }

  /** True if the session lasts long enough for another request. */
  get usable(): boolean {
    return this.isOpen && Date.now() < this.usableUntil;
  }

  /** Returns true if this broker supports version `version` of the API with this key. */
  speaks(key: number, version: number): boolean {
    const range = this.versions.get(key);
    return range !== undefined && range.min <= version && version <= range.max;
  }

  send<Request, Response>(api: Api<Request, Response>, request: Request, memory?: AnswerMemory): Promise<Response> {
    // A broker closes the connection if it does not support the request.
    if (this.versions.size > 0 && !this.speaks(api.key, api.version)) return Promise.reject(this.unsupported(api));
    this.underWay++;
    return new Promise<Response>((resolve, reject) => {
      const timer = this.limit(reject);
      const payload = () => {
        const out = new Out(api.flexible);
        api.write(out, request);
        return this.context.library.Writer.create().append(out.done());
      };
      // Keep the response as raw bytes. The library must not decode them.
      type Body = { buffer: Received; position: number };
      const whole = (_id: number, _key: number, _version: number, { buffer, position }: Body) =>
        memory === undefined ? buffer.slice(position) : gather(buffer, position, memory);
      const headerTags = api.flexible && api.key !== apiVersions.key;
      const take = (error: Error | null, body: unknown) => {
        timer.clear();
        if (error) {
          // After an error the position of the library's reader is unknown, so the connection cannot be used again.
          void this.close();
          reject(this.failure(this.broken ?? error));
        } else resolve(this.read(api, body as Buffer));
      };
      this.connection.send(api.key, api.version, payload, whole as never, api.flexible, headerTags, take);
    }).finally(() => {
      this.underWay--;
      if (this.retired && this.underWay === 0) void this.close();
    });
  }

  private async read<Request, Response>(api: Api<Request, Response>, bytes: Buffer): Promise<Response> {
    this.heardAt = Date.now();
    const body = new In(bytes, api.flexible);
    try {
      return api.read(body);
    } catch (cause) {
      throw new Error(`the response to ${api.name} v${api.version} is malformed`, { cause });
    } finally {
      this.context.throttle.note(this.address, body.throttleMs);
    }
  }

  /** Starts the timeout of one request. It restarts with every response on this link and when the throttling ends. */
  private limit(reject: (reason: unknown) => void): { clear(): void } {
    const sentAt = Date.now();
    let timer: NodeJS.Timeout | undefined;
    const check = () => {
      const lastSign = Math.max(sentAt, this.heardAt, this.context.throttle.mutedUntil(this.address));
      const left = lastSign + REQUEST_TIMEOUT_MS - Date.now();
      if (left > 0) timer = setTimeout(check, left);
      else {
        reject(this.failure(new Error("Request timed out")));
        void this.close();
      }
    };
    check();
    return { clear: () => clearTimeout(timer) };
  }

  private unsupported(api: Api<never, unknown> | Api<unknown, unknown>): MigrationError {
    const broker = `the broker at ${this.address}`;
    return requestFailure(this.context.side, `send ${api.name} v${api.version} to`, broker, UNSUPPORTED_VERSION);
  }

  /** Closes the connection as soon as no request is in progress. */
  retire(): void {
    this.retired = true;
    if (this.underWay === 0) void this.close();
  }

  /** Closes the connection at once. Requests in progress fail. */
  async close(): Promise<void> {
    this.isOpen = false;
    const closed = this.connection.close().catch(() => {});
    // The library waits until everything is written. That never happens if the broker does not read.
    this.connection.socket?.destroy();
    await closed;
  }
}

function describeLogin({ connection, side, accepted }: LinkContext, address: string) {
  const { tls, sasl } = connection;
  const user = sasl !== undefined && "username" in sasl ? sasl.username : undefined;
  return { side, address, tls: tls !== undefined, sasl: sasl?.mechanism, user, acceptedBefore: accepted() };
}

function tlsOptions(tls: NonNullable<Connection["tls"]>, host: string) {
  return {
    tls: { ca: tls.ca, cert: tls.cert, key: tls.key },
    // SNI: routes in front of brokers need it. It must not contain an IP address.
    tlsServerName: tls.serverName ?? isIP(host) === 0,
  };
}

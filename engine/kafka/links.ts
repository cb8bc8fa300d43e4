import { isIP } from "node:net";
import type { Connection as LibraryConnection } from "@platformatic/kafka" with { "resolution-mode": "import" };
import type { Connection, Side } from "../model";
import { MigrationError } from "../errors";
import type { AnswerMemory } from "./port";
import { connectionFailure, LinkFailure, requestFailure, UNSUPPORTED_VERSION } from "./failures";
import { In, Out, type Api } from "./wire";

type Library = typeof import("@platformatic/kafka", { with: { "resolution-mode": "import" } });

const CLIENT_ID = "kafka-migration";
const REQUEST_TIMEOUT_MS = 30_000;

export interface Address {
  host: string;
  port: number;
}

export interface VersionRange {
  min: number;
  max: number;
}

/** ApiVersions v3 (Kafka 2.4 and later). An older broker answers UNSUPPORTED_VERSION in the first two bytes. */
const apiVersions: Api<null, { errorCode: number; ranges: Map<number, VersionRange> }> = {
  name: "ApiVersions",
  key: 18,
  version: 3,
  flexible: true,
  write: (out) => out.string(CLIENT_ID).string("1").tags(),
  read(body) {
    const errorCode = body.int16();
    const ranges = new Map<number, VersionRange>();
    if (errorCode === 0) body.list(() => ranges.set(body.int16(), { min: body.int16(), max: body.int16() }));
    return { errorCode, ranges };
  },
};

/** RFC 7628: a broker that refuses a token answers with a reason instead of an error; one that takes it, with nothing. */
function refusedToken(answer: Buffer, callback: (error: Error | null, answer: Buffer) => void): void {
  if (answer.length === 0) callback(null, answer);
  else callback(new Error(`the token was refused: ${answer.toString("utf8").slice(0, 200)}`), answer);
}

/** An answer as the library has received it: the pieces, and all of them in one. */
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
  open = true;
  /** Why the connection broke; its requests are told only that it did (a TLS 1.3 client is refused after its handshake). */
  private broken: unknown;

  private constructor(
    private readonly library: Library,
    private readonly connection: LibraryConnection,
    private readonly failure: (error: unknown) => LinkFailure,
    private readonly unsupported: (api: string) => MigrationError,
  ) {}

  static async connect(library: Library, to: Connection, side: Side, address: Address): Promise<Link> {
    const failure = (error: unknown) =>
      connectionFailure(error, {
        side,
        address: `${address.host}:${address.port}`,
        tls: to.tls !== undefined,
        sasl: to.sasl?.mechanism,
        user: to.sasl !== undefined && "username" in to.sasl ? to.sasl.username : undefined,
      });
    const connection = new library.Connection(CLIENT_ID, {
      connectTimeout: to.connectTimeoutMs ?? 5000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      ...(to.sasl === undefined ? {} : { sasl: { ...to.sasl, ...(to.sasl.mechanism === "OAUTHBEARER" ? { authBytesValidator: refusedToken } : {}) } }),
      ...(to.tls === undefined
        ? {}
        : {
            tls: { ca: to.tls.ca, cert: to.tls.cert, key: to.tls.key },
            // SNI: routes in front of brokers need it; an IP address must not be sent.
            tlsServerName: to.tls.serverName ?? isIP(address.host) === 0,
          }),
    });
    const unsupported = (api: string) => requestFailure(side, `send ${api} to`, `the broker at ${address.host}:${address.port}`, UNSUPPORTED_VERSION);
    const link = new Link(library, connection, failure, unsupported);
    connection.on("error", (error) => {
      link.open = false;
      link.broken ??= error;
    });
    connection.on("close", () => (link.open = false));
    try {
      await connection.connect(address.host, address.port);
    } catch (error) {
      throw failure(error);
    }
    const { errorCode, ranges } = await link.send(apiVersions, null);
    if (errorCode !== 0) {
      await link.close();
      throw new LinkFailure(requestFailure(side, "ask", `${address.host}:${address.port} for its API versions`, errorCode), false);
    }
    link.versions = ranges;
    return link;
  }

  /** Whether this broker speaks version `version` of the API with this key. */
  speaks(key: number, version: number): boolean {
    const range = this.versions.get(key);
    return range !== undefined && range.min <= version && version <= range.max;
  }

  send<Request, Response>(api: Api<Request, Response>, request: Request, memory?: AnswerMemory): Promise<Response> {
    // A broker closes the connection on what it does not know.
    if (this.versions.size > 0 && !this.speaks(api.key, api.version)) return Promise.reject(this.unsupported(`${api.name} v${api.version}`));
    return new Promise<Response>((resolve, reject) => {
      const payload = () => {
        const out = new Out(api.flexible);
        api.write(out, request);
        return this.library.Writer.create().append(out.done());
      };
      // The answer's bytes are taken over as they are; the library must not decode them.
      const whole = (_id: number, _key: number, _version: number, { buffer, position }: { buffer: Received; position: number }) =>
        memory === undefined ? buffer.slice(position) : gather(buffer, position, memory);
      const headerTags = api.flexible && api.key !== apiVersions.key;
      this.connection.send(api.key, api.version, payload, whole as never, api.flexible, headerTags, (error: Error | null, body: unknown) => {
        if (error !== null && error !== undefined) {
          // After a time-out the library's reader stays where it is, so the connection is of no more use.
          void this.close();
          reject(this.failure(this.broken ?? error));
          return;
        }
        try {
          resolve(api.read(new In(body as Buffer, api.flexible)));
        } catch (cause) {
          reject(new Error(`the answer to ${api.name} v${api.version} could not be read`, { cause }));
        }
      });
    });
  }

  async close(): Promise<void> {
    this.open = false;
    await this.connection.close().catch(() => {});
  }
}

/** The connections to one cluster: the bootstrap addresses, then each broker by its id. */
export class Links {
  private readonly byAddress = new Map<string, Promise<Link>>();
  private brokers = new Map<number, Address>();
  private turn = 0;
  /** Requests sent, for the reports. */
  requests = 0;

  private constructor(
    private readonly library: Library,
    private readonly connection: Connection,
    readonly side: Side,
    private readonly bootstrap: readonly Address[],
  ) {}

  static async open(connection: Connection, side: Side): Promise<Links> {
    const library = await import("@platformatic/kafka");
    const links = new Links(library, connection, side, parseAddresses(connection.bootstrapServers, side));
    await links.any();
    return links;
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

  private at(address: Address): Promise<Link> {
    const key = `${address.host}:${address.port}`;
    const known = this.byAddress.get(key);
    if (known !== undefined) {
      return known.then((link) => {
        if (link.open) return link;
        if (this.byAddress.get(key) === known) this.byAddress.delete(key);
        return this.at(address);
      });
    }
    const made = Link.connect(this.library, this.connection, this.side, address);
    this.byAddress.set(key, made);
    made.catch(() => this.byAddress.delete(key));
    return made;
  }

  broker(id: number): Promise<Link> {
    const address = this.brokers.get(id);
    return address === undefined ? this.any() : this.at(address);
  }

  /** Any broker that answers: known brokers first, in turn, then the bootstrap addresses. */
  async any(): Promise<Link> {
    const known = [...this.brokers.values()];
    const start = this.turn++;
    const candidates = [...known.map((_, i) => known[(start + i) % known.length]!), ...this.bootstrap];
    let last: unknown;
    for (const address of candidates) {
      try {
        return await this.at(address);
      } catch (error) {
        // Refused credentials are refused everywhere; trying more brokers would only lock the account.
        if (error instanceof LinkFailure && !error.retriable) throw error;
        last = error;
      }
    }
    throw last;
  }

  async send<Request, Response>(to: number | "any", api: Api<Request, Response>, request: Request, memory?: AnswerMemory): Promise<Response> {
    const link = to === "any" ? await this.any() : await this.broker(to);
    this.requests++;
    return link.send(api, request, memory);
  }

  async close(): Promise<void> {
    const made = [...this.byAddress.values()];
    this.byAddress.clear();
    await Promise.all(made.map((link) => link.then((l) => l.close(), () => {})));
  }
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
  const seen = bad.length === 0 ? "no bootstrap address is given" : `not a host:port address: ${bad.join(", ")}`;
  return new MigrationError("KAFKA_ADDRESS", `${side} cluster: ${seen}`, { fix: `give ${side}.bootstrapServers (or ${side}.adminBootstrapServers) as host:port, comma separated` });
}

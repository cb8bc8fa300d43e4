import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import * as acls from "../../../engine/kafka/api/acls";
import * as cluster from "../../../engine/kafka/api/cluster";
import * as groupOffsets from "../../../engine/kafka/api/group-offsets";
import * as groups from "../../../engine/kafka/api/groups";
import * as produce from "../../../engine/kafka/api/produce";
import * as producers from "../../../engine/kafka/api/producers";
import * as quotas from "../../../engine/kafka/api/quotas";
import * as records from "../../../engine/kafka/api/records";
import * as scram from "../../../engine/kafka/api/scram";
import * as settings from "../../../engine/kafka/api/settings";
import * as streams from "../../../engine/kafka/api/streams-groups";
import * as topics from "../../../engine/kafka/api/topics";
import { apiVersions } from "../../../engine/kafka/link";
import { type Api, In, Out } from "../../../engine/kafka/wire";

type AnyApi = Api<never, unknown>;

const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;

const isApi = (value: unknown): value is AnyApi =>
  typeof value === "object" && value !== null && "key" in value && "read" in value;

/** Every request that the engine can send. */
export const ALL_APIS: readonly AnyApi[] = [
  acls,
  cluster,
  groupOffsets,
  groups,
  produce,
  producers,
  quotas,
  records,
  scram,
  settings,
  streams,
  topics,
]
  .flatMap((module) => Object.values(module) as unknown[])
  .flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]))
  .filter(isApi);

export interface Asked {
  api: AnyApi;
  /** ms since the epoch. */
  at: number;
}

/** Writes the answer; `undefined`: no answer comes; `close`: the connection is closed. */
export type Answer = ((out: Out) => void) | undefined | "close";

/** Reads the body of a request. */
export type Question = In;

/** A broker that says what a test wants it to say: real ones do so rarely, and never when they are asked to. */
export interface FakeBroker {
  port: number;
  asked: Asked[];
  /** Connections made so far. */
  connections: number;
  /** Connections that are open now. */
  readonly open: number;
  /**
   * Answers for an API by name: one function for all requests, called with how many came before. Like a real broker,
   * this one handles the next request of a connection only after it has written the answer.
   */
  answer: Record<string, (before: number, question: Question) => Answer | Promise<Answer>>;
  /** Further connections are closed at once. Default: no limit. */
  mostConnections: number;
  /** Returns true if a password is right (PLAIN). Default: there is no login. */
  login: (password: string) => boolean;
  /** Newest version of an API by name, for a broker older than the engine's newest request. Default: the newest. */
  newest: Record<string, number>;
  stop(): Promise<void>;
}

/** @param port Default: any that is free */
export async function startFakeBroker(port = 0): Promise<FakeBroker> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (++broker.connections > broker.mostConnections) return void socket.destroy();
    let turn: Promise<void> = Promise.resolve();
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    let buffer = Buffer.alloc(0);
    socket.on("data", (piece) => {
      buffer = Buffer.concat([buffer, piece]);
      while (buffer.length >= 4 && buffer.length >= 4 + buffer.readInt32BE(0)) {
        const length = buffer.readInt32BE(0);
        const request = buffer.subarray(4, 4 + length);
        turn = turn.then(() => reply(socket, request));
        buffer = buffer.subarray(4 + length);
      }
    });
  });
  const broker: FakeBroker = {
    port: 0,
    asked: [],
    connections: 0,
    get open() {
      return sockets.size;
    },
    answer: {},
    mostConnections: Infinity,
    login: () => true,
    newest: {},
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function reply(socket: Socket, request: Buffer): Promise<void> {
    const [key, version, correlation] = [request.readInt16BE(0), request.readInt16BE(2), request.readInt32BE(4)];
    if (key === SASL_HANDSHAKE || key === SASL_AUTHENTICATE)
      return void socket.write(loginReply(key, correlation, request));
    const api = key === apiVersions.key ? apiVersions : ALL_APIS.find((a) => a.key === key && a.version === version)!;
    const before = broker.asked.filter((a) => a.api.name === api.name).length;
    broker.asked.push({ api, at: Date.now() });
    // The header ends with the client's id.
    const question = new In(request, api.flexible, 10 + Math.max(0, request.readInt16BE(8)));
    question.tags();
    const written =
      key === apiVersions.key ? versionsOf(broker.newest) : await broker.answer[api.name]?.(before, question);
    if (written === "close") socket.destroy();
    if (typeof written !== "function") return;
    const out = new Out(api.flexible);
    written(out);
    const head = Buffer.alloc(4 + 4 + (api.flexible && key !== apiVersions.key ? 1 : 0));
    const body = out.done();
    head.writeInt32BE(head.length - 4 + body.length, 0);
    head.writeInt32BE(correlation, 4);
    socket.write(Buffer.concat([head, body]));
  }

  /** SaslHandshake v1 and SaslAuthenticate v2, for PLAIN: the request ends with `NUL user NUL password` and no tags. */
  function loginReply(key: number, correlation: number, request: Buffer): Buffer {
    const body = new Out(key === SASL_AUTHENTICATE);
    if (key === SASL_HANDSHAKE) body.int16(0).list(["PLAIN"], (name) => body.string(name));
    else {
      const password = request.toString("utf8").replace(/\0$/, "").split("\0").at(-1)!;
      const isRight = broker.login(password);
      body.int16(isRight ? 0 : 58).string(isRight ? null : "refused");
      body.string("").int64(0n).tags();
    }
    const header = Buffer.alloc(key === SASL_AUTHENTICATE ? 9 : 8);
    const rest = body.done();
    header.writeInt32BE(header.length - 4 + rest.length, 0);
    header.writeInt32BE(correlation, 4);
    return Buffer.concat([header, rest]);
  }

  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  broker.port = (server.address() as AddressInfo).port;
  broker.answer.Metadata = () => metadata(broker, []);
  return broker;
}

const versionsOf = (newest: Readonly<Record<string, number>>) => (out: Out) => {
  const known = new Map<number, { min: number; max: number }>();
  for (const { name, key, version } of [apiVersions, ...ALL_APIS]) {
    if (version > (newest[name] ?? Infinity)) continue;
    const range = known.get(key) ?? { min: version, max: version };
    known.set(key, { min: Math.min(range.min, version), max: Math.max(range.max, version) });
  }
  out.int16(0).list([...known], ([key, { min, max }]) => out.int16(key).int16(min).int16(max));
  out.int32(0).tags();
};

export interface FakeTopic {
  name: string;
  /** Default 0. */
  error?: number;
  /** Default 1. */
  partitions?: number;
}

/** Metadata v12: this broker is the only one, and leads everything. */
export function metadata(
  broker: Pick<FakeBroker, "port">,
  topics: readonly FakeTopic[],
  options: { brokers?: number; throttleMs?: number } = {},
): Answer {
  return (out) => {
    out.int32(options.throttleMs ?? 0);
    out.list(Array.from({ length: options.brokers ?? 1 }), () =>
      out.int32(1).string("127.0.0.1").int32(broker.port).string(null),
    );
    out.string("fake").int32(1);
    out.list(topics, ({ name, error = 0, partitions = 1 }) => {
      out.int16(error).string(name).noId().boolean(false);
      out.list(error === 0 ? Array.from({ length: partitions }, (_, i) => i) : [], (partition) => {
        out.int16(0).int32(partition).int32(1).int32(0);
        for (let lists = 2; lists > 0; lists--) out.values([1], (id) => out.int32(id));
        out.values([], () => {});
      });
      out.int32(-0x80000000);
    });
    out.tags();
  };
}

/** A Fetch v11 response for the empty partition 0 of `t`. If `whole` is false, the response has no partition at all. */
export const fetched = (throttleMs: number, whole: boolean) => (out: Out) => {
  out.int32(throttleMs).int16(0).int32(0);
  out.list(whole ? ["t"] : [], (topic) => {
    out.string(topic).list([0], (partition) => {
      out
        .int32(partition)
        .int16(0)
        .int64(7n)
        .int64(7n)
        .int64(0n)
        .list([], () => {})
        .int32(-1)
        .int32(0);
    });
  });
};

import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { crc32c } from "@node-rs/crc32";
import { describeCluster, METADATA } from "../engine/kafka/api/cluster";
import { fetch, listOffsets } from "../engine/kafka/api/records";
import { describeConfigs } from "../engine/kafka/api/settings";
import { apiVersions } from "../engine/kafka/link";
import { type Api, In, Out } from "../engine/kafka/wire";
import { encodeBatch, type NewRecord } from "../engine/records/encode";

/** A partition's log: whole batches, in order, from offset 0 on. */
export interface SimulatedLog {
  batches: readonly { bytes: Buffer; last: number }[];
  end: number;
}

export interface SimulatedTopic {
  /** Of each partition. Partitions may share a log. */
  logs: readonly SimulatedLog[];
  configs: Readonly<Record<string, string>>;
}

const metadata = METADATA[0];
const APIS: readonly Api<never, unknown>[] = [
  apiVersions,
  metadata,
  describeCluster,
  fetch,
  listOffsets,
  describeConfigs,
];
const [NONE, OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC] = [0, 1, 3];
const [LATEST, EARLIEST] = [-1n, -2n];

/** Byte positions in a batch: those of its checksum and of its attributes, from where on the checksum counts. */
const [CRC, ATTRIBUTES] = [17, 21];
const [TRANSACTIONAL, CONTROL] = [16, 32];

/**
 * A log of these groups of records, one batch each.
 * @param transaction true: the last batch is followed by the marker of a committed transaction, which holds all of them
 */
export function simulatedLog(groups: readonly (readonly NewRecord[])[], transaction = false): SimulatedLog {
  let end = 0;
  const place = (bytes: Buffer, count: number) => {
    // The offset of a batch is not part of its checksum.
    bytes.writeBigInt64BE(BigInt(end), 0);
    end += count;
    return { bytes, last: end - 1 };
  };
  const batches = groups.map((records) => {
    const bytes = encodeBatch(records, 0);
    return place(transaction ? withAttributes(bytes, TRANSACTIONAL) : bytes, records.length);
  });
  if (transaction) {
    const commit = encodeBatch([{ key: Buffer.from([0, 0, 0, 1]), value: Buffer.alloc(6) }], 0);
    batches.push(place(withAttributes(commit, TRANSACTIONAL | CONTROL), 1));
  }
  return { batches, end };
}

function withAttributes(batch: Buffer, attributes: number): Buffer {
  batch.writeInt16BE(attributes, ATTRIBUTES);
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES)) >>> 0, CRC);
  return batch;
}

/**
 * Answers as the brokers of one cluster: metadata, offsets, records and settings of topics that nobody writes to. It
 * speaks the wire protocol over TCP, without TLS and login. It keeps to the limits of a Fetch request as a broker does,
 * and answers the requests of a connection in their order.
 */
export class SimulatedCluster {
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly numbers: Map<string, number>;

  private constructor(private readonly topics: ReadonlyMap<string, SimulatedTopic>) {
    this.numbers = new Map([...topics.keys()].map((name, i) => [name, i]));
  }

  static async start(brokers: number, topics: ReadonlyMap<string, SimulatedTopic>): Promise<SimulatedCluster> {
    const cluster = new SimulatedCluster(topics);
    for (let i = 0; i < brokers; i++) {
      const server = createServer((socket) => cluster.serve(socket));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      cluster.servers.push(server);
    }
    return cluster;
  }

  get bootstrapServers(): string {
    return this.ports.map((port) => `127.0.0.1:${port}`).join(",");
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  private get ports(): number[] {
    return this.servers.map((server) => (server.address() as AddressInfo).port);
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => this.sockets.delete(socket)).on("error", () => {});
    let pieces: Buffer[] = [];
    let length = 0;
    socket.on("data", (piece) => {
      pieces.push(piece);
      length += piece.length;
      if (length < 4) return;
      let bytes = pieces.length === 1 ? piece : undefined;
      for (;;) {
        const wanted = length < 4 ? 4 : 4 + sizeOf(pieces);
        if (length < wanted) return;
        bytes ??= Buffer.concat(pieces);
        socket.write(this.reply(bytes.subarray(4, wanted)));
        bytes = bytes.subarray(wanted);
        length = bytes.length;
        pieces = length === 0 ? [] : [bytes];
      }
    });
  }

  private reply(request: Buffer): Buffer {
    const [key, version, correlation] = [request.readInt16BE(0), request.readInt16BE(2), request.readInt32BE(4)];
    const api = APIS.find((a) => a.key === key && a.version === version);
    if (api === undefined) throw new Error(`request ${key} v${version} is not simulated`);
    // The header ends with the client's id.
    const question = new In(request, api.flexible, 10 + Math.max(0, request.readInt16BE(8)));
    question.tags();
    const head = Buffer.alloc(api.flexible && api !== apiVersions ? 9 : 8);
    const out = new Out(api.flexible);
    this.answer(api, question, out);
    const body = out.done();
    head.writeInt32BE(head.length - 4 + body.length, 0);
    head.writeInt32BE(correlation, 4);
    return Buffer.concat([head, body]);
  }

  private answer(api: Api<never, unknown>, question: In, out: Out): void {
    if (api === apiVersions) versions(out);
    else if (api === metadata) this.metadata(question, out);
    else if (api === describeCluster) this.describe(out);
    else if (api === listOffsets) this.offsets(question, out);
    else if (api === fetch) this.fetch(question, out);
    else this.configs(question, out);
  }

  private brokers(out: Out): void {
    out.list(this.ports, (port) =>
      out
        .int32(this.ports.indexOf(port) + 1)
        .string("127.0.0.1")
        .int32(port)
        .string(null),
    );
  }

  private describe(out: Out): void {
    out.int32(0).int16(NONE).string(null).string("simulated").int32(1);
    this.brokers(out);
    out.int32(-0x80000000).tags();
  }

  /** Leaders of neighbouring partitions are on different brokers. */
  private leader(topic: string, partition: number): number {
    return ((this.numbers.get(topic)! + partition) % this.servers.length) + 1;
  }

  private metadata(question: In, out: Out): void {
    // The list's length, plus 1. Null means all topics.
    const all = question.buffer[question.at] === 0;
    const named = question.list(() => {
      question.id();
      return question.string();
    });
    const asked = all ? [...this.topics.keys()] : named;
    out.int32(0);
    this.brokers(out);
    out.string("simulated").int32(1);
    out.list(asked, (name) => {
      const topic = this.topics.get(name);
      out.int16(topic === undefined ? UNKNOWN_TOPIC : NONE).string(name);
      out.int64(0n).int64(BigInt(1 + (this.numbers.get(name) ?? -1)));
      out.boolean(false);
      out.list([...(topic?.logs.keys() ?? [])], (partition) => {
        const leader = this.leader(name, partition);
        out.int16(NONE).int32(partition).int32(leader).int32(0);
        for (let lists = 2; lists > 0; lists--) out.values([leader], (id) => out.int32(id));
        out.values([], () => {});
      });
      out.int32(-0x80000000);
    });
    out.tags();
  }

  private offsets(question: In, out: Out): void {
    question.int32();
    question.int8();
    const topics = question.list(() => ({
      topic: question.string(),
      partitions: question.list(() => {
        const partition = question.int32();
        question.int32();
        return { partition, timestamp: question.int64() };
      }),
    }));
    out.int32(0).list(topics, ({ topic, partitions }) => {
      out.string(topic).list(partitions, ({ partition, timestamp }) => {
        const log = this.topics.get(topic)?.logs[partition];
        const offset = timestamp === LATEST ? BigInt(log?.end ?? 0) : timestamp === EARLIEST ? 0n : -1n;
        out.int32(partition).int16(log === undefined ? UNKNOWN_TOPIC : NONE);
        out.int64(-1n).int64(offset).int32(0);
      });
    });
  }

  private fetch(question: In, out: Out): void {
    for (let skipped = 3; skipped > 0; skipped--) question.int32();
    let left = question.int32();
    question.int8();
    question.int64();
    const topics = question.list(() => ({
      topic: question.string(),
      partitions: question.list(() => {
        const partition = question.int32();
        question.int32();
        const offset = Number(question.int64());
        question.int64();
        return { partition, offset, maxBytes: question.int32() };
      }),
    }));
    let isFirst = true;
    out.int32(0).int16(NONE).int32(0);
    out.list(topics, ({ topic, partitions }) => {
      out.string(topic).list(partitions, ({ partition, offset, maxBytes }) => {
        const log = this.topics.get(topic)?.logs[partition];
        const end = BigInt(log?.end ?? -1);
        const isOutside = log !== undefined && (offset < 0 || offset > log.end);
        out.int32(partition).int16(log === undefined ? UNKNOWN_TOPIC : isOutside ? OFFSET_OUT_OF_RANGE : NONE);
        out
          .int64(end)
          .int64(end)
          .int64(0n)
          .list([], () => {})
          .int32(-1);
        const records = recordsFrom(log, offset, Math.max(0, Math.min(left, maxBytes)), isFirst);
        if (records.length > 0) isFirst = false;
        left -= records.length;
        out.data(records);
      });
    });
  }

  private configs(question: In, out: Out): void {
    const names = question.list(() => {
      question.int8();
      const name = question.string();
      const keys = question.values(() => question.string());
      return { name, keys };
    });
    out.int32(0).list(names, ({ name, keys }) => {
      const topic = this.topics.get(name);
      const entries = Object.entries(topic?.configs ?? {}).filter(([key]) => keys.length === 0 || keys.includes(key));
      out
        .int16(topic === undefined ? UNKNOWN_TOPIC : NONE)
        .string(null)
        .int8(2)
        .string(name);
      out.list(entries, ([key, value]) => {
        out.string(key).string(value).boolean(false).int8(5).boolean(false);
        out.list([], () => {});
      });
    });
  }
}

function sizeOf(pieces: readonly Buffer[]): number {
  return (pieces[0]!.length >= 4 ? pieces[0]! : Buffer.concat(pieces)).readInt32BE(0);
}

function versions(out: Out): void {
  out.int16(NONE).list(APIS, ({ key, version }) => out.int16(key).int16(version).int16(version));
  out.int32(0).tags();
}

/**
 * The batches from the one with this offset on. A broker cuts the last one at the limit, but not a response's first.
 */
function recordsFrom(log: SimulatedLog | undefined, offset: number, most: number, isFirst: boolean): Buffer {
  const start = log?.batches.findIndex(({ last }) => last >= offset) ?? -1;
  if (start < 0) return Buffer.alloc(0);
  const [first, ...rest] = log!.batches.slice(start);
  const pieces = [isFirst && first!.bytes.length > most ? first!.bytes : first!.bytes.subarray(0, most)];
  let left = most - pieces[0]!.length;
  for (const { bytes } of rest) {
    if (left <= 0) break;
    pieces.push(bytes.subarray(0, left));
    left -= bytes.length;
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

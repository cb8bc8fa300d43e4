import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface DelayedProxy {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Forwards all later connections to this port. Until the first call, the proxy closes new connections. */
  forwardTo(port: number): void;
  close(): Promise<void>;
}

/**
 * Maximum bytes in flight in one direction. Above it, the proxy pauses the sender. No client here keeps nearly as much
 * in flight.
 */
const WINDOW = 64 * 1024 * 1024;

/**
 * Starts a TCP proxy on 127.0.0.1 that delivers every byte `oneWayMs` after it was sent, in each direction. It models
 * latency only. It does not model the round trip of the handshake, a window that limits the bytes in flight, or loss.
 */
export async function startDelayedProxy(oneWayMs: number): Promise<DelayedProxy> {
  let target: number | undefined;
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (target === undefined) return void client.destroy();
    const broker = connect({ host: "127.0.0.1", port: target, allowHalfOpen: true, noDelay: true });
    for (const socket of [client, broker]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.once("close", (failed) => {
        open.delete(socket);
        // After an orderly close, bytes can still be in flight. The other side ends after it has received them.
        if (!failed) return;
        client.destroy();
        broker.destroy();
      });
    }
    delay(client, broker, oneWayMs);
    delay(broker, client, oneWayMs);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    forwardTo: (port) => void (target = port),
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function delay(from: Socket, to: Socket, ms: number): void {
  /** `undefined` is the end of the stream. */
  const queue: { due: number; chunk: Buffer | undefined }[] = [];
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;
  let full = false;

  const send = (): void => {
    timer = undefined;
    while (!full && queue.length > 0 && queue[0]!.due <= performance.now()) {
      const { chunk } = queue.shift()!;
      if (chunk === undefined) return void to.end();
      waiting -= chunk.length;
      full = !to.write(chunk);
    }
    if (waiting < WINDOW && from.isPaused()) from.resume();
    if (!full && queue.length > 0)
      timer ??= setTimeout(send, Math.max(1, Math.ceil(queue[0]!.due - performance.now())));
  };
  const add = (chunk: Buffer | undefined): void => {
    if (to.destroyed) return;
    queue.push({ due: performance.now() + ms, chunk });
    waiting += chunk?.length ?? 0;
    if (waiting >= WINDOW) from.pause();
    if (!full) timer ??= setTimeout(send, ms);
  };
  from.on("data", add);
  from.once("end", () => add(undefined));
  to.on("drain", () => {
    full = false;
    send();
  });
  to.once("close", () => clearTimeout(timer));
}

import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface DelayedProxy {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Where connections go from now on; those that come before are closed. */
  forwardTo(port: number): void;
  close(): Promise<void>;
}

/** Bytes under way in one direction; beyond this the sender is held back. Far above what any client here keeps in flight. */
const WINDOW = 64 * 1024 * 1024;

/**
 * A TCP proxy on 127.0.0.1 that lets every byte arrive `oneWayMs` after it was sent, in each direction. It models latency only: neither
 * the handshake's round trip, nor a window that limits what is under way, nor loss.
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
        // One that ended in order leaves bytes under way: the other side ends after them.
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

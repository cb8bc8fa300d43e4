import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { startDelayedProxy } from "./delayed-proxy";

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function echoThrough(oneWayMs: number): Promise<Socket> {
  const echo: Server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => echo.close(resolve)));
  const proxy = await startDelayedProxy(oneWayMs);
  proxy.forwardTo((echo.address() as AddressInfo).port);
  closers.push(() => proxy.close());
  const socket = connect({ host: "127.0.0.1", port: proxy.port, noDelay: true });
  await once(socket, "connect");
  closers.push(() => socket.destroy());
  return socket;
}

describe("the delayed proxy", () => {
  it("delays each answer by at least one round trip", async () => {
    const socket = await echoThrough(20);
    for (let i = 0; i < 3; i++) {
      const begun = performance.now();
      socket.write("x");
      await once(socket, "data");
      // There are two timers. Each may fire up to one millisecond early by this clock.
      expect(performance.now() - begun).toBeGreaterThanOrEqual(38);
    }
  });

  it("does not limit throughput: many messages together need about one round trip", async () => {
    const socket = await echoThrough(100);
    const begun = performance.now();
    let received = 0;
    socket.on("data", (chunk: Buffer) => (received += chunk.length));
    for (let i = 0; i < 50; i++) {
      socket.write("x");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    while (received < 50) await once(socket, "data");
    // One after the other, the messages would take 50 round trips (10 s).
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it("delivers megabytes unchanged and in order, then closes the connection", async () => {
    const socket = await echoThrough(10);
    const sent = randomBytes(8 * 1024 * 1024);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    const ended = once(socket, "end");
    socket.end(sent);
    await ended;
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });
});

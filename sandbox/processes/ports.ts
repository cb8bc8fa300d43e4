import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

/**
 * Below the range from which Linux (32768) and macOS (49152) take the ports of outgoing connections: such a connection could otherwise
 * take the port of a broker while it is stopped.
 */
const lowest = 12_000;
const highest = 32_000;

/** Given out by this process and not to be given out again. */
const given = new Set<number>();

/**
 * Ports on 127.0.0.1 that nobody listens on, all held at the same time while they are looked for, and chosen at random so that two
 * sandboxes seldom meet. Between this answer and the moment a server binds, another process may still take one: whoever starts that
 * server tries again with new ports (see `isPortClash`).
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  try {
    const ports: number[] = [];
    for (let tries = 0; ports.length < count && tries < 2_000; tries++) {
      const port = randomInt(lowest, highest);
      if (given.has(port)) continue;
      const server = await listen(port);
      if (server === undefined) continue;
      held.push(server);
      given.add(port);
      ports.push(port);
    }
    if (ports.length < count) throw new Error(`no ${count} free ports between ${lowest} and ${highest} on 127.0.0.1`);
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** True when a process's log (or error) says that its port was taken: Java's, Go's and Node's words for EADDRINUSE. */
export function isPortClash(text: string): boolean {
  return /address already in use|EADDRINUSE/i.test(text);
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}

import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

/**
 * The range is below the ports for outgoing connections on Linux (from 32768) and macOS (from 49152). Such a connection
 * could otherwise take the port of a broker while the broker is stopped.
 */
const lowest = 12_000;
const highest = 32_000;

/** Ports that this process has already handed out. They are not handed out again. */
const given = new Set<number>();

/**
 * Returns ports on 127.0.0.1 on which no process listens. It holds all of them open while it searches, and chooses them
 * at random so that two sandboxes seldom choose the same. Another process may still take a port before the server binds
 * it. The caller must then try again with new ports (see `isPortClash`).
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

/**
 * Returns true if a process's log (or error) says that its port was taken. Matches the texts of Java, Go and Node for
 * EADDRINUSE.
 */
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

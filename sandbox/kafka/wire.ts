// biome-ignore syntax/correctness/noTypeOnlyImportAttributes: TypeScript needs it to read the types of an ES module
import type { Connection } from "@platformatic/kafka" with { "resolution-mode": "import" };
import type { ClusterConnection } from "./types";

type Library = typeof import("@platformatic/kafka", { with: { "resolution-mode": "import" }});

/** Parses `host:port, host:port` into a list. */
export function brokersOf(bootstrapServers: string): { host: string; port: number }[] {
  return bootstrapServers.split(",").map((address) => {
    const at = address.lastIndexOf(":");
    return { host: address.slice(0, at).trim(), port: Number(address.slice(at + 1)) };
  });
}

/** Logs in to one broker, sends one or more raw requests there, and closes the connection. */
export async function withBroker<T>(
  connection: Pick<ClusterConnection, "tls" | "sasl">,
  broker: { host: string; port: number },
  work: (link: Connection, library: Library) => Promise<T>,
): Promise<T> {
  const library = await import("@platformatic/kafka");
  const link = new library.Connection("sandbox", {
    connectTimeout: 5_000,
    requestTimeout: 10_000,
    tls: { ca: connection.tls.ca },
    sasl: { ...connection.sasl },
  });
  // A connection that fails later also emits an event. The pending request gets the same error.
  link.on("error", () => {});
  try {
    await link.connect(broker.host, broker.port);
    return await work(link, library);
  } finally {
    await link.close().catch(() => {});
  }
}

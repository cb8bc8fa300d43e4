import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export interface FakeApiServer {
  /** Content. */
  kubeconfig: string;
  /** Objects by path below the server's root; change them at any time. Everything else is not found. */
  objects: Map<string, object>;
  /** Paths that were asked for. */
  asked: string[];
  /** Called after an object was deleted. */
  deleted?: (path: string) => void;
}

/** An API server that knows these objects; it ends with the test. */
export async function fakeApiServer(objects: Record<string, object> = {}): Promise<FakeApiServer> {
  const known = new Map(Object.entries(objects));
  const asked: string[] = [];
  const api: FakeApiServer = { kubeconfig: "", objects: known, asked };
  const server = createServer(async (request, response) => {
    const path = request.url!;
    asked.push(path);
    const found = known.get(path);
    if (request.method === "DELETE") {
      // As the real one: a body replaces the options of the query.
      const { dryRun } = JSON.parse((await text(request)) || "{}") as { dryRun?: string[] };
      if (dryRun?.[0] !== "All" && known.delete(path)) api.deleted?.(path);
    }
    response.writeHead(found === undefined ? 404 : 200).end(JSON.stringify(found ?? { message: "not found" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  api.kubeconfig = JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: url } }],
    users: [{ name: "u", user: {} }],
  });
  return api;
}

/** A Secret as the API server gives it. */
export function secretWith(values: Record<string, string>): object {
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  return { metadata: {}, data: Object.fromEntries(data) };
}

export const secretPath = (namespace: string, name: string): string =>
  `/api/v1/namespaces/${namespace}/secrets/${name}`;

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { openKubernetes } from "./reader";
import { openWriter } from "./writer";

interface Asked {
  method: string;
  url: URL;
  contentType: string | undefined;
  body: string;
}

/** An API server that answers as the function says. Returns a kubeconfig and what it was asked. */
async function serving(answer: (request: Asked) => { status?: number; body: unknown }) {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const one = {
        method: request.method!,
        url: new URL(request.url!, "http://server"),
        contentType: request.headers["content-type"],
        body: Buffer.concat(parts).toString("utf8"),
      };
      asked.push(one);
      const { status = 200, body } = answer(one);
      response.writeHead(status).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const kubeconfig = JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } }],
    users: [{ name: "u", user: {} }],
  });
  return { kubeconfig, asked };
}

const topics = { apiVersion: "kafka.strimzi.io/v1", kind: "KafkaTopic", namespace: "kafka" } as const;
const text = {
  apiVersion: topics.apiVersion,
  kind: topics.kind,
  metadata: { name: "a", namespace: "kafka" },
  spec: {},
};

/** A server with this many topics that gives 500 at a time, and drops the list once before the given page. */
function inPages(count: number, dropped?: number) {
  let drops = dropped === undefined ? 0 : 1;
  return serving(({ url }) => {
    const from = Number(url.searchParams.get("continue") ?? 0);
    if (from === dropped && drops-- > 0) return { status: 410, body: { message: "too old" } };
    const items = Array.from({ length: Math.min(500, count - from) }, (_, i) => ({
      metadata: { name: `t${from + i}` },
    }));
    const rest = from + items.length < count ? { continue: String(from + items.length) } : {};
    return { body: { items, metadata: rest } };
  });
}

describe("a list is complete", () => {
  test.each([0, 1, 500, 501, 1750])("of %d objects", async (count) => {
    const { kubeconfig } = await inPages(count);
    const found = await openKubernetes({ kubeconfig }).list(topics);
    expect(new Set(found.map(({ metadata }) => metadata.name)).size).toBe(count);
  });

  test("although the server forgets the list between two pages", async () => {
    const { kubeconfig } = await inPages(1200, 1000);
    expect(await openKubernetes({ kubeconfig }).list(topics)).toHaveLength(1200);
  });
});

describe("a write", () => {
  test("applies with an own field manager and without force", async () => {
    const { kubeconfig, asked } = await serving(() => ({ status: 201, body: { metadata: { name: "a" } } }));
    const answer = await openWriter({ kubeconfig }).apply(text, "me");
    expect(answer).toEqual({ object: { metadata: { name: "a" } } });
    expect(asked[0]).toMatchObject({ method: "PATCH", contentType: "application/apply-patch+yaml" });
    expect(Object.fromEntries(asked[0]!.url.searchParams)).toEqual({
      fieldManager: "me",
      force: "false",
      fieldValidation: "Strict",
    });
    expect(asked[0]!.url.pathname).toBe("/apis/kafka.strimzi.io/v1/namespaces/kafka/kafkatopics/a");
  });

  test("changes nothing when it only asks", async () => {
    const { kubeconfig, asked } = await serving(() => ({ body: { metadata: {} } }));
    await openWriter({ kubeconfig }).apply(text, "me", "ask");
    expect(asked[0]!.url.searchParams.get("dryRun")).toBe("All");
  });

  test("names the fields that somebody else owns", async () => {
    const cause = {
      reason: "FieldManagerConflict",
      field: ".spec.replicas",
      message: 'conflict with "argocd-controller"',
    };
    const { kubeconfig } = await serving(() => ({ status: 409, body: { message: "m", details: { causes: [cause] } } }));
    expect(await openWriter({ kubeconfig }).apply(text, "me")).toEqual({
      taken: [{ field: ".spec.replicas", message: 'conflict with "argocd-controller"' }],
    });
  });

  test.each([
    [403, "KUBERNETES_FORBIDDEN", 'the role needs "patch" on kafkatopics in namespace kafka'],
    [404, "KUBERNETES_REFUSED", "check that namespace kafka exists"],
    [409, "KUBERNETES_REFUSED", "refuses KafkaTopic kafka/a"],
    [422, "KUBERNETES_REFUSED", "refuses KafkaTopic kafka/a"],
    [500, "KUBERNETES_UNREACHABLE", "does not answer"],
  ])("says what to do after a %d", async (status, code, message) => {
    const { kubeconfig } = await serving(() => ({ status, body: { message: "because" } }));
    const error = await openWriter({ kubeconfig })
      .apply(text, "me")
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toContain(message);
  });

  test("merges only the given fields, and says if the object is gone", async () => {
    let status = 200;
    const { kubeconfig, asked } = await serving(() => ({ status, body: { metadata: {} } }));
    const place = { ...topics, name: "a" };
    const fields = { spec: { config: { "min.insync.replicas": 2 } } };
    expect(await openWriter({ kubeconfig }).merge(place, fields, "me")).toBe(true);
    expect(asked[0]).toMatchObject({ contentType: "application/merge-patch+json", body: JSON.stringify(fields) });
    status = 404;
    expect(await openWriter({ kubeconfig }).merge(place, fields, "me")).toBe(false);
  });
});

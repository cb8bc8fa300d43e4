import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { silent } from "../../engine/progress";
import { type KubernetesObject, openKubernetes } from "./reader";
import { readinessOf, waitForSecret, waitUntilReady } from "./wait";

const user = {
  apiVersion: "kafka.strimzi.io/v1",
  kind: "KafkaUser",
  namespace: "origin-ns",
  name: "mm2-credentials",
} as const;
const secret = { apiVersion: "v1", kind: "Secret", namespace: "origin-ns", name: "origin-cluster-ca-cert" } as const;
const limit = { limitMs: 400 };

const ready = { type: "Ready", status: "True" };
const notReady = {
  type: "NotReady",
  status: "True",
  reason: "InvalidResourceException",
  message: "Both fields `operations` and `operation` are null",
};
const object = (generation: number, status?: Record<string, unknown>): KubernetesObject => ({
  metadata: { generation },
  status,
});

// Loading the library takes a moment, which must not count in the short time limits of these tests.
beforeAll(async () => void (await import("@kubernetes/client-node")), 60_000);

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

/** Starts an API server that gives these answers in order and then repeats the last one. */
async function apiServer(answers: (KubernetesObject | number)[]) {
  const seen: { url: string; authorization?: string }[] = [];
  server = createServer((request, response) => {
    seen.push({ url: request.url!, authorization: request.headers.authorization });
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    response.statusCode = typeof answer === "number" ? answer : 200;
    response.end(JSON.stringify(typeof answer === "number" ? { message: `answer ${answer}` } : answer));
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: url } }],
    users: [{ name: "u", user: { token: "the-token" } }],
  });
  return { reader: openKubernetes({ kubeconfig }), url, seen };
}

describe("an operator's status", () => {
  test.each([
    ["no status", object(1), "undecided"],
    ["a condition of an older generation", object(2, { observedGeneration: 1, conditions: [ready] }), "undecided"],
    ["an older NotReady", object(2, { observedGeneration: 1, conditions: [notReady] }), "undecided"],
    ["Ready", object(2, { observedGeneration: 2, conditions: [ready] }), "ready"],
    ["NotReady", object(2, { observedGeneration: 2, conditions: [notReady] }), "not-ready"],
    [
      "NotReady while Connect's workers rebalance",
      object(2, {
        observedGeneration: 2,
        conditions: [
          {
            ...notReady,
            reason: "ConnectRestException",
            message:
              "PUT /connectors/a/config returned 500: Cannot complete request because of a conflicting operation " +
              "(e.g. worker rebalance)",
          },
        ],
      }),
      "undecided",
    ],
    [
      "Ready with a warning",
      object(1, { observedGeneration: 1, conditions: [{ type: "Warning", status: "True" }, ready] }),
      "ready",
    ],
    [
      "only a warning",
      object(1, { observedGeneration: 1, conditions: [{ type: "Warning", status: "True" }] }),
      "undecided",
    ],
    [
      "Ready that is False",
      object(1, { observedGeneration: 1, conditions: [{ type: "Ready", status: "False" }] }),
      "undecided",
    ],
  ])("%s", (_name, seen, state) => expect(readinessOf(seen).state).toBe(state));
});

describe("waiting for an operator", () => {
  test("returns the status once it is ready, and sends the token", async () => {
    const status = {
      observedGeneration: 1,
      conditions: [ready],
      username: "mm2-credentials",
      secret: "mm2-credentials",
    };
    const { reader, seen } = await apiServer([object(1), object(1, { observedGeneration: 0 }), object(1, status)]);
    expect(await waitUntilReady(reader, user, { limitMs: 5000 }, silent)).toEqual(status);
    expect(seen).toHaveLength(3);
    expect(seen[0]).toEqual({
      url: "/apis/kafka.strimzi.io/v1/namespaces/origin-ns/kafkausers/mm2-credentials",
      authorization: "Bearer the-token",
    });
  });

  test("fails immediately with the operator's own message", async () => {
    const { reader, seen } = await apiServer([object(1), object(1, { observedGeneration: 1, conditions: [notReady] })]);
    const start = Date.now();
    await expect(waitUntilReady(reader, user, { limitMs: 60_000 }, silent)).rejects.toThrow(
      "RESOURCE_NOT_READY: KafkaUser origin-ns/mm2-credentials is not ready: InvalidResourceException: Both " +
        "fields `operations` and `operation` are null",
    );
    expect(seen).toHaveLength(2);
    expect(Date.now() - start).toBeLessThan(5000);
  });

  test("reports at the limit what it saw last and where to look", async () => {
    const { reader } = await apiServer([object(3)]);
    await expect(waitUntilReady(reader, user, limit, silent)).rejects.toThrow(
      /did not become ready within 0.4 s: it has no status at all\nfix: .*namespace origin-ns.*cluster label/,
    );
  });

  test("fails if the resource is not on this cluster", async () => {
    const { reader, url } = await apiServer([404]);
    await expect(waitUntilReady(reader, user, { limitMs: 60_000 }, silent)).rejects.toThrow(
      `RESOURCE_MISSING: KafkaUser origin-ns/mm2-credentials is not on ${url}`,
    );
  });

  test("retries after a server error, but not after a refusal", async () => {
    const status = { observedGeneration: 1, conditions: [ready] };
    const busy = await apiServer([503, object(1, status)]);
    expect(await waitUntilReady(busy.reader, user, { limitMs: 5000 }, silent)).toEqual(status);
    await new Promise<void>((resolve) => server!.close(() => resolve()));
    const shut = await apiServer([403]);
    await expect(waitUntilReady(shut.reader, user, { limitMs: 60_000 }, silent)).rejects.toThrow(
      /KUBERNETES_FORBIDDEN.*"get" on kafkausers in namespace origin-ns/s,
    );
  });

  test("names at the limit a server that does not answer", async () => {
    const { reader, url } = await apiServer([404]);
    await new Promise<void>((resolve) => server!.close(() => resolve()));
    server = undefined;
    await expect(waitUntilReady(reader, user, limit, silent)).rejects.toThrow(
      `KUBERNETES_UNREACHABLE: the Kubernetes API server ${url} does not answer`,
    );
  });
});

describe("waiting for a Secret", () => {
  test("returns once the keys exist", async () => {
    const { reader, seen } = await apiServer([
      404,
      { metadata: {}, data: {} },
      { metadata: {}, data: { "ca.crt": "QQ==" } },
    ]);
    await waitForSecret(reader, secret, ["ca.crt"], { limitMs: 5000 }, silent);
    expect(seen).toHaveLength(3);
  });

  test("names a missing Secret or a missing key, but no values", async () => {
    const absent = await apiServer([404]);
    await expect(waitForSecret(absent.reader, secret, ["ca.crt"], limit, silent)).rejects.toThrow(
      `SECRET_MISSING: Secret origin-ns/origin-cluster-ca-cert is not on ${absent.url} (waited 0.4 s)`,
    );
    await new Promise<void>((resolve) => server!.close(() => resolve()));
    const other = await apiServer([{ metadata: {}, data: { "ca.p12": "c2VjcmV0" } }]);
    const error = await waitForSecret(other.reader, secret, ["ca.crt"], limit, silent).catch((e: Error) => e.message);
    expect(error).toContain('has no key "ca.crt"; it has ca.p12');
    expect(error).not.toContain("c2VjcmV0");
  });
});

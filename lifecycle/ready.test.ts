import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { readyStep } from "./handlers/ready";

const place = { apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser", namespace: "origin-ns", name: "mm2-credentials" };
const OUTPUTS = { objectId: "origin-ns/mm2-credentials", username: "mm2-credentials", secretId: null };
let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

/** Starts an API server that gives this answer to every request. Returns a kubeconfig for it. */
async function answering(status: number, body: object): Promise<string> {
  server = createServer((_request, response) => response.writeHead(status).end(JSON.stringify(body)));
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: url } }],
    users: [{ name: "u", user: { token: "t" } }],
  });
}

const verdict = (type: string, observedGeneration = 2) => ({
  metadata: { generation: 2 },
  status: { observedGeneration, conditions: [{ type, status: "True" }], username: "mm2-credentials" },
});

const ready = (status: object = {}) => {
  const conditions = [{ type: "Ready", status: "True" }];
  const named = { username: "mm2-credentials", secret: "mm2-credentials" };
  return { metadata: { generation: 2 }, status: { observedGeneration: 2, conditions, ...named, ...status } };
};

test.each([
  ["an object that is ready stays ready", 200, verdict("Ready"), false],
  ["the operator has reported another condition since", 200, verdict("NotReady"), true],
  ["a failed change was reverted, and the operator has not seen that yet", 200, verdict("Ready", 1), true],
  ["the object was deleted", 404, { reason: "NotFound" }, true],
  ["the object cannot be read", 403, { message: "forbidden" }, false],
])("%s", async (_name, status, body, changes) => {
  const inputs = { place, trigger: "t", limitSeconds: 1, kubeconfig: await answering(status, body) };
  expect(await readyStep.diff("id", { ...inputs, ...OUTPUTS }, inputs)).toEqual({ changes });
});

test.each([
  ["is no change while the object is unchanged: a preview then knows the user and its Secret", ready(), false],
  ["is a change once the object has it, until the operator has seen it", ready({ observedGeneration: 1 }), true],
  ["is a change if the operator names another user", ready({ username: "CN=mm2-credentials" }), true],
  ["is a change if the operator names another Secret", ready({ secret: "prefix-mm2-credentials" }), true],
])("a changed specification %s", async (_name, body, changes) => {
  const inputs = { place, trigger: "new", limitSeconds: 1, kubeconfig: await answering(200, body) };
  const state = { ...inputs, trigger: "old", ...OUTPUTS, secretId: "origin-ns/mm2-credentials" };
  expect(await readyStep.diff("id", state, inputs)).toEqual({ changes });
});

test("a preview without access to the cluster uses the state", async () => {
  const inputs = { place, trigger: "t", limitSeconds: 1, kubeconfig: "/nowhere/kubeconfig" };
  expect(await readyStep.diff("id", { ...inputs, ...OUTPUTS }, inputs)).toEqual({ changes: false });
});

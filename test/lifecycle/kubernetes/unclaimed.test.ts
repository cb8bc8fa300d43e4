import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { unclaimedStep } from "../../../lifecycle/handlers/unclaimed";

const user = { apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser", namespace: "origin-ns", name: "mm2-credentials" };
const namespace = { apiVersion: "v1", kind: "Namespace", namespace: "", name: "migration" };
const secret = { apiVersion: "v1", kind: "Secret", namespace: "origin-ns", name: "mm2-credentials" };
const owner = "us/kafka-migration/prod";
const of = (stack: string) => ({ metadata: { annotations: { "pulumi-kafka-migration/stack": stack } } });

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

/** Asks before this object is made, of an API server that has `found` in its place (undefined: nothing). */
async function ask(place: object, found: object | undefined, more: object = {}): Promise<string> {
  let path = "";
  server = createServer((request, response) => {
    path = request.url!;
    response.statusCode = found === undefined ? 404 : 200;
    response.end(JSON.stringify(found ?? { message: "not found" }));
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: url } }],
    users: [{ name: "u", user: {} }],
  });
  return unclaimedStep.create({ place, owner, kubeconfig, ...more }).then(() => `${path} is free`, (error: Error) => error.message);
}

describe("an object that is about to be made", () => {
  test.each([
    ["absent", user, undefined, /^\/apis\/kafka.strimzi.io\/v1\/namespaces\/origin-ns\/kafkausers\/mm2-credentials is free/],
    ["left by a killed up of this stack", user, of(owner), /is free/],
    ["another stack's", user, of("us/kafka-migration/dev"), /^OBJECT_TAKEN: KafkaUser origin-ns\/mm2-credentials is on http.* already and is that of stack us\/kafka-migration\/dev; it was not touched/],
    ["made by hand", user, { metadata: {} }, /^OBJECT_TAKEN: .*it was not made by a stack/],
    ["a namespace made by hand", namespace, { metadata: { annotations: { a: "b" } } }, /^OBJECT_TAKEN: Namespace migration is on/],
    ["a namespace that is not there", namespace, undefined, /^\/api\/v1\/namespaces\/migration is free/],
  ])("%s", async (_, place, found, said) => expect(await ask(place, found)).toMatch(said));
});

describe("the Secret that an operator is about to make beside a KafkaUser", () => {
  test.each([
    ["absent", undefined, /is free/],
    ["made by Strimzi for a user", { metadata: { labels: { "strimzi.io/kind": "KafkaUser" } } }, /is free/],
    ["owned by a user", { metadata: { ownerReferences: [{ kind: "KafkaUser", name: "mm2-credentials" }] } }, /is free/],
    ["somebody else's", { metadata: { labels: { "strimzi.io/kind": "Kafka" } } }, /^OBJECT_TAKEN: Secret origin-ns\/mm2-credentials is on .*it was not touched\nfix: give the users of this side other names \(origin.names.user/],
    ["one without labels", { metadata: {} }, /^OBJECT_TAKEN/],
  ])("%s", async (_, found, said) => expect(await ask(secret, found, { ofKafkaUser: true })).toMatch(said));

  test("is asked for as such only", async () => expect(await ask(secret, { metadata: { labels: { "strimzi.io/kind": "KafkaUser" } } })).toMatch(/^OBJECT_TAKEN/));
});

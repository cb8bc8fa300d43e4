import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { unclaimedStep } from "../handlers/unclaimed";

const user = { apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser", namespace: "origin-ns", name: "mm2-credentials" };
const namespace = { apiVersion: "v1", kind: "Namespace", namespace: "", name: "migration" };
const secret = { apiVersion: "v1", kind: "Secret", namespace: "origin-ns", name: "mm2-credentials" };
const owner = "us/kafka-migration/prod";
const of = (stack: string) => ({ metadata: { annotations: { "pulumi-kafka-migration/stack": stack } } });

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

let path = "";

/**
 * Starts an API server that answers each path with the result of `found` (undefined: not found). Returns a kubeconfig.
 */
async function serving(found: (path: string) => object | undefined): Promise<string> {
  server = createServer((request, response) => {
    path = request.url!;
    const object = found(path);
    response.statusCode = object === undefined ? 404 : 200;
    response.end(JSON.stringify(object ?? { message: "not found" }));
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: url } }],
    users: [{ name: "u", user: {} }],
  });
}

/** Runs the check for an object. The API server returns `found` for it (undefined: the object does not exist). */
async function ask(place: object, found: object | undefined, more: object = {}): Promise<string> {
  const kubeconfig = await serving(() => found);
  return unclaimedStep.create({ place, owner, kubeconfig, ...more }).then(
    () => `${path} is free`,
    (error: Error) => error.message,
  );
}

describe("an object that is about to be created", () => {
  test.each([
    [
      "absent",
      user,
      undefined,
      /^\/apis\/kafka.strimzi.io\/v1\/namespaces\/origin-ns\/kafkausers\/mm2-credentials is free/,
    ],
    ["left by a killed up of this stack", user, of(owner), /is free/],
    [
      "created by another stack",
      user,
      of("us/kafka-migration/dev"),
      /^OBJECT_TAKEN: KafkaUser origin-ns\/mm2-credentials already exists on http.* and belongs to stack us\/kafka-migration\/dev; it was not changed/,
    ],
    ["made by hand", user, { metadata: {} }, /^OBJECT_TAKEN: .*was not created by a stack/],
    [
      "a namespace made by hand",
      namespace,
      { metadata: { annotations: { a: "b" } } },
      /^OBJECT_TAKEN: Namespace migration already exists on/,
    ],
    ["a namespace that does not exist", namespace, undefined, /^\/api\/v1\/namespaces\/migration is free/],
  ])("%s", async (_, place, found, said) => expect(await ask(place, found)).toMatch(said));
});

describe("the Secret that an operator is about to create for a KafkaUser", () => {
  test.each([
    ["absent", undefined, /is free/],
    ["made by Strimzi for a user", { metadata: { labels: { "strimzi.io/kind": "KafkaUser" } } }, /is free/],
    ["owned by a user", { metadata: { ownerReferences: [{ kind: "KafkaUser", name: "mm2-credentials" }] } }, /is free/],
    [
      "created by something else",
      { metadata: { labels: { "strimzi.io/kind": "Kafka" } } },
      /^OBJECT_TAKEN: Secret origin-ns\/mm2-credentials already exists on .*it was not changed\nfix: give the users of this side other names \(origin.names.user/,
    ],
    ["without labels", { metadata: {} }, /^OBJECT_TAKEN/],
  ])("%s", async (_, found, said) => expect(await ask(secret, found, { ofKafkaUser: true })).toMatch(said));

  test("is refused if it is not expected from an operator", async () =>
    expect(await ask(secret, { metadata: { labels: { "strimzi.io/kind": "KafkaUser" } } })).toMatch(/^OBJECT_TAKEN/));
});

describe("a KafkaUser on a cluster that allows everyone to use resources without ACLs", () => {
  const kafka = (value: unknown, authorization: object | undefined = { type: "simple" }) => ({
    metadata: {},
    spec: { kafka: { authorization, config: { "allow.everyone.if.no.acl.found": value } } },
  });
  const served = { resources: [{ name: "kafkausers" }] };

  /** Returns what the preview and the `up` report before the user is created. */
  async function said(resource: object | undefined, cluster: object): Promise<[preview: string[], up: string]> {
    const kubeconfig = await serving((at) => {
      if (at.endsWith("/kafkas/origin")) return resource;
      return at === "/apis/kafka.strimzi.io/v1" ? served : undefined;
    });
    const inputs = { place: user, owner, kubeconfig, cluster: { name: "origin", ...cluster } };
    const up = unclaimedStep.create(inputs).then(
      () => "made",
      (error: Error) => error.message,
    );
    const { failures } = await unclaimedStep.check(undefined, inputs);
    return [failures.map(({ reason }) => reason), await up];
  }

  /** Returns what a later preview reports when the user exists. */
  async function whileThere(resource: object | undefined, cluster: object): Promise<unknown[]> {
    const kubeconfig = await serving((at) => (at.endsWith("/kafkas/origin") ? resource : served));
    const inputs = { place: user, owner, kubeconfig, cluster: { name: "origin", ...cluster } };
    return (await unclaimedStep.check(inputs, inputs)).failures;
  }

  test.each([
    ["as its Kafka resource says", kafka("true"), {}],
    ["as its Kafka resource says, as a boolean", kafka(true), {}],
    ["as the setting says", undefined, { everyoneByDefault: true }],
  ])("is refused by the preview, before its ACLs deny access to others: %s", async (_, resource, cluster) => {
    const [preview, up] = await said(resource, cluster);
    expect(preview).toEqual([
      expect.stringMatching(/^CLUSTER_OPEN: Kafka origin-ns\/origin allows everyone to use resources without ACLs/),
    ]);
    expect(up).toBe(preview[0]);
    expect(await whileThere(resource, cluster)).toEqual([]);
    expect(up).toContain("KafkaUser origin-ns/mm2-credentials would deny everyone else access");
  });

  test.each([
    ["the resource says false", kafka("false"), {}],
    [
      "the resource says nothing",
      { metadata: {}, spec: { kafka: { authorization: { type: "simple" }, config: {} } } },
      {},
    ],
    ["the cluster has no authorization", kafka("true", null as never), {}],
    ["the resource does not exist", undefined, {}],
    ["it is accepted", kafka("true"), { everyoneByDefault: false }],
  ])("is created if %s", async (_, resource, cluster) => {
    expect(await said(resource, cluster)).toEqual([[], "made"]);
  });
});

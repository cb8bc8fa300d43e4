import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { deploymentsOf } from "../../engine/inventory/deployments";
import { readOperatorObjects } from "./kubernetes";

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
});

const user = (name: string, cluster: string, annotations = {}) => ({
  metadata: { name, namespace: "es", labels: { "eventstreams.ibm.com/cluster": cluster }, annotations },
});
const group = "/apis/eventstreams.ibm.com";
const version = "eventstreams.ibm.com/v1beta2";

/** An API server with these lists. It serves one version of Event Streams. */
async function serve(
  users: object[] | 403,
  topics: object[] | 403,
  more: Record<string, unknown> = {},
): Promise<string> {
  const answers: Record<string, unknown> = {
    [group]: { versions: [{ groupVersion: version }] },
    [`/apis/${version}`]: { resources: [{ name: "kafkausers" }, { name: "kafkatopics" }] },
    [`/apis/${version}/namespaces/es/kafkausers`]: users === 403 ? 403 : { items: users },
    [`/apis/${version}/namespaces/es/kafkatopics`]: topics === 403 ? 403 : { items: topics },
  };
  Object.assign(answers, more);
  const made = createServer((request, response) => {
    const path = request.url!.split("?")[0]!;
    const known = answers[path];
    const refused = known === 403;
    response.statusCode = refused ? 403 : known === undefined ? 404 : 200;
    response.end(refused ? '{"message":"no"}' : known === undefined ? "404 page not found" : JSON.stringify(known));
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
    clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${(made.address() as AddressInfo).port}` } }],
    users: [{ name: "c", user: { token: "t" } }],
  });
}

const names = (list: readonly { metadata: Record<string, unknown> }[]) => list.map((o) => o.metadata.name);

test("the inventory reads the users and topics of the origin's cluster, in the version that is served", async () => {
  const annotations = { "pulumi-kafka-migration/stack": "o/p/s" };
  const kubeconfig = await serve(
    [
      user("billing", "es"),
      user("mm2", "es", annotations),
      user("other", "another"),
      // An earlier migration has brought this user here.
      user("moved", "es", { ...annotations, "pulumi-kafka-migration/application": "true" }),
    ],
    [user("orders", "es"), user("theirs", "another")],
  );
  const { objects, unread } = await readOperatorObjects({ kubeconfig, namespace: "es", user: "mm2" });
  expect(names(objects.users)).toEqual(["billing", "mm2", "moved"]);
  expect(names(objects.topics)).toEqual(["orders"]);
  expect(objects.own).toEqual(["mm2"]);
  expect(objects.users[0]!.apiVersion).toBe(version);
  expect(unread).toEqual([]);
});

test("users of Event Streams are found where the API server also serves Strimzi", async () => {
  const strimzi = "kafka.strimzi.io/v1";
  const kubeconfig = await serve([user("billing", "es")], [user("orders", "es")], {
    "/apis/kafka.strimzi.io": { versions: [{ groupVersion: strimzi }] },
    [`/apis/${strimzi}`]: { resources: [{ name: "kafkausers" }, { name: "kafkatopics" }] },
    [`/apis/${strimzi}/namespaces/es/kafkausers`]: { items: [] },
    [`/apis/${strimzi}/namespaces/es/kafkatopics`]: { items: [] },
  });
  const { objects } = await readOperatorObjects({ kubeconfig, namespace: "es" });
  expect(objects.users.map((o) => [o.apiVersion, o.metadata.name])).toEqual([[version, "billing"]]);
  expect(names(objects.topics)).toEqual(["orders"]);
});

test("a namespace with several Kafka clusters is an error that names the option", async () => {
  const kubeconfig = await serve([user("a", "one"), user("b", "two")], []);
  await expect(readOperatorObjects({ kubeconfig, namespace: "es" })).rejects.toThrow(/one, two\nfix: .*--kafka/);
  const { objects } = await readOperatorObjects({ kubeconfig, namespace: "es", cluster: "two" });
  expect(names(objects.users)).toEqual(["b"]);
});

test("resources whose pods use the origin are listed, without those of migrations and of other clusters", async () => {
  const object = (name: string, servers: string, annotations = {}) => ({
    metadata: { name, namespace: "es", annotations },
    spec: { bootstrapServers: servers },
  });
  const connects = [
    object("files", "es-kafka-bootstrap.es.svc:9093"),
    object("elsewhere", "other-kafka-bootstrap.es.svc:9093"),
  ];
  const mirror = object("ours", "es-kafka-bootstrap:9093", { "pulumi-kafka-migration/stack": "o/p/s" });
  const kubeconfig = await serve([user("a", "es")], [], {
    [`/apis/${version}`]: {
      resources: ["kafkausers", "kafkatopics", "kafkaconnects", "kafkamirrormaker2s", "kafkabridges"].map((name) => ({
        name,
      })),
    },
    [`/apis/${version}/namespaces/es/kafkaconnects`]: { items: connects },
    [`/apis/${version}/namespaces/es/kafkamirrormaker2s`]: { items: [mirror] },
    [`/apis/${version}/namespaces/es/kafkabridges`]: 403,
  });
  const { objects, unread } = await readOperatorObjects({ kubeconfig, namespace: "es" });
  expect(deploymentsOf(objects.deployments!, objects.cluster)).toEqual([
    {
      kind: "KafkaConnect",
      apiVersion: version,
      namespace: "es",
      name: "files",
      moves: "no",
      why: "it is deployed, not copied",
      todo: expect.stringContaining("bootstrapServers"),
    },
  ]);
  expect(unread).toEqual([expect.stringMatching(/^the resources of kind KafkaBridge: .*"list" on kafkabridges/)]);
});

test.each([
  [[user("a", "one")], 403, ["a"], [/^the KafkaTopics: .*"list" on kafkatopics/]],
  [403, [user("a", "one")], [], [/^the KafkaUsers: .*"list" on kafkausers/]],
] as const)("resources that may not be read are listed as unread", async (users, topics, found, refused) => {
  const kubeconfig = await serve(users as never, topics as never);
  const { objects, unread } = await readOperatorObjects({ kubeconfig, namespace: "es" });
  expect(names(objects.users)).toEqual(found);
  expect(names(objects.topics)).toEqual(topics === 403 ? [] : ["a"]);
  expect(unread).toEqual(refused.map((line) => expect.stringMatching(line)));
});

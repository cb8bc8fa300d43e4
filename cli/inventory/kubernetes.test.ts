import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
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
async function serve(users: object[], topics: object[] | 403): Promise<string> {
  const answers: Record<string, unknown> = {
    [group]: { versions: [{ groupVersion: version }] },
    [`/apis/${version}`]: { resources: [{ name: "kafkausers" }, { name: "kafkatopics" }] },
    [`/apis/${version}/namespaces/es/kafkausers`]: { items: users },
    [`/apis/${version}/namespaces/es/kafkatopics`]: topics === 403 ? undefined : { items: topics },
  };
  const made = createServer((request, response) => {
    const path = request.url!.split("?")[0]!;
    const refused = topics === 403 && path.endsWith("/kafkatopics");
    const known = answers[path];
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
    [user("billing", "es"), user("mm2", "es", annotations), user("other", "another")],
    [user("orders", "es"), user("theirs", "another")],
  );
  const { objects, unread } = await readOperatorObjects({ kubeconfig, namespace: "es", user: "mm2" });
  expect(names(objects.users)).toEqual(["billing", "mm2"]);
  expect(names(objects.topics)).toEqual(["orders"]);
  expect(objects.own).toEqual(["mm2"]);
  expect(objects.users[0]!.apiVersion).toBe(version);
  expect(unread).toEqual([]);
});

test("a namespace with several Kafka clusters is an error that names the option", async () => {
  const kubeconfig = await serve([user("a", "one"), user("b", "two")], []);
  await expect(readOperatorObjects({ kubeconfig, namespace: "es" })).rejects.toThrow(/one, two\nfix: .*--kafka/);
  const { objects } = await readOperatorObjects({ kubeconfig, namespace: "es", cluster: "two" });
  expect(names(objects.users)).toEqual(["b"]);
});

test("KafkaTopics that may not be read are listed as unread", async () => {
  const kubeconfig = await serve([user("a", "one")], 403);
  const { objects, unread } = await readOperatorObjects({ kubeconfig, namespace: "es" });
  expect(names(objects.users)).toEqual(["a"]);
  expect(unread).toEqual([expect.stringMatching(/^the KafkaTopics: .*"list" on kafkatopics/)]);
});

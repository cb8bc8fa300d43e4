import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { connectKube, type Kube } from "@kafka-migration/sandbox/kubernetes";
import { uniqueName, withClusters, withKubernetes } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { preflight } from "../../engine/preflight";
import { ownedTopics } from "../../lifecycle/handlers/owned-topics";
import { replicationStep } from "../../lifecycle/handlers/replication";
import { openWriter } from "../../lifecycle/kubernetes/writer";
import { modelFor } from "../engine/support/mirror";
import { said } from "./support/said";

/** Topics of the target that a Topic Operator owns. */

const clusters = withClusters();
const kubernetes = withKubernetes();
const prefix = uniqueName("reset");
const [byHand, byTool, free] = [`${prefix}-data-hand`, `${prefix}-data-tool`, `${prefix}-data-free`] as const;
const TOPICS = { group: "kafka.strimzi.io", version: "v1", plural: "kafkatopics", kind: "KafkaTopic" };

let ports: { origin: KafkaPort; target: KafkaPort };
let kube: Kube;
let namespace: string;
let count = 0;

beforeAll(async () => {
  const [origin, target] = await Promise.all([
    openKafka(clusters.origin.connection, "origin"),
    openKafka(clusters.target.connection, "target"),
  ]);
  ports = { origin, target };
  kube = await connectKube(kubernetes.api.kubeconfig);
});

/** On the target each topic has one replica. The reset wants two, and both in sync. */
beforeEach(async () => {
  namespace = `owned-${++count}`;
  await kubernetes.api.createNamespace(namespace);
  for (const topic of [byHand, byTool, free]) {
    const configs = { "min.insync.replicas": "2" };
    await ports.origin.createTopic(topic, { partitions: 1, replicationFactor: 1, configs });
    await ports.target.createTopic(topic, { partitions: 1, replicationFactor: 1 });
  }
  return async () => {
    for (const port of Object.values(ports)) await port.deleteTopics([byHand, byTool, free]);
  };
});

afterAll(async () => {
  kube?.close();
  for (const port of Object.values(ports ?? {})) await port.close();
});

const access = () => ({ kubeconfig: kubernetes.api.kubeconfig });
const inputs = (more: object = {}) => {
  const { origin, target, mirror } = modelFor(clusters, prefix);
  return {
    originConnection: origin,
    targetConnection: target,
    targetSecrets: { ...access(), cluster: `${namespace}/target` },
    mirror,
    phase: "cutover",
    when: "cutover",
    abandon: false,
    options: { rules: [{ pattern: ".*", factor: 2 }] },
    ...more,
  };
};

const text = (name: string, spec: object = {}) => ({
  apiVersion: "kafka.strimzi.io/v1",
  kind: "KafkaTopic" as const,
  metadata: { name, namespace, labels: { "strimzi.io/cluster": "target", team: "a" } },
  spec: { partitions: 1, replicas: 1, config: { "retention.ms": 86400000 }, ...spec },
});
const specOf = async (name: string) => (await kube.get(TOPICS, namespace, name))!.spec;
const onTarget = async (topic: string) => {
  const [described] = await ports.target.describeTopics([topic]);
  const config = (await ports.target.describeTopicConfigs([topic])).get(topic)!;
  return [described!.partitions[0]!.replicas.length, config.get("min.insync.replicas")!.value];
};

test("the reset changes the KafkaTopic of a topic that an operator owns, and nothing else in it", async () => {
  await kube.create(TOPICS, text(byHand));
  const preview = await said(() => replicationStep.check(undefined, inputs()));
  expect(preview).toContain(
    `${byHand} (KafkaTopic ${namespace}/${byHand}: spec.replicas 1 -> 2, spec.config["min.insync.replicas"] none -> 2)`,
  );
  expect(await specOf(byHand)).toEqual(text(byHand).spec);
  await replicationStep.create(inputs());
  expect(await specOf(byHand)).toEqual({
    partitions: 1,
    replicas: 2,
    config: { "retention.ms": 86400000, "min.insync.replicas": 2 },
  });
  expect((await kube.get(TOPICS, namespace, byHand))!.metadata.labels).toEqual(text(byHand).metadata.labels);
  for (const topic of [byHand, byTool, free]) expect(await onTarget(topic)).toEqual([2, "2"]);
});

test("an interrupted reset still changes the KafkaTopic when it runs again", async () => {
  await replicationStep.create(inputs());
  // The run ended between the last change in Kafka and the change of the KafkaTopic.
  await kube.create(TOPICS, text(byHand, { replicas: 2 }));
  await replicationStep.create(inputs());
  expect(await specOf(byHand)).toMatchObject({ replicas: 2, config: { "min.insync.replicas": 2 } });
});

test("a topic whose KafkaTopic Argo CD writes stays as it is, and the message says what to change there", async () => {
  await openWriter(access()).apply(text(byTool), "argocd-controller");
  const lines = await said(() => replicationStep.create(inputs()));
  expect(lines).toContain("1 topic left as it is, because Argo CD (field manager argocd-controller) writes");
  expect(lines).toContain(`${byTool} (KafkaTopic ${namespace}/${byTool}: spec.replicas 1 -> 2`);
  expect(await specOf(byTool)).toEqual(text(byTool).spec);
  expect(await onTarget(byTool)).toEqual([1, "1"]);
  expect(await onTarget(free)).toEqual([2, "2"]);
});

test("preflight finds such KafkaTopics before anything is created", async () => {
  await openWriter(access()).apply(text(byTool), "argocd-controller");
  await kube.create(TOPICS, text(byHand));
  const { originConnection, targetConnection, mirror, options } = inputs();
  const lines: string[] = [];
  const progress = { info: () => {}, warn: (line: string) => void lines.push(line) };
  const { topics: owned } = await ownedTopics(inputs(), progress);
  const model = { origin: originConnection, target: targetConnection, mirror };
  const run = {
    replication: options,
    owned,
    accept: ["BROKERS_TOO_FEW", "MIN_INSYNC_TOO_HIGH", "CLUSTER_OPEN_UNKNOWN"],
  };
  const error = await preflight(model, run, progress).catch((thrown: Error) => thrown);
  expect((error as Error).message).toContain(
    "TARGET_TOPIC_OWNED: the Topic Operator owns 1 migrated topic on the target, and Argo CD",
  );
  expect((error as Error).message).not.toContain(byHand);
  lines.length = 0;
  await preflight(model, { ...run, accept: [...run.accept, "TARGET_TOPIC_OWNED"] }, progress);
  expect(lines.filter((line) => line.startsWith("TARGET_TOPIC_OWNED"))).toHaveLength(2);
});

test("a KafkaTopic that does not own its topic is not changed", async () => {
  const unmanaged = text(byHand);
  const metadata = { ...unmanaged.metadata, annotations: { "strimzi.io/managed": "false" } };
  await kube.create(TOPICS, { ...unmanaged, metadata });
  await kube.create(TOPICS, {
    ...text(free),
    metadata: { name: free, namespace, labels: { "strimzi.io/cluster": "other" } },
  });
  await replicationStep.create(inputs());
  expect([await specOf(byHand), await specOf(free)]).toEqual([unmanaged.spec, text(free).spec]);
  expect(await onTarget(byHand)).toEqual([2, "2"]);
});

test("after a cutover the removal does not overrule a KafkaTopic", async () => {
  await kube.create(TOPICS, text(byHand));
  const removal = inputs({ when: "removal" });
  await replicationStep.delete("id", removal);
  expect(await specOf(byHand)).toEqual(text(byHand).spec);
  expect(await onTarget(byHand)).toEqual([1, "1"]);
  expect(await onTarget(free)).toEqual([2, "2"]);
  await replicationStep.delete("id", { ...removal, phase: "mirror" });
  expect(await specOf(byHand)).toMatchObject({ replicas: 2, config: { "min.insync.replicas": 2 } });
});

test("the reset goes on where the KafkaTopics cannot be read", async () => {
  const kubeconfig = JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
    clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:1" } }],
    users: [{ name: "c", user: {} }],
  });
  const targetSecrets = { kubeconfig, cluster: `${namespace}/target` };
  const lines = await said(() => replicationStep.create(inputs({ targetSecrets })));
  expect(lines).toContain(`the KafkaTopics in namespace ${namespace} cannot be listed (KUBERNETES_UNREACHABLE)`);
  expect(await onTarget(free)).toEqual([2, "2"]);
});

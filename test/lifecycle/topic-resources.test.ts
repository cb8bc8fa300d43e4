import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectKube, type Kube, type KubeObject } from "@kafka-migration/sandbox/kubernetes";
import { uniqueName, withClusters, withKubernetes } from "@kafka-migration/sandbox/testing";
import { parse } from "yaml";
import { dialects } from "../../components/dialects";
import { openKafka } from "../../engine/kafka/client";
import type { KafkaPort } from "../../engine/kafka/port";
import { differences, readMigratedTopics, type TopicPlace, topicText } from "../../engine/topic-resources";
import { topicResourcesStep } from "../../lifecycle/handlers/topic-resources";
import { openWriter } from "../../lifecycle/kubernetes/writer";
import { modelFor } from "../engine/support/mirror";
import { said } from "./support/said";

const clusters = withClusters();
const kubernetes = withKubernetes();
const prefix = uniqueName("owned");
/** One name that Kubernetes accepts, and two that it does not. */
const [plain, upper, under] = [`${prefix}-data.plain`, `${prefix}-data.Upper`, `${prefix}-data_under`] as const;
const TOPICS = { group: "kafka.strimzi.io", version: "v1", plural: "kafkatopics", kind: "KafkaTopic" };
const manager = "somebody";

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
  const configs = { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.0001", "retention.ms": "-1" };
  for (const topic of [plain, upper, under]) {
    await origin.createTopic(topic, { partitions: 2, replicationFactor: 1 });
    await target.createTopic(topic, { partitions: 2, replicationFactor: 2, ...(topic === upper ? { configs } : {}) });
  }
  kube = await connectKube(kubernetes.api.kubeconfig);
});

afterAll(async () => {
  kube?.close();
  for (const port of Object.values(ports ?? {})) {
    await port.deleteTopics([plain, upper, under]);
    await port.close();
  }
});

/** Each test has its own namespaces. */
beforeEach(async () => {
  namespace = `target-${++count}`;
  for (const name of [namespace, `origin-${count}`]) await kubernetes.api.createNamespace(name);
});

const inputs = (more: object = {}) => {
  const { origin, target, mirror } = modelFor(clusters, prefix, { topicsPattern: `${prefix}-data.*` });
  const { kubeconfig } = kubernetes.api;
  return {
    originConnection: origin,
    targetConnection: target,
    originSecrets: { kubeconfig, cluster: `origin-${count}/origin` },
    targetSecrets: { kubeconfig, cluster: `${namespace}/target` },
    mirror,
    phase: "cutover",
    abandon: false,
    topics: "resources",
    folder: "topics",
    root: "",
    apiVersion: "kafka.strimzi.io/v1",
    owner: "org/project/stack",
    replication: {},
    ...more,
  };
};

const found = async () => (await kube.list(TOPICS, { namespace })).items;
const named = async (topic: string) =>
  (await found()).find(({ metadata, spec }) => (spec?.topicName ?? metadata.name) === topic)!;

/** What the Topic Operator would change in the topics, by its own rules. */
async function whatTheOperatorWouldChange(): Promise<string[]> {
  const topics = new Map((await readMigratedTopics(modelOf())).map((topic) => [topic.name, topic]));
  return (await found()).flatMap((object) => {
    const topic = topics.get(String(object.spec?.topicName ?? object.metadata.name));
    return topic === undefined ? ["creates a topic"] : differences(topic, object as never);
  });
}
const modelOf = () => modelFor(clusters, prefix, { topicsPattern: `${prefix}-data.*` });

const kafkaTopic = (name: string, spec: object, more: Partial<KubeObject["metadata"]> = {}) => ({
  metadata: { name, namespace, labels: { "strimzi.io/cluster": "target" }, ...more },
  spec: { partitions: 2, replicas: 2, ...spec },
});

describe("KafkaTopics of the migrated topics", () => {
  test("are announced, created, and leave the Topic Operator nothing to change", async () => {
    await kube.create(TOPICS, {
      metadata: {
        name: "upper",
        namespace: `origin-${count}`,
        labels: { "strimzi.io/cluster": "origin", team: "a" },
        annotations: { contact: "a@example.com" },
      },
      spec: { topicName: upper, partitions: 2, replicas: 1 },
    });
    expect(await said(() => topicResourcesStep.check(undefined, inputs()))).toContain(
      `topics: 3 migrated topics: 3 KafkaTopics to create in namespace ${namespace}, 0 already there`,
    );
    expect(await found()).toEqual([]);
    const { outs } = await topicResourcesStep.create(inputs());
    expect(outs.result).toEqual({ topics: 3, written: 3, unchanged: 0, differ: [] });
    expect(await whatTheOperatorWouldChange()).toEqual([]);
    const made = await named(upper);
    expect(made.metadata.labels).toEqual({ "strimzi.io/cluster": "target", team: "a" });
    expect(made.metadata.annotations).toEqual({ contact: "a@example.com" });
    expect(made.spec).toEqual({
      topicName: upper,
      partitions: 2,
      replicas: 2,
      config: {
        "cleanup.policy": "compact", // Brokers write the number in this way. The Topic Operator compares texts.
        "min.cleanable.dirty.ratio": "1.0E-4",
        "retention.ms": -1,
      },
    });
    expect((await named(plain)).metadata.name).toBe(plain);
    expect(JSON.stringify(outs)).not.toContain("a@example.com");
  });

  test("are written once: a second run finds nothing to do", async () => {
    await topicResourcesStep.create(inputs());
    const before = await found();
    expect((await topicResourcesStep.create(inputs())).outs.result).toMatchObject({ written: 0, unchanged: 3 });
    expect(await found()).toEqual(before);
  });

  test("of somebody else are left alone, and named if they differ", async () => {
    await kube.create(TOPICS, kafkaTopic("mine", { topicName: under }));
    await kube.create(TOPICS, kafkaTopic(plain, { replicas: 3, config: { "retention.ms": 5 } }));
    const before = [await named(under), await named(plain)];
    let outs: Record<string, unknown> = {};
    const lines = await said(async () => {
      outs = (await topicResourcesStep.create(inputs())).outs;
    });
    expect(outs.result).toMatchObject({ written: 1, unchanged: 1, differ: [{ topic: plain }] });
    expect(lines).toContain(`1 KafkaTopic of somebody else differ`);
    expect(lines).toMatch(/replicas 2 -> 3, retention\.ms \d+ -> 5/);
    expect([await named(under), await named(plain)]).toEqual(before);
  });

  test("keep a field that somebody has changed since they were written", async () => {
    const { outs } = await topicResourcesStep.create(inputs());
    const place = { apiVersion: "kafka.strimzi.io/v1", kind: "KafkaTopic", namespace, name: plain } as const;
    await openWriter({ kubeconfig: kubernetes.api.kubeconfig }).merge(place, { spec: { replicas: 1 } }, manager);
    let again: Record<string, unknown> = {};
    const lines = await said(async () => {
      again = (await topicResourcesStep.update("id", outs, inputs({ replication: { allowSameRack: true } }))).outs;
    });
    expect(again.result).toMatchObject({ written: 0, unchanged: 2, differ: [], changed: [{ topic: plain }] });
    expect(lines).toContain(`spec.replicas is not 2: conflict with "${manager}"`);
    expect(lines).toContain("set the field to it with the tool that changed it");
    expect((await named(plain)).spec).toMatchObject({ replicas: 1 });
    // The way out that the message names.
    await openWriter({ kubeconfig: kubernetes.api.kubeconfig }).merge(place, { spec: { replicas: 2 } }, manager);
    const { outs: after } = await topicResourcesStep.update("id", { ...outs, ...again }, inputs());
    expect(after.result).toEqual({ topics: 3, written: 0, unchanged: 3, differ: [] });
  });

  test("stay when the step is removed, and the topics with them", async () => {
    const { outs } = await topicResourcesStep.create(inputs());
    const before = await found();
    await topicResourcesStep.delete("id", outs);
    expect(await found()).toEqual(before);
    expect(await ports.target.listTopics()).toEqual(expect.arrayContaining([plain, upper, under]));
  });

  test("are handed back to the mirror on a roll-back, and taken again at the next cutover", async () => {
    await kube.create(TOPICS, kafkaTopic(plain, {}));
    const { outs } = await topicResourcesStep.create(inputs());
    const back = inputs({ phase: "mirror" });
    const { outs: rolled } = await topicResourcesStep.update("id", outs, back);
    expect(rolled.result).toBeNull();
    const marks = async () =>
      Promise.all(
        [plain, upper, under].map(async (topic) => (await named(topic)).metadata.annotations?.["strimzi.io/managed"]),
      );
    expect(await marks()).toEqual([undefined, "false", "false"]);
    // The mirror changes a topic in the meantime.
    await ports.target.incrementalAlterConfigs([
      { resource: { type: "topic", name: under }, set: { "retention.ms": "123456" } },
    ]);
    const { outs: again } = await topicResourcesStep.update("id", { ...rolled, ...back }, inputs());
    expect(again.result).toMatchObject({ written: 2, unchanged: 1, differ: [] });
    expect(await marks()).toEqual([undefined, undefined, undefined]);
    expect(await whatTheOperatorWouldChange()).toEqual([]);
    await ports.target.incrementalAlterConfigs([
      { resource: { type: "topic", name: under }, set: { "retention.ms": null } },
    ]);
  });

  test("do not stop a roll-back if the API server is gone", async () => {
    const { outs } = await topicResourcesStep.create(inputs());
    const gone = JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
      clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:1" } }],
      users: [{ name: "c", user: {} }],
    });
    const news = inputs({ phase: "mirror", targetSecrets: { kubeconfig: gone, cluster: `${namespace}/target` } });
    const lines = await said(() => topicResourcesStep.update("id", outs, news));
    expect(lines).toContain('set the annotation strimzi.io/managed: "false" on the KafkaTopics');
  });
});

test.each(Object.values(dialects).map(({ name, userApiVersion }) => [name, userApiVersion]))(
  "the API server accepts the KafkaTopics of dialect %s with strict validation",
  async (_name, apiVersion) => {
    const place: TopicPlace = { apiVersion, namespace, cluster: "target" };
    const writer = openWriter({ kubeconfig: kubernetes.api.kubeconfig });
    for (const topic of await readMigratedTopics(modelOf())) {
      const answer = await writer.apply(topicText(topic, `t${topic.partitions}`, place), manager, "ask");
      expect(answer).toHaveProperty("object");
    }
  },
);

describe("files of the migrated topics", () => {
  const folderOf = () => mkdtemp(join(tmpdir(), "migration-topics-"));
  const contents = async (folder: string) =>
    Promise.all((await readdir(folder)).sort().map((name) => readFile(join(folder, name), "utf8")));

  test("are the same KafkaTopics, and the same at every run", async () => {
    const folder = await folderOf();
    await topicResourcesStep.create(inputs());
    const files = inputs({ topics: "files", folder });
    expect(await said(() => topicResourcesStep.check(undefined, files))).toContain("3 files to write");
    expect(await readdir(folder)).toEqual([]);
    const { outs } = await topicResourcesStep.create(files);
    expect(outs.result).toEqual({ topics: 3, written: 3, unchanged: 0, differ: [] });
    const first = await contents(folder);
    const specs = (objects: { metadata: { name: string }; spec?: unknown }[]) =>
      objects.map(({ metadata, spec }) => [metadata.name, spec]).sort();
    expect(specs(first.map((text) => parse(text)))).toEqual(specs(await found()));
    expect((await topicResourcesStep.create(files)).outs.result).toMatchObject({ written: 0, unchanged: 3 });
    expect(await contents(folder)).toEqual(first);
  });

  test("include the users of the applications, which a roll-back leaves as they are", async () => {
    const folder = await folderOf();
    const metadata = { name: "billing", namespace, labels: { "strimzi.io/cluster": "target" } };
    const password = { valueFrom: { secretKeyRef: { name: "billing-client-password", key: "password" } } };
    const spec = { authentication: { type: "scram-sha-512", password } };
    const user = { apiVersion: "kafka.strimzi.io/v1", kind: "KafkaUser", metadata, spec };
    const files = inputs({ topics: "files", folder, users: [user] });
    expect(await said(() => topicResourcesStep.check(undefined, files))).toContain(
      "3 migrated topics and 1 user: 4 files to write",
    );
    const { outs } = await topicResourcesStep.create(files);
    await topicResourcesStep.update("id", outs, { ...files, phase: "mirror" });
    const written = await readFile(join(folder, "KafkaUser-billing.yaml"), "utf8");
    expect(parse(written)).toEqual(user);
    // Another right of the user is written at the next run, because nobody has edited the file.
    const wider = { ...user, spec: { ...spec, authorization: { type: "simple", acls: [] } } };
    await topicResourcesStep.update("id", outs, { ...files, users: [wider] });
    expect(parse(await readFile(join(folder, "KafkaUser-billing.yaml"), "utf8"))).toEqual(wider);
  });

  test("are not overwritten if somebody has edited them, and are never deleted", async () => {
    const folder = await folderOf();
    const files = inputs({ topics: "files", folder });
    const { outs } = await topicResourcesStep.create(files);
    const edited = join(folder, `${plain}.yaml`);
    const text = (await readFile(edited, "utf8")).replace("replicas: 2", "replicas: 3");
    await writeFile(edited, text);
    await writeFile(join(folder, "other.yaml"), "a: 1\n");
    const lines = await said(() =>
      topicResourcesStep.update("id", { ...outs, replication: { allowSameRack: true } }, files),
    );
    expect(lines).toContain(`1 file edited by somebody and left alone: ${plain}`);
    expect(await readFile(edited, "utf8")).toBe(text);
    await topicResourcesStep.delete("id", outs);
    expect(await readdir(folder)).toHaveLength(4);
  });

  test("tell the Topic Operator after a roll-back that the mirror has the topics again", async () => {
    const folder = await folderOf();
    const { outs } = await topicResourcesStep.create(inputs({ topics: "files", folder }));
    await topicResourcesStep.update("id", outs, inputs({ topics: "files", folder, phase: "mirror" }));
    for (const text of await contents(folder))
      expect(parse(text).metadata.annotations).toMatchObject({ "strimzi.io/managed": "false" });
  });
});

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { cacheFolder } from "@kafka-migration/sandbox";
import { dialects, type DialectName } from "../../components/dialects";
import { CRD_FIELDS } from "../../policies/read/crd-fields";
import { all, custom, found, stack } from "./resources";

const beta = (spec: object, group = "kafka.strimzi.io", version = "v1beta2") =>
  custom({
    apiVersion: `${group}/${version}`,
    kind: "KafkaMirrorMaker2",
    metadata: { name: "mm2", namespace: "ns" },
    spec,
  });
const labels = { "strimzi.io/cluster": "c" };
const user = (spec: object) =>
  custom({
    apiVersion: "kafka.strimzi.io/v1beta2",
    kind: "KafkaUser",
    metadata: { name: "u", namespace: "ns", labels },
    spec,
  });
const messages = (resource: ReturnType<typeof custom>) =>
  found("unknown-field", [resource]).map(({ message }) => message);

describe("a field that the API server drops is reported with its effect", () => {
  test.each<[string, object, string, string]>([
    [
      "topics",
      { mirrors: [{ topics: "orders" }] },
      "spec.mirrors[0].topics is not a field",
      "without topicsPattern every topic is copied",
    ],
    [
      "topicPattern",
      { mirrors: [{ topicPattern: "x" }] },
      "spec.mirrors[0].topicPattern",
      "did you mean topicsPattern?",
    ],
    ["groups", { mirrors: [{ groups: "app" }] }, "spec.mirrors[0].groups", "checkpoints are written for every group"],
    ["topicsExclude", { mirrors: [{ topicsExclude: "a" }] }, "topicsExclude", "what it should exclude is copied"],
    [
      "sourceConector",
      { mirrors: [{ sourceConector: {} }] },
      "sourceConector",
      "without sourceConnector nothing is copied",
    ],
    ["tasks", { mirrors: [{ sourceConnector: { tasks: 4 } }] }, "sourceConnector.tasks is", "did you mean tasksMax?"],
    ["tasks.max", { mirrors: [{ sourceConnector: { "tasks.max": 4 } }] }, "sourceConnector.tasks.max", "tasksMax"],
    ["mirror", { mirror: [{}] }, "spec.mirror is", "without mirrors nothing is copied"],
    ["bootstrapServer", { clusters: [{ bootstrapServer: "a:1" }] }, "clusters[0].bootstrapServer", "bootstrapServers"],
    [
      "secret",
      { clusters: [{ tls: { trustedCertificates: [{ secret: "x" }] } }] },
      "trustedCertificates[0].secret",
      "secretName",
    ],
    ["nobody's", { clusters: [{ hobby: "x" }] }, "spec.clusters[0].hobby", "remove it"],
    ["in a pod", { template: { pod: { toleration: [] } } }, "template.pod.toleration", "tolerations"],
  ])("%s", (_name, spec, path, says) => {
    const [message, ...others] = messages(beta(spec));
    expect(message).toContain(path);
    expect(message).toContain(says);
    expect(others).toEqual([]);
  });

  test("a suggestion names only places of the form in which the resource names its clusters", () => {
    const says = (spec: object) => messages(beta(spec)).join();
    const mirrors = [{ config: { "tasks.max": 8 } }];
    const old = says({ connectCluster: "b", clusters: [{ alias: "a" }, { alias: "b" }], mirrors });
    expect(old).toContain("sourceConnector.config");
    expect(old).not.toMatch(/source\.config/);
    expect(says({ target: { alias: "b" }, mirrors })).toContain("mirrors[].source.config");
    expect(says({ target: { alias: "b" }, mirrors: [{ alias: "a" }] })).not.toContain("clusters");
  });

  test("a wrong field beside the right one has no effect", () => {
    expect(messages(beta({ mirrors: [{ topics: "a", topicsPattern: "orders" }] }))[0]).toContain("so it has no effect");
  });

  test("of a KafkaUser", () => {
    expect(messages(user({ authorisation: {} }))[0]).toContain("did you mean authorization?");
    const acls = [{ resource: { type: "topic", name: "a", operations: ["Read"] } }];
    expect(messages(user({ authorization: { type: "simple", acls } }))[0]).toContain("operations next to resource");
  });

  test("operations written inside the resource of an ACL are reported once", () => {
    const acls = [{ resource: { type: "topic", name: "a", operations: ["Read"] } }];
    const found = all([user({ authorization: { type: "simple", acls } })]);
    expect(found.map(({ rule }) => rule)).toEqual(["unknown-field"]);
  });
});

describe("nothing is reported", () => {
  test.each<[string, object]>([
    [
      "fields that came and went with versions",
      {
        externalConfiguration: { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "a", key: "b" } } }] },
        target: { groupId: "x" },
      },
    ],
    [
      "settings with free keys",
      {
        clusters: [{ alias: "a", config: { "any.thing": 1 } }],
        mirrors: [{ sourceConnector: { config: { x: 1 }, pause: true } }],
      },
    ],
    [
      "labels and Java options",
      {
        jvmOptions: { "-XX": { UseG1GC: "true" } },
        template: { pod: { metadata: { labels: { a: "b" } }, affinity: { nodeAffinity: {} } } },
      },
    ],
    ["builds, which MirrorMaker 2 does not have", { template: { buildPod: { hostAliases: [] }, deployment: {} } }],
    ["empty blocks", { mirrors: [{ sourceConnector: null, checkpointConnector: {} }] }],
  ])("for %s", (_what, spec) => {
    expect(messages(beta(spec))).toEqual([]);
  });

  test("for the metrics block that v1alpha1 had before Strimzi 0.23", () => {
    const old = (spec: object) => messages(beta(spec, "kafka.strimzi.io", "v1alpha1"));
    expect(old({ metrics: { lowercaseOutputName: true } })).toEqual([]);
    expect(old({ metric: {} })).toHaveLength(1);
    expect(messages(beta({ metrics: {} }))).toHaveLength(1);
  });

  test("except `not known` for a field that a later v1 or Event Streams may have", () => {
    for (const resource of [
      beta({ licence: {} }, "eventstreams.ibm.com"),
      beta({ quickStart: true }, "kafka.strimzi.io", "v1"),
    ]) {
      expect(messages(resource)).toEqual([]);
      expect(found("field-not-known", [resource])).toHaveLength(1);
    }
  });

  test("a second time for a field that another API version has", () => {
    const resources = stack({ change: ({ mirror }) => (mirror.spec.mirrors[0].topicsBlacklistPattern = "x") });
    const about = all(resources).filter(({ message }) => message.includes("topicsBlacklistPattern"));
    expect(about.map(({ rule }) => rule)).toEqual(["dropped-options"]);
  });

  test.each(Object.keys(dialects) as DialectName[])("for what the components write as %s", (dialect) => {
    const written = all(stack({ dialect, mirror: dialect === "event-streams-v1beta1" ? { profile: "guide" } : {} }));
    expect(written.filter(({ rule }) => rule === "unknown-field" || rule === "field-not-known")).toEqual([]);
  });
});

describe("the real CRDs", () => {
  const schemas: { where: string; key: string; schema: any }[] = [];
  beforeAll(async () => {
    const parts = join(cacheFolder(), "parts");
    for (const part of (await readdir(parts)).filter((name) => name.startsWith("strimzi-crds"))) {
      for (const version of await readdir(join(parts, part))) {
        for (const kind of ["KafkaMirrorMaker2", "KafkaUser"]) {
          const crd = parse(await readFile(join(parts, part, version, `${kind}.yaml`), "utf8"));
          for (const { name, schema } of crd.spec.versions) {
            schemas.push({
              where: `${part} ${version}`,
              key: `${kind} ${name}`,
              schema: schema.openAPIV3Schema.properties.spec,
            });
          }
        }
      }
    }
  });

  test("have only fields that the table has", () => {
    expect(schemas.length).toBeGreaterThan(0);
    expect(schemas.flatMap(({ where, key, schema }) => missing(schema, CRD_FIELDS[key]!, `${where} ${key}`))).toEqual(
      [],
    );
  });

  function missing(schema: any, fields: any, path: string): string[] {
    if (schema.items !== undefined) return missing(schema.items, fields, path);
    if (typeof fields !== "object") return fields === undefined ? [path] : [];
    return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
      missing(inner, fields[name]?.fields, `${path}.${name}`),
    );
  }
});

describe("a cluster of kind EventStreams", () => {
  const label = { "eventstreams.ibm.com/cluster": "target" };
  const kafka = (spec: object) => ({ metadata: { name: "target", namespace: "target-ns", labels: label }, spec });
  const own = { kafka: { replicas: 1, config: { "min.insync.replicas": 1 } }, entityOperator: { userOperator: {} } };
  const three = stack({ dialect: "strimzi-v1beta2", mirror: { replicationFactor: 3 } }).slice(0, 1);
  const rulesOf = (cluster: ReturnType<typeof custom>) => all([...three, cluster]).map(({ rule }) => rule);

  test("is read like kind Kafka: brokers, min.insync.replicas and user operator", () => {
    const strimzi = custom({ apiVersion: "kafka.strimzi.io/v1beta2", kind: "Kafka", ...kafka(own) });
    const ibm = custom({
      apiVersion: "eventstreams.ibm.com/v1beta2",
      kind: "EventStreams",
      ...kafka({ strimziOverrides: own }),
    });
    expect(rulesOf(ibm)).toEqual(rulesOf(strimzi));
    expect(rulesOf(ibm)).toContain("replication-above-brokers");
  });

  test("has the brokers of its node pools, without controllers", () => {
    const pools = [
      { name: "brokers", replicas: 1, roles: ["broker"] },
      { name: "controllers", replicas: 3, roles: ["controller"] },
    ];
    const spec = { strimziOverrides: { ...own, kafka: { config: {} }, nodePools: pools } };
    const ibm = custom({ apiVersion: "eventstreams.ibm.com/v1beta2", kind: "EventStreams", ...kafka(spec) });
    expect(rulesOf(ibm)).toContain("replication-above-brokers");
  });
});

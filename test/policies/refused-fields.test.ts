import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { cacheFolder } from "@kafka-migration/sandbox";
import { dialects, type DialectName } from "../../components/dialects";
import { type ValueFact, valueFacts } from "../../engine/rules/operator-fields";
import { aToB, kafkaUser, mirrorMakerV1, resource } from "./manifests";
import { all, found, stack } from "./resources";

type Resource = ReturnType<typeof resource>;
const said = (one: Resource, rule = "field-refused") => found(rule, [one]).map(({ message }) => message);
const user = (spec: object) => resource("KafkaUser", "u", spec);
const kafka = (listener: object, more: object = {}) =>
  resource("Kafka", "k", {
    kafka: { listeners: [{ name: "plain", port: 9092, tls: false, type: "internal", ...listener }], ...more },
  });
const connector = (block: object) => aToB({ entry: { sourceConnector: block } });
const clusters = (a: object) => aToB({}, { clusters: { a, b: {} } });

describe("a value that the CRD refuses is reported with its place and what to write", () => {
  test.each<[string, Resource, string, string]>([
    [
      "a user's login",
      user({ authentication: { type: "scram-sha-256" } }),
      'spec.authentication.type is "scram-sha-256"',
      "tls, tls-external, scram-sha-512",
    ],
    [
      "a user's authorization",
      user({ authorization: { type: "Simple", acls: [] } }),
      'spec.authorization.type is "Simple"',
      "write simple",
    ],
    [
      "a quota",
      user({ quotas: { producerByteRate: -1 } }),
      "spec.quotas.producerByteRate is -1, less than 0",
      "at least 0",
    ],
    [
      "a connector's state",
      resource("KafkaConnector", "c", { state: "stop" }),
      'spec.state is "stop"',
      "paused, stopped, running",
    ],
    [
      "a connector's tasks",
      resource("KafkaConnector", "c", { tasksMax: 0 }),
      "spec.tasksMax is 0, less than 1",
      "at least 1",
    ],
    [
      "a listener's type",
      kafka({ type: "NodePort" }),
      'listeners[0].type is "NodePort" (did you mean "nodeport"?)',
      "nodeport",
    ],
    [
      "a listener's login",
      kafka({ authentication: { type: "mtls" } }),
      'authentication.type is "mtls"',
      "scram-sha-512",
    ],
    [
      "a listener's name",
      kafka({ name: "external-tls" }),
      'listeners[0].name is "external-tls", which does not fit',
      "external",
    ],
    ["a listener's port", kafka({ port: 9091 }), "listeners[0].port is 9091, less than 9092", "at least 9092"],
    [
      "a cluster's storage",
      kafka({}, { storage: { type: "persistent" } }),
      'storage.type is "persistent"',
      "persistent-claim",
    ],
    [
      "a node's role",
      resource("KafkaNodePool", "p", { roles: ["brokers"] }),
      'roles[0] is "brokers" (did you mean "broker"?)',
      "controller, broker",
    ],
    ["a topic's partitions", resource("KafkaTopic", "t", { partitions: 0 }), "spec.partitions is 0", "at least 1"],
    [
      "the mirror's login",
      clusters({ authentication: { type: "scram" } }),
      'clusters[0].authentication.type is "scram"',
      "scram-sha-512",
    ],
    [
      "the mirror's state",
      connector({ state: "stoped" }),
      'sourceConnector.state is "stoped" (did you mean "stopped"?)',
      "stopped",
    ],
    ["a number in quotes", connector({ tasksMax: "3" }), 'tasksMax is "3", not a whole number', "without quotes"],
    ["a flag in quotes", connector({ pause: "true" }), 'pause is "true", not true or false', "without quotes"],
    ["a version without quotes", aToB({}, { spec: { version: 3.9 } }), "spec.version is 3.9, not a text", "in quotes"],
    ["a list of topics", aToB({ entry: { topicsPattern: ["a", "b"] } }), "topicsPattern is a list", "commas"],
    [
      "a heap size with Gi",
      aToB({}, { spec: { jvmOptions: { "-Xmx": "1Gi" } } }),
      'jvmOptions.-Xmx is "1Gi"',
      '"512m"',
    ],
    ["logging", aToB({}, { spec: { logging: { type: "log4j" } } }), 'spec.logging.type is "log4j"', "inline, external"],
    [
      "a source's login in v1",
      mirrorMakerV1({}, [{ source: { alias: "a", bootstrapServers: "a:1", authentication: { type: "SCRAM" } } }]),
      'mirrors[0].source.authentication.type is "SCRAM"',
      "scram-sha-512",
    ],
  ])("%s", (_what, one, seen, instead) => {
    const [message, ...others] = said(one);
    expect(message).toContain(seen);
    expect(message).toContain("the API server refuses the whole resource");
    expect(message).toContain(instead);
    expect(message).not.toMatch(/undefined|null\b/);
    expect(others).toEqual([]);
  });

  test("a mapping instead of a list or a text", () => {
    const tls = { trustedCertificates: { secretName: "x", certificate: "ca.crt" } };
    expect(said(clusters({ tls }))).toEqual([
      expect.stringContaining("tls.trustedCertificates is a mapping, not a list"),
    ]);
    expect(said(aToB({ entry: { topicsPattern: { include: "a" } } }))).toEqual([
      expect.stringContaining("topicsPattern is a mapping, not a text"),
    ]);
  });

  test.each<[string, Resource, string]>([
    ["a flag", connector({ autoRestart: true }), "sourceConnector.autoRestart is true, not a mapping"],
    ["a word", aToB({}, { spec: { tracing: "jaeger" } }), 'spec.tracing is "jaeger", not a mapping'],
    ["a list", clusters({ tls: ["ca.crt"] }), "clusters[0].tls is a list, not a mapping"],
    [
      "a text in a list",
      clusters({ tls: { trustedCertificates: ["ca"] } }),
      'trustedCertificates[0] is "ca", not a mapping',
    ],
    ["a quota", aToB({}, { spec: { resources: { limits: "2Gi" } } }), 'resources.limits is "2Gi", not a mapping'],
    ["a user's login", user({ authentication: "tls" }), 'spec.authentication is "tls", not a mapping'],
    ["a user's rights", user({ authorization: ["simple"] }), "spec.authorization is a list, not a mapping"],
    ["a text for entries", connector({ config: "a=b" }), 'sourceConnector.config is "a=b", not a mapping'],
  ])("something else where fields belong: %s", (_what, one, seen) => {
    expect(said(one)).toEqual([expect.stringContaining(seen)]);
  });

  test("a certificate without its name in the Secret, unless a pattern selects it", () => {
    const trusting = (one: object) => clusters({ tls: { trustedCertificates: [{ secretName: "s", ...one }] } });
    expect(said(trusting({}))).toEqual([expect.stringContaining("trustedCertificates[0].certificate is missing")]);
    expect(said(trusting({ pattern: "*.crt" }))).toEqual([]);
  });

  test("an empty item of a list", () => {
    expect(said(resource("KafkaNodePool", "p", { roles: [null, "broker"] }))).toEqual([
      expect.stringMatching(/spec\.roles\[0\] is empty: .*; write one of controller, broker/),
    ]);
  });

  test("required fields that are missing are named together", () => {
    const withoutAlias = resource("KafkaMirrorMaker2", "m", {
      clusters: [{ bootstrapServers: "a:1" }],
      mirrors: [{ sourceCluster: "a" }],
    });
    expect(said(withoutAlias)).toEqual([
      expect.stringContaining("spec.clusters[0].alias, spec.connectCluster, spec.mirrors[0].targetCluster are missing"),
    ]);
  });

  test("a field under a misspelt name is reported once", () => {
    const one = clusters({ bootstrapServers: undefined, bootstrapServer: "a:1" });
    delete (one.props.spec as any).clusters[0].bootstrapServers;
    expect(said(one)).toEqual([]);
    expect(found("unknown-field", [one])).toHaveLength(1);
  });

  test("what only Strimzi 1.0 and later refuse is advice in v1, and an error with Event Streams", () => {
    const oauth = mirrorMakerV1({ authentication: { type: "oauth" } }, [{}]);
    expect(said(oauth)).toEqual([]);
    expect(said(oauth, "field-refused-later")).toEqual([
      expect.stringContaining('spec.target.authentication.type is "oauth"'),
    ]);
    const short = mirrorMakerV1({ groupId: undefined }, [{}]);
    delete (short.props.spec as any).target.groupId;
    expect(said(short, "field-refused-later")).toEqual([expect.stringContaining("spec.target.groupId is missing")]);
    const ibm = structuredClone(oauth);
    ibm.type = ibm.type.replace("kafka.strimzi.io", "eventstreams.ibm.com");
    (ibm.props as any).apiVersion = "eventstreams.ibm.com/v1";
    expect(said(ibm)).toHaveLength(1);
    expect(said(ibm, "field-refused-later")).toEqual([]);
  });
});

describe("nothing is reported", () => {
  test.each<[string, Resource]>([
    ["of valid values", kafkaUser("u", "a", [])],
    ["of placeholders", connector({ tasksMax: "${TASKS}", state: "{{ state }}" })],
    ["of a placeholder without quotes, which is a mapping in YAML", connector({ tasksMax: { "{ tasks }": null } })],
    [
      "of listeners in their older form",
      resource("Kafka", "k", { kafka: { listeners: { plain: {}, external: { type: "route" } } } }),
    ],
    [
      "of Event Streams' own authorization",
      resource("EventStreams", "e", { strimziOverrides: { kafka: { authorization: { type: "runas" } } } }),
    ],
    [
      "of the form with target in v1beta2",
      resource("KafkaMirrorMaker2", "m", {
        target: { alias: "b", bootstrapServers: "b:1" },
        mirrors: [{ source: { alias: "a", bootstrapServers: "a:1" } }],
      }),
    ],
  ])("in the case %s", (_what, one) => {
    expect([...said(one), ...said(one, "field-refused-later")]).toEqual([]);
  });

  test.each(Object.keys(dialects) as DialectName[])("in the case of what the components write as %s", (dialect) => {
    const written = all(stack({ dialect, mirror: dialect === "event-streams-v1beta1" ? { profile: "guide" } : {} }));
    expect(written.filter(({ rule }) => rule.startsWith("field-refused"))).toEqual([]);
  });
});

describe("the real CRDs", () => {
  /** By kind and path: every word that any version of the CRD takes. */
  const words = new Map<string, Set<string>>();
  beforeAll(async () => {
    const parts = join(cacheFolder(), "parts");
    for (const part of (await readdir(parts)).filter((name) => name.startsWith("strimzi-crds"))) {
      for (const version of await readdir(join(parts, part))) {
        for (const kind of ["KafkaMirrorMaker2", "KafkaUser"]) {
          const crd = parse(await readFile(join(parts, part, version, `${kind}.yaml`), "utf8"));
          for (const { schema } of crd.spec.versions) collect(schema.openAPIV3Schema.properties.spec, kind);
        }
      }
    }
  });

  function collect(schema: any, path: string): void {
    for (const word of schema.enum ?? []) words.set(path, (words.get(path) ?? new Set()).add(word));
    if (schema.items !== undefined) collect(schema.items, `${path}.[]`);
    for (const [name, inner] of Object.entries<any>(schema.properties ?? {})) collect(inner, `${path}.${name}`);
  }

  const wordsOf = ({ takes }: ValueFact) => (takes.is === "words" ? [...takes.words].sort() : []);

  test("accept exactly the values in the table", () => {
    const facts = Object.entries(valueFacts).flatMap(([kind, own]) =>
      own.map((fact) => ({ at: [kind, ...fact.path].join("."), fact })),
    );
    const table = new Map(
      facts.filter(({ fact }) => fact.takes.is === "words").map(({ at, fact }) => [at, wordsOf(fact)]),
    );
    // Pods are not read, and ACL rules have a rule of their own.
    const real = [...words].filter(([path]) => !/template|acls/.test(path));
    expect(real.length).toBeGreaterThan(10);
    expect(Object.fromEntries(real.map(([path, own]) => [path, [...own].sort()]))).toEqual(
      Object.fromEntries([...table].filter(([path]) => words.has(path))),
    );
  });
});

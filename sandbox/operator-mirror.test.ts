import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { glob } from "./operator/mirror/files";
import { connectorDefinitions, workerProperties } from "./operator/mirror/properties";
import { readMirrorMaker } from "./operator/mirror/spec";
import type { KubeObject } from "./operator/kube/client";
import { repositoryRoot } from "./paths";

const resource = (text: string): KubeObject => parse(text) as KubeObject;
const read = (text: string) => readMirrorMaker(resource(text), "strimzi.io");

const cluster = (alias: string, indent: string, more = ""): string =>
  [
    `alias: ${alias}`,
    `bootstrapServers: ${alias}:9093`,
    `authentication: { type: scram-sha-512, username: mm2, passwordSecret: { secretName: ${alias}-credentials, ` +
      "password: password } }",
    `tls: { trustedCertificates: [{ secretName: ${alias}-ca-cert, certificate: ca.crt }] }`,
    ...(more ? [more] : []),
  ].join(`\n${indent}`);

const mirrorTail = `
      sourceConnector:
        tasksMax: 4
        config: { replication.factor: 1, topics: overridden, source.cluster.alias: overridden, name: dropped, sync.topic.acls.enabled: "false" }
      checkpointConnector: {}
      topicsPattern: ".*"
      groupsPattern: "app-.*"
      groupsExcludePattern: "app-x"`;

const OLD_FORM = `
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaMirrorMaker2
metadata: { name: data-migration, namespace: migration }
spec:
  replicas: 1
  connectCluster: target
  clusters:
    - ${cluster("origin", "      ")}
    - ${cluster(
      "target",
      "      ",
      `config:
        group.id: group
        offset.storage.topic: offsets
        config.storage.topic: configs
        status.storage.topic: status
        offset.flush.interval.ms: 5000
        ssl.protocol: TLSv1.3
        ssl.truststore.location: /nowhere
        header.converter: org.example.Other
        config.providers: mine`,
    )}
  mirrors:
    - sourceCluster: origin
      targetCluster: target${mirrorTail}
`;

const NEW_FORM = `
apiVersion: kafka.strimzi.io/v1
kind: KafkaMirrorMaker2
metadata: { name: data-migration, namespace: migration }
spec:
  replicas: 1
  target:
    ${cluster(
      "target",
      "    ",
      `groupId: group
    offsetStorageTopic: offsets
    configStorageTopic: configs
    statusStorageTopic: status
    config:
      offset.flush.interval.ms: 5000
      ssl.protocol: TLSv1.3
      ssl.truststore.location: /nowhere
      header.converter: org.example.Other
      config.providers: mine`,
    )}
  mirrors:
    - source:
        ${cluster("origin", "        ")}${mirrorTail}
`;

const WORKER = `bootstrap.servers=target:9093
group.id=group
config.storage.topic=configs
status.storage.topic=status
offset.storage.topic=offsets
ssl.truststore.certificates=\${strimzidir:/m/trusted:target-ca.crt}
ssl.truststore.type=PEM
producer.ssl.truststore.certificates=\${strimzidir:/m/trusted:target-ca.crt}
producer.ssl.truststore.type=PEM
consumer.ssl.truststore.certificates=\${strimzidir:/m/trusted:target-ca.crt}
consumer.ssl.truststore.type=PEM
admin.ssl.truststore.certificates=\${strimzidir:/m/trusted:target-ca.crt}
admin.ssl.truststore.type=PEM
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="mm2" password="\${strimzidir:/m/secrets/target-credentials:password}";
producer.sasl.mechanism=SCRAM-SHA-512
producer.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="mm2" password="\${strimzidir:/m/secrets/target-credentials:password}";
consumer.sasl.mechanism=SCRAM-SHA-512
consumer.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="mm2" password="\${strimzidir:/m/secrets/target-credentials:password}";
admin.sasl.mechanism=SCRAM-SHA-512
admin.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="mm2" password="\${strimzidir:/m/secrets/target-credentials:password}";
config.providers=mine,strimzidir
config.providers.strimzidir.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider
config.providers.strimzidir.param.allowed.paths=/m
key.converter=org.apache.kafka.connect.converters.ByteArrayConverter
value.converter=org.apache.kafka.connect.converters.ByteArrayConverter
header.converter=org.example.Other
offset.flush.interval.ms=5000
ssl.protocol=TLSv1.3
security.protocol=SASL_SSL
producer.security.protocol=SASL_SSL
consumer.security.protocol=SASL_SSL
admin.security.protocol=SASL_SSL`;

const lines = (properties: Record<string, unknown>): string =>
  Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");

describe("a worker's properties", () => {
  it.each([
    ["v1beta2", OLD_FORM],
    ["v1", NEW_FORM],
  ])("are Strimzi's, in Strimzi's order (%s)", (_version, text) => {
    const dropped: string[] = [];
    expect(lines(workerProperties(read(text).target, "/m", (key) => dropped.push(key)))).toBe(WORKER);
    expect(dropped).toEqual(["ssl.truststore.location"]);
  });

  it("use plain text without SASL if the resource has neither TLS nor authentication", () => {
    const { target } = read(NEW_FORM);
    const plain = workerProperties({ ...target, tls: undefined, authentication: undefined, config: {} }, "/m");
    expect(plain["security.protocol"]).toBe("PLAINTEXT");
    expect(Object.keys(plain).filter((key) => /ssl|sasl/.test(key))).toEqual([]);
    expect(workerProperties({ ...target, tls: undefined }, "/m")["admin.security.protocol"]).toBe("SASL_PLAINTEXT");
    expect(workerProperties({ ...target, tls: {}, authentication: undefined }, "/m")["security.protocol"]).toBe("SSL");
  });

  it("have no replication factor for Connect's own topics, so Connect's default of 3 applies, as with Strimzi", () => {
    expect(WORKER).not.toMatch(/replication\.factor/);
    expect(
      Object.keys(workerProperties(read(NEW_FORM).target, "/m")).filter((key) => key.includes("replication")),
    ).toEqual([]);
  });

  it("support client certificates, PLAIN and custom authentication", () => {
    const { target } = read(NEW_FORM);
    const certificateAndKey = { secretName: "user", certificate: "user.crt", key: "user.key" };
    const tls = workerProperties({ ...target, authentication: { type: "tls", certificateAndKey } }, "/m");
    expect(tls["producer.ssl.keystore.key"]).toBe("${strimzidir:/m/secrets/user:user.key}");
    expect(tls["security.protocol"]).toBe("SSL");
    const passwordSecret = { secretName: "s", password: "p" };
    const plain = workerProperties(
      { ...target, authentication: { type: "plain", username: "u", passwordSecret } },
      "/m",
    );
    expect(plain["sasl.jaas.config"]).toBe(
      'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" ' +
        'password="${strimzidir:/m/secrets/s:p}";',
    );
    const dropped: string[] = [];
    const config = { "sasl.mechanism": "OAUTHBEARER", retries: 3 };
    const custom = workerProperties(
      { ...target, authentication: { type: "custom", sasl: true, config } },
      "/m",
      (key) => dropped.push(key),
    );
    expect([custom["admin.sasl.mechanism"], custom["security.protocol"], dropped[0]]).toEqual([
      "OAUTHBEARER",
      "SASL_SSL",
      "retries",
    ]);
  });
});

describe("a target in the v1 form", () => {
  const KEYS = {
    "group.id": "ignored",
    "config.storage.topic": "ignored",
    "offset.storage.topic": "ignored",
    "status.storage.topic": "ignored",
  };

  it("ignores the group and storage topics in its config, and uses its own fields", () => {
    const object = resource(NEW_FORM);
    const { target } = object.spec as { target: { config?: Record<string, unknown> } };
    target.config = { ...target.config, ...KEYS, "offset.storage.replication.factor": 2 };
    const dropped: string[] = [];
    const properties = workerProperties(readMirrorMaker(object, "strimzi.io").target, "/files", (key) =>
      dropped.push(key),
    );
    expect(Object.keys(KEYS).map((key) => properties[key])).toEqual(["group", "configs", "offsets", "status"]);
    expect(properties["offset.storage.replication.factor"]).toBe("2");
    expect(dropped).toEqual(expect.arrayContaining(Object.keys(KEYS)));
  });

  it("may have the alias of a source only with Strimzi 1.x", () => {
    const object = resource(NEW_FORM);
    const { target, mirrors } = object.spec as { target: { alias: string }; mirrors: { source: { alias: string } }[] };
    mirrors[0]!.source.alias = target.alias;
    expect(() => readMirrorMaker(object, "strimzi.io", "0.51")).toThrow("aliases must be unique");
    expect(() => readMirrorMaker(object, "strimzi.io", "1.2")).not.toThrow();
  });
});

describe("connectors", () => {
  it.each([
    ["v1beta2", OLD_FORM],
    ["v1", NEW_FORM],
  ])("are one per block, and later settings win (%s)", (_version, text) => {
    const dropped: string[] = [];
    const [source, checkpoint, ...more] = connectorDefinitions(read(text), "/m", (key) => dropped.push(key));
    expect(more).toEqual([]);
    expect(source!.name).toBe("origin->target.MirrorSourceConnector");
    expect(dropped).toEqual(["name"]);
    const jaas = (alias: string): string =>
      `org.apache.kafka.common.security.scram.ScramLoginModule required username="mm2" ` +
      `password="\${strimzidir:/m/secrets/${alias}-credentials:password}";`;
    expect(source!.config).toEqual({
      "target.cluster.alias": "target",
      "target.cluster.bootstrap.servers": "target:9093",
      "target.cluster.ssl.truststore.certificates": "${strimzidir:/m/trusted:target-ca.crt}",
      "target.cluster.ssl.truststore.type": "PEM",
      "target.cluster.sasl.mechanism": "SCRAM-SHA-512",
      "target.cluster.sasl.jaas.config": jaas("target"),
      "target.cluster.security.protocol": "SASL_SSL",
      "target.cluster.offset.flush.interval.ms": "5000",
      "target.cluster.ssl.protocol": "TLSv1.3",
      // The worker's configuration drops these keys, but a connector's configuration keeps them.
      "target.cluster.ssl.truststore.location": "/nowhere",
      "target.cluster.header.converter": "org.example.Other",
      "target.cluster.config.providers": "mine",
      "source.cluster.alias": "overridden",
      "source.cluster.bootstrap.servers": "origin:9093",
      "source.cluster.ssl.truststore.certificates": "${strimzidir:/m/trusted:origin-ca.crt}",
      "source.cluster.ssl.truststore.type": "PEM",
      "source.cluster.sasl.mechanism": "SCRAM-SHA-512",
      "source.cluster.sasl.jaas.config": jaas("origin"),
      "source.cluster.security.protocol": "SASL_SSL",
      "replication.factor": "1",
      "sync.topic.acls.enabled": "false",
      topics: ".*",
      groups: "app-.*",
      "groups.exclude": "app-x",
      "tasks.max": 4,
      "connector.class": "org.apache.kafka.connect.mirror.MirrorSourceConnector",
    });
    expect(Object.keys(source!.config).at(-1)).toBe("connector.class");
    expect(checkpoint!.name).toBe("origin->target.MirrorCheckpointConnector");
    expect(checkpoint!.config).not.toHaveProperty("tasks.max");
    expect(checkpoint!.config).toMatchObject({ topics: ".*", "source.cluster.alias": "origin" });
  });

  it("get their state from `state`, or from `pause` if there is no `state`", () => {
    const states = (block: string): unknown[] => {
      const [definition] = connectorDefinitions(
        read(NEW_FORM.replace("checkpointConnector: {}", "").replace("tasksMax: 4", block)),
        "/m",
      );
      return [definition!.state, definition!.pauseAndState];
    };
    expect(states("state: stopped")).toEqual(["stopped", false]);
    expect(states("pause: true")).toEqual(["paused", false]);
    expect(states("pause: true\n        state: running")).toEqual(["running", true]);
    expect(states("pause: false")).toEqual(["running", false]);
  });

  it("refuse values other than text, numbers and booleans", () => {
    expect(() =>
      connectorDefinitions(read(NEW_FORM.replace("tasksMax: 4\n        config: {", "config: { a: [1],")), "/m"),
    ).toThrow("a: Unsupported type list in configuration for this key");
    expect(() =>
      connectorDefinitions(read(NEW_FORM.replace("replication.factor: 1", "replication.factor: null")), "/m"),
    ).toThrow("replication.factor: A null value is not allowed for this key");
  });
});

describe("reading a KafkaMirrorMaker2", () => {
  it("warns about each deprecated field, like the status of Strimzi", () => {
    expect(read(NEW_FORM).warnings).toEqual([]);
    expect(
      read(OLD_FORM).warnings.map((each) => [
        each.type,
        each.reason,
        /the (\w+) property at path (\S+) has/.exec(each.message!)!.slice(1).join(" "),
      ]),
    ).toEqual(
      [
        "clusters spec.clusters",
        "connectCluster spec.connectCluster",
        "sourceCluster spec.mirrors.sourceCluster",
        "targetCluster spec.mirrors.targetCluster",
      ].map((text) => ["Warning", "DeprecatedFields", text]),
    );
  });

  it.each([
    [
      "connectCluster with alias nobody cannot be found in the list of clusters at .spec.clusters",
      OLD_FORM,
      "connectCluster: target",
      "connectCluster: nobody",
    ],
    [
      ".spec.mirrors[].sourceCluster is set to an non-existent alias. Cannot determine source cluster.",
      OLD_FORM,
      "sourceCluster: origin",
      "sourceCluster: nobody",
    ],
    [
      "The .spec.mirrors[].targetCluster alias is not the same as the actual target cluster alias.",
      OLD_FORM,
      "targetCluster: target",
      "targetCluster: origin",
    ],
    ["The target and source cluster aliases must be unique.", NEW_FORM, "alias: origin", "alias: target"],
    [
      "Either .spec.target or .spec.connectCluster and .spec.clusters have to be specified",
      OLD_FORM,
      "connectCluster: target",
      "",
    ],
    [
      "SCRAM-SHA-512 authentication selected, but username or password configuration is missing.",
      NEW_FORM,
      "username: mm2, ",
      "",
    ],
  ])("refuses: %s", (message, text, from, to) => {
    expect(text).toContain(from);
    expect(() => read(text.replace(from, to))).toThrow(
      expect.objectContaining({ reason: "InvalidResourceException", message }),
    );
  });

  it.each([
    ["spec.rack", "replicas: 1", "replicas: 1\n  rack: { topologyKey: zone }"],
    ["spec.mirrors[0].sourceConnector.metrics", "tasksMax: 4", "metrics: {}"],
    [
      "spec.target.authentication.type oauth",
      "authentication: { type: scram-sha-512, username: mm2, passwordSecret: { secretName: target-credentials, " +
        "password: password } }",
      "authentication: { type: oauth }",
    ],
    [
      "annotation strimzi.io/restart-connector",
      "namespace: migration",
      "namespace: migration, annotations: { strimzi.io/restart-connector: x }",
    ],
  ])("refuses what it does not support: %s", (what, from, to) => {
    expect(NEW_FORM).toContain(from);
    expect(() => read(NEW_FORM.replace(from, to))).toThrow(`The sandbox's operator cannot carry out ${what}`);
  });

  it("accepts fields about pods, and says that they have no effect", () => {
    const text = NEW_FORM.replace(
      "replicas: 1",
      "resources: { limits: { memory: 1Gi } }\n  template: {}\n  jvmOptions: { -Xms: 1g, -Xmx: 2g }",
    );
    expect(read(text)).toMatchObject({
      replicas: 3,
      heap: "2g",
      withoutEffect: ["spec.resources", "spec.template", "spec.jvmOptions.-Xms"],
    });
  });

  it("reads the guide's own resource", async () => {
    const mirror = readMirrorMaker(
      resource(await readFile(join(repositoryRoot, "test/fixtures/guide/mirror.yaml"), "utf8")),
      "eventstreams.ibm.com",
    );
    expect(mirror.target).toMatchObject({
      alias: "target-cluster",
      groupId: "mirrormaker2-cluster",
      offsetStorageTopic: "migration-connect-cluster-offsets",
    });
    expect(connectorDefinitions(mirror, "/m").map(({ name }) => name)).toEqual([
      "origin-cluster->target-cluster.MirrorSourceConnector",
      "origin-cluster->target-cluster.MirrorCheckpointConnector",
    ]);
  });
});

describe("patterns of trusted certificates", () => {
  it("work like Java's globs", () => {
    const matching = (pattern: string): string[] =>
      ["ca.crt", "ca2.crt", "ca.key", "b.crt"].filter((name) => glob(pattern).test(name));
    expect(matching("*.crt")).toEqual(["ca.crt", "ca2.crt", "b.crt"]);
    expect(matching("ca?.crt")).toEqual(["ca2.crt"]);
    expect(matching("{ca,b}.crt")).toEqual(["ca.crt", "b.crt"]);
    expect(matching("[!c]*")).toEqual(["b.crt"]);
    expect(matching("ca.crt")).toEqual(["ca.crt"]);
  });
});

import { describe, expect, test } from "vitest";
import { aToB, type Flow, identity, kafkaUser, mirrorMaker, mirrorMakerV1, resource } from "../test/policies/manifests";
import { all, found } from "../test/policies/resources";

const seen = (rule: string, resources: ReturnType<typeof aToB>[], settings = {}) =>
  found(rule, resources, settings).map(({ message }) => message);

describe("findings name only what is wrong", () => {
  test("the workers' own cluster is not compared with the target's brokers", () => {
    const three = {
      config: Object.fromEntries(["offset", "config", "status"].map((s) => [`${s}.storage.replication.factor`, 3])),
    };
    const kafka = resource("Kafka", "b", { kafka: { replicas: 1, config: {} } });
    const at = (connectCluster: string) =>
      aToB({ source: { "replication.factor": 1 } }, { clusters: { a: three, b: three }, connectCluster });
    expect(seen("storage-replication-unset", [at("b"), kafka])).toHaveLength(1);
    expect(seen("storage-replication-unset", [at("a"), kafka])).toEqual([]);
  });

  test("one wrong alias is one finding", () => {
    expect(seen("aliases", [aToB({}, { connectCluster: "bb" })])).toEqual([
      expect.stringContaining('connectCluster is "bb"'),
    ]);
    const wrong = aToB({ from: "aa" });
    expect(seen("aliases", [wrong])).toHaveLength(1);
    expect(seen("tls-missing", [wrong]).join()).not.toContain("the origin");
  });

  test("fields of older versions in v1 are reported once, and not as wrong aliases", () => {
    const old = mirrorMakerV1({}, [{}], {}, { clusters: [], connectCluster: "b" });
    expect(seen("dropped-options", [old])).toHaveLength(2);
    expect(seen("aliases", [old])).toEqual([]);
  });

  test("the group and the storage topics in target.config have no effect in v1", () => {
    const own = mirrorMakerV1(
      { config: { "group.id": "g", "offset.storage.topic": "x", "offset.flush.interval.ms": 9000 } },
      [{}],
    );
    expect(seen("dropped-options", [own])).toEqual([
      expect.stringContaining('target.config "group.id"'),
      expect.stringContaining("write target.offsetStorageTopic"),
    ]);
    expect(seen("dropped-options", [aToB({}, { clusters: { a: {}, b: { config: { "group.id": "g" } } } })])).toEqual(
      [],
    );
  });

  test("one finding names all entries with the same mistake", () => {
    const fault = { "refresh.topic.interval.seconds": 5 };
    const flow = (from: string, source: object): Flow => ({ from, to: "c", topicsPattern: "orders", source });
    const fanIn = (...sources: object[]) =>
      mirrorMaker({
        clusters: { a: {}, b: {}, d: {}, c: {} },
        connectCluster: "c",
        flows: sources.map((source, i) => flow("abd"[i]!, source)),
      });
    expect(seen("misspelt-key", [fanIn(fault, fault, fault)])).toEqual([
      expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2: /),
    ]);
    expect(seen("misspelt-key", [fanIn(fault, {}, fault)])).toEqual([
      expect.stringContaining("ns/mm2 mirrors[0], mirrors[2]: "),
    ]);
    const worker = mirrorMaker({
      clusters: { a: {}, b: {}, c: { config: { "offset.flush.intervall.ms": 9000 } } },
      connectCluster: "c",
      flows: [flow("a", {}), flow("b", {})],
    });
    expect(seen("misspelt-key", [worker])).toEqual([expect.stringMatching(/^KafkaMirrorMaker2 ns\/mm2: /)]);
  });

  test("an invalid auto.offset.reset is refused, and not reported as records that are left out", () => {
    const reset = (value: string, key = "consumer.auto.offset.reset") => aToB({ source: { [key]: value } });
    expect(seen("refused-value", [reset("beginning")])).toEqual([
      expect.stringContaining('is "beginning", which is none of earliest, latest, none'),
    ]);
    expect(seen("records-left-out", [reset("beginning")])).toEqual([]);
    expect(seen("refused-value", [reset("earliest"), reset("latest")])).toEqual([]);
    expect(seen("records-left-out", [reset("latest")])).toHaveLength(1);
    // No client reads this key, so no client refuses its value.
    expect(seen("refused-value", [reset("smallest", "consumer.override.auto.offset.reset")])).toEqual([]);
    expect(seen("refused-value", [aToB({ source: { "consumer.override.isolation.level": "dirty" } })])).toEqual([]);
  });

  test("producer.override in a connector is refused if the workers allow no overrides", () => {
    const source = { "producer.override.acks": "all" };
    const policy = (value?: string, version = "3.9.0") =>
      aToB(
        { source },
        {
          clusters: {
            a: {},
            b: { config: value === undefined ? {} : { "connector.client.config.override.policy": value } },
          },
          spec: { version },
        },
      );
    expect(seen("refused-value", [policy("None")])).toEqual([
      expect.stringContaining('"producer.override.acks" in sourceConnector.config'),
    ]);
    expect(seen("refused-value", [policy(undefined, "2.8.0")])).toEqual([
      expect.stringContaining('write "connector.client.config.override.policy": "All" in clusters[1].config'),
    ]);
    for (const one of [policy("All"), policy(), policy("All", "2.8.0"), policy("com.example.Ours")])
      expect(seen("refused-value", [one])).toEqual([]);
  });

  test("the number of workers is not checked if no source connector runs", () => {
    const mirror = (source: object | null) => aToB({ source }, { spec: { replicas: 3 } });
    expect(seen("tasks-and-partitions", [mirror({})])).toHaveLength(1);
    expect(seen("tasks-and-partitions", [mirror(null)])).toEqual([]);
  });

  test("a Secret without the key that the mirror needs is not reported as too wide", () => {
    const authentication = {
      type: "scram-sha-512",
      username: "u",
      passwordSecret: { secretName: "login", password: "password" },
    };
    const secret = (...keys: string[]) => {
      const stringData = Object.fromEntries(keys.map((key) => [key, "x"]));
      const made = resource("Secret", "login", {});
      return {
        ...made,
        type: "kubernetes:core/v1:Secret",
        props: { apiVersion: "v1", kind: "Secret", metadata: { name: "login", namespace: "ns" }, stringData },
      };
    };
    const mirror = aToB({}, { clusters: { a: {}, b: { authentication } } });
    expect(seen("secret-copy-wide", [mirror, secret("password")])).toEqual([]);
    expect(seen("secret-copy-wide", [mirror, secret("password", "admin")])).toEqual([
      expect.stringContaining("Secret login has admin in addition to password"),
    ]);
    expect(seen("secret-copy-wide", [mirror, secret("pass")])).toEqual([
      expect.stringContaining("Secret login has pass but not password, which the mirror uses"),
    ]);
  });

  test("mirrors in a ring need no gate", () => {
    const arc = (from: string, to: string, topicsPattern: string) =>
      mirrorMaker({
        name: `${from}${to}`,
        clusters: {
          [from]: {},
          [to]: {
            config: {
              "group.id": to,
              ...Object.fromEntries(["config", "offset", "status"].map((s) => [`${s}.storage.topic`, `${s}-${to}`])),
            },
          },
        },
        connectCluster: to,
        flows: [{ from, to, topicsPattern, source: identity, checkpoint: identity }],
      });
    const [ab, bc, ca] = [arc("x", "y", "one"), arc("y", "z", "two"), arc("z", "x", "three")];
    expect(seen("gate-missing", [ab!, bc!, ca!])).toEqual([]);
    expect(seen("gate-missing", [ab!, bc!])).toEqual([]);
  });

  test("an asterisk inside a name or in a prefix is no wildcard", () => {
    const rule = (name: string, patternType?: string, type = "topic") =>
      seen("acl-meaningless", [
        kafkaUser("u", "a", [
          { operations: ["Read"], resource: { type, name, ...(patternType === undefined ? {} : { patternType }) } },
        ]),
      ]);
    expect(rule("orders-*")).toEqual([expect.stringContaining('write name "orders-" with patternType prefix')]);
    expect(rule("orders-*", "prefix")).toHaveLength(1);
    expect(rule("*", "prefix")).toEqual([expect.stringContaining('write name "*" with patternType literal')]);
    expect(rule("app-*", undefined, "group")).toHaveLength(1);
    for (const good of [rule("*"), rule("*", "literal"), rule("orders-", "prefix"), rule("orders")])
      expect(good).toEqual([]);
  });

  test("a mirror that shares only its offset syncs gets no advice about its group", () => {
    const own = (n: string) => ({
      config: {
        "group.id": n,
        ...Object.fromEntries(["config", "offset", "status"].map((s) => [`${s}.storage.topic`, `${s}-${n}`])),
      },
    });
    const mirror = (namespace: string) =>
      aToB(
        {},
        {
          name: `mm-${namespace}`,
          namespace,
          clusters: { a: { bootstrapServers: "a.example.com:9093" }, b: own(namespace) },
        },
      );
    expect(seen("storage-topics-unique", [mirror("n1"), mirror("n2")])).toEqual([
      expect.stringMatching(/is used by two mirrors: .*; give each target its own alias \[/),
    ]);
  });

  test("an optional Read on the checkpoints topic is neither missing nor unneeded", () => {
    const login = (username: string) => ({
      authentication: {
        type: "scram-sha-512",
        username,
        passwordSecret: { secretName: username, password: "password" },
      },
    });
    const config = {
      "group.id": "g",
      "status.storage.topic": "s",
      "offset.storage.topic": "o",
      "config.storage.topic": "c",
    };
    const mirror = aToB(
      { source: { "sync.topic.acls.enabled": "false" } },
      { clusters: { a: login("reader"), b: { ...login("writer"), config } } },
    );
    const rule = (type: string, name: string, ...operations: string[]) => ({ operations, resource: { type, name } });
    const least = [
      ...["c", "o", "s"].map((name) => rule("topic", name, "Read", "Write", "Create")),
      rule("group", "g", "Read"),
      rule("topic", "a.orders", "Write", "Create", "Alter", "AlterConfigs"),
    ];
    const checkpoints = (...operations: string[]) =>
      ["acl-missing", "acl-unneeded"].flatMap((name) =>
        seen(name, [
          mirror,
          kafkaUser("writer", "b", [...least, rule("topic", "a.checkpoints.internal", ...operations)]),
        ]),
      );
    expect(checkpoints("Write", "Create")).toEqual([]);
    expect(checkpoints("Read", "Write", "Create")).toEqual([]);
    expect(checkpoints("Create").join()).toContain("lacks Write on topic a.checkpoints.internal");
  });

  test("messages never contain missing values", () => {
    expect(
      all([mirrorMakerV1({}, [{}], {}, { clusters: [] })])
        .map((f) => f.message)
        .join(),
    ).not.toMatch(/undefined|null|are :/);
  });
});

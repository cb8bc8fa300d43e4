import { describe, expect, test } from "vitest";
import { aToB, identity, kafkaUser, mirrorMakerV1, resource } from "../test/policies/manifests";
import { all, found } from "../test/policies/resources";

const seen = (rule: string, resources: ReturnType<typeof aToB>[], settings = {}) =>
  found(rule, resources, settings).map(({ message }) => message);

describe("messages", () => {
  const v1 = () =>
    mirrorMakerV1({ config: { "ssl.provider": "x" } }, [
      { source: { alias: "a", bootstrapServers: "a:1", config: { "group.id": "x" } } },
    ]);
  const v1beta2 = () =>
    aToB({}, { clusters: { a: { config: { "group.id": "x" } }, b: { config: { "ssl.provider": "x" } } } });
  const topic = resource("KafkaTopic", "orders", { replicas: 2, config: { "min.insync.replicas": 2 } });

  test("use the field names of the dialect", () => {
    expect(seen("misplaced-key", [v1()])).toEqual([expect.stringContaining('"group.id" in mirrors[0].source.config')]);
    expect(seen("misplaced-key", [v1beta2()])).toEqual([expect.stringContaining('"group.id" in clusters[0].config')]);
    expect(seen("dropped-options", [v1()])).toEqual([expect.stringContaining('target.config "ssl.provider"')]);
    expect(seen("dropped-options", [v1beta2()])).toEqual([
      expect.stringContaining('clusters[1].config "ssl.provider"'),
    ]);
    const swallows = (apiVersion: string) =>
      seen("pattern-swallows", [aToB({ topicsPattern: ".*", source: identity }, { apiVersion })]).join();
    expect(swallows("kafka.strimzi.io/v1alpha1")).toContain("topicsBlacklistPattern");
    expect(swallows("kafka.strimzi.io/v1beta2")).toContain("topicsExcludePattern");
    expect(seen("replication-above-min-isr", [topic]).join()).toContain("topic orders: replicas is 2");
    expect(seen("exactly-once", [aToB({ source: { "exactly.once.support": "required" } })]).join()).toContain(
      "clusters[1].config has no",
    );
  });

  test("report the same mistake of several keys once", () => {
    const storage = { "config.storage.replication.factor": 3, "offset.storage.replication.factor": 3 };
    expect(seen("misplaced-key", [aToB({}, { clusters: { a: { config: storage }, b: {} } })])).toEqual([
      expect.stringContaining(
        '"config.storage.replication.factor", "offset.storage.replication.factor" in clusters[0].config have no effect',
      ),
    ]);
  });

  test("never contain missing values", () => {
    const holes: object[] = [
      { replicas: undefined, mirrors: [{ sourceCluster: "a", targetCluster: "b" }] },
      { clusters: null, connectCluster: null },
      {
        clusters: [{ alias: null }, {}],
        mirrors: [
          {
            sourceCluster: null,
            targetCluster: null,
            sourceConnector: { tasksMax: null, config: { "replication.factor": null } },
          },
        ],
      },
      {
        mirrors: [
          {
            sourceConnector: {
              tasksMax: "many",
              config: { "replication.factor": "x", "producer.override.max.request.size": "big" },
            },
            heartbeatConnector: null,
          },
        ],
      },
      { version: null, jvmOptions: { "-Xmx": null }, resources: null },
    ];
    const users = [
      kafkaUser("app", "a", [
        { operations: [null, "Read"], resource: { type: "cluster" } },
        { operation: null, resource: { type: "topic", name: null } },
      ]),
    ];
    const said = holes
      .flatMap((spec) =>
        ["kafka.strimzi.io/v1beta2", "kafka.strimzi.io/v1alpha1"].flatMap((apiVersion) =>
          all([aToB({}, { apiVersion, spec }), ...users, topic]),
        ),
      )
      .map(({ message }) => message);
    expect(said.length).toBeGreaterThan(20);
    expect(said.filter((message) => /\b(undefined|null|NaN)\b|\[object|""(?! |:)/.test(message))).toEqual([]);
  });
});

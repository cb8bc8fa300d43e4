import { describe, expect, test } from "vitest";
import { custom, found, stack } from "../test/policies/resources";

const IDENTITY = "org.apache.kafka.connect.mirror.IdentityReplicationPolicy";

interface Copy {
  from: string;
  to: string;
  pattern?: string;
  exclude?: string;
  policy?: string;
  state?: string;
  config?: Record<string, string>;
  servers?: (cluster: string) => string;
  /** Null: the resource has no spec.version. */
  version?: string | null;
}

const copy = ({
  from,
  to,
  pattern = "orders",
  exclude,
  policy = IDENTITY,
  state,
  config = {},
  servers = (c) => `${c}-kafka-bootstrap.${c}:9092`,
  version = "4.0.0",
}: Copy) =>
  custom({
    apiVersion: "kafka.strimzi.io/v1",
    kind: "KafkaMirrorMaker2",
    metadata: { name: `${from}-${to}`, namespace: "ns" },
    spec: {
      ...(version === null ? {} : { version }),
      replicas: 1,
      target: { alias: to, bootstrapServers: servers(to), groupId: `${from}-${to}` },
      mirrors: [
        {
          source: { alias: from, bootstrapServers: servers(from) },
          sourceConnector: {
            ...(state === undefined ? {} : { state }),
            config: { "replication.policy.class": policy, ...config },
          },
          topicsPattern: pattern,
          ...(exclude === undefined ? {} : { topicsExcludePattern: exclude }),
        },
      ],
    },
  });

const loops = (...copies: Copy[]) => found("endless-loop", copies.map(copy)).map(({ message }) => message);

describe("an endless loop is found", () => {
  test("back and forth over the same topic, once for both mirrors", () => {
    const [message, ...others] = loops({ from: "a", to: "b" }, { from: "b", to: "a" });
    expect(message).toContain("a -> b -> a copies topic orders back to its own cluster");
    expect(others).toEqual([]);
    expect(found("endless-loop", [copy({ from: "a", to: "b" }), copy({ from: "b", to: "a" })])[0]!.level).toBe(
      "mandatory",
    );
  });

  test.each([
    ["every topic in both directions", ".*", ".*"],
    ["an alternative in a group", "(orders|payments)-.*", "(orders|payments)-.*"],
    ["digits", "topic-\\d+", "topic-[0-9]"],
    ["a class of digits", "orders-v[0-9]+", "orders-v[0-9]+"],
    ["alternatives after a prefix", "orders-(eu|us)", "orders-(eu|us)"],
    ["an optional letter", "logs?", "logs?"],
    ["anchors and a number of letters", "^[a-z]{3}_events$", "^[a-z]{3}_events$"],
    ["escaped dots", "orders\\.(created|deleted)", "orders\\.(created|deleted)"],
    ["a prefix and a suffix", "pay.*", ".*ments"],
    ["a suffix and a prefix", ".*-prod", "eu.*"],
    ["a name and a pattern that matches it", "orders", "ord.*"],
    ["two patterns with names in common", "pay-.*", "pay-in-.*"],
    ["a list with one common name", "x,orders", "orders, y"],
    ["an alternative", "(a|orders)", "orders"],
    ["an escaped dot", "shop\\.orders", "shop\\..*"],
  ])("%s", (_what, there, back) => {
    expect(loops({ from: "a", to: "b", pattern: there }, { from: "b", to: "a", pattern: back })).toHaveLength(1);
  });

  test("over topics that only topics.blacklist excludes, which Kafka 4 does not read", () => {
    const config = { "topics.blacklist": "orders" };
    const both = (version: string | null) =>
      loops({ from: "a", to: "b", config, version }, { from: "b", to: "a", config, version });
    expect(both("4.1.0")).toHaveLength(1);
    expect(both("3.9.0")).toEqual([]);
    // Operators of v1 run no Kafka before 4.0.
    expect(both(null)).toHaveLength(1);
  });

  test("over a name with a dot, which is meant as a dot", () => {
    const dotted = { pattern: "shop.orders" };
    const [message] = loops({ from: "a", to: "b", ...dotted }, { from: "b", to: "a", ...dotted });
    expect(message).toContain("copies topic shop.orders back");
  });

  test("over a third cluster", () => {
    expect(loops({ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "c", to: "a" })[0]).toContain(
      "a -> b -> c -> a",
    );
  });

  test("on one Strimzi cluster, through another form of its address and another port", () => {
    const port = (cluster: string) => `${cluster}-kafka-bootstrap.${cluster}.svc.cluster.local:9093`;
    expect(loops({ from: "a", to: "b" }, { from: "b", to: "a", servers: port })).toHaveLength(1);
  });

  const DEFAULT = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
  const all = { pattern: ".*", policy: DEFAULT };

  test("with growing names, if two mirrors do not recognise each other's copies", () => {
    const [message] = loops({ from: "a", to: "b", ...all }, { from: "b", to: "a", ...all, policy: IDENTITY });
    expect(message).toContain("a -> b -> a copies topics like");
    expect(message).toContain("under a longer name each time");
    expect(message).toContain("the same two aliases");
    // The same two clusters have other aliases.
    const aliases = { servers: (c: string) => `${c.replace("2", "")}-kafka-bootstrap.ns.svc:9092` };
    expect(
      loops({ from: "a", to: "b", ...all, ...aliases }, { from: "b2", to: "a2", ...all, ...aliases }),
    ).toHaveLength(1);
    expect(loops({ from: "a", to: "b", ...all, ...aliases }, { from: "b", to: "a", ...all, ...aliases })).toEqual([]);
  });

  test("if the address of one service is written in another form", () => {
    const forms = [
      "kafka-NAME.ns.svc:9092",
      "kafka-NAME.ns.svc.cluster.local:9092",
      "kafka-NAME.ns:9092",
      "kafka-NAME:9092",
    ];
    for (const form of forms.slice(1)) {
      const as = (text: string) => (c: string) => text.replace("NAME", c);
      const ways = [
        { from: "a", to: "b", servers: as(forms[0]!) },
        { from: "b", to: "a", servers: as(form) },
      ];
      expect(loops(...ways), form).toHaveLength(1);
    }
  });

  test("but not through two ports of one service, which can be a proxy in front of two clusters", () => {
    const servers = (c: string) => `gateway.proxy.svc:909${c === "a" ? 3 : 4}`;
    expect(loops({ from: "a", to: "b", servers })).toEqual([]);
    expect(loops({ from: "a", to: "b", servers: () => "gateway.proxy.svc:9093" })).toHaveLength(1);
  });

  test("within one resource", () => {
    const one = copy({ from: "a", to: "b" });
    const both = structuredClone(one) as any;
    both.props.apiVersion = "kafka.strimzi.io/v1beta2";
    const [mirror] = both.props.spec.mirrors;
    both.props.spec = {
      replicas: 1,
      connectCluster: "b",
      clusters: [mirror.source, both.props.spec.target],
      mirrors: [
        { ...mirror, sourceCluster: "a", targetCluster: "b" },
        { ...mirror, sourceCluster: "b", targetCluster: "a" },
      ].map(({ source: _, ...rest }) => rest),
    };
    expect(found("endless-loop", [both])).toHaveLength(1);
  });
});

describe("no endless loop is found", () => {
  test.each<[string, Copy[]]>([
    [
      "different topics",
      [
        { from: "a", to: "b", pattern: "orders" },
        { from: "b", to: "a", pattern: "invoices" },
      ],
    ],
    [
      "topics of one direction that the other direction excludes",
      [
        { from: "a", to: "b", pattern: ".*", exclude: "back-.*" },
        { from: "b", to: "a", pattern: "back-.*" },
      ],
    ],
    [
      "the default policy, which renames",
      [
        { from: "a", to: "b", policy: "org.apache.kafka.connect.mirror.DefaultReplicationPolicy" },
        { from: "b", to: "a" },
      ],
    ],
    [
      "topics that topics.exclude excludes, with a topics.blacklist that is not read",
      [
        { from: "a", to: "b", config: { "topics.exclude": "orders", "topics.blacklist": "x" } },
        { from: "b", to: "a" },
      ],
    ],
    [
      "topics that the source connector's configuration excludes",
      [
        { from: "a", to: "b", pattern: ".*", config: { "topics.exclude": "back-.*" } },
        { from: "b", to: "a", pattern: "back-.*", config: { "topics.exclude": "orders" } },
      ],
    ],
    [
      "the default policy in both directions (active/active)",
      [
        { from: "a", to: "b", pattern: ".*", policy: "org.apache.kafka.connect.mirror.DefaultReplicationPolicy" },
        { from: "b", to: "a", pattern: ".*", policy: "org.apache.kafka.connect.mirror.DefaultReplicationPolicy" },
      ],
    ],
    [
      "an unknown policy",
      [
        { from: "a", to: "b", policy: "com.example.Policy" },
        { from: "b", to: "a", policy: "com.example.Policy" },
      ],
    ],
    [
      "a custom policy with a name similar to Apache's",
      [
        { from: "a", to: "b", policy: "com.acme.IdentityReplicationPolicy" },
        { from: "b", to: "a", policy: "com.acme.IdentityReplicationPolicy" },
      ],
    ],
    [
      "a stopped mirror in the other direction",
      [
        { from: "a", to: "b" },
        { from: "b", to: "a", state: "stopped" },
      ],
    ],
    [
      "two origins into one cluster",
      [
        { from: "a", to: "c" },
        { from: "b", to: "c" },
      ],
    ],
    [
      "a chain",
      [
        { from: "a", to: "b" },
        { from: "b", to: "c" },
      ],
    ],
    [
      "one service name in two namespaces",
      [
        { from: "a", to: "b", servers: (c) => `${c === "a" ? "my" : "your"}-kafka-bootstrap.one:9092` },
        { from: "b", to: "a", servers: (c) => `${c === "a" ? "my" : "your"}-kafka-bootstrap.two:9092` },
      ],
    ],
  ])("%s", (_what, copies) => {
    expect(loops(...copies)).toEqual([]);
  });

  test("in one migration, as the components write it", () => {
    expect(found("endless-loop", stack())).toEqual([]);
  });

  test("between clusters without an alias and an address", () => {
    const template = copy({ from: "a", to: "b", servers: () => "" });
    const { target, mirrors } = template.props.spec as { target: object; mirrors: { source: object }[] };
    for (const cluster of [target, mirrors[0]!.source] as Record<string, unknown>[]) {
      delete cluster.alias;
      delete cluster.bootstrapServers;
    }
    expect(found("endless-loop", [template])).toEqual([]);
  });
});

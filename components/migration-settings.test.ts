import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { resolveMigration } from "./migration/checks";

const operated = (side: string, more: object = {}, operator: object = {}) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns`, ...operator },
  ...more,
});
const good = { origin: operated("origin"), target: operated("target") };

function mistakes(args: object): string[] {
  try {
    resolveMigration(args as never);
    return [];
  } catch (error) {
    return [...(error as { details: string[] }).details];
  }
}

describe("an unknown key of the migration is an error that suggests the closest key", () => {
  test.each([
    [{ gate: { limitSecond: 5 } }, 'gate.limitSecond is not a setting (did you mean "limitSeconds"?)'],
    [{ verify: { tailRecord: 5 } }, 'verify.tailRecord is not a setting (did you mean "tailRecords"?)'],
    [{ offsets: { overwite: true } }, 'offsets.overwite is not a setting (did you mean "overwrite"?)'],
    [{ replication: { rule: [] } }, 'replication.rule is not a setting (did you mean "rules"?)'],
    [
      { replication: { rules: [{ pattern: "a", factr: 3, factor: 3 }] } },
      'replication.rules.0.factr is not a setting (did you mean "factor"?)',
    ],
    [{ fenceOptions: { exept: [] } }, 'fenceOptions.exept is not a setting (did you mean "except"?)'],
    [{ preflight: { acept: [] } }, 'preflight.acept is not a setting (did you mean "accept"?)'],
    [{ report: { foldr: "x" } }, 'report.foldr is not a setting (did you mean "folder"?)'],
    [{ mirror: { topicPattern: "a" } }, 'mirror.topicPattern is not a setting (did you mean "topicsPattern"?)'],
    [{ mirror: { createNamespce: true } }, 'mirror.createNamespce is not a setting (did you mean "createNamespace"?)'],
    [
      { mirror: { sourceConnector: { stat: "paused" } } },
      'mirror.sourceConnector.stat is not a setting (did you mean "state"?)',
    ],
    [
      { origin: operated("origin", { bootstrapServer: "x" }) },
      'origin.bootstrapServer is not a setting (did you mean "bootstrapServers"?)',
    ],
    [
      { target: operated("target", {}, { namespce: "x" }) },
      'target.operator.namespce is not a setting (did you mean "namespace"?)',
    ],
    [{ target: operated("target", { groupID: "x" }) }, 'target.groupID is not a setting (did you mean "groupId"?)'],
    [
      { origin: operated("origin", { administrator: { username: "a", password: "b", pasword: "c" } }) },
      'origin.administrator: pasword is not a setting (did you mean "password"?)',
    ],
    [{ phse: "mirror" }, 'phse is not a setting (did you mean "phase"?)'],
  ])("%j", (more, message) => expect(mistakes({ ...good, ...more })).toEqual([message]));
});

describe("an invalid value of the migration is an error", () => {
  test.each([
    [
      { verify: { mode: "ful" } },
      'verify.mode is "ful" (did you mean "full"?): it has to be one of none, tail, sample, full',
    ],
    [
      { checkpoints: "alway" },
      'checkpoints is "alway" (did you mean "always"?): it has to be one of when-applied, always, never',
    ],
    [{ profile: "leest" }, 'profile is "leest" (did you mean "least"?): it has to be one of guide, tuned, least'],
    [
      { dialect: "strimzi-v2" },
      'dialect is "strimzi-v2" (did you mean "strimzi-v1"?): it has to be one of event-streams-v1beta1, ' +
        "event-streams-v1beta2, event-streams-v1, strimzi-v1beta2, strimzi-v1",
    ],
    [{ gate: { limitSeconds: -1 } }, "gate.limitSeconds is -1: it has to be a number of seconds, more than 0"],
    [{ gate: { limitSeconds: "1800" } }, 'gate.limitSeconds is "1800": it has to be a number of seconds, more than 0'],
    [{ gate: { stableSeconds: -1 } }, "gate.stableSeconds is -1: it has to be a number of seconds, at least 0"],
    [{ gate: { acceptTruncation: "orders" } }, "gate.acceptTruncation is a text: it has to be a list"],
    [{ gate: 5 }, "gate is 5: it has to be an object with its keys"],
    [{ verify: { tailRecords: 0 } }, "verify.tailRecords is 0: it has to be a whole number, at least 1"],
    [{ verify: { threads: 65 } }, "verify.threads is 65: it has to be a whole number from 1 to 64"],
    [{ replication: { limitMs: -5 } }, "replication.limitMs is -5: it has to be a whole number, at least 1"],
    [
      { replication: { throttleBytesPerSecond: "10MB" } },
      'replication.throttleBytesPerSecond is "10MB": it has to be a whole number, at least 1',
    ],
    [
      { replication: { rules: [{ pattern: "a" }] } },
      "replication.rules.0.factor is missing: it has to be a whole number, at least 1",
    ],
    [
      { replication: { rules: [{ pattern: "a(", factor: 3 }] } },
      'replication.rules.0.pattern: "a(" has a "(" without its ")" (character 2); write \\( for the character, ' +
        "or close the group",
    ],
    [{ abandon: "true" }, 'abandon is "true": it has to be true or false'],
    [{ fence: "yes" }, 'fence is "yes": it has to be true or false'],
    [{ offsets: { overwrite: "false" } }, 'offsets.overwrite is "false": it has to be true or false'],
    [{ mirror: { replicas: "2" } }, 'mirror.replicas is "2": it has to be a whole number, at least 0'],
    [{ mirror: { createNamespace: "true" } }, 'mirror.createNamespace is "true": it has to be true or false'],
    [{ mirror: { topicsPattern: 5 } }, "mirror.topicsPattern is 5: it has to be a text"],
    [{ mirror: { tolerations: { key: "a" } } }, "mirror.tolerations is an object: it has to be a list"],
    [
      { origin: operated("origin", { brokers: "3" }) },
      'origin.brokers is "3": it has to be a whole number, at least 1',
    ],
    [
      { origin: operated("origin", {}, { authentication: "scram" }) },
      'origin.operator.authentication is "scram": it has to be one of scram-sha-512, tls',
    ],
    [
      { origin: operated("origin", {}, { cluster: "" }) },
      'origin.operator.cluster is "": it has to be a text that is not empty',
    ],
    [{ origin: "origin:9093" }, "origin is a text: it has to be an object with its keys"],
    [{ report: true }, "report is true: it has to be false or an object with its keys"],
  ])("%j", (more, message) => expect(mistakes({ ...good, ...more })).toEqual([message]));
});

test("all mistakes are reported together, including those of the rules and the dialect", () => {
  const found = mistakes({
    origin: operated("origin", { brokers: "3", alias: "a b" }),
    target: { bootstrapServers: "t:1" },
    verify: { mode: "ful" },
    dialect: "event-streams-v1beta1",
    mirror: {
      tasksMax: -1,
      rack: { topologyKey: "zone" },
      sourceConnector: { state: "stopped" },
      checkpointConnector: { config: { "sync.group.offsets.enabled": true } },
      groupsPattern: "\\p{Lu}",
    },
  });
  for (const part of [
    "origin.brokers is",
    "verify.mode is",
    "mirror.tasksMax is",
    "target: none is set, but exactly one of operator, kafka, given",
    "target.administrator is missing",
    'mirror: groupsPattern: "\\p{Lu}" uses \\p',
    'mirror: origin.alias is "a b"',
    "mirror: dialect event-streams-v1beta1: spec.rack is not a field",
    "can't stop sourceConnector",
    "mirror: sync.group.offsets.enabled is true",
  ]) {
    expect(
      found.filter((m) => m.includes(part)),
      `${part} in ${found.join("\n")}`,
    ).toHaveLength(1);
  }
});

test("errors never contain a secret, whatever key it was given for", () => {
  const secret = "hunter2";
  const given = [
    { password: [secret] },
    secret,
    { username: secret, password: { value: secret } },
    { mechanism: "TLS", key: 5 },
  ];
  for (const administrator of given)
    expect(
      mistakes({
        ...good,
        origin: { bootstrapServers: "o:1", given: administrator, administrator, ca: [secret] },
      }).join("\n"),
    ).not.toContain(secret);
  expect(mistakes({ ...good, mirror: { kubeconfig: { users: secret } } }).join("\n")).not.toContain(secret);
});

test("values that Pulumi knows only later are accepted where possible, and named otherwise", () => {
  const later = pulumi.output("later");
  expect(
    mistakes({
      ...good,
      origin: operated(
        "origin",
        { bootstrapServers: later, adminBootstrapServers: later, ca: pulumi.secret("PEM") },
        { kubeconfig: later },
      ),
    }),
  ).toEqual([]);
  expect(mistakes({ ...good, mirror: { kubeconfig: later, resources: { limits: { memory: later } } } })).toEqual([]);
  expect(mistakes({ ...good, mirror: { tasksMax: pulumi.output(3) } })).toEqual([
    "mirror.tasksMax is a value that Pulumi knows only later: it has to be a whole number, at least 1",
  ]);
});

describe("names", () => {
  const one = (side: string, operator: object = {}, more: object = {}) =>
    operated(side, more, { namespace: "kafka", ...operator });

  test("must differ if the users of both clusters are in one namespace", () => {
    const found = mistakes({ origin: one("a"), target: one("b") });
    expect(found).toEqual([
      'target.names.user is "mm2-credentials": in namespace kafka that is the name of the mirror\'s user on the ' +
        "origin, too; give the mirror's user on the target a name of its own",
      'target.names.administrator is "mm2-administrator": in namespace kafka that is the name of the ' +
        "administrator of the origin, too; give the administrator of the target a name of its own",
    ]);
    expect(
      mistakes({ origin: one("a"), target: one("b", {}, { names: { user: "mm2-b", administrator: "mm2-b-admin" } }) }),
    ).toEqual([]);
  });

  test("of Secrets beside the mirror must differ from the operator's own", () => {
    const origin = one("origin");
    expect(mistakes({ ...good, origin, mirror: { namespace: "kafka" } })).toEqual([
      'origin.names.caSecret is "origin-cluster-ca-cert": in namespace kafka that is the name of the ' +
        "operator's own Secret of the origin's CA, too; give the Secret of the origin's CA beside the mirror a " +
        "name of its own",
    ]);
    expect(
      mistakes({
        ...good,
        origin: { ...origin, names: { caSecret: "mm2-origin-ca" } },
        mirror: { namespace: "kafka" },
      }),
    ).toEqual([]);
    expect(
      mistakes({
        ...good,
        origin: { ...origin, names: { caSecret: "ca", credentialsSecret: "mm2-credentials" } },
        mirror: { namespace: "kafka" },
      })[0],
    ).toContain("origin.names.credentialsSecret is");
  });

  test("are errors if nothing uses them, or if the mirror's user has the administrator's name", () => {
    const given = {
      bootstrapServers: "o:1",
      given: { username: "a", password: "b" },
      administrator: { username: "a", password: "b" },
    };
    expect(mistakes({ ...good, origin: { ...given, names: { user: "x", administrator: "y" } } })).toEqual([
      "origin.names.user is not used: the mirror's user is given; remove it",
      "origin.names.administrator is not used: the administrator is given; remove it",
    ]);
    expect(
      mistakes({
        ...good,
        origin: operated("origin", { administrator: { username: "mm2-credentials", password: "b" } }),
      })[0],
    ).toContain("set origin.names.user");
    expect(mistakes({ ...good, origin: operated("origin", { names: { user: "Orders" } }) })).toEqual([
      'origin.names.user is "Orders": it has to be lower case letters, digits, "-" and "."',
    ]);
  });
});

test("mistakes of the mirror are reported before any user is created", () => {
  expect(mistakes({ ...good, mirror: { annotations: { "registry.password": "hunter2" } } })).toEqual([
    expect.stringContaining("mirror: annotations.registry.password contains a secret in plain text"),
  ]);
  expect(mistakes({ ...good, mirror: { annotations: { team: "orders" } } })).toEqual([]);
});

import { describe, expect, test } from "vitest";
import { dialectNamed, dialects, type DialectName } from "./dialects";
import { describeMirror } from "./mirror/text";
import { migrationMistakes } from "./migration/checks";
import { describeUser } from "./user/settings";
import { Mistakes } from "../engine/errors";
import { readSettings } from "../stacks/settings";

const user = (dialect: DialectName, operatorVersion?: string) =>
  describeUser({ dialect, operatorVersion, role: "target", cluster: "o", namespace: "n" }).text;
const aclsOf = (text: { spec: Record<string, unknown> }) =>
  (text.spec.authorization as { acls: Record<string, unknown>[] }).acls;
const mirror = (settings: object) =>
  describeMirror({ origin: { bootstrapServers: "o:1" }, target: { bootstrapServers: "t:1" }, ...settings } as never);

describe("ACLs are written in the form that the operator reads", () => {
  test.each([
    ["event-streams-v1beta1", undefined, "operation"],
    ["event-streams-v1beta2", "11.0.0", "operation"],
    ["event-streams-v1beta2", "11.1.3", "operation"],
    ["event-streams-v1beta2", "11.1.4", "operations"],
    ["event-streams-v1beta2", "12.3", "operations"],
    ["event-streams-v1beta2", undefined, "operations"],
    ["event-streams-v1", "13.0.0", "operations"],
    ["strimzi-v1beta2", "0.23.0", "operation"],
    ["strimzi-v1beta2", "0.31.1", "operation"],
    ["strimzi-v1beta2", "0.32.0", "operations"],
    ["strimzi-v1beta2", undefined, "operations"],
    ["strimzi-v1", "1.2.0", "operations"],
  ] as const)("%s with operator %s: %s", (dialect, version, form) => {
    const acls = aclsOf(user(dialect, version));
    expect(acls.length).toBeGreaterThan(3);
    for (const acl of acls)
      expect([Object.hasOwn(acl, "operation"), Object.hasOwn(acl, "operations")]).toEqual([
        form === "operation",
        form === "operations",
      ]);
    const pairs = acls.flatMap((acl) =>
      [acl.operation ?? acl.operations].flat().map((operation) => JSON.stringify([operation, acl.resource])),
    );
    const newest = aclsOf(user("strimzi-v1")).flatMap((acl) =>
      (acl.operations as string[]).map((operation) => JSON.stringify([operation, acl.resource])),
    );
    expect(pairs.sort()).toEqual(newest.sort());
  });
});

test("Event Streams 13.0 is written like Strimzi 1.0, with its own group and label", () => {
  const [own, strimzi] = [user("event-streams-v1"), user("strimzi-v1")];
  expect(own).toMatchObject({
    apiVersion: "eventstreams.ibm.com/v1",
    metadata: { labels: { "eventstreams.ibm.com/cluster": "o" } },
  });
  expect(own.spec).toEqual(strimzi.spec);
  const [text, other] = [mirror({ dialect: "event-streams-v1" }), mirror({ dialect: "strimzi-v1" })];
  expect(text.text).toEqual({ ...other.text, apiVersion: "eventstreams.ibm.com/v1" });
  expect(text.model).toEqual(other.model);
  expect(text.otherApiVersions).toContain("eventstreams.ibm.com/v1beta2");
});

describe("an operator version that does not read the dialect is an error that suggests another dialect", () => {
  test.each([
    [
      "strimzi-v1",
      "0.45.0",
      "dialect strimzi-v1 is for Strimzi 0.49 and later, and operatorVersion is 0.45.0: use dialect strimzi-v1beta2",
    ],
    [
      "strimzi-v1beta2",
      "1.0.0",
      "dialect strimzi-v1beta2 is for Strimzi 0.23 up to, but not 1.0, and operatorVersion is 1.0.0: use dialect " +
        "strimzi-v1",
    ],
    ["strimzi-v1beta2", "0.22.1", "no dialect of this package is for that version"],
    ["event-streams-v1beta2", "13.0.1", "use dialect event-streams-v1"],
    ["event-streams-v1", "12.3", "use dialect event-streams-v1beta2"],
    ["strimzi-v1", "11.5", "operatorVersion is 11.5, a version of Event Streams: use dialect event-streams-v1beta2"],
    ["strimzi-v1beta2", "10.5.0", "a version of Event Streams: use dialect event-streams-v1beta1"],
    ["strimzi-v1", "13.0.0", "use dialect event-streams-v1"],
    ["event-streams-v1", "1.2.0", "operatorVersion is 1.2.0, a version of Strimzi: use dialect strimzi-v1"],
    ["event-streams-v1beta2", "0.45.0", "a version of Strimzi: use dialect strimzi-v1beta2"],
    ["event-streams-v1beta2", "10.5", "use dialect event-streams-v1beta1"],
    ["event-streams-v1", "11.5.0", "use dialect event-streams-v1beta2"],
    ["strimzi-v1", "latest", 'operatorVersion is "latest": it has to be the Strimzi version, like 0.49'],
  ] as const)("%s with %s", (dialect, version, message) => {
    const mistakes = new Mistakes();
    dialectNamed(dialect, mistakes, version);
    expect(mistakes.list).toEqual([expect.stringContaining(message)]);
  });

  test("in a migration and in a stack, for the mirror and for each user operator", () => {
    const side = (version?: string) => ({
      bootstrapServers: "a:1",
      operator: { cluster: "c", namespace: "n", ...(version === undefined ? {} : { version }) },
    });
    const { list } = migrationMistakes({
      dialect: "strimzi-v1beta2",
      operatorVersion: "1.0.0",
      origin: side("0.22.0"),
      target: side("0.45.0"),
    });
    expect(list.filter((one) => one.includes("operatorVersion"))).toEqual([
      expect.stringMatching(/^origin\.operator\.version: .*0\.22\.0: no dialect/),
      expect.stringMatching(/^mirror: .*1\.0\.0: use dialect strimzi-v1$/),
    ]);
    const entry = (operatorVersion?: string) =>
      JSON.stringify({
        bootstrapServers: `${operatorVersion === undefined ? "a" : "b"}:1`,
        cluster: "c",
        namespace: operatorVersion === undefined ? "n" : "m",
        ...(operatorVersion === undefined ? {} : { operatorVersion }),
      });
    expect(() => readSettings({ origin: entry("1.0.0"), target: entry(), dialect: "strimzi-v1beta2" })).toThrow(
      /origin\.operatorVersion: dialect strimzi-v1beta2 is for Strimzi 0\.23/,
    );
    expect(
      readSettings({ origin: entry("0.31.0"), target: entry(), dialect: "strimzi-v1beta2", operatorVersion: "0.45.0" }),
    ).toMatchObject({ operatorVersion: "0.45.0", origin: { operatorVersion: "0.31.0" } });
  });
});

describe("fields of a newer operator", () => {
  test.each([
    [
      {
        dialect: "strimzi-v1beta2",
        operatorVersion: "0.32.0",
        checkpointConnector: { autoRestart: { enabled: true } },
      },
      "checkpointConnector.autoRestart exists since Strimzi 0.33, but the operator is 0.32.0",
    ],
    [
      { dialect: "strimzi-v1beta2", operatorVersion: "0.37.0", sourceConnector: { state: "stopped" } },
      `can't stop sourceConnector: use state "paused", or use a newer operator`,
    ],
    [
      { dialect: "strimzi-v1", operatorVersion: "1.1.0", template: { pod: { templatedVolumes: [] } } },
      "spec.template.pod.templatedVolumes exists since Strimzi 1.2",
    ],
    [
      { dialect: "strimzi-v1", operatorVersion: "0.51.0", rack: { type: "environment-variable", envVarName: "R" } },
      "spec.rack.type exists since Strimzi 1.0",
    ],
    [
      { dialect: "strimzi-v1beta2", operatorVersion: "0.31.0", tracing: { type: "opentelemetry" } },
      `has no tracing of type "opentelemetry" with this operator: use jaeger`,
    ],
    [
      {
        dialect: "strimzi-v1beta2",
        operatorVersion: "0.45.0",
        origin: { bootstrapServers: "o:1", authentication: { type: "custom", sasl: true, config: {} } },
      },
      `has no authentication "custom" (origin): use a newer operator`,
    ],
  ])("%j is an error", (settings, message) => expect(() => mirror(settings)).toThrow(message));

  test("an authentication or field that the dialect does not have is one error, not one for each inner field", () => {
    const said = (settings: object) => {
      try {
        mirror(settings);
        return [];
      } catch (error) {
        return (error as { details: string[] }).details;
      }
    };
    const custom = { type: "custom", sasl: true, config: {} };
    const oauth = {
      type: "oauth",
      tokenEndpointUri: "https://x",
      clientId: "c",
      clientSecret: { secretName: "s", key: "k" },
    };
    const from = (authentication: object) => ({ origin: { bootstrapServers: "o:1", authentication } });
    expect(said({ dialect: "strimzi-v1", ...from(oauth) })).toEqual([
      expect.stringContaining('no authentication "oauth" (origin)'),
    ]);
    for (const old of [
      { dialect: "event-streams-v1beta1" },
      { dialect: "strimzi-v1beta2", operatorVersion: "0.45.0" },
    ]) {
      expect(said({ ...old, ...from(custom) })).toEqual([
        expect.stringContaining('no authentication "custom" (origin)'),
      ]);
    }
    for (const dialect of ["strimzi-v1", "event-streams-v1"]) {
      const externalConfiguration = { env: [{ name: "A", value: "b" }], volumes: [] };
      expect(said({ dialect, externalConfiguration })).toEqual([
        expect.stringContaining("has no externalConfiguration: write its env as"),
      ]);
    }
  });

  test("a field that this package version does not know is reported as such", () => {
    expect(() => mirror({ template: { pod: { zoneVolumes: [] } } })).toThrow(
      "spec.template.pod.zoneVolumes is not a field that this package version knows (Strimzi up to 1.2)",
    );
  });

  test("fields of Strimzi 1.0 to 1.2 are written", () => {
    const { spec } = mirror({
      rack: { type: "environment-variable", envVarName: "R" },
      template: { pod: { templatedVolumes: [{ name: "v", configMap: { name: "c-{nodeId}" } }] } },
    }).text;
    expect(spec).toMatchObject({ rack: { envVarName: "R" }, template: { pod: { templatedVolumes: [{ name: "v" }] } } });
  });
});

test("the operator version decides the default Kafka version", () => {
  expect(dialectNamed("strimzi-v1beta2", new Mistakes(), "0.25.0").kafkaVersion).toBe("2.8.0");
  expect(dialectNamed("strimzi-v1beta2", new Mistakes(), "0.45.0").kafkaVersion).toBe("3.9.0");
  expect(Object.values(dialects).map(({ kafkaVersion }) => kafkaVersion)).toEqual([
    "2.7.0",
    "4.2.0",
    "4.2.0",
    "4.2.0",
    "4.2.0",
  ]);
});

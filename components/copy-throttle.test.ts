import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { Migration, type MigrationArgs, MirrorUser } from "../index";
import { opened, recordingMocks } from "../test/components/support/mocks";
import { migrationMistakes } from "./migration/checks";

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});
const clusters = { origin: operated("origin"), target: operated("target") };
const administrator = { username: "admin", password: "p" };
const given = { username: "someone", password: "p" };
const limit = { throttleBytesPerSecond: 3_000_000 };
const SHARES = { origin: 3_000_000, target: 1_000_000 };

/** Declares a migration and returns what it declared. */
async function declared(more: Partial<MigrationArgs>) {
  const mocks = recordingMocks();
  await mocks.ready;
  new Migration("m", { ...clusters, ...more });
  await pulumi.runtime.disconnect();
  const at = (name: string) => {
    const found = mocks.declared.find((r) => r.name === name && !r.type.includes(":components:"));
    return found && { after: found.after, type: found.type, inputs: opened(found.inputs) };
  };
  return { at, quotas: (side: string) => at(`m-${side}-user`)!.inputs.spec.quotas };
}

const mistakes = (more: object) => migrationMistakes({ ...clusters, mirror: limit, ...more } as never).list;

describe("a limit of the copy", () => {
  test("is not declared unless it is set", async () => {
    const { at, quotas } = await declared({});
    expect([at("m-copy-shares"), at("m-copy-throttle"), quotas("origin")]).toEqual([undefined, undefined, undefined]);
    expect(at("m-residue-on-destroy")!.inputs.look).not.toHaveProperty("throttled");
  });

  test("is a quota of both KafkaUsers while the mirror only copies, each broker's share of the rate", async () => {
    const { at, quotas } = await declared({ mirror: limit });
    expect(quotas("origin")).toEqual({ consumerByteRate: 3_000_000 });
    expect(quotas("target")).toEqual({ producerByteRate: 1_000_000 });
    const users = {
      origin: { principal: "User:mm2-credentials", operator: true },
      target: { principal: "User:mm2-credentials", operator: true },
    };
    expect(at("m-copy-shares")!.inputs).toMatchObject({ bytesPerSecond: 3_000_000, users });
    expect(at("m-copy-throttle")!.inputs).toMatchObject({ users, shares: SHARES, limited: true });
  });

  test("is set before the mirror and lifted before every step of a cutover", async () => {
    const { at } = await declared({ mirror: limit, phase: "cutover" });
    expect(at("m-copy-shares")!.after).toContain("m-preflight");
    expect(at("m-origin-user-unclaimed")!.after).toContain("m-copy-shares");
    expect(at("m-copy-throttle")!.after).toEqual(expect.arrayContaining(["m-origin-user", "m-target-user"]));
    // The steps of the cutover depend on the mirror, the mirror on this one.
    expect(at("m-target-group-migration-connect-cluster")!.after.length).toBeGreaterThan(0);
    expect(at("m-replication-on-removal")!.after).toContain("m-copy-throttle");
  });

  test.each<[string, Partial<MigrationArgs>]>([
    ["in phase cutover", { phase: "cutover" }],
    ["while groups move", { phase: "consumers" }],
    [
      "while one wave is cut over",
      {
        waves: [
          { name: "a", topics: "a" },
          { name: "b", topics: "b", phase: "cutover" },
        ],
      },
    ],
  ])("%s neither KafkaUser has a quota, and the step waits for it", async (_when, more) => {
    const { at, quotas } = await declared({ mirror: limit, ...more });
    expect([quotas("origin"), quotas("target")]).toEqual([undefined, undefined]);
    expect(at("m-copy-throttle")!.inputs.limited).toBe(false);
  });

  test("a part that leaves the mirror is not proved before the limit is lifted", async () => {
    const { at } = await declared({
      mirror: limit,
      waves: [{ name: "a", topics: "a", groups: "g", phase: "cutover", wayBack: true }],
    });
    expect(at("m-wave-a-fence")!.after.concat(at("m-wave-a-access")!.after)).toContain("m-copy-throttle");
  });

  test("makes the mirror's responses small enough for an exact rate, unless the program sets their size", async () => {
    const fetches = async (more: object) => {
      const { at } = await declared({ mirror: { ...limit, ...more } });
      const { config } = at("m-mirror")!.inputs.spec.mirrors[0].sourceConnector;
      const [whole, ofOne] = [config["consumer.fetch.max.bytes"], config["consumer.max.partition.fetch.bytes"]];
      return [whole, ofOne, at("m-copy-shares")?.inputs.fetchBytes];
    };
    expect(await fetches({})).toEqual([1_000_000, 1_000_000, 1_000_000]);
    const own = { config: { "consumer.fetch.max.bytes": 2_000_000 } };
    expect(await fetches({ sourceConnector: own })).toEqual([2_000_000, 1_000_000, 2_000_000]);
    expect(await fetches({ throttleBytesPerSecond: undefined })).toEqual([undefined, undefined, undefined]);
  });

  test("is removed from an abandoned migration also if the origin is gone", async () => {
    const abandoned = await declared({ mirror: limit, abandon: true });
    expect(abandoned.at("m-copy-throttle")!.inputs.abandon).toBe(true);
  });

  test("does not make the credentials unknown when it is lifted", async () => {
    const [limited, lifted] = [
      await declared({ mirror: limit }),
      await declared({ mirror: limit, phase: "cutover" }),
    ].map(({ at }) => at("m-origin-user-ready")!.inputs);
    expect(lifted).toEqual(limited);
  });

  test("is set through Kafka for users without an operator, and for certificates", async () => {
    const provider = new kafka.Provider("target-kafka", { bootstrapServers: ["target:9093"] });
    const { at } = await declared({
      origin: { ...operated("origin"), operator: { ...operated("origin").operator, authentication: "tls" } },
      target: { bootstrapServers: "target:9093", administrator, kafka: { provider } },
      mirror: limit,
    });
    expect(at("m-copy-shares")!.inputs.users).toEqual({
      origin: { principal: "User:CN=mm2-credentials", operator: true },
      target: { principal: "User:mm2-credentials", operator: false },
    });
    const look = at("m-residue-on-cleanup")!.inputs.look;
    expect(look.throttled).toEqual({ origin: ["User:CN=mm2-credentials"], target: ["User:mm2-credentials"] });
    expect(at("m-target-user-unclaimed")!.after).toContain("m-copy-shares");
  });

  test("adds only the right that it needs: to change quotas, or to read those that an operator sets", async () => {
    const rights = async (more: Partial<MigrationArgs>) =>
      (await declared({ access: "none", ...more })).at("m-preflight")!.inputs.options.moreRights;
    const on = (operation: string) => [
      { type: "allow", host: "*", operations: [operation], resource: { type: "cluster", patternType: "literal" } },
    ];
    const origin = { bootstrapServers: "origin:9093", administrator, given };
    expect(await rights({})).toBeUndefined();
    expect(await rights({ mirror: limit })).toEqual({ origin: on("DescribeConfigs"), target: on("DescribeConfigs") });
    expect(await rights({ mirror: limit, origin })).toEqual({
      origin: on("AlterConfigs"),
      target: on("DescribeConfigs"),
    });
  });
});

describe("a limit is refused before anything is created", () => {
  test("where every client is the same user", () => {
    const anonymous = { bootstrapServers: "origin:9092", anonymous: true, tls: false, administrator };
    expect(mistakes({ origin: anonymous })).toEqual([
      expect.stringMatching(/^mirror\.throttleBytesPerSecond needs a user of the mirror on the origin: .*ANONYMOUS/),
    ]);
  });

  test("where only the brokers know the user's name, unless the program says it", () => {
    const certificate = { certificate: "c", key: "k" };
    const target = { bootstrapServers: "target:9093", administrator, given: certificate };
    expect(mistakes({ target })).toEqual([
      expect.stringMatching(/needs the name of the mirror's user on the target.*set target\.given\.username/),
    ]);
    expect(mistakes({ target: { ...target, given: { ...certificate, username: "CN=mirror" } } })).toEqual([]);
  });

  test.each([131_071, 0, -1, 1_000_000.5, "3MB"])("for %s bytes per second", (throttleBytesPerSecond) => {
    expect(mistakes({ mirror: { throttleBytesPerSecond } })).toEqual([
      expect.stringMatching(/^mirror\.throttleBytesPerSecond is .*: it has to be a whole number, at least 131072$/),
    ]);
  });
});

test.each([
  ["event-streams-v1beta1", "eventstreams.ibm.com/v1beta1"],
  ["event-streams-v1beta2", "eventstreams.ibm.com/v1beta2"],
  ["event-streams-v1", "eventstreams.ibm.com/v1"],
  ["strimzi-v1beta2", "kafka.strimzi.io/v1beta2"],
  ["strimzi-v1", "kafka.strimzi.io/v1"],
] as const)("a KafkaUser of %s has the given quotas", async (dialect, apiVersion) => {
  const mocks = recordingMocks();
  await mocks.ready;
  const quotas = { consumerByteRate: pulumi.output(5) };
  new MirrorUser("u", { role: "origin", namespace: "n", cluster: "c", dialect, quotas });
  await pulumi.runtime.disconnect();
  const { inputs } = mocks.only("KafkaUser")[0]!;
  expect(inputs).toMatchObject({ apiVersion, spec: { quotas: { consumerByteRate: 5 } } });
});

import { expect, test } from "vitest";
import { STRIMZI_IDENTITY } from "../engine/mirror-configuration";
import { describeMirror } from "../components/mirror/text";
import { found, type Sketch, stack } from "../test/policies/resources";

const ASSUMED =
  "Kafka 4.2.0 (assumed, because spec.version is not set: the newest that operators of kafka.strimzi.io/v1beta2 run)";

const withStrimzisClass = (version?: string): Sketch => ({
  dialect: "strimzi-v1beta2",
  change: ({ mirror }) => {
    if (version !== undefined) mirror.spec.version = version;
    for (const name of ["sourceConnector", "checkpointConnector"])
      mirror.spec.mirrors[0][name].config["replication.policy.class"] = STRIMZI_IDENTITY;
  },
});

test("a finding that depends on an unknown version says which version is assumed", () => {
  const message = (version?: string, settings?: object) =>
    found("policy-class-exists", stack(withStrimzisClass(version)), settings as never).map((f) => f.message);
  expect(message()).toEqual([expect.stringContaining(`does not exist in the MirrorMaker 2 of ${ASSUMED}: `)]);
  expect(message("4.1.0")).toEqual([expect.stringContaining("does not exist in the MirrorMaker 2 of Kafka 4.1.0: ")]);
  expect(message(undefined, { kafkaVersion: "4.1.0" })).toEqual([expect.stringContaining("of Kafka 4.1.0: ")]);
  expect(message("3.9.0")).toEqual([]);
  const [separator] = found(
    "separator-empty",
    stack({
      dialect: "strimzi-v1beta2",
      change: ({ mirror }) => (mirror.spec.mirrors[0].sourceConnector.config["replication.policy.separator"] = ""),
    }),
  );
  expect(separator!.message).toContain(`${ASSUMED} uses it in internal names too`);
});

test("a component also says which version is assumed", () => {
  const [finding] = found("policy-class-exists", stack(withStrimzisClass()));
  const config = { "replication.policy.class": STRIMZI_IDENTITY };
  const settings = {
    dialect: "strimzi-v1beta2",
    sourceConnector: { config },
    checkpointConnector: { config },
    origin: { bootstrapServers: "o:1" },
    target: { bootstrapServers: "t:1" },
  } as const;
  expect(() => describeMirror(settings)).toThrow(finding!.message.replace(/^KafkaMirrorMaker2 \S+: /, ""));
  expect(() => describeMirror({ ...settings, kafkaVersion: "3.9.0" })).not.toThrow();
});

/** A mirror with the separator `-`, whose user names the internal topics one by one. */
const named = (dialect: "strimzi-v1beta2" | "strimzi-v1", version: string | undefined, ...topics: string[]) =>
  stack({
    dialect,
    mirror: { topicsPattern: "orders" },
    change: ({ mirror, target }) => {
      if (version !== undefined) mirror.spec.version = version;
      for (const name of ["sourceConnector", "checkpointConnector"])
        mirror.spec.mirrors[0][name].config["replication.policy.separator"] = "-";
      const own = target.spec.authorization.acls.filter((acl: any) => !/internal$/.test(acl.resource.name));
      target.spec.authorization.acls = [
        ...own,
        ...topics.map((name) => ({ operations: ["Read", "Write", "Create"], resource: { type: "topic", name } })),
      ];
    },
  });
const DOTTED = ["origin-cluster.checkpoints.internal", "mm2-offset-syncs.origin-cluster.internal"];
const DASHED = ["origin-cluster-checkpoints-internal", "mm2-offset-syncs-origin-cluster-internal"];

test("rights for internal topics with the names of either version are enough if the version is unknown", () => {
  const lacks = (...args: Parameters<typeof named>) => found("acl-missing", named(...args)).length;
  const more = (...args: Parameters<typeof named>) => found("acl-unneeded", named(...args)).length;
  expect([lacks("strimzi-v1beta2", undefined, ...DOTTED), lacks("strimzi-v1beta2", undefined, ...DASHED)]).toEqual([
    0, 0,
  ]);
  expect([more("strimzi-v1beta2", undefined, ...DOTTED), more("strimzi-v1beta2", undefined, ...DASHED)]).toEqual([
    0, 0,
  ]);
  expect(lacks("strimzi-v1beta2", undefined, DOTTED[0]!)).toBe(1);
  expect([lacks("strimzi-v1beta2", "3.9.0", ...DOTTED), lacks("strimzi-v1beta2", "3.0.1", ...DOTTED)]).toEqual([1, 0]);
  // v1 is much newer than the change of the names.
  expect(lacks("strimzi-v1", undefined, ...DOTTED)).toBe(1);
});

test("an empty address is refused only if every version that may run refuses it", () => {
  const refused = (dialect: "strimzi-v1beta2" | "strimzi-v1", version?: string) =>
    found(
      "address-refused",
      stack({
        dialect,
        change: ({ mirror }) => {
          if (version !== undefined) mirror.spec.version = version;
          const cluster = dialect === "strimzi-v1" ? mirror.spec.target : mirror.spec.clusters[0];
          cluster.bootstrapServers = "kafka:9092,";
        },
      }),
    ).length;
  // Operators of v1 (Strimzi 0.49 and later) also run Kafka 4.0 and 4.1.
  expect([refused("strimzi-v1"), refused("strimzi-v1beta2")]).toEqual([0, 0]);
  expect([refused("strimzi-v1", "4.1.1"), refused("strimzi-v1", "4.2.0")]).toEqual([0, 1]);
});

import { unknownCheckingProxy } from "@pulumi/policy";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dialects, type DialectName } from "../components/dialects";
import type { AnyResource } from "./read";
import { all, custom, kafka, stack, step } from "../test/policies/resources";

/** Pulumi's marker for a value that it knows only after the update. */
const LATER = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

type Path = readonly (string | number)[];

/** Every path in a value, to branches and to leaves. */
function places(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, field]) =>
    places(field, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? below : [path, ...below];
}

function forget(value: any, path: Path): void {
  for (const key of path.slice(0, -1)) {
    // A value above this one was already replaced by the marker.
    if (typeof value !== "object") return;
    value = value[key];
  }
  if (typeof value === "object") value[path.at(-1)!] = LATER;
}

const asPulumiHandsOver = (resources: readonly AnyResource[]): AnyResource[] =>
  resources.map((resource) => ({
    ...resource,
    props: unknownCheckingProxy(resource.props),
    ...(resource.provider === undefined
      ? {}
      : { provider: { ...resource.provider, props: unknownCheckingProxy(resource.provider.props) } }),
  }));

const mandatory = (resources: readonly AnyResource[]) =>
  all(asPulumiHandsOver(resources))
    .filter((f) => f.level === "mandatory")
    .map((f) => f.rule);

const OWN = { originAlias: "origin-cluster", targetAlias: "target-cluster", groupId: "migration-connect-cluster" };

/** The mirror's users log in with certificates under custom names. */
function withCertificates({ mirror, origin, target }: any): void {
  for (const [cluster, user, name] of [
    [mirror.spec.mirrors[0].source, origin, "reader"],
    [mirror.spec.target, target, "writer"],
  ]) {
    cluster.authentication = {
      type: "tls",
      certificateAndKey: { secretName: "some-certificate", certificate: "user.crt", key: "user.key" },
    };
    user.metadata.name = name;
    user.spec.authentication = { type: "tls" };
  }
}

function estate(dialect: DialectName, change: (parts: any) => void): AnyResource[] {
  const guide = dialect === "event-streams-v1beta1";
  return stack({
    dialect,
    mirror: { topicsPattern: "orders,payments-.*", groupsPattern: "app-.*", exactlyOnce: !guide },
    change,
    more: [
      kafka("Topic", {
        name: "orders",
        partitions: 3,
        replicationFactor: 3,
        config: { "min.insync.replicas": "2", "max.message.bytes": "1048588" },
      }),
      kafka(
        "Topic",
        { name: "orders", partitions: 3, replicationFactor: 3, config: { "min.insync.replicas": "2" } },
        "target-kafka-bootstrap:9093",
        "two",
      ),
      kafka(
        "Acl",
        {
          aclPrincipal: "User:app",
          aclResourceType: "Topic",
          aclResourceName: "orders",
          aclOperation: "Read",
          aclPermissionType: "Allow",
          aclHost: "*",
        },
        "elsewhere:9093",
      ),
      kafka(
        "UserScramCredential",
        { username: "app", scramMechanism: "SCRAM-SHA-512", password: "x" },
        "elsewhere:9093",
      ),
      {
        type: "pulumi:providers:kafka",
        name: "elsewhere",
        urn: "p",
        props: {
          bootstrapServers: '["elsewhere:9093"]',
          tlsEnabled: "true",
          skipTlsVerify: "false",
          saslMechanism: "plain",
        },
      },
      ...["Replication", "InternalTopic", "MirrorGone", "ConsumerOffsets"].map((kind) =>
        step(kind, { phase: "mirror", abandon: false }),
      ),
      step("CheckpointsTopic", { mode: "when-applied" }),
      custom({
        apiVersion: "kafka.strimzi.io/v1",
        kind: "Kafka",
        metadata: { name: "target", namespace: "target-ns" },
        spec: { kafka: { replicas: 3 }, entityOperator: { userOperator: {} } },
      }),
      custom({
        apiVersion: "kafka.strimzi.io/v1",
        kind: "KafkaTopic",
        metadata: { name: "payments-a", namespace: "target-ns", labels: { "strimzi.io/cluster": "target" } },
        spec: { partitions: 3, replicas: 3, config: { "min.insync.replicas": 2 } },
      }),
      custom({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "origin-cluster-ca-cert", namespace: "migration" },
        data: { "ca.crt": "a" },
      }),
      // A mirror of another owner, without a user in the stack.
      ...stack({
        dialect,
        mirror: {
          name: "other",
          topicsPattern: "invoices",
          origin: { alias: "third", bootstrapServers: "third-kafka-bootstrap.third.svc:9093" },
          target: {
            alias: "fourth",
            bootstrapServers: "fourth-kafka-bootstrap.fourth.svc:9093",
            groupId: "g",
            offsetStorageTopic: "a",
            configStorageTopic: "b",
            statusStorageTopic: "c",
          },
          checkpointConnector: { config: { "sync.group.offsets.enabled": "true" } },
        },
      }).slice(0, 1),
    ],
  }).map((resource) =>
    resource.type.includes("kafka-migration:") ? { ...resource, props: { ...resource.props, mirror: OWN } } : resource,
  );
}

const estates = (Object.keys(dialects) as DialectName[]).map(
  (dialect) => [dialect, dialect, () => {}] as [string, DialectName, (parts: any) => void],
);

describe.each([...estates, ["strimzi-v1 with certificates", "strimzi-v1", withCertificates] as const])(
  "%s: values that are unknown before the update cause no mandatory finding",
  (_what, dialect, change) => {
    const resources = estate(dialect, change);
    // The other resources are the same in every dialect, so checking them once is enough.
    const own = dialect === "strimzi-v1" ? resources : resources.slice(0, 3);
    const everywhere = own.flatMap((resource, i) => [
      ...places(resource.props).map((path) => [i, "props", ...path] as const),
      ...(resource.provider === undefined
        ? []
        : places(resource.provider.props).map((path) => [i, "provider", "props", ...path] as const)),
    ]);

    test("if all values are known", () => {
      expect(mandatory(resources)).toEqual([]);
      expect(everywhere.length).toBeGreaterThan(80);
    });

    test("if any one value is unknown", () => {
      const wrong = everywhere.flatMap((path) => {
        const set = structuredClone(resources);
        forget(set, path);
        return mandatory(set).map((rule) => `${rule} without ${path.join(".")}`);
      });
      expect(wrong).toEqual([]);
    });

    test("if any few values are unknown", () => {
      fc.assert(
        fc.property(
          fc.subarray(
            everywhere.map((_path, i) => i),
            { minLength: 2, maxLength: 12 },
          ),
          (chosen) => {
            const set = structuredClone(resources);
            for (const i of chosen) forget(set, everywhere[i]!);
            expect(
              mandatory(set).map((rule) => `${rule} without ${chosen.map((i) => everywhere[i]!.join(".")).join(", ")}`),
            ).toEqual([]);
          },
        ),
        { numRuns: 100 },
      );
    });
  },
);

test(
  "what is known is still said: as on the first preview of a stack whose addresses and login are another " +
    "resource's outputs",
  () => {
    const resources = stack({
      change: ({ mirror, origin }) => {
        for (const cluster of [mirror.spec.target, mirror.spec.mirrors[0].source]) {
          cluster.bootstrapServers = LATER;
          cluster.authentication.username = LATER;
          cluster.authentication.passwordSecret.secretName = LATER;
          cluster.tls.trustedCertificates = LATER;
        }
        mirror.spec.mirrors[0].sourceConnector.config["tasks.max"] = 4;
        origin.spec.authorization.acls.push({ operations: ["Write"], resource: { type: "topic", name: "*" } });
      },
    });
    expect(mandatory(resources)).toEqual(["origin-write-everything", "dropped-options"]);
  },
);

test("a KafkaUser with an unknown name is not treated as the mirror's", () => {
  const resources = stack({ change: ({ origin }) => Object.assign(origin.metadata, { name: LATER }) });
  resources[1]!.name = "mm2-credentials";
  (resources[1]!.props.spec as any).authorization.acls = [];
  expect(mandatory(resources)).toEqual([]);
});

test("nobody is reported as lacking rights while the owner of an ACL is unknown", () => {
  const right = (aclPrincipal: string, name: string) =>
    kafka(
      "Acl",
      {
        aclPrincipal,
        aclResourceType: "Topic",
        aclResourceName: "*",
        aclOperation: "Read",
        resourcePatternTypeFilter: "Literal",
      },
      undefined,
      name,
    );
  const [mirror] = stack();
  expect(mandatory([mirror!, right("User:mm2-credentials", "one")])).toEqual(["acl-missing"]);
  expect(mandatory([mirror!, right("User:mm2-credentials", "one"), right(LATER, "two")])).toEqual([]);
});

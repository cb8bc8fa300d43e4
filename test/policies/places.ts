import { unknownCheckingProxy } from "@pulumi/policy";
import type { AnyResource } from "../../policies/read";
import { custom, kafka, step } from "./resources";

export type Path = readonly (string | number)[];

/** Every path in a value below its root, to branches and to leaves. */
export function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, field]) =>
    pathsIn(field, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? below : [path, ...below];
}

/** The path of every property of the resources and of their providers. */
export function pathsOf(resources: readonly AnyResource[]): Path[] {
  return resources.flatMap(({ props, provider }, i) => [
    ...pathsIn(props).map((path) => [i, "props", ...path]),
    ...(provider === undefined ? [] : pathsIn(provider.props).map((path) => [i, "provider", "props", ...path])),
  ]);
}

export function valueAt(value: any, path: Path): any {
  return path.reduce((inner, key) => inner[key], value);
}

/** Does nothing if a value above the path was already replaced by something else. */
export function put(value: any, path: Path, replacement: unknown): void {
  const above = path.slice(0, -1).reduce((inner, key) => inner?.[key], value);
  if (typeof above === "object" && above !== null) above[path.at(-1)!] = structuredClone(replacement);
}

export const asPulumiHandsOver = (resources: readonly AnyResource[]): AnyResource[] =>
  resources.map((resource) => ({
    ...resource,
    props: unknownCheckingProxy(resource.props),
    ...(resource.provider === undefined
      ? {}
      : { provider: { ...resource.provider, props: unknownCheckingProxy(resource.provider.props) } }),
  }));

/** Resources beside the mirror and its users, of each kind that the rules read. No mandatory rule objects to them. */
export function others(): AnyResource[] {
  const object = (kind: string, name: string, rest: object, apiVersion = "kafka.strimzi.io/v1") =>
    custom({ apiVersion, kind, metadata: { name, namespace: "target-ns", labels }, ...rest });
  const labels = { "strimzi.io/cluster": "target" };
  const topic = { name: "orders", partitions: 3, replicationFactor: 3 };
  const config = { "min.insync.replicas": "2", "max.message.bytes": "1048588" };
  const right = {
    aclPrincipal: "User:app",
    aclResourceType: "Topic",
    aclResourceName: "orders",
    aclOperation: "Read",
    aclPermissionType: "Allow",
    aclHost: "*",
    resourcePatternTypeFilter: "Literal",
  };
  const credential = { username: "app", scramMechanism: "SCRAM-SHA-512", password: "x" };
  const own = { originAlias: "origin-cluster", targetAlias: "target-cluster", groupId: "migration-connect-cluster" };
  const phased = { phase: "mirror", abandon: false, mirror: own };
  return [
    kafka("Topic", { ...topic, config }),
    kafka("Topic", { ...topic, config: { "min.insync.replicas": "2" } }, "target-kafka-bootstrap:9093", "two"),
    kafka("Acl", right, "elsewhere:9093"),
    kafka("UserScramCredential", credential, "elsewhere:9093"),
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
    ...["Replication", "InternalTopic", "MirrorGone", "ConsumerOffsets"].map((kind) => step(kind, phased)),
    step("CheckpointsTopic", { mode: "when-applied", mirror: own }),
    object("Kafka", "target", { spec: { kafka: { replicas: 3, config: {} }, entityOperator: { userOperator: {} } } }),
    object("KafkaTopic", "payments-a", {
      spec: { partitions: 3, replicas: 3, config: { "min.insync.replicas": 2, "cleanup.policy": "delete" } },
    }),
    object("KafkaConnect", "connect", {
      spec: { bootstrapServers: "a:1", config: {}, authentication: { type: "tls" } },
    }),
    object("KafkaConnector", "sink", { spec: { class: "org.example.Sink", config: { topics: "orders" } } }),
    object("Secret", "origin-cluster-ca-cert", { data: { "ca.crt": "a" } }, "v1"),
  ];
}

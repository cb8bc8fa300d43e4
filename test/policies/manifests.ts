import type { AnyResource } from "../../policies/read";
import { custom } from "./resources";

/** KafkaMirrorMaker2 and KafkaUser documents as people write them by hand. */
export interface Flow {
  from: string;
  to: string;
  topicsPattern?: string;
  /** Configuration of the source and of the checkpoint connector; null: the connector is not there. */
  source?: object | null;
  checkpoint?: object | null;
  entry?: object;
}

const IDENTITY = "org.apache.kafka.connect.mirror.IdentityReplicationPolicy";
export const identity = { "replication.policy.class": IDENTITY };

interface Written {
  apiVersion?: string;
  name?: string;
  namespace?: string;
  /** By alias. */
  clusters: Record<string, object>;
  connectCluster: string;
  flows: readonly Flow[];
  spec?: object;
}

const connectors = ({ source = {}, checkpoint = {} }: Flow) => ({
  ...(source === null ? {} : { sourceConnector: { config: source } }),
  ...(checkpoint === null ? {} : { checkpointConnector: { config: checkpoint } }),
});

/** With `clusters` and `connectCluster`, as in v1beta2 and older. */
export function mirrorMaker({
  apiVersion = "kafka.strimzi.io/v1beta2",
  name = "mm2",
  namespace = "ns",
  clusters,
  connectCluster,
  flows,
  spec = {},
}: Written): AnyResource {
  return custom({
    apiVersion,
    kind: "KafkaMirrorMaker2",
    metadata: { name, namespace },
    spec: {
      version: "3.9.0",
      replicas: 1,
      connectCluster,
      clusters: Object.entries(clusters).map(([alias, cluster]) => ({
        alias,
        bootstrapServers: `${alias}-kafka-bootstrap:9092`,
        ...cluster,
      })),
      mirrors: flows.map((flow) => ({
        sourceCluster: flow.from,
        targetCluster: flow.to,
        ...(flow.topicsPattern === undefined ? {} : { topicsPattern: flow.topicsPattern }),
        ...connectors(flow),
        ...flow.entry,
      })),
      ...spec,
    },
  });
}

/** One mirror from `a` to `b`. */
export const aToB = (flow: Partial<Flow> = {}, rest: Partial<Written> = {}): AnyResource =>
  mirrorMaker({
    clusters: { a: {}, b: {} },
    connectCluster: "b",
    flows: [{ from: "a", to: "b", topicsPattern: "orders", ...flow }],
    ...rest,
  });

/** With `target` and `mirrors[].source`, as in v1. */
export function mirrorMakerV1(
  target: object,
  entries: readonly object[],
  metadata: object = {},
  spec: object = {},
): AnyResource {
  return custom({
    apiVersion: "kafka.strimzi.io/v1",
    kind: "KafkaMirrorMaker2",
    metadata: { name: "mm2", namespace: "ns", ...metadata },
    spec: {
      version: "4.2.0",
      replicas: 1,
      target: {
        alias: "b",
        bootstrapServers: "b-kafka-bootstrap:9092",
        groupId: "mm2",
        configStorageTopic: "c",
        statusStorageTopic: "s",
        offsetStorageTopic: "o",
        ...target,
      },
      mirrors: entries.map((entry) => ({
        source: { alias: "a", bootstrapServers: "a-kafka-bootstrap:9092" },
        topicsPattern: "orders",
        sourceConnector: { config: {} },
        checkpointConnector: { config: {} },
        ...entry,
      })),
      ...spec,
    },
  });
}

export const kafkaUser = (
  name: string,
  cluster: string,
  acls: readonly object[],
  rest: { apiVersion?: string; namespace?: string } = {},
): AnyResource =>
  custom({
    apiVersion: rest.apiVersion ?? "kafka.strimzi.io/v1beta2",
    kind: "KafkaUser",
    metadata: { name, namespace: rest.namespace ?? "ns", labels: { "strimzi.io/cluster": cluster } },
    spec: { authentication: { type: "scram-sha-512" }, authorization: { type: "simple", acls } },
  });

export const resource = (
  kind: string,
  name: string,
  spec: object,
  rest: { apiVersion?: string; namespace?: string } = {},
): AnyResource =>
  custom({
    apiVersion: rest.apiVersion ?? "kafka.strimzi.io/v1beta2",
    kind,
    metadata: { name, namespace: rest.namespace ?? "ns" },
    spec,
  });

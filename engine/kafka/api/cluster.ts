import type { Broker, PartitionDescription, TopicDescription } from "../port";
import type { Api, In } from "../wire";

const OPERATIONS = [
  "Unknown",
  "Any",
  "All",
  "Read",
  "Write",
  "Create",
  "Delete",
  "Alter",
  "Describe",
  "ClusterAction",
  "DescribeConfigs",
  "AlterConfigs",
  "IdempotentWrite",
  "CreateTokens",
  "DescribeTokens",
  "TwoPhaseCommit",
] as const;

/** ACL operation codes and their names (Kafka 4.3, `AclOperation.java`). */
export function operationName(code: number): string {
  return OPERATIONS[code] ?? `operation ${code}`;
}

export function operationCode(name: string): number {
  return OPERATIONS.findIndex((o) => o.toLowerCase() === name.toLowerCase());
}

/** Decodes a bit field with one bit per allowed operation. The minimum int32 means that the broker sent none. */
export function operations(bits: number): string[] | undefined {
  if (bits === -0x80000000) return undefined;
  return OPERATIONS.filter((_, code) => (bits & (1 << code)) !== 0);
}

export interface MetadataRequest {
  /** null: all topics. */
  topics: readonly string[] | null;
  authorizedOperations: boolean;
}

export interface MetadataResponse {
  brokers: Broker[];
  clusterId: string;
  controllerId: number;
  topics: (TopicDescription & { errorCode: number })[];
  /** Only in versions 8 to 10. Later brokers return this in DescribeCluster (KIP-700). */
  clusterOperations?: string[];
}

/** @param names true: skips the partitions. They are nearly all of a response */
function metadata(version: 9 | 10 | 12, names = false): Api<MetadataRequest, MetadataResponse> {
  return {
    name: "Metadata",
    key: 3,
    version,
    flexible: true,
    write(out, request) {
      out.list(request.topics, (name) => {
        if (version >= 10) out.noId();
        out.string(name);
      });
      out.boolean(false);
      if (version <= 10) out.boolean(request.authorizedOperations);
      out.boolean(request.authorizedOperations).tags();
    },
    read(body) {
      body.throttleTime();
      const brokers = body.list(() => ({
        id: body.int32(),
        host: body.string(),
        port: body.int32(),
        rack: body.nullableString() ?? undefined,
      }));
      const clusterId = body.string();
      const controllerId = body.int32();
      const topics = body.list(() => ({
        errorCode: body.int16(),
        name: body.string(),
        topicId: version >= 10 ? topicId(body.id()) : "",
        internal: body.boolean(),
        partitions: names
          ? skipPartitions(body)
          : body.list(() => readPartition(body)).sort((a, b) => a.partition - b.partition),
        authorizedOperations: operations(body.int32()),
      }));
      const clusterOperations = version <= 10 ? operations(body.int32()) : undefined;
      return { brokers, clusterId, controllerId, topics, clusterOperations };
    },
  };
}

/** The topic id as Kafka's tools print it. Empty if the cluster has no topic ids (before Kafka 2.8, only zeros). */
function topicId(hex: string): string {
  return /^0*$/.test(hex) ? "" : Buffer.from(hex, "hex").toString("base64url");
}

function readPartition(body: In): PartitionDescription {
  body.int16();
  const partition = body.int32();
  const leader = body.int32();
  const leaderEpoch = body.int32();
  const replicas = body.int32s();
  const isr = body.int32s();
  body.int32s();
  return { partition, leader, leaderEpoch, replicas, isr };
}

function skipPartitions(body: In): [] {
  body.skipList(() => {
    body.int16();
    body.int32();
    body.int32();
    body.int32();
    for (let lists = 3; lists > 0; lists--) body.skipValues(4);
  });
  return [];
}

/** Newest first. The broker decides which version is used. */
export const METADATA = [metadata(12), metadata(10), metadata(9)] as const;
export const METADATA_NAMES = [metadata(12, true), metadata(10, true), metadata(9, true)] as const;

/** DescribeCluster v0 (Kafka 2.8 and later). */
export const describeCluster: Api<
  null,
  { errorCode: number; clusterId: string; controllerId: number; brokers: Broker[]; operations?: string[] }
> = {
  name: "DescribeCluster",
  key: 60,
  version: 0,
  flexible: true,
  write: (out) => out.boolean(true).tags(),
  read(body) {
    body.throttleTime();
    const errorCode = body.int16();
    body.nullableString();
    const clusterId = body.string();
    const controllerId = body.int32();
    const brokers = body.list(() => ({
      id: body.int32(),
      host: body.string(),
      port: body.int32(),
      rack: body.nullableString() ?? undefined,
    }));
    return { errorCode, clusterId, controllerId, brokers, operations: operations(body.int32()) };
  },
};

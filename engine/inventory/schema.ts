import { z } from "zod";
import type { Inventory, InventoryUser } from "./types";

/** Names of `<default>` quotas are names, too. */
const name = z.string().min(1);
const count = z.number().int().min(0);
const amount = z.number().min(0);

const fate = {
  moves: z.enum(["yes", "if", "no"]),
  when: name.optional(),
  why: name.optional(),
  todo: name.optional(),
};

/** Kafka's names (`AclOperation`, Kafka 4.3). */
export const OPERATIONS = [
  "All",
  "Alter",
  "AlterConfigs",
  "ClusterAction",
  "Create",
  "CreateTokens",
  "Delete",
  "Describe",
  "DescribeConfigs",
  "DescribeTokens",
  "IdempotentWrite",
  "Read",
  "TwoPhaseCommit",
  "Write",
] as const;

const acl = z.strictObject({
  resource: z.enum(["topic", "group", "cluster", "transactionalId", "delegationToken", "user"]),
  name,
  pattern: z.enum(["literal", "prefixed"]),
  host: name,
  permission: z.enum(["allow", "deny"]),
  operations: z.array(z.enum(OPERATIONS)).min(1),
});

const quotas = z.strictObject({
  producerByteRate: amount.optional(),
  consumerByteRate: amount.optional(),
  requestPercentage: amount.optional(),
  controllerMutationRate: amount.optional(),
});

const user = z.strictObject({
  principal: z.string().regex(/^\w+:[^]/),
  ...fate,
  name: name.optional(),
  kafkaUser: z.strictObject({ apiVersion: name, namespace: name, name }).optional(),
  authentication: z.enum(["scram-sha-512", "scram-sha-256", "tls", "tls-external", "none", "unknown"]),
  mechanisms: z.array(name).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  acls: z.array(acl),
  quotas: quotas.optional(),
});

const connector = z.strictObject({
  name,
  ...fate,
  type: z.enum(["sink", "source", "unknown"]),
  class: z.string(),
  group: name.optional(),
  positions: count.optional(),
});

/** The file. Its optional lists may be left out. */
export const inventorySchema = z.strictObject({
  format: z.literal(1),
  origin: z.string(),
  target: z.string(),
  users: z.array(user),
  quotas: z
    .array(
      z.strictObject({
        user: name.optional(),
        clientId: name.optional(),
        ip: name.optional(),
        ...fate,
        values: z.record(z.string(), amount),
      }),
    )
    .default([]),
  topics: z
    .array(z.strictObject({ name, ...fate, partitions: count, settings: z.record(z.string(), z.string()).optional() }))
    .default([]),
  groups: z
    .array(z.strictObject({ name: z.string(), ...fate, type: name, protocol: z.string(), topics: z.array(name) }))
    .default([]),
  streams: z.array(z.strictObject({ application: name, ...fate, topics: z.array(name) })).default([]),
  topicResources: z
    .array(z.strictObject({ apiVersion: name, namespace: name, name, topic: name, ...fate }))
    .default([]),
  deployments: z.array(z.strictObject({ kind: name, apiVersion: name, namespace: name, name, ...fate })).default([]),
  connect: z
    .array(
      z.strictObject({
        group: name.optional(),
        configTopic: name,
        offsetTopic: name.optional(),
        statusTopic: name.optional(),
        ...fate,
        connectors: z.array(connector),
      }),
    )
    .default([]),
  registries: z.array(z.strictObject({ kind: z.enum(["Confluent", "Apicurio"]), topic: name, ...fate })).default([]),
  mirrors: z
    .array(
      z.strictObject({
        kind: z.enum(["MirrorMaker 2", "geo-replicator"]),
        from: name.optional(),
        to: name.optional(),
        ...fate,
        topics: z.array(name),
      }),
    )
    .default([]),
  unread: z.array(z.string()).default([]),
});

type Parsed = z.output<typeof inventorySchema>;

// The compiler compares the schema with the types.
const _whole = (file: Parsed): Inventory => file as Inventory;
const _users = (users: Parsed["users"]): InventoryUser[] => users as InventoryUser[];
void _whole;
void _users;

/** The keys of an object of the file, for hints. */
export function fields(path: readonly PropertyKey[]): string[] {
  let at: unknown = inventorySchema;
  for (const key of path) at = inner(at, key);
  return Object.keys((bare(at) as { shape?: object }).shape ?? {});
}

function bare(schema: unknown): unknown {
  const { innerType } = ((schema as { def?: { innerType?: unknown } } | undefined)?.def ?? {}) as {
    innerType?: unknown;
  };
  return innerType === undefined ? (schema ?? {}) : bare(innerType);
}

function inner(schema: unknown, key: PropertyKey): unknown {
  const at = bare(schema) as { shape?: Record<PropertyKey, unknown>; element?: unknown };
  return at.element ?? at.shape?.[key];
}

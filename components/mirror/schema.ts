import { z } from "zod";
import { configValues, count, fields, laterText, seconds, text, whole } from "../shape/types";

/** The shape of a mirror's settings. `checks.ts` checks what the values mean. */

const connector = {
  config: configValues.optional(),
  state: z.enum(["running", "paused", "stopped"]).optional(),
  autoRestart: z.strictObject({ enabled: z.boolean(), maxRestarts: whole(0).optional() }).optional(),
  version: text.optional(),
  listOffsets: z.strictObject({ toConfigMap: z.strictObject({ name: text }) }).optional(),
  alterOffsets: z.strictObject({ fromConfigMap: z.strictObject({ name: text }) }).optional(),
};
const connectorWithTasks = z.strictObject({ ...connector, tasksMax: count.optional() });

/** Settings of both clusters in the mirror. */
export const clusterShape = {
  alias: text.optional(),
  brokers: count.optional(),
  config: configValues.optional(),
};

/** Additional settings of the target: Connect's group and topics. */
export const targetShape = {
  groupId: text.optional(),
  offsetStorageTopic: text.optional(),
  configStorageTopic: text.optional(),
  statusStorageTopic: text.optional(),
};

/** All settings of the workers and connectors. Every description of a mirror uses them. */
export const mirrorShape = {
  kafkaVersion: z
    .string()
    .regex(/^\d+\.\d+(\.\d+)?$/, "major.minor or major.minor.patch, like 4.2.0")
    .optional(),
  image: text.optional(),
  replicas: whole(0).optional(),
  tasksMax: count.optional(),
  replicationFactor: z
    .custom<number>(
      (factor) => Number.isInteger(factor) && (factor === -1 || (factor as number) > 0),
      "a whole number, at least 1, or -1 for the target's default",
    )
    .optional(),
  offsetFlushIntervalMs: count.optional(),
  exactlyOnce: z.boolean().optional(),
  topicsPattern: z.string().optional(),
  topicsExcludePattern: z.string().optional(),
  groupsPattern: z.string().optional(),
  groupsExcludePattern: z.string().optional(),
  sourceConnector: z.strictObject(connector).optional(),
  checkpointConnector: z.union([z.literal(false), connectorWithTasks]).optional(),
  heartbeatConnector: connectorWithTasks.optional(),
  resources: fields.optional(),
  jvmOptions: fields.optional(),
  logging: fields.optional(),
  metricsConfig: fields.optional(),
  jmxOptions: fields.optional(),
  tracing: fields.optional(),
  rack: fields.optional(),
  clientRackInitImage: text.optional(),
  livenessProbe: fields.optional(),
  readinessProbe: fields.optional(),
  externalConfiguration: fields.optional(),
  template: fields.optional(),
  affinity: fields.optional(),
  tolerations: z.array(fields).optional(),
};

export const profile = z.enum(["guide", "tuned", "least"]);

/** The dialect checks addresses, logins and certificates, because it writes them. */
const connection = {
  bootstrapServers: z.unknown().optional(),
  authentication: z.unknown().optional(),
  tls: z.unknown().optional(),
};

export const mirrorSchema = z.strictObject({
  ...mirrorShape,
  // The lookup reports an unknown dialect.
  dialect: z.string().optional(),
  // The lookup also reports a version that does not read the dialect.
  operatorVersion: z.string().optional(),
  profile: profile.optional(),
  origin: z.strictObject({ ...clusterShape, ...connection }).optional(),
  target: z.strictObject({ ...clusterShape, ...targetShape, ...connection }).optional(),
  name: laterText.optional(),
  namespace: laterText.optional(),
  labels: fields.optional(),
  annotations: fields.optional(),
  readyLimitSeconds: seconds.optional(),
  kubeconfig: laterText.optional(),
  context: laterText.optional(),
});

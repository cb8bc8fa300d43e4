import { z } from "zod";
import { clusterShape, mirrorShape, profile, targetShape } from "../mirror/schema";
import { dialects } from "../dialects";
import { count, fields, laterText, resource, seconds, text, whole } from "../shape/types";

/**
 * The shape of a migration's settings. The component and the configuration of the ready-made stack share these parts.
 */

const names = z.array(text);

export const stepShape = {
  phase: z.enum(["mirror", "cutover", "cleanup"]).optional(),
  abandon: z.boolean().optional(),
  profile: profile.optional(),
  dialect: z.enum(Object.keys(dialects) as [keyof typeof dialects]).optional(),
  operatorVersion: z.string().optional(),
  fence: z.boolean().optional(),
  checkpoints: z.enum(["when-applied", "always", "never"]).optional(),
  report: z.union([z.literal(false), z.strictObject({ folder: text.optional() })]).optional(),
};

export const gate = z.strictObject({
  limitSeconds: seconds.optional(),
  stableSeconds: z
    .custom<number>((value) => Number.isFinite(value) && (value as number) >= 0, "a number of seconds, at least 0")
    .optional(),
  acceptTruncation: names.optional(),
});

export const verify = z.strictObject({
  mode: z.enum(["none", "tail", "full"]).optional(),
  tailRecords: count.optional(),
});

export const offsets = z.strictObject({
  groups: names.optional(),
  excludeGroups: names.optional(),
  overwrite: z.boolean().optional(),
  blocked: z.enum(["stop", "skip"]).optional(),
});

const replicationRules = z.array(z.strictObject({ pattern: text, factor: count }));

/** Without its time limit: the component takes it in milliseconds and the stack in seconds. */
export const replication = z.strictObject({
  rules: replicationRules.optional(),
  throttleBytesPerSecond: count.optional(),
  batchPartitions: count.optional(),
  allowSameRack: z.boolean().optional(),
});

export const fenceOptions = z.strictObject({ except: names.optional(), everyoneByDefault: z.boolean().optional() });

const bySide = z.strictObject({ origin: z.boolean().optional(), target: z.boolean().optional() });
export const preflight = z.strictObject({ accept: names.optional(), everyoneByDefault: bySide.optional() });

/** The check of the credentials reports which keys a mechanism needs, and unknown keys. */
const user = z.looseObject({
  username: laterText.optional(),
  password: laterText.optional(),
  certificate: laterText.optional(),
  key: laterText.optional(),
  token: laterText.optional(),
  tokenFile: laterText.optional(),
  tokenEndpoint: z.looseObject({}).optional(),
  mechanism: z.string().optional(),
});

const operator = z.strictObject({
  cluster: text.optional(),
  namespace: text.optional(),
  version: text.optional(),
  caSecret: text.optional(),
  secretPrefix: text.optional(),
  authentication: z.enum(["scram-sha-512", "tls"]).optional(),
  provider: resource.optional(),
  kubeconfig: laterText.optional(),
  context: text.optional(),
});

/** Name of a Kubernetes object. Names of users are also principals. */
const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'lower case letters, digits, "-" and "."');

export const clusterNames = z.strictObject({
  user: name.optional(),
  administrator: name.optional(),
  credentialsSecret: name.optional(),
  caSecret: name.optional(),
});

export const existingSecrets = z.strictObject({ credentials: z.boolean().optional(), ca: z.boolean().optional() });

const cluster = {
  ...clusterShape,
  existingSecrets: existingSecrets.optional(),
  names: clusterNames.optional(),
  serverName: laterText.optional(),
  bootstrapServers: laterText.optional(),
  adminBootstrapServers: laterText.optional(),
  ca: laterText.optional(),
  tls: z.boolean().optional(),
  administrator: user.optional(),
  operator: operator.optional(),
  kafka: z.strictObject({ provider: resource.optional() }).optional(),
  given: user.extend({ authentication: fields.optional() }).optional(),
  anonymous: z.boolean().optional(),
};

/** Where the mirror runs. The stack names the Kubernetes cluster with a kubeconfig. */
export const placeShape = {
  name: text.optional(),
  namespace: text.optional(),
  createNamespace: z.boolean().optional(),
  labels: fields.optional(),
  annotations: fields.optional(),
  readyLimitSeconds: seconds.optional(),
};

export const migrationSchema = z.strictObject({
  ...stepShape,
  origin: z.strictObject(cluster).optional(),
  target: z.strictObject({ ...cluster, ...targetShape }).optional(),
  mirror: z
    .strictObject({
      ...mirrorShape,
      ...placeShape,
      provider: resource.optional(),
      kubeconfig: laterText.optional(),
      context: text.optional(),
    })
    .optional(),
  gate: gate.optional(),
  verify: verify.optional(),
  offsets: offsets.optional(),
  replication: replication.extend({ limitMs: count.optional() }).optional(),
  fenceOptions: fenceOptions.extend({ settleMs: whole(0).optional(), settleLimitMs: whole(0).optional() }).optional(),
  preflight: preflight.optional(),
});

/** Returns true for values that may be secrets. They are never shown, whatever their fault is. */
export function mayBeSecret(path: readonly PropertyKey[]): boolean {
  return path.some((key) => ["given", "administrator", "kubeconfig", "ca"].includes(String(key)));
}

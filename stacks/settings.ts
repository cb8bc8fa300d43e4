import { z } from "zod";
import { mirrorMistakes } from "../components/migration/checks";
import { defined } from "../engine/defined";
import { Mistakes } from "../engine/errors";
import { didYouMean } from "../engine/near-miss";

/** The shape of the ready-made stack's configuration. Every key is written down here once; anything else is a mistake. */

const text = z.string().min(1);
const count = z.number().int().positive();
const seconds = z.number().positive();
const free = z.record(z.string(), z.unknown());
const configValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const mechanism = z.enum(["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN", "TLS", "OAUTHBEARER"]);

const cluster = z.strictObject({
  /** Name in the mirror, and part of the internal topics' names. */
  alias: text.optional(),
  /** As the mirror's workers reach it, `host:port[,host:port]`. */
  bootstrapServers: text,
  /** As the machine that runs `pulumi` reaches it. Default: `bootstrapServers`. */
  adminBootstrapServers: text.optional(),
  /** Who makes the users: an operator (`operator`), Kafka's own interface (`kafka`), or somebody else already has (`given`). */
  users: z.enum(["operator", "kafka", "given"]).default("operator"),
  /** `operator`: name of the Kafka resource. */
  cluster: text.optional(),
  /** `operator`: its namespace. */
  namespace: text.optional(),
  /** `operator`: Secret with the broker CA. Default `<cluster>-cluster-ca-cert`. */
  caSecret: text.optional(),
  /** `operator`: how the users log in. Default `scram-sha-512`. */
  authentication: z.enum(["scram-sha-512", "tls"]).optional(),
  /** `operator`: kubeconfig file and context; default: those of the mirror. */
  kubeconfig: text.optional(),
  context: text.optional(),
  /** `given`: the mirror's user; its password is the secret `originPassword` or `targetPassword`. */
  username: text.optional(),
  /** `given`, mechanism `TLS`: file with the client certificate, PEM; its key is the secret `originKey` or `targetKey`. */
  certificateFile: text.optional(),
  /**
   * `given`, mechanism `OAUTHBEARER`: the workers' `authentication`, fields as in Strimzi. The engine logs in with the
   * secret `originToken` or `targetToken`.
   */
  oauth: z.looseObject({ type: z.enum(["oauth", "custom"]) }).optional(),
  /** `kafka`, `given`: file with the CA certificate, PEM. Absent: the system's trust store. */
  caFile: text.optional(),
  mechanism: mechanism.optional(),
  /** False: no TLS at all. */
  tls: z.boolean().default(true),
  /** A given administrator; its secret is `originAdministratorPassword` (`...Key`, `...Token`) or the target's. */
  administrator: z.strictObject({ username: text.optional(), certificateFile: text.optional(), mechanism: mechanism.default("SCRAM-SHA-512") }).optional(),
  /** Number of brokers, when known. */
  brokers: count.optional(),
  /** The mirror's configuration of this cluster. */
  config: configValues.optional(),
});

const target = cluster.extend({
  groupId: text.optional(),
  offsetStorageTopic: text.optional(),
  configStorageTopic: text.optional(),
  statusStorageTopic: text.optional(),
});

const connector = z.strictObject({
  config: configValues.optional(),
  tasksMax: count.optional(),
  state: z.enum(["running", "paused", "stopped"]).optional(),
  autoRestart: z.strictObject({ enabled: z.boolean(), maxRestarts: z.number().int().nonnegative().optional() }).optional(),
});

const mirror = z.strictObject({
  name: text.optional(),
  namespace: text.optional(),
  kubeconfig: text.optional(),
  context: text.optional(),
  kafkaVersion: text.optional(),
  image: text.optional(),
  replicas: count.optional(),
  tasksMax: count.optional(),
  replicationFactor: z.number().int().optional(),
  offsetFlushIntervalMs: count.optional(),
  exactlyOnce: z.boolean().optional(),
  topicsPattern: text.optional(),
  topicsExcludePattern: text.optional(),
  groupsPattern: text.optional(),
  groupsExcludePattern: text.optional(),
  sourceConnector: connector.omit({ tasksMax: true }).optional(),
  checkpointConnector: connector.optional(),
  heartbeatConnector: connector.optional(),
  resources: free.optional(),
  jvmOptions: free.optional(),
  logging: free.optional(),
  metricsConfig: free.optional(),
  template: free.optional(),
  rack: free.optional(),
  affinity: free.optional(),
  tolerations: z.array(free).optional(),
});

const schema = z.strictObject({
  phase: z.enum(["mirror", "cutover", "cleanup"]).default("mirror"),
  profile: z.enum(["guide", "tuned", "least"]).default("least"),
  dialect: z.enum(["strimzi-v1", "strimzi-v1beta2", "event-streams-v1beta2", "event-streams-v1beta1"]).default("strimzi-v1"),
  abandon: z.boolean().default(false),
  origin: cluster,
  target,
  mirror: mirror.default({}),
  gate: z.strictObject({
    /** Longest wait for completeness. Default 1800. */
    limitSeconds: seconds.default(1800),
    /** How long the origin's end offsets must stand still. Default 5; with `fence` 0. */
    stableSeconds: seconds.optional(),
    /** Origin topics whose deleted records are accepted as lost. */
    acceptTruncation: z.array(text).optional(),
  }).prefault({}),
  verify: z.strictObject({
    mode: z.enum(["none", "tail", "full"]).default("tail"),
    tailRecords: count.default(100),
  }).prefault({}),
  offsets: z.strictObject({
    /** Groups to move beside those of the pattern. */
    groups: z.array(text).optional(),
    excludeGroups: z.array(text).optional(),
    /** Move groups that already have offsets on the target. */
    overwrite: z.boolean().default(false),
  }).prefault({}),
  replication: z.strictObject({
    /** First match wins; without a match the origin's factor. */
    rules: z.array(z.strictObject({ pattern: text, factor: count })).optional(),
    throttleBytesPerSecond: count.optional(),
    batchPartitions: count.optional(),
    allowSameRack: z.boolean().optional(),
    limitSeconds: seconds.optional(),
  }).prefault({}),
  fence: z.boolean().default(false),
  fenceOptions: z.strictObject({
    /** Principals (`User:name`) that go on writing. */
    except: z.array(text).optional(),
    /** What the brokers' `allow.everyone.if.no.acl.found` is, where they hide it. */
    everyoneByDefault: z.boolean().optional(),
  }).optional(),
  preflight: z.strictObject({
    /** Codes of findings that are known and accepted, e.g. TARGET_MESSAGE_SIZE_SMALLER. */
    accept: z.array(text).optional(),
  }).optional(),
  checkpoints: z.enum(["when-applied", "always", "never"]).default("when-applied"),
  /** False: no report is written. */
  report: z.union([z.literal(false), z.strictObject({ folder: text.optional() })]).default({}),
});

export type StackSettings = z.infer<typeof schema>;
export type ClusterEntry = z.infer<typeof cluster>;

/** Secrets have keys of their own, so that the rest of the configuration stays readable. */
export const SECRET_KEYS = (["origin", "target"] as const).flatMap((side) =>
  (["", "Administrator"] as const).flatMap((who) => (["Password", "Key", "Token"] as const).map((what) => `${side}${who}${what}` as const)),
);

/** Which secret a mechanism needs. */
export const SECRET_OF = { "SCRAM-SHA-256": "Password", "SCRAM-SHA-512": "Password", PLAIN: "Password", TLS: "Key", OAUTHBEARER: "Token" } as const;

const TOP_KEYS = [...Object.keys(schema.shape), ...SECRET_KEYS];

/**
 * Checks the whole configuration at once.
 * @param raw the project's own keys without the project name, values as text or JSON text
 * @throws MigrationError CONFIG_INVALID with every mistake in it
 */
export function readSettings(raw: Record<string, string>): StackSettings {
  const mistakes = new Mistakes();
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw)) {
    if ((SECRET_KEYS as readonly string[]).includes(key)) continue;
    if (!TOP_KEYS.includes(key)) mistakes.add(`${key}: unknown key${didYouMean(key, TOP_KEYS)}`);
    else values[key] = parse(value);
  }
  const parsed = schema.safeParse(values);
  if (!parsed.success) for (const issue of parsed.error.issues) describe(issue, values).forEach((line) => mistakes.add(line));
  else crossChecks(parsed.data, raw, mistakes);
  // The component would say these only once the rest is right.
  if (mistakes.list.length > 0) for (const mistake of mirrorMistakes(soundParts(values))) mistakes.add(mistake);
  mistakes.throwIfAny("CONFIG_INVALID", "the stack's configuration has mistakes", "correct them with `pulumi config set [--path] KEY VALUE` (passwords with --secret), or `pulumi config rm --path KEY`");
  return parsed.data!;
}

/** What can be read for itself of a configuration that has mistakes. */
function soundParts(values: Record<string, unknown>): Parameters<typeof mirrorMistakes>[0] {
  const part = <K extends keyof typeof schema.shape>(key: K) => schema.shape[key].safeParse(values[key]).data as StackSettings[K] | undefined;
  const side = (key: "origin" | "target") => {
    const entry = part(key);
    if (entry === undefined) return {};
    const { users, cluster: name = "", namespace = "", mechanism, username = "", ...rest } = entry;
    const maker = users === "operator" ? { operator: { cluster: name, namespace } } : users === "given" ? { given: defined({ username, password: "", mechanism }) } : {};
    return { [key]: { ...rest, ...maker } };
  };
  const { kubeconfig: _k, context: _c, ...settings } = part("mirror") ?? {};
  return defined({ profile: part("profile"), dialect: part("dialect"), mirror: settings, ...side("origin"), ...side("target") }) as Parameters<typeof mirrorMistakes>[0];
}

/** Pulumi keeps every value as text; objects, numbers and booleans as JSON. */
function parse(value: string): unknown {
  try {
    const json: unknown = JSON.parse(value);
    return typeof json === "object" || typeof json === "boolean" || typeof json === "number" ? json : value;
  } catch {
    return value;
  }
}

function describe(issue: z.core.$ZodIssue, values: unknown): string[] {
  const path = issue.path.map(String).join(".");
  if (issue.code === "invalid_union") {
    // `false` or an object: whoever wrote an object meant that one.
    const meant = isObject(at(values, issue.path)) ? issue.errors.flat().filter((e) => e.code !== "invalid_value") : [];
    return meant.length > 0 ? meant.flatMap((e) => describe({ ...e, path: [...issue.path, ...e.path] }, values)) : [`${path}: ${JSON.stringify(at(values, issue.path))} is not possible (it has to be false, or its keys)`];
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${path === "" ? key : `${path}.${key}`}: unknown key${didYouMean(key, knownKeys(issue.path))}`);
  }
  const seen = at(values, issue.path);
  if (seen === undefined) return [`${path}: missing (${issue.message})`];
  return [`${path}: ${JSON.stringify(seen)} is not possible (${issue.message})`];
}

const isObject = (value: unknown) => typeof value === "object" && value !== null;

function at(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], values);
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const key of path) {
    // An array unwraps to its element, so an index asks for nothing more.
    at = objectOf(unwrap(at));
    if (typeof key !== "number") at = (at as { shape?: Record<PropertyKey, unknown> }).shape?.[key];
  }
  return Object.keys((objectOf(unwrap(at)) as { shape?: object }).shape ?? {});
}

/** Of a union the object: the other choice is `false`. */
function objectOf(type: unknown): unknown {
  const { options } = type as { options?: { shape?: object }[] };
  return options?.find?.((option) => option.shape !== undefined) ?? type;
}

function unwrap(type: unknown): unknown {
  let at = type as { unwrap?: () => unknown; shape?: unknown };
  while (at !== undefined && at.shape === undefined && typeof at.unwrap === "function") at = at.unwrap() as typeof at;
  return at;
}

function crossChecks(settings: StackSettings, raw: Record<string, string>, mistakes: Mistakes): void {
  for (const side of ["origin", "target"] as const) {
    const entry = settings[side];
    const need = (condition: boolean, key: string, why: string) => condition || mistakes.add(`${side}.${key}: missing; ${why}`);
    if (entry.users === "operator") {
      need(entry.cluster !== undefined, "cluster", "the name of the Kafka resource whose operator makes the users");
      need(entry.namespace !== undefined, "namespace", "the namespace of that Kafka resource");
    }
    if (entry.users === "given") {
      someone(side, "", entry, "the mirror", raw, mistakes);
    }
    if (entry.users !== "operator") need(entry.administrator !== undefined, "administrator.username", `users: ${entry.users} needs a given administrator`);
    if (entry.administrator !== undefined) someone(side, "Administrator", entry.administrator, "the migration's administrator", raw, mistakes);
    if (entry.users === "kafka" && entry.administrator !== undefined && SECRET_OF[entry.administrator.mechanism] !== "Password") {
      mistakes.add(`${side}.administrator.mechanism: "${entry.administrator.mechanism}" is not possible; with users: kafka it logs in through @pulumi/kafka, with a password`);
    }
  }
}

/** A given user's name or certificate, and its secret. */
function someone(side: string, who: "" | "Administrator", user: { username?: string; certificateFile?: string; mechanism?: keyof typeof SECRET_OF }, whose: string, raw: Record<string, string>, mistakes: Mistakes): void {
  const part = who === "" ? side : `${side}.administrator`;
  const what = SECRET_OF[user.mechanism ?? "SCRAM-SHA-512"];
  if (what === "Password" && user.username === undefined) mistakes.add(`${part}.username: missing; the user that ${whose} logs in with`);
  if (what === "Key" && user.certificateFile === undefined) mistakes.add(`${part}.certificateFile: missing; the client certificate that ${whose} logs in with`);
  const key = `${side}${who}${what}`;
  if (raw[key] === undefined) mistakes.add(`${key}: missing; the ${what.toLowerCase()} of ${user.username ?? whose} (pulumi config set --secret ${key})`);
}

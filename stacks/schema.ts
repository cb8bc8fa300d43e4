import { z } from "zod";
import {
  clusterNames,
  existingSecrets,
  fenceOptions,
  gate,
  offsets,
  placeShape,
  preflight,
  replication,
  stepShape,
  verify,
} from "../components/migration/schema";
import { clusterShape, mirrorShape, targetShape } from "../components/mirror/schema";
import { seconds, text } from "../components/shape/types";

/**
 * The shape of the ready-made stack's configuration. Parts that are the same as in the component use the component's
 * schema. Any other key is a mistake.
 */

const mechanism = z.enum(["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN", "TLS", "OAUTHBEARER"]);

/** With mechanism `OAUTHBEARER`: where the engine gets its tokens, instead of the secret `...Token`. */
const bearerShape = {
  /**
   * A file with a token. The engine reads it again at each login. The program that writes the file must renew the
   * token.
   */
  tokenFile: text.optional(),
  /**
   * The endpoint that issues tokens (client credentials, RFC 6749). The client's secret is the stack secret
   * `...ClientSecret`.
   */
  tokenEndpoint: z
    .strictObject({
      url: text,
      clientId: text,
      scope: text.optional(),
      audience: text.optional(),
      caFile: text.optional(),
    })
    .optional(),
};

const cluster = z.strictObject({
  ...clusterShape,
  /** The address for the mirror's workers, `host:port[,host:port]`. */
  bootstrapServers: text,
  /** The address for the machine that runs `pulumi`. Default: `bootstrapServers`. */
  adminBootstrapServers: text.optional(),
  /**
   * TLS: the name in the brokers' certificates, if the engine connects to them by another name. Default: the address.
   */
  serverName: text.optional(),
  /** The names of the stack's own objects for this cluster. Default: the guide's names. */
  names: clusterNames.optional(),
  /**
   * Secrets in the mirror's namespace that already exist under `names` and that the stack does not create. Default: the
   * stack creates both.
   */
  existingSecrets: existingSecrets.optional(),
  /**
   * Who creates the users: an operator (`operator`), Kafka's own interface (`kafka`), someone outside the stack
   * (`given`), or nobody, because clients do not log in (`anonymous`). Default: `operator`.
   */
  users: z.enum(["operator", "kafka", "given", "anonymous"]).default("operator"),
  /** `operator`: name of the Kafka resource. */
  cluster: text.optional(),
  /** `operator`: namespace of the Kafka resource. */
  namespace: text.optional(),
  /** `operator`: version of the user operator, if it differs from the stack's `operatorVersion`. */
  operatorVersion: text.optional(),
  /** `operator`: Secret with the broker CA. Default: `<cluster>-cluster-ca-cert`. */
  caSecret: text.optional(),
  secretPrefix: text.optional(),
  /** `operator`: how the users log in. Default: `scram-sha-512`. */
  authentication: z.enum(["scram-sha-512", "tls"]).optional(),
  /**
   * `operator`: kubeconfig (a file, relative to the folder of Pulumi.yaml) and context. Default: those of the mirror.
   */
  kubeconfig: text.optional(),
  context: text.optional(),
  /** `given`: the mirror's user. Its password is the secret `originPassword` or `targetPassword`. */
  username: text.optional(),
  /**
   * `given`, mechanism `TLS`: file with the client certificate, PEM. Its key is the secret `originKey` or `targetKey`.
   */
  certificateFile: text.optional(),
  /**
   * `given`, mechanism `OAUTHBEARER`: the workers' `authentication`, with Strimzi's fields. The engine logs in with the
   * secret `originToken` or `targetToken`.
   */
  oauth: z.looseObject({ type: z.enum(["oauth", "custom"]) }).optional(),
  /**
   * File with the CA certificate, PEM, relative to the folder of Pulumi.yaml. Default: the operator's Secret, or the
   * system's trust store.
   */
  caFile: text.optional(),
  mechanism: mechanism.optional(),
  ...bearerShape,
  /** False: no TLS at all. Default: true. */
  tls: z.boolean().default(true),
  /**
   * A given administrator. Its secret is `originAdministratorPassword` (`...Key`, `...Token`), or the same for the
   * target.
   */
  administrator: z
    .strictObject({
      username: text.optional(),
      certificateFile: text.optional(),
      mechanism: mechanism.default("SCRAM-SHA-512"),
      ...bearerShape,
    })
    .optional(),
});

export const schema = z.strictObject({
  ...stepShape,
  phase: stepShape.phase.default("mirror"),
  profile: stepShape.profile.default("least"),
  dialect: stepShape.dialect.default("strimzi-v1"),
  operatorVersion: stepShape.operatorVersion,
  abandon: stepShape.abandon.default(false),
  fence: stepShape.fence.default(false),
  checkpoints: stepShape.checkpoints.default("when-applied"),
  report: stepShape.report.default({}),
  origin: cluster,
  target: cluster.extend(targetShape),
  mirror: z
    .strictObject({ ...mirrorShape, ...placeShape, kubeconfig: text.optional(), context: text.optional() })
    .default({}),
  gate: gate.extend({ limitSeconds: seconds.default(1800) }).prefault({}),
  verify: verify
    .extend({ mode: verify.shape.mode.default("tail"), tailRecords: verify.shape.tailRecords.default(100) })
    .prefault({}),
  offsets: offsets.extend({ overwrite: offsets.shape.overwrite.default(false) }).prefault({}),
  replication: replication.extend({ limitSeconds: seconds.optional() }).prefault({}),
  fenceOptions: fenceOptions.optional(),
  preflight: preflight.optional(),
});

export type StackSettings = z.infer<typeof schema>;
export type ClusterEntry = z.infer<typeof cluster>;
export type Mechanism = z.infer<typeof mechanism>;

/** Secrets have their own keys, so that the rest of the configuration stays readable. */
export const SECRET_KEYS = (["origin", "target"] as const).flatMap((side) =>
  (["", "Administrator"] as const).flatMap((who) =>
    (["Password", "Key", "Token", "ClientSecret"] as const).map((what) => `${side}${who}${what}` as const),
  ),
);

/** A user that exists already, as the configuration describes it. */
export interface Somebody {
  username?: string | undefined;
  certificateFile?: string | undefined;
  mechanism?: Mechanism | undefined;
  tokenFile?: string | undefined;
  tokenEndpoint?: ClusterEntry["tokenEndpoint"];
}

/** The secret that the user logs in with. Undefined if the token comes from a file. */
export function secretOf({ mechanism = "SCRAM-SHA-512", tokenFile, tokenEndpoint }: Somebody) {
  if (mechanism !== "OAUTHBEARER") return SECRET_OF[mechanism];
  if (tokenEndpoint !== undefined) return "ClientSecret" as const;
  return tokenFile === undefined ? SECRET_OF.OAUTHBEARER : undefined;
}

/** The secret that each mechanism needs. */
export const SECRET_OF = {
  "SCRAM-SHA-256": "Password",
  "SCRAM-SHA-512": "Password",
  PLAIN: "Password",
  TLS: "Key",
  OAUTHBEARER: "Token",
} as const satisfies Record<Mechanism, string>;

export const TOP_KEYS: readonly string[] = [...Object.keys(schema.shape), ...SECRET_KEYS];

/** Provides a placeholder for a missing value, so that the rest of a configuration can be read. */
export function standIn(path: readonly PropertyKey[]): unknown {
  const [side, key] = path;
  if (side !== "origin" && side !== "target") return undefined;
  // Each side has its own, because two equal addresses would be a mistake.
  const bootstrapServers = `${side}.invalid:9093`;
  if (path.length === 1) return { bootstrapServers };
  return path.length === 2 && key === "bootstrapServers" ? bootstrapServers : undefined;
}

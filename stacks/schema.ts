import { copyShape } from "../components/settings/copy";
import { gateShape, type PreflightSettings, preflightShape, stepShape } from "../components/settings/migration";
import { clusterShape, mirrorShape, targetShape } from "../components/settings/mirror";
import { placeShape } from "../components/settings/place";
import { connectionShape, operatorShape, secretsShape } from "../components/settings/users";
import { verifyShape } from "../components/settings/verify";
import { CLIENT_PASSWORDS } from "../engine/client-passwords";
import { type FenceOptions, fenceShape } from "../engine/fence/types";
import { offsetShape } from "../engine/offsets/types";
import { replicationShape } from "../engine/replication/types";
import {
  block,
  filled,
  like,
  loose,
  objectOf,
  oneOf,
  type Resolved,
  seconds,
  text,
  withoutDefaults,
  type Written,
} from "../engine/setting";

/**
 * The configuration of the ready-made stack. Keys, types, descriptions and defaults come from the components' settings.
 * Only what the configuration writes in another way is described here: clusters are flat, and files and secrets have
 * names of their own. Any other key is a mistake.
 */

const mechanism = oneOf(["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN", "TLS", "OAUTHBEARER"]);
export type Mechanism = "SCRAM-SHA-256" | "SCRAM-SHA-512" | "PLAIN" | "TLS" | "OAUTHBEARER";

export const tokenEndpointEntryShape = {
  /** Address of the endpoint. */
  url: text,
  /** Client id at the identity provider. */
  clientId: text,
  /**
   * Scope of the token.
   * @default none
   */
  scope: text.optional(),
  /**
   * Audience of the token.
   * @default none
   */
  audience: text.optional(),
  /**
   * PEM file with the CA certificate of the endpoint.
   * @default the system's trust store
   */
  caFile: text.optional(),
};

export const administratorEntryShape = {
  /** Name of the user. Its secret is `originAdministratorPassword` (`...Key`, `...Token`), or the target's. */
  username: text.optional(),
  /**
   * Mechanism `TLS`: PEM file with the client certificate. Its key (PKCS8) is the secret `originAdministratorKey`, or
   * the target's.
   */
  certificateFile: text.optional(),
  /**
   * `SCRAM-SHA-256`, `SCRAM-SHA-512`, `PLAIN`, `TLS` or `OAUTHBEARER`.
   * @default `SCRAM-SHA-512`
   */
  mechanism: mechanism.default("SCRAM-SHA-512"),
  /**
   * `OAUTHBEARER`: a file with a token, on the machine that runs `pulumi`. The engine reads it again at each login. The
   * program that writes the file must renew the token.
   * @default the secret `originAdministratorToken` or `targetAdministratorToken`
   */
  tokenFile: text.optional(),
  /**
   * `OAUTHBEARER`: where the engine requests tokens (client credentials, RFC 6749). It requests a new one whenever one
   * expires. Keys as for `tokenEndpoint` of a given user. The client's secret is the secret
   * `originAdministratorClientSecret` or `targetAdministratorClientSecret`.
   * @default none
   */
  tokenEndpoint: block<Written<typeof tokenEndpointEntryShape>>(tokenEndpointEntryShape).optional(),
};

/** Keys for `users: operator`. */
export const operatorEntryShape = {
  cluster: like(operatorShape.cluster, text).optional(),
  namespace: like(operatorShape.namespace, text).optional(),
  operatorVersion: operatorShape.version,
  caSecret: operatorShape.caSecret,
  secretPrefix: operatorShape.secretPrefix,
  authentication: operatorShape.authentication,
  /**
   * Kubeconfig of this Kafka cluster's Kubernetes: a file, or the content.
   * @default the mirror's
   */
  kubeconfig: text.optional(),
  /**
   * Context in that kubeconfig. Without a `kubeconfig`: a context of the mirror's kubeconfig.
   * @default the mirror's
   */
  context: text.optional(),
  dialect: operatorShape.dialect,
};

/** Keys for `users: given`. */
export const givenEntryShape = {
  /** The mirror's user. Its password is the secret `originPassword` or `targetPassword`. */
  username: text.optional(),
  /**
   * Mechanism `TLS`: PEM file with the client certificate. Its key (PKCS8) is the secret `originKey` or `targetKey`.
   */
  certificateFile: text.optional(),
  /**
   * `SCRAM-SHA-256`, `SCRAM-SHA-512`, `PLAIN`, `TLS` or `OAUTHBEARER`.
   * @default `SCRAM-SHA-512`
   */
  mechanism: mechanism.optional(),
  /**
   * Mechanism `OAUTHBEARER`: how the workers get their tokens, fields as in Strimzi's `authentication` (`type: oauth`,
   * or `custom` in the dialect strimzi-v1). The engine logs in with the secret `originToken` or `targetToken`, or with
   * one of the next two keys.
   */
  oauth: loose<{ type: "oauth" | "custom" } & Record<string, unknown>>({ type: oneOf(["oauth", "custom"]) }).optional(),
  /**
   * `OAUTHBEARER`: a file with a token, on the machine that runs `pulumi`. The engine reads it again at each login. The
   * program that writes the file must renew the token.
   * @default the secret `originToken` or `targetToken`
   */
  tokenFile: text.optional(),
  /**
   * `OAUTHBEARER`: where the engine requests tokens (client credentials, RFC 6749). It requests a new one whenever one
   * expires. The client's secret is the secret `originClientSecret` or `targetClientSecret`.
   * @default none
   */
  tokenEndpoint: block<Written<typeof tokenEndpointEntryShape>>(tokenEndpointEntryShape).optional(),
};

export const connectionEntryShape = {
  bootstrapServers: like(connectionShape.bootstrapServers, text),
  adminBootstrapServers: like(connectionShape.adminBootstrapServers, text).optional(),
  serverName: like(connectionShape.serverName, text).optional(),
  names: secretsShape.names,
  existingSecrets: secretsShape.existingSecrets,
  /**
   * Who creates the users: `operator` (KafkaUsers), `kafka` (`@pulumi/kafka`), `given` (nobody: they exist),
   * `anonymous` (the listener requires no login; with `tls: false` in plain text).
   * @default `operator`
   */
  users: oneOf(["operator", "kafka", "given", "anonymous"]).default("operator"),
  /**
   * PEM file with the CA certificate.
   * @default the operator's Secret, else the system's trust store
   */
  caFile: text.optional(),
  tls: connectionShape.tls,
  /**
   * The migration's administrator. Required for `kafka` and `given`.
   * @default a KafkaUser that the stack creates
   */
  administrator: objectOf(administratorEntryShape).optional(),
};

const entryShape = { ...clusterShape, ...connectionEntryShape, ...operatorEntryShape, ...givenEntryShape };
export interface ClusterEntry extends Resolved<typeof entryShape> {}

export const kubernetesEntryShape = {
  /**
   * Kubeconfig of the mirror's Kubernetes: a file, or the content.
   * @default what `kubectl` would use
   */
  kubeconfig: text.optional(),
  /**
   * Context in the kubeconfig.
   * @default the kubeconfig's current context
   */
  context: text.optional(),
};

export const limitShape = {
  /**
   * Longest time for the reset, in seconds.
   * @default 3600
   */
  limitSeconds: seconds.optional(),
};

const stackShape = {
  ...stepShape,
  report: stepShape.report.default({}),
  origin: objectOf(entryShape),
  target: objectOf({ ...entryShape, ...withoutDefaults(targetShape) }),
  mirror: filled({ ...withoutDefaults({ ...mirrorShape, ...placeShape }), ...kubernetesEntryShape, ...copyShape }),
  gate: filled(gateShape),
  verify: filled(verifyShape),
  offsets: filled(offsetShape),
  replication: filled({ ...replicationShape, ...limitShape }),
  fenceOptions: block<Pick<FenceOptions, keyof typeof fenceShape>>(fenceShape).optional(),
  preflight: block<PreflightSettings>(preflightShape).optional(),
};

export const schema = objectOf(stackShape);
export interface StackSettings extends Resolved<typeof stackShape> {
  /** Names of the users whose passwords are in the secret `clientPasswords`. */
  passwords?: readonly string[];
}

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

export const TOP_KEYS: readonly string[] = [...Object.keys(stackShape), ...SECRET_KEYS, CLIENT_PASSWORDS];

/** Provides a placeholder for a missing value, so that the rest of a configuration can be read. */
export function standIn(path: readonly PropertyKey[]): unknown {
  const [side, key] = path;
  if (side !== "origin" && side !== "target") return undefined;
  // Each side has its own, because two equal addresses would be a mistake.
  const bootstrapServers = `${side}.invalid:9093`;
  if (path.length === 1) return { bootstrapServers };
  return path.length === 2 && key === "bootstrapServers" ? bootstrapServers : undefined;
}

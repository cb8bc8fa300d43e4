import type * as kafka from "@pulumi/kafka";
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { anyText, block, flag, loose, matching, needed, oneOf, text, typed, type Written } from "../../engine/setting";
import type { ClusterCredentials } from "../credentials";
import type { MirrorAuthentication } from "../dialects/model";
import { fields, laterText, resource } from "../shape/types";
import { DIALECTS } from "./mirror";

/** Who connects to a cluster. */

export const tokenEndpointShape = {
  /** Address of the endpoint. Example: `https://idp.example.com/realms/kafka/protocol/openid-connect/token`. */
  url: laterText,
  /** Client id at the identity provider. Example: `kafka-migration`. */
  clientId: laterText,
  /** Kept as a secret. */
  clientSecret: laterText,
  /**
   * Scope of the token.
   * @default none
   */
  scope: laterText.optional(),
  /**
   * Audience of the token. Required by some identity providers.
   * @default none
   */
  audience: laterText.optional(),
  /**
   * CA certificate of the endpoint, PEM.
   * @default the system's trust store
   */
  ca: laterText.optional(),
};

/** The client credentials grant of OAuth 2.0 (RFC 6749, section 4.4). */
export interface TokenEndpointArgs extends Written<typeof tokenEndpointShape> {}

/** `givenCredentials` checks which keys a mechanism needs, and the mechanism. */
export const credentialsShape = {
  /** For SCRAM and PLAIN. */
  username: laterText.optional(),
  /** For SCRAM and PLAIN. */
  password: laterText.optional(),
  /** For mutual TLS, together with `key`. PEM. */
  certificate: laterText.optional(),
  /** For mutual TLS. PEM, PKCS8. */
  key: laterText.optional(),
  /** For OAUTHBEARER: token with which the engine logs in. The engine cannot renew it. */
  token: laterText.optional(),
  /**
   * For OAUTHBEARER: path of a file with a token, on the machine that runs `pulumi`. It is read again at each login.
   * The program that writes the file must renew the token.
   */
  tokenFile: laterText.optional(),
  /**
   * For OAUTHBEARER: endpoint from which the engine requests tokens. It requests a new one whenever a token expires.
   */
  tokenEndpoint: loose<TokenEndpointArgs>({}).optional(),
  /**
   * How the user logs in.
   * @default `SCRAM-SHA-512`; `TLS` if a certificate is given, `OAUTHBEARER` if a token is given
   */
  mechanism: typed<ClusterCredentials["mechanism"]>(anyText).optional(),
};
export interface GivenCredentialsArgs extends Written<typeof credentialsShape> {}

/** An existing principal: name and password, a client certificate, or a bearer token. */
export type GivenUser = GivenCredentialsArgs;

/** Authentication of the workers that the program sets itself. Fields as in Strimzi. */
export type WorkerAuthentication = Extract<MirrorAuthentication, { type: "oauth" | "custom" }>;

const workerLoginShape = {
  /**
   * For OAUTHBEARER: how the workers get their tokens. Fields as in Strimzi's `authentication` (type `oauth`, or
   * `custom` in the dialect strimzi-v1). The Secrets that it names must be in the mirror's namespace. Example:
   * `{ type: "oauth", tokenEndpointUri: "https://idp/token", clientId: "mm2", clientSecret: { secretName: "mm2", key:
   * "secret" } }`.
   */
  authentication: typed<WorkerAuthentication>(fields).optional(),
};

/** An existing principal for the mirror. With OAUTHBEARER its workers get their own tokens. */
export interface GivenMirrorUser extends GivenUser, Written<typeof workerLoginShape> {}

export const operatorShape = {
  /** Name of the Kafka resource (the `cluster` label), e.g. `origin`. */
  cluster: needed(text),
  /** Namespace of the Kafka resource, e.g. `origin-ns`. */
  namespace: needed(text),
  /**
   * Version of this user operator, if it differs from the top level's `operatorVersion`. Example: `0.31.0`.
   * @default the top level's `operatorVersion`
   */
  version: text.optional(),
  /**
   * Secret with the broker CA in that namespace.
   * @default `<cluster>-cluster-ca-cert`
   */
  caSecret: text.optional(),
  /**
   * Prefix that the user operator puts before the names of its users' Secrets (`STRIMZI_SECRET_PREFIX`). Example:
   * `kafka-`.
   * @default taken from the Secrets of other KafkaUsers in the namespace
   */
  secretPrefix: text.optional(),
  /**
   * How the created users log in, `scram-sha-512` or `tls` (client certificates). The listener must require this
   * authentication.
   * @default `scram-sha-512`
   */
  authentication: oneOf(["scram-sha-512", "tls"]).optional(),
  /**
   * Provider of the Kubernetes cluster of the Kafka resource.
   * @default the mirror's
   */
  provider: typed<k8s.Provider>(resource).optional(),
  /**
   * Kubeconfig of the same cluster, to read conditions. Path or content.
   * @default the provider's
   */
  kubeconfig: laterText.optional(),
  /**
   * Context in the kubeconfig.
   * @default the provider's
   */
  context: text.optional(),
  /**
   * Dialect of this user operator, if it differs from the top level's. Example: `event-streams-v1beta2`, with an origin
   * of Event Streams and a target of Strimzi.
   * @default the top level's `dialect`
   */
  dialect: oneOf(DIALECTS).optional(),
};
export interface OperatorUsers extends Written<typeof operatorShape> {}

const kafkaShape = {
  /**
   * Provider that logs in as a user who may create users and ACLs. Example:
   * `new kafka.Provider("origin", { bootstrapServers: ["origin:9093"], ... })`.
   */
  provider: needed(typed<kafka.Provider>(resource)),
};
export interface KafkaUsers extends Written<typeof kafkaShape> {}

export const usersShape = {
  /**
   * User for the engine's own calls. It is deleted last.
   * @default a KafkaUser with only the rights that these calls need
   */
  administrator: loose<GivenUser>(credentialsShape).optional(),
  /** A Strimzi or Event Streams user operator manages the cluster's users. The migration creates KafkaUsers. */
  operator: block<OperatorUsers>(operatorShape).optional(),
  /**
   * No operator: the migration creates users through the Kafka protocol, with `@pulumi/kafka`. Requires
   * `administrator`.
   */
  kafka: block<KafkaUsers>(kafkaShape).optional(),
  /**
   * No user is created: the mirror uses this existing user, which must have the rights it needs. Requires
   * `administrator`.
   */
  given: loose<GivenMirrorUser>({ ...credentialsShape, ...workerLoginShape }).optional(),
  /**
   * The listener requires no login. The mirror connects as `User:ANONYMOUS`. So does the engine, unless `administrator`
   * is set. No users, ACLs or credentials are created. With `tls: false` the connection is plain text.
   * @default false
   */
  anonymous: flag.optional(),
};

/** How the migration gets its users on one cluster. Set exactly one of the four. */
export interface ClusterUsers extends Omit<Written<typeof usersShape>, "administrator"> {}

/** Name of a Kubernetes object. Names of users are also principals. */
const name = matching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'lower case letters, digits, "-" and "."');

export const namesShape = {
  /**
   * The mirror's user (KafkaUser or SCRAM). With an operator, its Secret has the same name.
   * @default `mm2-credentials`
   */
  user: name.optional(),
  /**
   * The migration's administrator (a KafkaUser) and its Secret.
   * @default `mm2-administrator`
   */
  administrator: name.optional(),
  /**
   * Secret beside the mirror with the credentials of its user.
   * @default `origin-cluster-credentials` or `target-cluster-credentials`
   */
  credentialsSecret: name.optional(),
  /**
   * Secret beside the mirror with the CA.
   * @default `origin-cluster-ca-cert` or `target-cluster-ca-cert`
   */
  caSecret: name.optional(),
};

/** Names of the migration's objects for one cluster. The defaults are the guide's names, except `mm2-administrator`. */
export interface ClusterNames extends Written<typeof namesShape> {}

export const existingSecretsShape = {
  /**
   * `names.credentialsSecret` exists, with key `password`, or `user.crt` and `user.key`. A given user's password is
   * read from it. Not with `kafka`, `anonymous` or OAUTHBEARER.
   * @default false
   */
  credentials: flag.optional(),
  /**
   * `names.caSecret` exists, with key `ca.crt`.
   * @default false
   */
  ca: flag.optional(),
};
export interface ExistingSecrets extends Written<typeof existingSecretsShape> {}

export const secretsShape = {
  /**
   * Existing Secrets in the mirror's namespace, with the names in `names`, that are managed outside of this stack. They
   * are used as they are, and never created, changed or deleted.
   * @default the stack creates both
   */
  existingSecrets: block<ExistingSecrets>(existingSecretsShape).optional(),
  /**
   * Names for this side. Set them if the default names are already in use: the users of both clusters are in one
   * namespace, one cluster has several migrations, or a Kafka called `origin` is in the mirror's namespace. Example:
   * `{ user: "mm2-orders", administrator: "mm2-orders-admin" }`.
   * @default the guide's names
   */
  names: block<ClusterNames>(namesShape).optional(),
};

export const connectionShape = {
  /**
   * Name to check the brokers' certificates against, if it differs from the address that the engine connects to (a
   * tunnel, a load balancer). The workers check the address in `bootstrapServers`. Example:
   * `origin-kafka-bootstrap.origin-ns.svc`.
   * @default the address
   */
  serverName: laterText.optional(),
  /** Bootstrap servers as reached from the mirror's workers, `host:port[,host:port]`. */
  bootstrapServers: needed<pulumi.Input<string>>(laterText),
  /**
   * Bootstrap servers as reached from the machine that runs `pulumi`.
   * @default `bootstrapServers`
   */
  adminBootstrapServers: laterText.optional(),
  /**
   * CA certificate, PEM.
   * @default the operator's Secret; without an operator the system's trust store
   */
  ca: laterText.optional(),
  /**
   * `false`: no TLS at all.
   * @default true
   */
  tls: flag.default(true),
};

export interface MigrationCluster
  extends Written<typeof usersShape>,
    Written<typeof secretsShape>,
    Written<typeof connectionShape> {}

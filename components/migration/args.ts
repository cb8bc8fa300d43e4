import type * as k8s from "@pulumi/kubernetes";
import type * as kafka from "@pulumi/kafka";
import type * as pulumi from "@pulumi/pulumi";
import type { CheckpointsMode } from "../../engine/cleanup";
import type { FenceOptions } from "../../engine/fence";
import type { Phase, Profile } from "../../engine/model";
import type { OffsetOptions } from "../../engine/offsets";
import type { ReplicationOptions } from "../../engine/replication";
import type { DialectName, MirrorAuthentication } from "../dialects";
import type { GivenCredentialsArgs } from "../given/given-credentials";
import type { ClusterSettings, MirrorSettings, TargetSettings } from "../mirror/settings";

/** How the workers log in by themselves; fields as in Strimzi. */
export type WorkerAuthentication = Extract<MirrorAuthentication, { type: "oauth" | "custom" }>;

/** A principal that exists already: with a name and a password, a client certificate, or a bearer token. */
export type GivenUser = GivenCredentialsArgs;

/** The same for the mirror, whose workers log in by themselves. */
export interface GivenMirrorUser extends GivenUser {
  /**
   * For OAUTHBEARER: how the workers get their tokens, in the fields of Strimzi's `authentication` (type `oauth`, or
   * `custom` in the dialect strimzi-v1). Its Secrets have to be in the mirror's namespace.
   * Example: `{ type: "oauth", tokenEndpointUri: "https://idp/token", clientId: "mm2", clientSecret: { secretName: "mm2", key: "secret" } }`.
   */
  authentication?: WorkerAuthentication;
}

/** Who makes the migration's users on one cluster. Exactly one of the four is given. */
export interface ClusterUsers {
  /** A Strimzi or Event Streams user operator looks after the cluster: users are KafkaUsers. */
  operator?: {
    /** Name of the Kafka resource (the `cluster` label), e.g. `origin`. */
    cluster: string;
    /** Its namespace, e.g. `origin-ns`. */
    namespace: string;
    /** Version of this user operator where it differs from `operatorVersion`. Example: `0.31.0`. */
    version?: string;
    /** Secret with the broker CA in that namespace. Default `<cluster>-cluster-ca-cert`. */
    caSecret?: string;
    /**
     * What the user operator puts before the names of its users' Secrets (`STRIMZI_SECRET_PREFIX`). Default: as the Secrets of
     * other KafkaUsers in the namespace show. Example: `kafka-`.
     */
    secretPrefix?: string;
    /** How the users that are made here log in; the listener has to ask for it. Default `scram-sha-512`. */
    authentication?: "scram-sha-512" | "tls";
    /** Kubernetes cluster that it is on. Default: the mirror's. */
    provider?: k8s.Provider;
    /** The same cluster for reading conditions, as a kubeconfig path or content. Default: what `kubectl` would use. */
    kubeconfig?: pulumi.Input<string>;
    /** Its context. Default: the kubeconfig's current one. */
    context?: string;
  };
  /** No operator: users are made through Kafka's own interface, with @pulumi/kafka. Needs a given administrator. */
  kafka?: {
    /** Logs in as somebody who may make users and ACLs. Example: `new kafka.Provider("origin", { bootstrapServers: ["origin:9093"], ... })`. */
    provider: kafka.Provider;
  };
  /** No users are made: this one is there, with the rights it needs. Needs a given administrator. */
  given?: GivenMirrorUser;
  /**
   * The listener asks for no login: the mirror, and without `administrator` the engine too, connect as `User:ANONYMOUS`.
   * No users, ACLs or credentials are made. With `tls: false` the connection is plain text. Default false.
   */
  anonymous?: boolean;
}

/** What the migration's own objects for one cluster are called. The defaults are the guide's names; `mm2-administrator` is ours. */
export interface ClusterNames {
  /** The mirror's user (KafkaUser or SCRAM), and with an operator its Secret. Default `mm2-credentials`. */
  user?: string;
  /** The migration's administrator, a KafkaUser, and its Secret. Default `mm2-administrator`. */
  administrator?: string;
  /** Secret beside the mirror with what its user logs in with. Default `origin-cluster-credentials`, `target-cluster-credentials`. */
  credentialsSecret?: string;
  /** Secret beside the mirror with the CA. Default `origin-cluster-ca-cert`, `target-cluster-ca-cert`. */
  caSecret?: string;
}

export interface MigrationCluster extends ClusterUsers {
  /**
   * Names for this side, where the defaults are taken: both clusters' users in one namespace, several migrations of one
   * cluster, or a Kafka called `origin` in the mirror's namespace. Example: `{ user: "mm2-orders", administrator: "mm2-orders-admin" }`.
   */
  names?: ClusterNames;
  /**
   * Secrets in the mirror's namespace that somebody else keeps there under `names`: they are used as they are, never
   * made, changed or deleted. Default: both are made by the stack.
   */
  existingSecrets?: {
    /** `names.credentialsSecret`, key `password`, or `user.crt` and `user.key`. A given user's password is read from it. */
    credentials?: boolean;
    /** `names.caSecret`, key `ca.crt`. */
    ca?: boolean;
  };
  /** As the mirror's workers reach it. */
  bootstrapServers: pulumi.Input<string>;
  /** As the machine that runs `pulumi` reaches it. Default: `bootstrapServers`. */
  adminBootstrapServers?: pulumi.Input<string>;
  /** CA certificate, PEM. Default: the operator's Secret; without an operator the system's trust store. */
  ca?: pulumi.Input<string>;
  /** False: no TLS at all. Default true. */
  tls?: boolean;
  /**
   * Name to check the brokers' certificates against where it differs from the address by which the engine reaches them (a
   * tunnel, a load balancer). The workers check the address in `bootstrapServers`. Default: the address.
   * Example: `origin-kafka-bootstrap.origin-ns.svc`.
   */
  serverName?: pulumi.Input<string>;
  /** Default: a KafkaUser with the least that the engine's own calls need, removed last. */
  administrator?: GivenUser;
}

export interface MigrationArgs {
  /** `mirror`: copy. `cutover`: wait for completeness, prove it, move offsets, reset replication. `cleanup`: remove the mirror. Default `mirror`. */
  phase?: Phase;
  /** Give the migration up: the gate lets `destroy` and `cleanup` pass unproved, and records it. Default false. */
  abandon?: boolean;
  /** Default `least`. */
  profile?: Profile;
  /** Default `strimzi-v1`. */
  dialect?: DialectName;
  /**
   * Version of the operator that reads the dialect, of Strimzi (`0.45.0`) or Event Streams (`11.1.4`): it decides which fields are
   * written. Default: the newest that reads the dialect.
   */
  operatorVersion?: string;
  /** The cluster to migrate from. Example: `{ bootstrapServers: "origin-kafka-bootstrap.origin-ns:9093", operator: { cluster: "origin", namespace: "origin-ns" } }`. */
  origin: MigrationCluster & ClusterSettings;
  /** The cluster to migrate to, and what Connect keeps there. */
  target: MigrationCluster & TargetSettings;
  /** Where the mirror runs and what it does. */
  mirror?: Omit<MirrorSettings, "dialect" | "profile" | "origin" | "target"> & {
    /** Default `data-migration`. */
    name?: string;
    /** Default `migration`. It has to be there, unless `createNamespace` is set. */
    namespace?: string;
    /** Make the namespace. It stays when the migration is gone, as others' objects may be in it. Default false. */
    createNamespace?: boolean;
    /** Of the KafkaMirrorMaker2. Default none. Example: `{ team: "orders" }`. */
    labels?: Record<string, string>;
    /** Of the KafkaMirrorMaker2, beside the one that says whose it is. Default none. */
    annotations?: Record<string, string>;
    /** Longest wait for the workers, in seconds. Default 600. */
    readyLimitSeconds?: number;
    /** Kubernetes cluster that the mirror runs on. Default: Pulumi's default provider. */
    provider?: k8s.Provider;
    /** The same cluster for reading conditions, as a kubeconfig path or content. Default: the provider's. */
    kubeconfig?: pulumi.Input<string>;
    /** Its context. Default: the provider's. */
    context?: string;
  };
  /** When the copy counts as complete. Example: `{ limitSeconds: 7200 }`. */
  gate?: {
    /** Longest wait in seconds. Default 1800. */
    limitSeconds?: number;
    /** How long the origin's end offsets must stand still, in seconds. Default 5; with `fence` 0. */
    stableSeconds?: number;
    /**
     * Origin topics whose records were deleted (retention, DeleteRecords) before they were seen copied, and whose loss is
     * accepted: it becomes a warning. Default none. Example: `["sessions.expired"]`.
     */
    acceptTruncation?: string[];
  };
  /** How the copy is proved before offsets move. Example: `{ mode: "full" }`. */
  verify?: {
    /** `tail`: counts and the last records of each partition. `full`: every record. Default `tail`. */
    mode?: "none" | "tail" | "full";
    /** Default 100. */
    tailRecords?: number;
  };
  /** Which groups move, and what becomes of those that can't. Default: those of `mirror.groupsPattern`. Example: `{ excludeGroups: ["audit"] }`. */
  offsets?: OffsetOptions;
  /** How many replicas the target's topics get. Default: as many as on the origin. Example: `{ rules: [{ pattern: ".*", factor: 3 }] }`. */
  replication?: ReplicationOptions;
  /** Deny writes on the migrated origin topics during the cutover. Default false. */
  fence?: boolean;
  /** How the fence is made. Default: everyone is denied. Example: `{ everyoneByDefault: false }`. */
  fenceOptions?: FenceOptions;
  /** When `destroy` may remove the checkpoints topic. Default `when-applied`; an abandoned migration: `always`. */
  checkpoints?: CheckpointsMode;
  /** What the look at both clusters takes for granted. Example: `{ accept: ["TARGET_MESSAGE_SIZE_SMALLER"] }`. */
  preflight?: {
    /** Codes of findings that are known and accepted: they become warnings. Privileges and connections can't be accepted. Default none. */
    accept?: readonly string[];
    /** What each cluster's brokers have as `allow.everyone.if.no.acl.found`. Default: asked of them; needed only where they hide it. */
    everyoneByDefault?: {
      /** Of the origin. */
      origin?: boolean;
      /** Of the target. */
      target?: boolean;
    };
  };
  /**
   * The report, a page and a JSON file, that every `up` that changes something and `destroy` write (docs/report.md).
   * False: none. Default: in the folder `migration-report`.
   */
  report?: ReportArgs | false;
}

export interface ReportArgs {
  /** Relative to the Pulumi project's folder, or absolute. Default `migration-report`. */
  folder?: string;
}

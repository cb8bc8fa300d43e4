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

/** Authentication of the workers that the program sets itself. Fields as in Strimzi. */
export type WorkerAuthentication = Extract<MirrorAuthentication, { type: "oauth" | "custom" }>;

/** An existing principal: name and password, a client certificate, or a bearer token. */
export type GivenUser = GivenCredentialsArgs;

/** An existing principal for the mirror. With OAUTHBEARER its workers get their own tokens. */
export interface GivenMirrorUser extends GivenUser {
  /**
   * For OAUTHBEARER: how the workers get their tokens. Fields as in Strimzi's `authentication` (type `oauth`, or
   * `custom` in the dialect strimzi-v1). The Secrets that it names must be in the mirror's namespace.
   * Example: `{ type: "oauth", tokenEndpointUri: "https://idp/token", clientId: "mm2", clientSecret: { secretName:
   * "mm2", key: "secret" } }`.
   */
  authentication?: WorkerAuthentication;
}

/** How the migration gets its users on one cluster. Set exactly one of the four. */
export interface ClusterUsers {
  /** A Strimzi or Event Streams user operator manages the cluster's users. The migration creates KafkaUsers. */
  operator?: {
    /** Name of the Kafka resource (the `cluster` label), e.g. `origin`. */
    cluster: string;
    /** Namespace of the Kafka resource, e.g. `origin-ns`. */
    namespace: string;
    /** Version of this user operator, if it differs from `operatorVersion`. Example: `0.31.0`. */
    version?: string;
    /** Secret with the broker CA in that namespace. Default `<cluster>-cluster-ca-cert`. */
    caSecret?: string;
    /**
     * Prefix that the user operator puts before the names of its users' Secrets (`STRIMZI_SECRET_PREFIX`). Default:
     * taken from the Secrets of other KafkaUsers in the namespace. Example: `kafka-`.
     */
    secretPrefix?: string;
    /** How the created users log in. The listener must require this authentication. Default `scram-sha-512`. */
    authentication?: "scram-sha-512" | "tls";
    /** Kubernetes cluster of the Kafka resource. Default: the mirror's. */
    provider?: k8s.Provider;
    /** Kubeconfig of the same cluster, to read conditions. Path or content. Default: what `kubectl` would use. */
    kubeconfig?: pulumi.Input<string>;
    /** Context in the kubeconfig. Default: the kubeconfig's current context. */
    context?: string;
  };
  /**
   * No operator: the migration creates users through the Kafka protocol, with @pulumi/kafka. Requires `administrator`.
   */
  kafka?: {
    /**
     * Provider that logs in as a user who may create users and ACLs.
     * Example: `new kafka.Provider("origin", { bootstrapServers: ["origin:9093"], ... })`.
     */
    provider: kafka.Provider;
  };
  /**
   * No user is created: the mirror uses this existing user, which must have the rights it needs. Requires
   * `administrator`.
   */
  given?: GivenMirrorUser;
  /**
   * The listener requires no login. The mirror connects as `User:ANONYMOUS`. So does the engine, unless `administrator`
   * is set. No users, ACLs or credentials are created. With `tls: false` the connection is plain text. Default false.
   */
  anonymous?: boolean;
}

/** Names of the migration's objects for one cluster. The defaults are the guide's names, except `mm2-administrator`. */
export interface ClusterNames {
  /**
   * The mirror's user (KafkaUser or SCRAM). With an operator, its Secret has the same name. Default `mm2-credentials`.
   */
  user?: string;
  /** The migration's administrator (a KafkaUser) and its Secret. Default `mm2-administrator`. */
  administrator?: string;
  /**
   * Secret beside the mirror with the credentials of its user. Default `origin-cluster-credentials` or
   * `target-cluster-credentials`.
   */
  credentialsSecret?: string;
  /** Secret beside the mirror with the CA. Default `origin-cluster-ca-cert` or `target-cluster-ca-cert`. */
  caSecret?: string;
}

export interface MigrationCluster extends ClusterUsers {
  /**
   * Names for this side. Set them if the default names are already in use: the users of both clusters are in one
   * namespace, one cluster has several migrations, or a Kafka called `origin` is in the mirror's namespace.
   * Example: `{ user: "mm2-orders", administrator: "mm2-orders-admin" }`.
   */
  names?: ClusterNames;
  /**
   * Existing Secrets in the mirror's namespace, with the names in `names`, that are managed outside of this stack. They
   * are used as they are, and never created, changed or deleted. Default: the stack creates both.
   */
  existingSecrets?: {
    /**
     * `names.credentialsSecret` exists, with key `password`, or `user.crt` and `user.key`. A given user's password is
     * read from it.
     */
    credentials?: boolean;
    /** `names.caSecret` exists, with key `ca.crt`. */
    ca?: boolean;
  };
  /** Bootstrap servers as reached from the mirror's workers. */
  bootstrapServers: pulumi.Input<string>;
  /** Bootstrap servers as reached from the machine that runs `pulumi`. Default: `bootstrapServers`. */
  adminBootstrapServers?: pulumi.Input<string>;
  /** CA certificate, PEM. Default: the operator's Secret. Without an operator: the system's trust store. */
  ca?: pulumi.Input<string>;
  /** False: no TLS. Default true. */
  tls?: boolean;
  /**
   * Name to check the brokers' certificates against, if it differs from the address that the engine connects to (a
   * tunnel, a load balancer). The workers check the address in `bootstrapServers`. Default: the address.
   * Example: `origin-kafka-bootstrap.origin-ns.svc`.
   */
  serverName?: pulumi.Input<string>;
  /**
   * User for the engine's own calls. Default: a KafkaUser with only the rights that these calls need. It is deleted
   * last.
   */
  administrator?: GivenUser;
}

export interface MigrationArgs {
  /**
   * `mirror`: copy. `cutover`: wait until the copy is complete, verify it, move offsets, reset replication. `cleanup`:
   * delete the mirror. Default `mirror`.
   */
  phase?: Phase;
  /**
   * Abandon the migration: the gate lets `destroy` and `cleanup` continue without a proof, and records this. Default
   * false.
   */
  abandon?: boolean;
  /** Default `least`. */
  profile?: Profile;
  /** Default `strimzi-v1`. */
  dialect?: DialectName;
  /**
   * Version of the operator that reads the dialect, of Strimzi (`0.45.0`) or Event Streams (`11.1.4`). It decides which
   * fields are written. Default: the newest that reads the dialect.
   */
  operatorVersion?: string;
  /**
   * The cluster to migrate from.
   * Example: `{ bootstrapServers: "origin-kafka-bootstrap.origin-ns:9093", operator: { cluster: "origin", namespace:
   * "origin-ns" } }`.
   */
  origin: MigrationCluster & ClusterSettings;
  /** The cluster to migrate to, and the names of Connect's group and topics there. */
  target: MigrationCluster & TargetSettings;
  /** Where the mirror runs and what it does. */
  mirror?: Omit<MirrorSettings, "dialect" | "profile" | "origin" | "target"> & {
    /** Default `data-migration`. */
    name?: string;
    /** Default `migration`. The namespace must exist, unless `createNamespace` is set. */
    namespace?: string;
    /**
     * Create the namespace. It is not deleted with the migration, because it may contain other objects. Default false.
     */
    createNamespace?: boolean;
    /** Labels of the KafkaMirrorMaker2. Default none. Example: `{ team: "orders" }`. */
    labels?: Record<string, string>;
    /** Annotations of the KafkaMirrorMaker2, in addition to the one that names the owner. Default none. */
    annotations?: Record<string, string>;
    /** Longest time to wait for the workers, in seconds. Default 600. */
    readyLimitSeconds?: number;
    /** Kubernetes cluster that the mirror runs on. Default: Pulumi's default provider. */
    provider?: k8s.Provider;
    /** Kubeconfig of the same cluster, to read conditions. Path or content. Default: the provider's. */
    kubeconfig?: pulumi.Input<string>;
    /** Context in the kubeconfig. Default: the provider's. */
    context?: string;
  };
  /** When the copy counts as complete. Example: `{ limitSeconds: 7200 }`. */
  gate?: {
    /** Longest time to wait, in seconds. Default 1800. */
    limitSeconds?: number;
    /** How long the origin's end offsets must not change, in seconds. Default 5; with `fence` 0. */
    stableSeconds?: number;
    /**
     * Origin topics that may have lost records. Their records were deleted (retention, DeleteRecords) before the gate
     * saw them copied. The loss becomes a warning. Default none. Example: `["sessions.expired"]`.
     */
    acceptTruncation?: string[];
  };
  /** How the copy is verified before offsets move. Example: `{ mode: "full" }`. */
  verify?: {
    /** `tail`: counts and the last records of each partition. `full`: every record. Default `tail`. */
    mode?: "none" | "tail" | "full";
    /** Records per partition that `tail` compares. Default 100. */
    tailRecords?: number;
  };
  /**
   * Which groups move, and what to do with groups that cannot move. Default: the groups of `mirror.groupsPattern`.
   * Example: `{ excludeGroups: ["audit"] }`.
   */
  offsets?: OffsetOptions;
  /**
   * Number of replicas of the target's topics. Default: as many as on the origin.
   * Example: `{ rules: [{ pattern: ".*", factor: 3 }] }`.
   */
  replication?: ReplicationOptions;
  /** Deny writes on the migrated origin topics during the cutover. Default false. */
  fence?: boolean;
  /** How the fence is raised. Default: writes are denied to everyone. Example: `{ everyoneByDefault: false }`. */
  fenceOptions?: FenceOptions;
  /** When `destroy` may delete the checkpoints topic. Default `when-applied`; for an abandoned migration `always`. */
  checkpoints?: CheckpointsMode;
  /** Settings of the check of both clusters. Example: `{ accept: ["TARGET_MESSAGE_SIZE_SMALLER"] }`. */
  preflight?: {
    /**
     * Codes of findings that are known and accepted. They become warnings. Privileges and connections cannot be
     * accepted. Default none.
     */
    accept?: readonly string[];
    /**
     * Value of `allow.everyone.if.no.acl.found` on the brokers of each cluster. Set it only if the brokers do not show
     * it. Default: read from the brokers.
     */
    everyoneByDefault?: {
      /** Value on the origin. */
      origin?: boolean;
      /** Value on the target. */
      target?: boolean;
    };
  };
  /**
   * The report: an HTML page and a JSON file (docs/report.md). `destroy` and every `up` that changes something write
   * it. False: no report. Default: written to the folder `migration-report`.
   */
  report?: ReportArgs | false;
}

export interface ReportArgs {
  /** Absolute, or relative to the Pulumi project's folder. Default `migration-report`. */
  folder?: string;
}

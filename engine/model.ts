import type { RecordedTopics } from "./topic-ids";

/**
 * The neutral model of a migration: plain data that the engine decides on. It knows no Kubernetes and no Pulumi;
 * every field can be written as JSON (dynamic providers keep it in state).
 */

/** How to reach one Kafka cluster as a client. Secret fields are secret wherever they are kept. */
export interface Connection {
  /** `host:port`, comma separated. */
  bootstrapServers: string;
  /** Absent: no TLS. */
  tls?: {
    /** PEM, one or more certificates. Absent: the system's trust store. */
    ca?: string;
    /** PEM client certificate and PKCS8 key (mutual TLS). */
    cert?: string;
    key?: string;
    /** Name to check the broker's certificate against when it differs from the address. */
    serverName?: string;
  };
  /** Absent: no SASL. */
  sasl?:
    | { mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-512" | "PLAIN"; username: string; password: string }
    | { mechanism: "OAUTHBEARER"; token: string }
    /** A file with a token, read again at each login; who writes it also renews it. */
    | { mechanism: "OAUTHBEARER"; tokenFile: string }
    | { mechanism: "OAUTHBEARER"; tokenEndpoint: TokenEndpoint };
  /** Milliseconds to wait for a TCP/TLS connection. Default 5000. */
  connectTimeoutMs?: number;
  /**
   * Asked where a login or a certificate is refused: the connection with the credentials and the CA of now, e.g. from a
   * Secret. Resolves to undefined when there are no others. Never kept in a state.
   */
  renew?: () => Promise<Connection | undefined>;
}

/** Where tokens come from: the client credentials grant of OAuth 2.0 (RFC 6749, section 4.4). */
export interface TokenEndpoint {
  /** `https://...`; `http://` sends the secret in plain text. */
  url: string;
  clientId: string;
  /** Secret. */
  clientSecret: string;
  /** Default: none, which leaves it to the endpoint. */
  scope?: string;
  /** Asked for by some identity providers. Default: none. */
  audience?: string;
  /** PEM, one or more certificates. Default: the system's trust store. */
  ca?: string;
}

export type Side = "origin" | "target";

export type Phase = "mirror" | "cutover" | "cleanup";

export type Profile = "guide" | "tuned" | "least";

/** What the mirror was told to do, independent of the dialect it was written in. */
export interface MirrorModel {
  /** `clusters[].alias` of the origin, e.g. `origin-cluster`. */
  originAlias: string;
  targetAlias: string;
  /** Connect's `group.id` on the target. */
  groupId: string;
  offsetStorageTopic: string;
  configStorageTopic: string;
  statusStorageTopic: string;
  /** Comma-separated Java regular expressions, matched whole (MirrorMaker 2's `topics`). Default `.*`. */
  topicsPattern: string;
  /** MirrorMaker 2's `topics.exclude`; undefined: its default. */
  topicsExcludePattern?: string;
  groupsPattern: string;
  groupsExcludePattern?: string;
  /** `offset-syncs.topic.location`. Default `source`, which is the origin. */
  offsetSyncsLocation: "source" | "target";
  /** `replication.policy.class`. */
  policyClass: string;
  /** `replication.policy.separator`; undefined: MirrorMaker 2's default `.`. */
  separator?: string;
  /** `replication.policy.internal.topic.separator.enabled` (Kafka >= 3.6). Default true. */
  internalSeparatorEnabled?: boolean;
  /** Kafka version of the MirrorMaker 2 that runs, `major.minor[.patch]`; decides how internal topics are named. */
  kafkaVersion: string;
  /** False when no checkpoint connector is declared. Absent: there is one. */
  checkpoints?: boolean;
  /** True when a heartbeat connector is declared. */
  heartbeats: boolean;
  /** `consumer.isolation.level` of the source connector. Default `read_uncommitted`. */
  isolationLevel: "read_uncommitted" | "read_committed";
  /** `exactly.once.source.support` of the workers. */
  exactlyOnce: boolean;
  /** `sync.group.offsets.enabled`. */
  syncGroupOffsets: boolean;
  /** Replication factor asked for the data topics (`replication.factor`); -1: the target's `default.replication.factor`. */
  replicationFactor: number;
  /** `offset.flush.interval.ms` of the workers. Default 60000. */
  offsetFlushIntervalMs: number;
  /** `refresh.topics.interval.seconds`. Default 600. */
  refreshTopicsIntervalSeconds: number;
}

/** What every lifecycle step needs: who migrates where, and how to reach both. */
export interface MigrationModel {
  origin: Connection;
  target: Connection;
  mirror: MirrorModel;
  /** The topics' ids as they were when the mirror was started. Absent: not recorded (no stack, or an older state). */
  recorded?: RecordedTopics;
}

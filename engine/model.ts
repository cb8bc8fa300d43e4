import {
  anyText,
  block,
  flag,
  integer,
  list,
  matching,
  oneOf,
  oneOfBlocks,
  positive,
  type Resolved,
  text,
  withExactlyOne,
} from "./setting";

/**
 * The neutral model of a migration: plain data that the engine decides on. It does not depend on Kubernetes or Pulumi.
 * Every field can be written as JSON, because dynamic providers keep it in state.
 */

export const modelEndpointShape = {
  /** `https://...`; `http://` sends the secret in plain text. */
  url: matching(/^https?:\/\/[^/]/, "must begin with https:// or http://"),
  /** Client id at the identity provider. */
  clientId: text,
  /** Secret. */
  clientSecret: text,
  /**
   * Scope of the token.
   * @default none; the endpoint then decides
   */
  scope: text.optional(),
  /**
   * Some identity providers require it.
   * @default none
   */
  audience: text.optional(),
  /**
   * PEM, one or more certificates.
   * @default the system's trust store
   */
  ca: text.optional(),
};

/** The source of tokens: the client credentials grant of OAuth 2.0 (RFC 6749, section 4.4). */
export interface TokenEndpoint extends Resolved<typeof modelEndpointShape> {}

const tlsShape = {
  /** PEM, one or more certificates. Absent: the system's trust store. */
  ca: text.optional(),
  /** PEM client certificate, for mutual TLS. */
  cert: text.optional(),
  /** Its PKCS8 key. */
  key: text.optional(),
  /** The name to verify in the broker's certificate if it differs from the address. */
  serverName: text.optional(),
};
export interface ConnectionTls extends Resolved<typeof tlsShape> {}

export type ConnectionLogin =
  | { mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-512" | "PLAIN"; username: string; password: string }
  | { mechanism: "OAUTHBEARER"; token: string }
  /** A file with a token. It is read again at each login. The program that writes the token must also renew it. */
  | { mechanism: "OAUTHBEARER"; tokenFile: string }
  | { mechanism: "OAUTHBEARER"; tokenEndpoint: TokenEndpoint };

const login = oneOfBlocks<ConnectionLogin>("mechanism", [
  block({ mechanism: oneOf(["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"]), username: text, password: text }),
  withExactlyOne(["token", "tokenFile", "tokenEndpoint"], {
    mechanism: oneOf(["OAUTHBEARER"]),
    token: text.optional(),
    tokenFile: text.optional(),
    tokenEndpoint: block<TokenEndpoint>(modelEndpointShape).optional(),
  }),
]);

/** Every field of a connection that can be written down, once. The model file of the command line has the same. */
export const modelConnectionShape = {
  /** `host:port`, comma separated. */
  bootstrapServers: text,
  /** Absent: no TLS. */
  tls: block<ConnectionTls>(tlsShape).optional(),
  /** Absent: no SASL. */
  sasl: login.optional(),
  /**
   * Milliseconds to wait for a TCP/TLS connection.
   * @default 5000
   */
  connectTimeoutMs: positive.optional(),
};

/** How to reach one Kafka cluster as a client. Secret fields stay secret wherever they are stored. */
export interface Connection extends Resolved<typeof modelConnectionShape> {
  /**
   * Called when a login or a certificate is refused, also while a port is open. Resolves to the connection with the
   * current credentials and CA, e.g. from a Secret, or to undefined if there are no others than those of this
   * connection. Never stored in state.
   */
  renew?: () => Promise<Connection | undefined>;
}

export type Side = "origin" | "target";

/**
 * `consumers`: the groups move, while producers still write to the origin and the mirror copies. `returned`: everything
 * went back to the origin after a cutover with a way back.
 */
export type Phase = "mirror" | "consumers" | "cutover" | "returned" | "cleanup";

export type Profile = "guide" | "tuned" | "least";

/** Every field of the model, once. The model file of the command line has the same fields and defaults. */
export const mirrorModelShape = {
  /** `clusters[].alias` of the origin, e.g. `origin-cluster`. */
  originAlias: text,
  /** `clusters[].alias` of the target. */
  targetAlias: text,
  /** Connect's `group.id` on the target. */
  groupId: text,
  /** Connect's topic with the connectors' offsets. */
  offsetStorageTopic: text,
  /** Connect's topic with the connectors' configurations. */
  configStorageTopic: text,
  /** Connect's topic with the connectors' states. */
  statusStorageTopic: text,
  /**
   * Comma-separated Java regular expressions, matched whole (MirrorMaker 2's `topics`).
   * @default `.*`
   */
  topicsPattern: text.default(".*"),
  /**
   * MirrorMaker 2's `topics.exclude`.
   * @default MirrorMaker 2's own
   */
  topicsExcludePattern: anyText.optional(),
  /**
   * Consumer groups, in the same form.
   * @default `.*`
   */
  groupsPattern: text.default(".*"),
  /**
   * MirrorMaker 2's `groups.exclude`.
   * @default MirrorMaker 2's own
   */
  groupsExcludePattern: anyText.optional(),
  /**
   * `offset-syncs.topic.location`. `source` is the origin.
   * @default `source`
   */
  offsetSyncsLocation: oneOf(["source", "target"]).default("source"),
  /** `replication.policy.class`. */
  policyClass: text,
  /**
   * `replication.policy.separator`.
   * @default MirrorMaker 2's own, `.`
   */
  separator: anyText.optional(),
  /**
   * `replication.policy.internal.topic.separator.enabled` (Kafka >= 3.6).
   * @default true
   */
  internalSeparatorEnabled: flag.optional(),
  /** Kafka version of the running MirrorMaker 2, `major.minor[.patch]`. It determines the names of internal topics. */
  kafkaVersion: matching(/^\d+\.\d+(\.\d+)?$/, "major.minor[.patch]"),
  /**
   * False if no checkpoint connector is declared.
   * @default true
   */
  checkpoints: flag.optional(),
  /**
   * True if a heartbeat connector is declared.
   * @default false
   */
  heartbeats: flag.default(false),
  /**
   * `consumer.isolation.level` of the source connector.
   * @default `read_uncommitted`
   */
  isolationLevel: oneOf(["read_uncommitted", "read_committed"]).default("read_uncommitted"),
  /**
   * `exactly.once.source.support` of the workers.
   * @default false
   */
  exactlyOnce: flag.default(false),
  /**
   * `sync.group.offsets.enabled`.
   * @default false
   */
  syncGroupOffsets: flag.default(false),
  /**
   * Replication factor of the data topics (`replication.factor`). -1: the target's `default.replication.factor`.
   * @default -1
   */
  replicationFactor: integer.default(-1),
  /**
   * `offset.flush.interval.ms` of the workers.
   * @default 60000
   */
  offsetFlushIntervalMs: positive.default(60_000),
  /**
   * `refresh.topics.interval.seconds`.
   * @default 600
   */
  refreshTopicsIntervalSeconds: positive.default(600),
};

export const scopeShape = {
  /** The wave's name. Absent: everything outside the waves. */
  wave: text.optional(),
  /** Only these topics. Absent: all that the mirror copies. */
  topics: anyText.optional(),
  /** Only these groups. Absent: all that the mirror's patterns select. */
  groups: anyText.optional(),
  /** Not these topics: those of the waves. */
  withoutTopics: list(anyText).optional(),
  /** Not these groups: those of the waves. */
  withoutGroups: list(anyText).optional(),
  /**
   * Groups that have committed offsets in several parts, and that a person accepted by name. In each part only their
   * offsets for the part's topics move.
   */
  splitGroups: list(anyText).optional(),
};

/**
 * The part of a mirror that a step is about: one wave, or everything outside the waves. One mirror copies all parts.
 * Patterns are comma-separated Java regular expressions, matched whole.
 */
export interface Scope extends Resolved<typeof scopeShape> {}

/** The configuration of the mirror, independent of the dialect in which it was written. */
export interface MirrorModel extends Resolved<typeof mirrorModelShape> {
  /** Absent: the whole mirror. */
  scope?: Scope;
  /**
   * Patterns of the parts with a way back. The running mirror excludes a part's topics after its cutover, in addition
   * to `topicsExcludePattern`. Absent: no part has a way back.
   */
  leaving?: readonly string[];
}

/** The input of every lifecycle step: the mirror, and how to reach both clusters. */
export interface MigrationModel {
  origin: Connection;
  target: Connection;
  mirror: MirrorModel;
  /** The topics' ids at the time when the mirror was started. Absent: not recorded (no stack, or an older state). */
  recorded?: RecordedTopics;
  /**
   * Where both sides of each topic ended when they were last proved equal. The verification begins there. Absent: it
   * compares whole logs.
   */
  proved?: ProvedEnds;
}

/** End offsets of both clusters, by the origin's topic name. Arrays are indexed by partition. */
export type ProvedEnds = Record<string, { target: string; originEnds: number[]; targetEnds: number[] }>;

/**
 * The ids of one migrated topic (KIP-516). A topic that is deleted and created again gets a new id. Absent: the broker
 * gives no id (before Kafka 2.8), or the topic does not exist.
 */
export interface TopicIds {
  origin?: string;
  target?: string;
}

/** Keyed by the topic name on the origin. */
export type RecordedTopics = Record<string, TopicIds>;

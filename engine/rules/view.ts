import type { AclRule } from "../acls";
import type { Config, MirrorConfiguration } from "../mirror-configuration";
import type { Side } from "../model";
import { attempt } from "./unknown";

/**
 * What the rules look at: the parts of a set of resources that matter for a migration, as plain data. It is read from
 * the resources of a stack (`policies/read/`) or made from a component's settings before anything is declared.
 * What Pulumi knows only later throws `NotKnownYet` when it is read. No value of a Secret is in it.
 */
export interface View {
  mirrors: readonly MirrorView[];
  users: readonly UserView[];
  topics: readonly TopicView[];
  secrets: readonly SecretView[];
  steps: readonly StepView[];
  /** Clients of a cluster other than the mirror (providers of @pulumi/kafka). */
  clients: readonly ClientView[];
  /** Clusters with a user operator, where a resource of the stack says it; KafkaUsers say it, too. */
  owners?: readonly OwnerView[];
  /** Sink connectors of the stack (KafkaConnector). */
  sinks?: readonly SinkView[];
  /** Fields that the API server drops, of every custom resource. */
  unknownFields?: readonly UnknownField[];
  /** Fields with values that the API server refuses, and fields that it misses. */
  refusedFields?: readonly RefusedField[];
  /** KafkaMirrorMaker2 resources without an entry in `mirrors`. */
  idle?: readonly Place[];
}

/** A field that the API version of its resource does not have, as far as this package knows it. */
export interface UnknownField extends Place {
  apiVersion: string;
  /** `spec.mirrors[0].topics` */
  path: string;
  /** The field that was probably meant, or the place where it belongs. */
  meant?: string;
  /** What does not happen, or happens, because it is dropped. */
  loss?: string;
  /** Every operator of this API version is known. False: a newer one may have the field. */
  sure: boolean;
}

/** A field whose value the API server refuses, or that has to be there. */
export interface RefusedField extends Place {
  apiVersion: string;
  /** `spec.mirrors[0].sourceConnector.state` */
  path: string;
  /** After the path: `is "stoped"`, `is missing`. */
  seen: string;
  instead: string;
  /** The name of a field that is not there. */
  missing?: string;
  /** False: only Strimzi 1.0 and later refuse it. */
  sure: boolean;
}

/** One ACL rule of a KafkaUser as it is written; undefined where a field is left out. */
export interface WrittenAcl {
  path: string;
  /** Its operations are written inside `resource`, which drops them: another rule reports that. */
  nested?: boolean;
  permission?: string;
  operations?: readonly string[];
  type?: string;
  name?: string;
  patternType?: string;
}

/** Where a user operator owns every principal. */
export type OwnerView = Pick<UserView, "side" | "places">;

/** Whatever a finding can be about. */
export interface Place {
  /** URN, or whatever names the resource to the reader. */
  resource: string;
  /** In messages: `KafkaUser origin-ns/mm2-credentials`. Empty where there is only one. */
  label: string;
}

/** One of several entries of a resource. */
export interface Entry {
  /** Label of the resource. */
  of: string;
  /** Name of the entry, e.g. `mirrors[1]`. */
  name: string;
  /** Number of entries in the resource. */
  count: number;
}

export interface ClusterView {
  alias: string;
  config: Config;
  bootstrapServers?: string;
  authentication?: {
    type: string;
    username?: string;
    secretName?: string;
    /** The user whose certificate is in that Secret, where the stack tells. */
    certificateOf?: string;
    settings: Record<string, unknown>;
  };
  /** Absent: no TLS. `trusted`: number of certificates named. */
  tls?: { trusted: number };
}

export interface ConnectorView {
  config: Config;
  tasksMax?: number;
  /** `running`, `paused` or `stopped`, where it is written. */
  state?: string;
}

export interface MirrorView extends Place, MirrorConfiguration {
  /** Absent where the resource has one entry only. */
  entry?: Entry;
  apiVersion: string;
  /** `kafkaVersion` is only what the newest operators of the API version run: nothing says which one does. */
  versionAssumed?: boolean;
  namespace?: string;
  /** Name of the provider, where it tells which Kubernetes cluster the mirror runs in. */
  kubernetes?: string;
  /** What the resource calls them, e.g. `mirrors[0].source` or `clusters[1]`. Absent: the components' own names. */
  fieldNames?: FieldNames;
  /** False in API versions without a heartbeat connector. */
  heartbeatKnown: boolean;
  /** False before the mirror's connections are known, as in a component's settings. */
  connectionsKnown: boolean;
  /** Number of workers. */
  replicas?: number;
  /** `replicas` is the default of its API version, not written. */
  replicasAssumed?: boolean;
  /** Of each worker, as written: `jvmOptions.-Xmx` and `resources.limits.memory`. */
  memory?: { heap?: string; limit?: string };
  /** Brokers of the target and their `min.insync.replicas`, where a resource of the stack says it. */
  targetBrokers?: number;
  targetMinInsyncReplicas?: number;
  /** What -1 means there: the brokers' `default.replication.factor`. */
  targetDefaultReplicas?: number;
  origin: ClusterView;
  /** `config`, group and storage topics are the workers' (`connectCluster`), everything else is of the cluster that is copied to. */
  target: ClusterView & MirrorConfiguration["target"];
  /** Where the workers' cluster is, if it is another one than the target. */
  workersAt?: string;
  source: ConnectorView;
  checkpoint: ConnectorView;
  heartbeat?: ConnectorView;
  /** Whether the blocks are there: a connector without one does not run. */
  declared: { source: boolean; checkpoint: boolean };
  /** As written, by alias (older dialects); `sameServers`: connectCluster and target have one address. */
  aliases?: {
    clusters: readonly string[];
    connectCluster?: string;
    source?: string;
    target?: string;
    sameServers?: boolean;
  };
  /** An earlier entry of `mirrors` has the same source and target. */
  repeated?: boolean;
  /** Both the old and the new name of an exclusion are given. */
  doubleExclusions: readonly { old: string; new: string }[];
  /** Fields that its API version does not have, with what to write instead. */
  fieldsOfOtherVersions: readonly { path: string; instead: string }[];
  /** Keys of Secrets that the mirror names, by Secret. */
  secretKeys: ReadonlyMap<string, ReadonlySet<string>>;
  /** Every text in the resource with its path, for what must not be there. */
  texts: readonly Text[];
}

export interface FieldNames {
  origin: string;
  /** The cluster to which records are copied. */
  target: string;
  /** The cluster in which the workers keep their state: the target, unless `connectCluster` is another one. */
  workers: string;
  /** `topicsExcludePattern` or `topicsBlacklistPattern`. */
  topicsExclude: string;
}

const OWN_NAMES: FieldNames = {
  origin: "origin",
  target: "target",
  workers: "target",
  topicsExclude: "topicsExcludePattern",
};

/** The field names to use in messages about a mirror. */
export const namesIn = (mirror: MirrorView): FieldNames => attempt(() => mirror.fieldNames) ?? OWN_NAMES;

export interface Text {
  path: string;
  value: string;
}

export interface SinkView {
  /** The group that it reads as: `connect-<name>`, unless its configuration says another one. */
  group: string;
  /** Absent: it reads by a pattern, or nothing tells. */
  topics?: readonly string[];
}

/** A KafkaUser, or the ACLs and credentials of one principal made through @pulumi/kafka. */
export interface UserView extends Place {
  /** Absent: not known yet. */
  name?: string;
  /** Undefined where nothing tells, or where mirrors do not agree. */
  side?: Side;
  /** Its side of each mirror, where that is told. Absent: `side`, of every mirror. */
  places?: readonly { mirror: MirrorView; side: Side }[];
  /** It is the one that a mirror logs in as. */
  ofMirror: boolean;
  /** Other clients that log in as it, e.g. `KafkaConnect apps/sink`: they need rights of their own. */
  alsoFor?: readonly string[];
  /** Its Kafka resource names it among `superUsers`, who need no ACL. */
  superUser?: boolean;
  maker: "operator" | "kafka";
  /** Its address is that of a cluster with a user operator. */
  owned?: boolean;
  apiVersion?: string;
  /** Allowed and denied; those that are not known yet are left out. */
  rules: readonly AclRule[];
  /** The same as they are written, with what no API server takes. */
  acls?: readonly WrittenAcl[];
  /** Some rules are not known yet, so what is missing can't be told. */
  vague?: boolean;
  /** `authorization.type`: with it, no rules means no rights. */
  authorization?: string;
  /** Rules written with `operation` instead of `operations`. */
  singular: number;
  /** Whether its operator reads `operation`; `perhaps`: nothing shows how old the operator is. */
  singularRead: boolean | "perhaps";
  texts: readonly Text[];
}

export interface TopicView extends Place {
  name: string;
  /** As a user's. */
  side?: Side;
  places?: OwnerView["places"];
  partitions?: number;
  replicationFactor?: number;
  config: Config;
}

export interface SecretView extends Place {
  namespace?: string;
  name: string;
  keys: readonly string[];
}

/** A lifecycle resource of this package, by its type name: `Gate`, `ConsumerOffsets`, ... */
export interface StepView extends Place {
  kind: string;
  /** Whose migration it is a step of. Absent: it does not say. */
  of?: { originAlias: string; targetAlias: string; groupId: string };
  phase?: string;
  abandon?: boolean;
  mode?: string;
  when?: string;
}

export interface ClientView extends Place {
  /** Absent: the default, which is true, or not known yet. */
  tls?: boolean;
  /** A CA is named, or may be. */
  trusts: boolean;
  verifies: boolean;
  mechanism?: string;
}

/** The resource itself, where one entry speaks for all. */
export const wholeOf = ({ resource, label, entry }: MirrorView): Place => ({ resource, label: entry?.of ?? label });

/** The mirror's user in the guide and in this package, where nothing else is said. */
const USUAL_NAME = "mm2-credentials";

/** A certificate's user, where nothing tells: the operator calls the Secret like the user, and copies have the usual name. */
export const isUsualLogin = (name: string, secret: string | undefined): boolean =>
  name === secret || name === USUAL_NAME;

/** May the mirror log in there with this name? A client certificate does not tell its name. */
export function logsInAs(mirror: MirrorView | undefined, side: Side, name: string): boolean {
  const authentication = attempt(() => mirror?.[side].authentication);
  const username = attempt(() => authentication?.username);
  if (username !== undefined) return username === name;
  const certificate = attempt(() => authentication?.type) === "tls";
  const secret = attempt(() => (certificate ? authentication?.secretName : undefined));
  // As brokers write the principal of a certificate.
  const plain = (certificate && /^CN=([^,]+)/.exec(name)?.[1]) || name;
  const owner = attempt(() => (certificate ? authentication?.certificateOf : undefined));
  return owner === undefined ? isUsualLogin(plain, secret) : plain === owner;
}

/** In messages. */
export const nameOf = (user: UserView): string => user.name ?? "(whose name is not known yet)";

export function sideFor(user: OwnerView, mirror: MirrorView): Side | undefined {
  return user.places === undefined ? user.side : user.places.find((place) => place.mirror === mirror)?.side;
}

/** May a resource be on the mirror's origin? One that is known to be on a cluster of another mirror only is not. */
export function maybeAtOrigin(it: OwnerView, mirror: MirrorView): boolean {
  const side = sideFor(it, mirror);
  return side === "origin" || (side === undefined && (it.places ?? []).length === 0);
}

export const nothing: View = { mirrors: [], users: [], topics: [], secrets: [], steps: [], clients: [] };

/** Every text in a value with its path; what Pulumi knows later is passed over. */
export function textsOf(value: unknown, path: string): Text[] {
  if (Array.isArray(value))
    return Array.from(value.keys()).flatMap((i) =>
      textsOf(
        attempt(() => value[i] as unknown),
        `${path}[${i}]`,
      ),
    );
  if (typeof value === "object" && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return [];
    return Object.keys(value).flatMap((key) =>
      textsOf(
        attempt(() => (value as Record<string, unknown>)[key]),
        path === "" ? key : `${path}.${key}`,
      ),
    );
  }
  return typeof value === "string" || typeof value === "boolean" ? [{ path, value: String(value) }] : [];
}

import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type ConnectCluster, connectClusterShape } from "../../engine/connectors/types";
import { fenceShape, type FenceOptions, fenceTimesShape } from "../../engine/fence/types";
import { offsetShape, type OffsetOptions } from "../../engine/offsets/types";
import { replicationShape, type ReplicationOptions, replicationTimeShape } from "../../engine/replication/types";
import {
  block,
  checked,
  falseOr,
  flag,
  like,
  list,
  needed,
  oneOf,
  objectOf,
  recordOf,
  seconds,
  text,
  typed,
  withoutDefaults,
  type Written,
} from "../../engine/setting";
import { laterText, resource } from "../shape/types";
import { type ClientSettings, clientsShape } from "./clients";
import { copyShape } from "./copy";
import {
  choiceShape,
  type ClusterSettings,
  clusterShape,
  DEFAULT_DIALECT,
  DIALECTS,
  mirrorShape,
  type TargetSettings,
  targetShape,
  type workerShape,
} from "./mirror";
import { type MirrorPlace, placeShape } from "./place";
import type { PodSettings } from "./pods";
import { connectionShape, type MigrationCluster, secretsShape, usersShape } from "./users";
import { verifyShape, type VerifySettings } from "./verify";
import { type WaveSettings, waveShape } from "./waves";

/** Every argument of a migration, once. The component and the configuration of the ready-made stack share them. */

export const gateShape = {
  /**
   * Longest time to wait for completeness, in seconds. With `fence`, the wait for the mirror before the fence is raised
   * has the same limit, but at least two flush intervals of the workers.
   * @default 1800
   */
  limitSeconds: seconds.default(1800),
  /**
   * How long the origin's end offsets must not change, in seconds.
   * @default 5; with `fence` 0
   */
  stableSeconds: checked<number>(
    (value) => Number.isFinite(value) && (value as number) >= 0,
    "a number of seconds, at least 0",
  ).optional(),
  /**
   * Origin topics that may have lost records. Their records were deleted (retention, DeleteRecords) before the gate
   * saw them copied. The loss becomes a warning. Naming a topic also accepts its current id. Example:
   * `["sessions.expired"]`.
   * @default none
   */
  acceptTruncation: list(text).optional(),
};
export interface GateSettings extends Written<typeof gateShape> {}

const bySideShape = {
  /** Value on the origin. */
  origin: flag.optional(),
  /** Value on the target. */
  target: flag.optional(),
};
export interface EveryoneByDefault extends Written<typeof bySideShape> {}

export const preflightShape = {
  /**
   * Codes of findings that are known and accepted (docs/preflight.md). They become warnings. Missing privileges, failed
   * connections and `WAVES_REFUSED` cannot be accepted. `USER_TAKEN`: take over an existing user, where users are
   * created through Kafka. Example: `["TARGET_MESSAGE_SIZE_SMALLER"]`.
   * @default none
   */
  accept: list(text).optional(),
  /**
   * Value of `allow.everyone.if.no.acl.found` on the brokers of each cluster, `{ origin: false, target: false }`. Set
   * it only if the brokers do not show it and preflight cannot determine it.
   * @default read from the brokers
   */
  everyoneByDefault: block<EveryoneByDefault>(bySideShape).optional(),
};
export interface PreflightSettings extends Written<typeof preflightShape> {}

export const reportShape = {
  /**
   * Folder of the report (docs/report.md). Absolute, or relative to the Pulumi project's folder.
   * @default `migration-report`
   */
  folder: text.default("migration-report"),
};
export interface ReportArgs extends Written<typeof reportShape> {}

export const stepShape = {
  /**
   * `mirror`: copy. `consumers`: move the groups while producers still write to the origin (docs/waves.md).
   * `cutover`: wait until the copy is complete, verify it, move offsets, reset replication. `returned`: go back to the
   * origin, with `wayBack`. `cleanup`: delete the mirror. With `waves`: the phase of everything outside the waves.
   * @default `mirror`
   */
  phase: oneOf(["mirror", "consumers", "cutover", "returned", "cleanup"]).default("mirror"),
  /**
   * `true`: after the cutover a second mirror copies the topics back to the origin, so that the migration can return
   * (docs/waves.md). `false`: ends the way back. With `waves`, set it on each wave instead.
   * @default no way back
   */
  wayBack: flag.optional(),
  /**
   * Abandon the migration: the gate lets `destroy` and `cleanup` continue without a proof. Recorded in the output
   * `abandonedAt`.
   * @default false
   */
  abandon: flag.default(false),
  profile: choiceShape.profile,
  dialect: like(choiceShape.dialect, oneOf(DIALECTS).default(DEFAULT_DIALECT)),
  operatorVersion: choiceShape.operatorVersion,
  /**
   * Deny writes on the migrated origin topics during the cutover (docs/fence.md).
   * @default false
   */
  fence: flag.default(false),
  /**
   * When `destroy` may delete the checkpoints topic: `when-applied`, `always` or `never`.
   * @default `when-applied`; for an abandoned migration `always`
   */
  checkpoints: oneOf(["when-applied", "always", "never"]).default("when-applied"),
  /**
   * The report: an HTML page and a JSON file (docs/report.md). `destroy` and every `up` that changes something write
   * it. `false`: no report.
   * @default written to the folder `migration-report`
   */
  report: falseOr(block<ReportArgs>(withoutDefaults(reportShape))).optional(),
  /**
   * Parts of the migration that move one after the other, each with its own phase (docs/waves.md). One mirror copies
   * all of them. Example: `[{ name: "orders", topics: "orders[.].*", groups: "orders-.*", phase: "cutover" }]`.
   * @default none: everything follows `phase`
   */
  waves: list(block<WaveSettings>(withoutDefaults(waveShape))).optional(),
  /**
   * Groups that read topics of several waves, or of a wave and of the rest. Each wave moves only their offsets on its
   * own topics. Without it such groups are refused. Example: `["audit"]`.
   * @default none
   */
  splitGroups: list(text).optional(),
  /**
   * Path of the inventory of both clusters, which `kafka-migration inventory` writes. Absolute, or relative to the
   * Pulumi project's folder. `clients` declares its users, and preflight compares it with the origin. Example:
   * `estate.yaml`.
   * @default no inventory
   */
  inventory: text.optional(),
  /**
   * The users of applications on the target (docs/clients.md): KafkaUsers, or SCRAM credentials, ACLs and quotas. They
   * stay when the migration is destroyed. `{}`: every user of `inventory` that moves. `false`: none.
   * @default none
   */
  clients: falseOr(block<ClientSettings>(withoutDefaults(clientsShape))).optional(),
  /**
   * Who owns the migrated topics on the target after the cutover (docs/topic-ownership.md). `resources`: a KafkaTopic
   * is created for each. `files`: the same as YAML files, and the users of `clients`, for Argo CD or Flux. They stay
   * when the migration is removed.
   * @default `none`
   */
  topics: oneOf(["none", "resources", "files"]).default("none"),
  /**
   * Folder for the files of `topics: files`. Absolute, or relative to the Pulumi project's folder.
   * @default `migration-topics`
   */
  topicsFolder: text.default("migration-topics"),
  /**
   * Connect clusters whose source connectors continue where they stopped (docs/connectors.md). The cutover copies their
   * offsets to the Connect clusters of the target. The connectors must be stopped on both sides. Example: `[{ name:
   * "connect", origin: { offsetStorageTopic: "connect-offsets" } }]`.
   * @default none
   */
  connectors: list(block<ConnectCluster>(connectClusterShape)).optional(),
  /**
   * Compare who may do what on both clusters before a cutover, and before groups move (docs/access.md). `warn`:
   * differences are warnings. `require`: a difference fails the `up` before anything is changed. `none`: do not
   * compare.
   * @default `warn`
   */
  access: oneOf(["warn", "require", "none"]).default("warn"),
};

const onKubernetesShape = {
  /**
   * Provider of the Kubernetes cluster that the mirror runs on.
   * @default Pulumi's default provider
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
};
export interface MigrationMirror
  extends Written<typeof workerShape>,
    PodSettings,
    MirrorPlace,
    Written<typeof onKubernetesShape>,
    Written<typeof copyShape> {}

const cluster = withoutDefaults({ ...clusterShape, ...secretsShape, ...connectionShape, ...usersShape });

export const partsShape = {
  /**
   * The cluster to migrate from. Example: `{ bootstrapServers: "origin-kafka-bootstrap.origin-ns:9093", operator: {
   * cluster: "origin", namespace: "origin-ns" } }`.
   */
  origin: needed(block<MigrationCluster & ClusterSettings>(cluster)),
  /** The cluster to migrate to, and the names of Connect's group and topics there. */
  target: needed(block<MigrationCluster & TargetSettings>({ ...cluster, ...withoutDefaults(targetShape) })),
  /** Where the mirror runs and what it does. */
  mirror: block<MigrationMirror>({
    ...withoutDefaults({ ...mirrorShape, ...placeShape }),
    ...onKubernetesShape,
    ...copyShape,
  }).optional(),
  /** When the copy counts as complete. Example: `{ limitSeconds: 7200 }`. */
  gate: block<GateSettings>(withoutDefaults(gateShape)).optional(),
  /** How the copy is verified before offsets move. Example: `{ mode: "full" }`. */
  verify: block<VerifySettings>(withoutDefaults(verifyShape)).optional(),
  /**
   * Which groups move, and what to do with groups that cannot move. Example: `{ excludeGroups: ["audit"] }`.
   * @default the groups of `mirror.groupsPattern`
   */
  offsets: block<OffsetOptions>(withoutDefaults(offsetShape)).optional(),
  /**
   * Number of replicas of the target's topics. Example: `{ rules: [{ pattern: ".*", factor: 3 }] }`.
   * @default as many as on the origin
   */
  replication: block<ReplicationOptions>({ ...replicationShape, ...replicationTimeShape }).optional(),
  /**
   * How the fence is raised. Example: `{ everyoneByDefault: false }`.
   * @default writes are denied to everyone
   */
  fenceOptions: block<FenceOptions>({ ...fenceShape, ...fenceTimesShape }).optional(),
  /** Settings of preflight, the check of both clusters. Example: `{ accept: ["TARGET_MESSAGE_SIZE_SMALLER"] }`. */
  preflight: block<PreflightSettings>(preflightShape).optional(),
  /**
   * Passwords of the applications' users, by user name, for an origin without an operator: Kafka never reveals a
   * password. Each becomes a Pulumi secret. Example: `{ billing: config.requireSecret("billingPassword") }`.
   * @default none
   */
  clientPasswords: recordOf<pulumi.Input<string>>(laterText).optional(),
};

export interface MigrationArgs
  extends Written<typeof choiceShape>,
    Written<typeof stepShape>,
    Written<typeof partsShape> {}

export const migrationSchema = objectOf({ ...withoutDefaults(stepShape), ...partsShape });

/** Returns true for values that may be secrets. They are never shown, whatever their fault is. */
export function mayBeSecret(path: readonly PropertyKey[]): boolean {
  return path.some((key) => ["given", "administrator", "kubeconfig", "ca", "clientPasswords"].includes(String(key)));
}

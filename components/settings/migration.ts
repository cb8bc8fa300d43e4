import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type ConnectCluster, connectClusterShape } from "../../engine/connectors/types";
import { fenceShape, type FenceOptions, fenceTimesShape } from "../../engine/fence/types";
import { LONGEST_WAVE_NAME } from "../../engine/naming";
import { offsetShape, type OffsetOptions } from "../../engine/offsets/types";
import { replicationShape, type ReplicationOptions, replicationTimeShape } from "../../engine/replication/types";
import {
  block,
  checked,
  count,
  falseOr,
  flag,
  like,
  list,
  matching,
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
import { MOST_THREADS, TAIL_RECORDS } from "../../engine/verify/types";
import { fields, laterText, resource } from "../shape/types";
import { type ClientSettings, clientsShape } from "./clients";
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

/** Every argument of a migration, once. The component and the configuration of the ready-made stack share them. */

export const gateShape = {
  /**
   * Longest time to wait for completeness, in seconds.
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

export const verifyShape = {
  /**
   * `none`. `tail`: counts and the last records of each partition. `sample`: the same, and samples of every partition
   * (docs/gate.md). `full`: every record.
   * @default `tail`
   */
  mode: oneOf(["none", "tail", "sample", "full"]).default("tail"),
  /**
   * Records per partition that `tail` and `sample` compare at the end.
   * @default 100
   */
  tailRecords: count.default(TAIL_RECORDS),
  /**
   * Size of the hole that `sample` looks for, in records.
   * @default 1000
   */
  holeRecords: count.optional(),
  /**
   * Accepted probability that `sample` misses such a hole at a random place of a partition.
   * @default 0.05
   */
  missProbability: checked<number>(
    (value) => typeof value === "number" && value > 0 && value < 1,
    "a number between 0 and 1",
  ).optional(),
  /**
   * The same seed reads the same samples of the same logs.
   * @default 1
   */
  seed: count.optional(),
  /**
   * Bytes per second that the proof reads from each cluster, on average. The proof limits itself, so it needs no quota
   * (docs/gate.md).
   * @default no limit
   */
  throttleBytesPerSecond: count.optional(),
  /**
   * Where the proof runs. `here`: on the machine that runs `pulumi`. `kubernetes`: on several machines, as a Job in the
   * mirror's namespace (docs/verification-job.md).
   * @default `here`
   */
  runOn: oneOf(["here", "kubernetes"]).optional(),
  /**
   * Number of shares that the partitions are divided into, 1 to 1000. Each is compared by one pod. Only with `runOn:
   * kubernetes`, as the following ones.
   * @default 4
   */
  completions: checked<number>(
    (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1000,
    "a whole number from 1 to 1000",
  ).optional(),
  /**
   * Number of pods that run at the same time.
   * @default as many as `completions`
   */
  parallelism: count.optional(),
  /**
   * Image with the command `kafka-migration`, of the same version as this package (docs/verification-job.md).
   * @default `kafka-migration:<version of this package>`
   */
  image: text.optional(),
  /**
   * CPU and memory of each pod. Example: `{ requests: { cpu: "1", memory: "1Gi" } }`.
   * @default none
   */
  resources: fields.optional(),
  /**
   * Fields of the pods, as in Kubernetes' PodTemplateSpec. Lists of named objects are merged by name; the container is
   * `verify`. Example: `{ spec: { nodeSelector: { zone: "b" }, imagePullSecrets: [{ name: "registry" }] } }`.
   * @default none
   */
  template: fields.optional(),
  /**
   * Longest time of the Job, in seconds.
   * @default 86400
   */
  limitSeconds: count.optional(),
  /**
   * Threads that read and compare, 1 to 64. The result does not depend on it (docs/gate.md).
   * @default one for each core, at most 8, if there is enough to read; 1 in mode `tail`
   */
  threads: checked<number>(
    (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_THREADS,
    `a whole number from 1 to ${MOST_THREADS}`,
  ).optional(),
};
/** The settings of `verify` that are about where it runs. The engine does not know them. */
export const VERIFY_PLACE = [
  "runOn",
  "completions",
  "parallelism",
  "image",
  "resources",
  "template",
  "limitSeconds",
] as const;
export interface VerifySettings extends Written<typeof verifyShape> {}

const bySideShape = {
  /** Value on the origin. */
  origin: flag.optional(),
  /** Value on the target. */
  target: flag.optional(),
};
export interface EveryoneByDefault extends Written<typeof bySideShape> {}

export const preflightShape = {
  /**
   * Codes of findings that are known and accepted (docs/preflight.md). They become warnings. Privileges and connections
   * cannot be accepted. `USER_TAKEN`: with users that are created through Kafka, take over a user that exists.
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

const WAVE_NAME = new RegExp(`^(?=.{1,${LONGEST_WAVE_NAME}}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$`);

export const waveShape = {
  /**
   * Name of the wave, in lower case letters, digits and `-`, at most 40 characters. It is part of the names of the
   * wave's resources. A wave with another name is another wave. Example: `orders`.
   */
  name: matching(
    WAVE_NAME,
    `at most ${LONGEST_WAVE_NAME} lower case letters, digits and "-", with a letter or digit at both ends`,
  ),
  /**
   * Topics of the wave: comma-separated Java regular expressions, matched whole. Only topics that the mirror copies
   * count. Example: `orders[.].*,payments`.
   */
  topics: text,
  /**
   * Consumer groups of the wave, in the same form.
   * @default no group moves with the wave
   */
  groups: text.optional(),
  /**
   * `mirror`, `consumers`, `cutover` or `returned`, as for the whole migration, but only for the topics and groups of
   * this wave.
   * @default `mirror`
   */
  phase: oneOf(["mirror", "consumers", "cutover", "returned"]).default("mirror"),
  /**
   * `true`: after the cutover a second mirror copies the wave's topics back to the origin, so that the wave can return
   * (docs/waves.md). `false`: ends this. Without waves set it at the top level.
   * @default no way back
   */
  wayBack: flag.optional(),
};
export interface WaveSettings extends Written<typeof waveShape> {}

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
   * (docs/waves.md). `false`: ends this. With `waves` set it on each wave.
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
   * Who owns the migrated topics on the target after the cutover (docs/topic-ownership.md). `resources`: a KafkaTopic is
   * created for each. `files`: the same as YAML files, and the users of `clients`, for Argo CD or Flux. They stay when
   * the migration is removed.
   * @default `none`
   */
  topics: oneOf(["none", "resources", "files"]).default("none"),
  /**
   * Folder for the files of `topics: files`. Absolute, or relative to the Pulumi project's folder.
   * @default `migration-topics`
   */
  topicsFolder: text.default("migration-topics"),
  /**
   * Connect clusters whose source connectors go on at the same place (docs/connectors.md). The cutover copies their
   * offsets to the Connect clusters of the target. The connectors must be stopped on both sides. Example: `[{ name:
   * "connect", origin: { offsetStorageTopic: "connect-offsets" } }]`.
   * @default none
   */
  connectors: list(block<ConnectCluster>(connectClusterShape)).optional(),
  /**
   * Compare who may do what on both clusters before a cutover, and before groups move (docs/access.md). `warn`:
   * differences are warnings. `require`: a difference fails the `up` before anything is changed. `none`: do not compare.
   * @default `warn`
   */
  access: oneOf(["warn", "require", "none"]).default("warn"),
};

const onKubernetesShape = {
  /**
   * Kubernetes cluster that the mirror runs on.
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
    Written<typeof onKubernetesShape> {}

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
  /** Settings of the check of both clusters. Example: `{ accept: ["TARGET_MESSAGE_SIZE_SMALLER"] }`. */
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

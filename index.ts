/** Components and their arguments: the exports of `import ... from "pulumi-kafka-migration"`. */
export { Migration, type Summary } from "./components/migration/migration";
export type {
  ClusterNames,
  ClusterUsers,
  GivenMirrorUser,
  GivenUser,
  MigrationArgs,
  MigrationCluster,
  ReportArgs,
  WorkerAuthentication,
} from "./components/migration/args";
export { MirrorUser, type MirrorUserArgs } from "./components/user/mirror-user";
export { ScramUser, type ScramUserArgs } from "./components/user/scram-user";
export type { UserRights } from "./components/user/settings";
export {
  givenCredentials,
  type GivenCredentialsArgs,
  type TokenEndpointArgs,
} from "./components/given/given-credentials";
export { SecretCopy, type SecretCopyArgs, type SecretSource } from "./components/secret/secret-copy";
export { Mirror, type MirrorArgs, type WithInputs } from "./components/mirror/mirror";
export { mirrorModelOf } from "./components/mirror/resolve";
export type {
  ClusterSettings,
  ConfigValue,
  ConnectorSettings,
  MirrorSettings,
  TargetSettings,
} from "./components/mirror/settings";
export type { MirrorConnection } from "./components/mirror/text";
export { type ClusterCredentials, connectionOf, type ConnectionArgs } from "./components/credentials";
export { kubernetesCluster, type KubernetesArgs } from "./components/kubernetes";
export type {
  AlterOffsets,
  ConnectorState,
  DialectName,
  ListOffsets,
  MirrorAuthentication,
  PasswordSecret,
  PodSettings,
  SecretKey,
  TrustedCertificate,
  UserAuthentication,
} from "./components/dialects";
export {
  administratorAcls,
  type AdministratorAclOptions,
  guideAcls,
  leastAcls,
  type AclOperation,
  type AclResource,
  type AclRule,
  type LeastAclOptions,
} from "./engine/acls";
export type { CheckpointsMode } from "./engine/cleanup";
export { isMigrationError, MigrationError } from "./engine/errors";
export type { FenceOptions } from "./engine/fence";
export type { GateResult, Sample } from "./engine/gate";
export type { RecordedTopics, TopicIds } from "./engine/topic-ids";
export type { Connection, MirrorModel, Phase, Profile, Side, TokenEndpoint } from "./engine/model";
export { internalTopics, type InternalTopic, type InternalTopicKind } from "./engine/naming";
export type { AppliedGroup, AppliedOffsets, OffsetOptions, WrittenOffset } from "./engine/offsets";
export type {
  MinInsyncChange,
  ReplicationOptions,
  ReplicationResult,
  ReplicationRule,
  TopicChange,
} from "./engine/replication";
export type { Difference, DifferenceKind, TopicResult, VerifyResult } from "./engine/verify";

export type { RecordedTopics, TopicIds } from "./engine/model";
/** Components and their arguments: the exports of `import ... from "pulumi-kafka-migration"`. */
export { Migration } from "./components/migration/migration";
export type { PartSummary, Summary, WaveSummary } from "./components/migration/summary";
export type {
  EveryoneByDefault,
  GateSettings,
  MigrationArgs,
  MigrationMirror,
  PreflightSettings,
  ReportArgs,
} from "./components/settings/migration";
export type { VerifySettings } from "./components/settings/verify";
export type { WaveSettings } from "./components/settings/waves";
export type {
  ClusterNames,
  ClusterUsers,
  ExistingSecrets,
  GivenCredentialsArgs,
  GivenMirrorUser,
  GivenUser,
  KafkaUsers,
  MigrationCluster,
  OperatorUsers,
  TokenEndpointArgs,
  WorkerAuthentication,
} from "./components/settings/users";
export { ClientUsers } from "./components/clients/client-users";
export type {
  ClientAcl,
  ClientKafka,
  ClientOriginCluster,
  ClientQuotas,
  ClientSettings,
  ClientTargetCluster,
  ClientUser,
  ClientUsersArgs,
} from "./components/settings/clients";
export type { ConnectCluster, ConnectStorage } from "./engine/connectors";
export { MirrorUser } from "./components/user/mirror-user";
export { ScramUser } from "./components/user/scram-user";
export type {
  MirrorUserArgs,
  ScramUserArgs,
  SecretCopyArgs,
  SecretSource,
  UserRights,
} from "./components/settings/parts";
export { givenCredentials } from "./components/given/given-credentials";
export { SecretCopy } from "./components/secret/secret-copy";
export { Mirror, type MirrorArgs, type WithInputs } from "./components/mirror/mirror";
export { mirrorModelOf } from "./components/mirror/resolve";
export type {
  AlterOffsets,
  AutoRestart,
  ClusterSettings,
  ConfigValue,
  ConnectorSettings,
  ConnectorState,
  DialectName,
  ListOffsets,
  MirrorSettings,
  SourceConnectorSettings,
  TargetSettings,
} from "./components/settings/mirror";
export type { KubernetesArgs, MirrorPlace } from "./components/settings/place";
export type { PodSettings } from "./components/settings/pods";
export type { MirrorConnection } from "./components/mirror/text";
export { type ClusterCredentials, connectionOf, type ConnectionArgs } from "./components/credentials";
export { kubernetesCluster } from "./components/kubernetes";
export type {
  MirrorAuthentication,
  PasswordSecret,
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
export type { Connection, MirrorModel, Phase, Profile, Scope, Side, TokenEndpoint } from "./engine/model";
export type { Resolved, Setting, SettingTypes, Written } from "./engine/setting";
export { internalTopics, type InternalTopic, type InternalTopicKind } from "./engine/naming";
export type { AppliedGroup, AppliedOffsets, OffsetOptions, WrittenOffset } from "./engine/offsets";
export type {
  MinInsyncChange,
  ReplicationOptions,
  ReplicationResult,
  ReplicationRule,
  TopicChange,
} from "./engine/replication";
export type { Difference, DifferenceKind, SampleResult, TopicResult, VerifyResult } from "./engine/verify";

/** Components and their arguments: what `import ... from "pulumi-kafka-migration"` gives. */
export { Migration, type Summary } from "./components/migration/migration";
export type { ClusterUsers, GivenMirrorUser, GivenUser, MigrationArgs, MigrationCluster } from "./components/migration/args";
export { MirrorUser, type MirrorUserArgs } from "./components/user/mirror-user";
export { ScramUser, type ScramUserArgs } from "./components/user/scram-user";
export { givenCredentials, type GivenCredentialsArgs } from "./components/given/given-credentials";
export { SecretCopy, type SecretCopyArgs, type SecretSource } from "./components/secret/secret-copy";
export { Mirror, type MirrorArgs } from "./components/mirror/mirror";
export { mirrorModelOf } from "./components/mirror/resolve";
export type { ClusterSettings, ConnectorSettings, MirrorSettings, TargetSettings } from "./components/mirror/settings";
export { type ClusterCredentials, connectionOf, type ConnectionArgs } from "./components/credentials";
export { kubernetesCluster } from "./components/kubernetes";
export type { DialectName } from "./components/dialects";
export { administratorAcls, guideAcls, leastAcls, type AclRule } from "./engine/acls";
export { internalTopics, type InternalTopic } from "./engine/naming";
export { isMigrationError, MigrationError } from "./engine/errors";
export type { Connection, MirrorModel, Phase, Profile } from "./engine/model";

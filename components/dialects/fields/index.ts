import { fieldsOf } from "./notation";
import { oldPods, pods } from "./pods";

export { type Fields, fieldsOf } from "./notation";
export { unknownFields } from "./unknown";

const secretMeta = "template(secret(metadata(labels* annotations*)))";
const password = "password(valueFrom(secretKeyRef(key name optional)))";
const resource = "resource(name patternType type)";

/** What a KafkaUser's `spec` may hold. */
export const userFields = {
  v1beta1: fieldsOf(`authentication(type) authorization(acls(host operation ${resource} type) type)
    quotas(consumerByteRate producerByteRate requestPercentage) ${secretMeta}`),
  /** Also v1: `operation` exists in v1beta2 and is lost there, so no dialect may write it. */
  current: fieldsOf(`authentication(${password} type) authorization(acls(type ${resource} host operations) type)
    quotas(producerByteRate consumerByteRate requestPercentage controllerMutationRate) ${secretMeta}`),
};

const certificates = "trustedCertificates(secretName certificate pattern)";
const credentials = "certificateAndKey(secretName certificate key) passwordSecret(secretName password) type username";
const oldOauth = `accessToken(key secretName) accessTokenIsJwt clientId clientSecret(key secretName) disableTlsHostnameVerification
  maxTokenExpirySeconds refreshToken(key secretName) scope tokenEndpointUri`;
const oauth = `${oldOauth} accessTokenLocation audience clientAssertion(key secretName) clientAssertionLocation clientAssertionType
  connectTimeoutSeconds enableMetrics grantType httpRetries httpRetryPauseMs includeAcceptHeader readTimeoutSeconds
  saslExtensions* tlsTrustedCertificates(secretName certificate pattern)`;
const custom = "config* sasl";
const restart = "state autoRestart(enabled maxRestarts) version listOffsets(toConfigMap(name)) alterOffsets(fromConfigMap(name))";
const env = "env(name valueFrom(secretKeyRef(key name optional) configMapKeyRef(key name optional)))";
const volumes = `volumes(name secret(defaultMode items(key mode path) optional secretName)
  configMap(defaultMode items(key mode path) name optional))`;
/** Gone in v1. */
const external = `externalConfiguration(${env} ${volumes})`;

const cluster = (authentication: string) => `alias bootstrapServers tls(${certificates}) authentication(${authentication}) config*`;

/** What a KafkaMirrorMaker2's `spec` may hold. */
export const mirrorFields = {
  v1alpha1: fieldsOf(`version replicas image connectCluster
    clusters(alias bootstrapServers tls(trustedCertificates(certificate secretName))
      authentication(${credentials} ${oldOauth} tlsTrustedCertificates(certificate secretName)) config*)
    mirrors(sourceCluster targetCluster sourceConnector(tasksMax config* pause) heartbeatConnector(tasksMax config* pause)
      checkpointConnector(tasksMax config* pause) topicsPattern topicsBlacklistPattern groupsPattern groupsBlacklistPattern)
    ${external} ${oldPods}`),
  v1beta2: fieldsOf(`version replicas image connectCluster clusters(${cluster(`${credentials} ${oauth} ${custom}`)})
    mirrors(sourceCluster targetCluster sourceConnector(tasksMax config* ${restart}) heartbeatConnector(tasksMax config* ${restart})
      checkpointConnector(tasksMax config* ${restart}) topicsPattern topicsExcludePattern groupsPattern groupsExcludePattern)
    ${external} ${pods}`),
  v1: fieldsOf(`version replicas image
    target(${cluster(`${credentials} ${custom}`)} groupId configStorageTopic statusStorageTopic offsetStorageTopic)
    mirrors(source(${cluster(`${credentials} ${custom}`)}) sourceConnector(tasksMax config* ${restart})
      checkpointConnector(tasksMax config* ${restart}) topicsPattern topicsExcludePattern groupsPattern groupsExcludePattern)
    ${pods}`),
};

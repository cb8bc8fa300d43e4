import { type Fields, fieldsOf } from "./notation";
import { oldPods, pods } from "./pods";

export { type Field, type Fields, fieldsOf } from "./notation";
export { isPlainObject, unknownFields } from "./unknown";
export { type FieldRefusal, refusedFields } from "./refused";
export { type Refusal, refusedValue } from "./refusal";
export { from10, mirrorWithAliases, type ValueFact, valueFacts } from "./values";
export { newestStrimzi, oldestStrimzi } from "./versions";

/**
 * The fields that Strimzi's CRDs declare, by API version. Each field has the Strimzi version that added it. A test
 * compares them with the CRDs of 0.31, 0.32, 0.45, 0.51 and 1.2.
 */

const secretMeta = "template(secret(metadata(labels* annotations*)))";
const password = "password(valueFrom(secretKeyRef(key name optional)))";
const resource = "resource(name patternType type)";
const limits = "producerByteRate consumerByteRate requestPercentage controllerMutationRate";
const certificate = "validityDays@1.1 renewalDays@1.1";

/** The fields that a KafkaUser's `spec` may have. */
export const userFields: Readonly<Record<"v1beta1" | "v1beta2" | "v1", Fields>> = {
  /** Strimzi 0.22, the base of Event Streams 10.x. */
  v1beta1: fieldsOf(`authentication(type) authorization(acls(host operation ${resource} type) type)
    quotas(consumerByteRate producerByteRate requestPercentage) ${secretMeta}`),
  v1beta2:
    fieldsOf(`authentication(${password} type) authorization(acls(type ${resource} host operation operations@0.32) type)
    quotas(${limits}) ${secretMeta}`),
  v1: fieldsOf(`authentication(${password} type ${certificate}) authorization(acls(type ${resource} host operations) type)
    quotas(${limits}) ${secretMeta}`),
};

const certificates = "trustedCertificates(secretName certificate pattern@0.43)";
const credentials = "certificateAndKey(secretName certificate key) passwordSecret(secretName password) type username";
const oldOauth = `accessToken(key secretName) accessTokenIsJwt clientId clientSecret(key secretName) disableTlsHostnameVerification
  maxTokenExpirySeconds refreshToken(key secretName) scope tokenEndpointUri`;
const oauth = `${oldOauth} accessTokenLocation@0.43 audience clientAssertion@0.43(key secretName) clientAssertionLocation@0.43
  clientAssertionType@0.43 connectTimeoutSeconds enableMetrics@0.32 grantType@0.48 httpRetries@0.35 httpRetryPauseMs@0.35
  includeAcceptHeader@0.38 readTimeoutSeconds saslExtensions@0.43*
  tlsTrustedCertificates(secretName certificate pattern@0.43)`;
const custom = "config@0.48* sasl@0.48";
const offsets = "listOffsets@0.44(toConfigMap(name)) alterOffsets@0.44(fromConfigMap(name))";
const connector = `tasksMax config* state@0.38 autoRestart@0.33(enabled maxRestarts@0.38) version@0.49 ${offsets}`;

const cluster = (authentication: string) =>
  `alias bootstrapServers tls(${certificates}) authentication(${authentication}) config*`;
const exclude = "topicsPattern topicsExcludePattern groupsPattern groupsExcludePattern";
const references = "secretKeyRef(key name optional) configMapKeyRef(key name optional)";
const volumes =
  "secret(defaultMode items(key mode path) optional secretName) configMap(defaultMode items(key mode path) " +
  "name optional)";
const external = `externalConfiguration(env(name valueFrom(${references})) volumes(name ${volumes}))`;

/** The fields that a KafkaMirrorMaker2's `spec` may have. */
export const mirrorFields: Readonly<Record<"v1alpha1" | "v1beta2" | "v1", Fields>> = {
  /** Strimzi 0.22, the base of Event Streams 10.x. */
  v1alpha1: fieldsOf(`version replicas image connectCluster
    clusters(alias bootstrapServers tls(trustedCertificates(certificate secretName))
      authentication(${credentials} ${oldOauth} tlsTrustedCertificates(certificate secretName)) config*)
    mirrors(sourceCluster targetCluster sourceConnector(tasksMax config* pause) heartbeatConnector(tasksMax config* pause)
      checkpointConnector(tasksMax config* pause) topicsPattern topicsBlacklistPattern groupsPattern groupsBlacklistPattern)
    ${external} ${oldPods}`),
  v1beta2: fieldsOf(`version replicas image connectCluster clusters(${cluster(`${credentials} ${oauth} ${custom}`)})
    target@0.49(${cluster(`${credentials} ${oauth} ${custom}`)} groupId configStorageTopic statusStorageTopic offsetStorageTopic)
    mirrors(sourceCluster targetCluster source@0.49(${cluster(`${credentials} ${oauth} ${custom}`)})
      sourceConnector(${connector} pause) heartbeatConnector(${connector} pause) checkpointConnector(${connector} pause)
      ${exclude} topicsBlacklistPattern groupsBlacklistPattern)
    ${external} ${pods}`),
  v1: fieldsOf(`version replicas image
    target(${cluster(`${credentials} ${custom}`)} groupId configStorageTopic statusStorageTopic offsetStorageTopic)
    mirrors(source(${cluster(`${credentials} ${custom}`)}) sourceConnector(${connector})
      checkpointConnector(${connector}) ${exclude})
    ${pods}`),
};

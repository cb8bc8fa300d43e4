import { fieldsOf, type Fields } from "../../engine/rules/operator-fields";

/**
 * Every field of `spec` that any operator of an API version knows: all CRDs of Strimzi 0.31, 0.32, 0.45, 0.51 and 1.2 together
 * (`test/policies/fields.test.ts` compares them). Below `template` and `affinity` only the first levels are listed.
 */
export const CRD_FIELDS: Readonly<Record<string, Fields>> = {
  "KafkaMirrorMaker2 v1beta2": fieldsOf(`
    clientRackInitImage clusters(alias authentication(accessToken(key secretName) accessTokenIsJwt accessTokenLocation
    audience certificateAndKey(certificate key secretName) clientAssertion(key secretName) clientAssertionLocation
    clientAssertionType clientId clientSecret(key secretName) config* connectTimeoutSeconds
    disableTlsHostnameVerification enableMetrics grantType httpRetries httpRetryPauseMs includeAcceptHeader
    maxTokenExpirySeconds passwordSecret(password secretName) readTimeoutSeconds refreshToken(key secretName) sasl
    saslExtensions* scope tlsTrustedCertificates(certificate pattern secretName) tokenEndpointUri type username)
    bootstrapServers config* tls(trustedCertificates(certificate pattern secretName))) connectCluster
    externalConfiguration(env(name valueFrom(configMapKeyRef(key name optional) secretKeyRef(key name optional)))
    volumes(configMap(defaultMode items(key mode path) name optional) name secret(defaultMode items(key mode path)
    optional secretName))) image jmxOptions(authentication(type)) jvmOptions(-XX* -Xms -Xmx gcLoggingEnabled
    javaSystemProperties(name value)) livenessProbe(failureThreshold initialDelaySeconds periodSeconds successThreshold
    timeoutSeconds) logging(loggers* type valueFrom(configMapKeyRef(key name optional))) metricsConfig(type
    valueFrom(configMapKeyRef(key name optional)) values(allowList))
    mirrors(checkpointConnector(alterOffsets(fromConfigMap(name)) autoRestart(enabled maxRestarts) config*
    listOffsets(toConfigMap(name)) pause state tasksMax version) groupsBlacklistPattern groupsExcludePattern
    groupsPattern heartbeatConnector(alterOffsets(fromConfigMap(name)) autoRestart(enabled maxRestarts) config*
    listOffsets(toConfigMap(name)) pause state tasksMax version) source(alias authentication(accessToken(key secretName)
    accessTokenIsJwt accessTokenLocation audience certificateAndKey(certificate key secretName) clientAssertion(key
    secretName) clientAssertionLocation clientAssertionType clientId clientSecret(key secretName) config*
    connectTimeoutSeconds disableTlsHostnameVerification enableMetrics grantType httpRetries httpRetryPauseMs
    includeAcceptHeader maxTokenExpirySeconds passwordSecret(password secretName) readTimeoutSeconds refreshToken(key
    secretName) sasl saslExtensions* scope tlsTrustedCertificates(certificate pattern secretName) tokenEndpointUri type
    username) bootstrapServers config* tls(trustedCertificates(certificate pattern secretName))) sourceCluster
    sourceConnector(alterOffsets(fromConfigMap(name)) autoRestart(enabled maxRestarts) config*
    listOffsets(toConfigMap(name)) pause state tasksMax version) targetCluster topicsBlacklistPattern
    topicsExcludePattern topicsPattern) rack(topologyKey) readinessProbe(failureThreshold initialDelaySeconds
    periodSeconds successThreshold timeoutSeconds) replicas resources(claims(name request) limits* requests*)
    target(alias authentication(accessToken(key secretName) accessTokenIsJwt accessTokenLocation audience
    certificateAndKey(certificate key secretName) clientAssertion(key secretName) clientAssertionLocation
    clientAssertionType clientId clientSecret(key secretName) config* connectTimeoutSeconds
    disableTlsHostnameVerification enableMetrics grantType httpRetries httpRetryPauseMs includeAcceptHeader
    maxTokenExpirySeconds passwordSecret(password secretName) readTimeoutSeconds refreshToken(key secretName) sasl
    saslExtensions* scope tlsTrustedCertificates(certificate pattern secretName) tokenEndpointUri type username)
    bootstrapServers config* configStorageTopic groupId offsetStorageTopic statusStorageTopic
    tls(trustedCertificates(certificate pattern secretName))) template(apiService(ipFamilies ipFamilyPolicy
    metadata(annotations* labels*)) buildConfig(metadata(annotations* labels*) pullSecret) buildContainer(env(name value
    valueFrom*) securityContext(allowPrivilegeEscalation appArmorProfile* capabilities* privileged procMount
    readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions* seccompProfile* windowsOptions*)
    volumeMounts(mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr)) buildPod(affinity*
    dnsConfig(nameservers options* searches) dnsPolicy enableServiceLinks hostAliases(hostnames ip) hostUsers
    imagePullSecrets(name) metadata(annotations* labels*) priorityClassName schedulerName
    securityContext(appArmorProfile* fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxChangePolicy
    seLinuxOptions* seccompProfile* supplementalGroups supplementalGroupsPolicy sysctls* windowsOptions*)
    terminationGracePeriodSeconds tmpDirSizeLimit tolerations(effect key operator tolerationSeconds value)
    topologySpreadConstraints(labelSelector* matchLabelKeys maxSkew minDomains nodeAffinityPolicy nodeTaintsPolicy
    topologyKey whenUnsatisfiable) volumes(configMap* csi* emptyDir* image* name persistentVolumeClaim* secret*))
    buildServiceAccount(metadata(annotations* labels*)) clusterRoleBinding(metadata(annotations* labels*))
    connectContainer(env(name value valueFrom*) securityContext(allowPrivilegeEscalation appArmorProfile* capabilities*
    privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions* seccompProfile*
    windowsOptions*) volumeMounts(mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr))
    deployment(deploymentStrategy metadata(annotations* labels*)) headlessService(ipFamilies ipFamilyPolicy
    metadata(annotations* labels*)) initContainer(env(name value valueFrom*) securityContext(allowPrivilegeEscalation
    appArmorProfile* capabilities* privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser
    seLinuxOptions* seccompProfile* windowsOptions*) volumeMounts(mountPath mountPropagation name readOnly
    recursiveReadOnly subPath subPathExpr)) jmxSecret(metadata(annotations* labels*)) pod(affinity*
    dnsConfig(nameservers options* searches) dnsPolicy enableServiceLinks hostAliases(hostnames ip) hostUsers
    imagePullSecrets(name) metadata(annotations* labels*) priorityClassName schedulerName
    securityContext(appArmorProfile* fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxChangePolicy
    seLinuxOptions* seccompProfile* supplementalGroups supplementalGroupsPolicy sysctls* windowsOptions*)
    terminationGracePeriodSeconds tmpDirSizeLimit tolerations(effect key operator tolerationSeconds value)
    topologySpreadConstraints(labelSelector* matchLabelKeys maxSkew minDomains nodeAffinityPolicy nodeTaintsPolicy
    topologyKey whenUnsatisfiable) volumes(configMap* csi* emptyDir* image* name persistentVolumeClaim* secret*))
    podDisruptionBudget(maxUnavailable metadata(annotations* labels*)) podSet(metadata(annotations* labels*))
    serviceAccount(metadata(annotations* labels*))) tracing(type) version`),
  "KafkaMirrorMaker2 v1alpha1": fieldsOf(`
    clientRackInitImage clusters(alias authentication(accessToken(key secretName) accessTokenIsJwt accessTokenLocation
    audience certificateAndKey(certificate key secretName) clientAssertion(key secretName) clientAssertionLocation
    clientAssertionType clientId clientSecret(key secretName) connectTimeoutSeconds disableTlsHostnameVerification
    enableMetrics httpRetries httpRetryPauseMs includeAcceptHeader maxTokenExpirySeconds passwordSecret(password
    secretName) readTimeoutSeconds refreshToken(key secretName) saslExtensions* scope tlsTrustedCertificates(certificate
    pattern secretName) tokenEndpointUri type username) bootstrapServers config* tls(trustedCertificates(certificate
    pattern secretName))) connectCluster externalConfiguration(env(name valueFrom(configMapKeyRef(key name optional)
    secretKeyRef(key name optional))) volumes(configMap(defaultMode items(key mode path) name optional) name
    secret(defaultMode items(key mode path) optional secretName))) image jmxOptions(authentication(type))
    jvmOptions(-XX* -Xms -Xmx gcLoggingEnabled javaSystemProperties(name value)) livenessProbe(failureThreshold
    initialDelaySeconds periodSeconds successThreshold timeoutSeconds) logging(loggers* type
    valueFrom(configMapKeyRef(key name optional))) metricsConfig(type valueFrom(configMapKeyRef(key name optional)))
    mirrors(checkpointConnector(alterOffsets(fromConfigMap(name)) autoRestart(enabled maxRestarts) config*
    listOffsets(toConfigMap(name)) pause state tasksMax) groupsBlacklistPattern groupsExcludePattern groupsPattern
    heartbeatConnector(alterOffsets(fromConfigMap(name)) autoRestart(enabled maxRestarts) config*
    listOffsets(toConfigMap(name)) pause state tasksMax) sourceCluster sourceConnector(alterOffsets(fromConfigMap(name))
    autoRestart(enabled maxRestarts) config* listOffsets(toConfigMap(name)) pause state tasksMax) targetCluster
    topicsBlacklistPattern topicsExcludePattern topicsPattern) rack(topologyKey) readinessProbe(failureThreshold
    initialDelaySeconds periodSeconds successThreshold timeoutSeconds) replicas resources(claims(name) limits*
    requests*) template(apiService(metadata(annotations* labels*)) buildConfig(metadata(annotations* labels*)
    pullSecret) buildContainer(env(name value valueFrom*) securityContext(allowPrivilegeEscalation appArmorProfile*
    capabilities* privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions*
    seccompProfile* windowsOptions*) volumeMounts(mountPath mountPropagation name readOnly recursiveReadOnly subPath
    subPathExpr)) buildPod(affinity* enableServiceLinks hostAliases(hostnames ip) imagePullSecrets(name)
    metadata(annotations* labels*) priorityClassName schedulerName securityContext(appArmorProfile* fsGroup
    fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxOptions* seccompProfile* supplementalGroups sysctls*
    windowsOptions*) terminationGracePeriodSeconds tmpDirSizeLimit tolerations(effect key operator tolerationSeconds
    value) topologySpreadConstraints(labelSelector* matchLabelKeys maxSkew minDomains nodeAffinityPolicy
    nodeTaintsPolicy topologyKey whenUnsatisfiable) volumes(configMap* csi* emptyDir* name persistentVolumeClaim*
    secret*)) buildServiceAccount(metadata(annotations* labels*)) clusterRoleBinding(metadata(annotations* labels*))
    connectContainer(env(name value valueFrom*) securityContext(allowPrivilegeEscalation appArmorProfile* capabilities*
    privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions* seccompProfile*
    windowsOptions*) volumeMounts(mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr))
    deployment(deploymentStrategy metadata(annotations* labels*)) headlessService(metadata(annotations* labels*))
    initContainer(env(name value valueFrom*) securityContext(allowPrivilegeEscalation appArmorProfile* capabilities*
    privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions* seccompProfile*
    windowsOptions*) volumeMounts(mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr))
    jmxSecret(metadata(annotations* labels*)) pod(affinity* enableServiceLinks hostAliases(hostnames ip)
    imagePullSecrets(name) metadata(annotations* labels*) priorityClassName schedulerName
    securityContext(appArmorProfile* fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxOptions*
    seccompProfile* supplementalGroups sysctls* windowsOptions*) terminationGracePeriodSeconds tmpDirSizeLimit
    tolerations(effect key operator tolerationSeconds value) topologySpreadConstraints(labelSelector* matchLabelKeys
    maxSkew minDomains nodeAffinityPolicy nodeTaintsPolicy topologyKey whenUnsatisfiable) volumes(configMap* csi*
    emptyDir* name persistentVolumeClaim* secret*)) podDisruptionBudget(maxUnavailable metadata(annotations* labels*))
    podSet(metadata(annotations* labels*)) serviceAccount(metadata(annotations* labels*))) tracing(type) version`),
  "KafkaMirrorMaker2 v1": fieldsOf(`
    clientRackInitImage image jmxOptions(authentication(type)) jvmOptions(-XX* -Xms -Xmx gcLoggingEnabled
    javaSystemProperties(name value)) livenessProbe(failureThreshold initialDelaySeconds periodSeconds successThreshold
    timeoutSeconds) logging(loggers* type valueFrom(configMapKeyRef(key name optional))) metricsConfig(type
    valueFrom(configMapKeyRef(key name optional)) values(allowList))
    mirrors(checkpointConnector(alterOffsets(fromConfigMap(name)) autoRestart(enabled maxRestarts) config*
    listOffsets(toConfigMap(name)) state tasksMax version) groupsExcludePattern groupsPattern source(alias
    authentication(accessToken(key secretName) accessTokenIsJwt accessTokenLocation audience
    certificateAndKey(certificate key secretName) clientAssertion(key secretName) clientAssertionLocation
    clientAssertionType clientId clientSecret(key secretName) config* connectTimeoutSeconds
    disableTlsHostnameVerification enableMetrics grantType httpRetries httpRetryPauseMs includeAcceptHeader
    maxTokenExpirySeconds passwordSecret(password secretName) readTimeoutSeconds refreshToken(key secretName) sasl
    saslExtensions* scope tlsTrustedCertificates(certificate pattern secretName) tokenEndpointUri type username)
    bootstrapServers config* tls(trustedCertificates(certificate pattern secretName)))
    sourceConnector(alterOffsets(fromConfigMap(name)) autoRestart(enabled maxRestarts) config*
    listOffsets(toConfigMap(name)) state tasksMax version) topicsExcludePattern topicsPattern) rack(envVarName
    topologyKey type) readinessProbe(failureThreshold initialDelaySeconds periodSeconds successThreshold timeoutSeconds)
    replicas resources(claims(name request) limits* requests*) target(alias authentication(accessToken(key secretName)
    accessTokenIsJwt accessTokenLocation audience certificateAndKey(certificate key secretName) clientAssertion(key
    secretName) clientAssertionLocation clientAssertionType clientId clientSecret(key secretName) config*
    connectTimeoutSeconds disableTlsHostnameVerification enableMetrics grantType httpRetries httpRetryPauseMs
    includeAcceptHeader maxTokenExpirySeconds passwordSecret(password secretName) readTimeoutSeconds refreshToken(key
    secretName) sasl saslExtensions* scope tlsTrustedCertificates(certificate pattern secretName) tokenEndpointUri type
    username) bootstrapServers config* configStorageTopic groupId offsetStorageTopic statusStorageTopic
    tls(trustedCertificates(certificate pattern secretName))) template(apiService(ipFamilies ipFamilyPolicy
    metadata(annotations* labels*)) buildConfig(metadata(annotations* labels*) pullSecret) buildContainer(env(name value
    valueFrom*) securityContext(allowPrivilegeEscalation appArmorProfile* capabilities* privileged procMount
    readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions* seccompProfile* windowsOptions*)
    volumeMounts(mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr)) buildPod(affinity*
    dnsConfig(nameservers options* searches) dnsPolicy enableServiceLinks hostAliases(hostnames ip) hostUsers
    imagePullSecrets(name) metadata(annotations* labels*) priorityClassName schedulerName
    securityContext(appArmorProfile* fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxChangePolicy
    seLinuxOptions* seccompProfile* supplementalGroups supplementalGroupsPolicy sysctls* windowsOptions*)
    terminationGracePeriodSeconds tmpDirSizeLimit tolerations(effect key operator tolerationSeconds value)
    topologySpreadConstraints(labelSelector* matchLabelKeys maxSkew minDomains nodeAffinityPolicy nodeTaintsPolicy
    topologyKey whenUnsatisfiable) volumes(configMap* csi* emptyDir* image* name persistentVolumeClaim* secret*))
    buildServiceAccount(metadata(annotations* labels*)) clusterRoleBinding(metadata(annotations* labels*))
    connectContainer(env(name value valueFrom*) securityContext(allowPrivilegeEscalation appArmorProfile* capabilities*
    privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions* seccompProfile*
    windowsOptions*) volumeMounts(mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr))
    headlessService(ipFamilies ipFamilyPolicy metadata(annotations* labels*)) initContainer(env(name value valueFrom*)
    securityContext(allowPrivilegeEscalation appArmorProfile* capabilities* privileged procMount readOnlyRootFilesystem
    runAsGroup runAsNonRoot runAsUser seLinuxOptions* seccompProfile* windowsOptions*) volumeMounts(mountPath
    mountPropagation name readOnly recursiveReadOnly subPath subPathExpr)) jmxSecret(metadata(annotations* labels*))
    pod(affinity* dnsConfig(nameservers options* searches) dnsPolicy enableServiceLinks hostAliases(hostnames ip)
    hostUsers imagePullSecrets(name) metadata(annotations* labels*) priorityClassName schedulerName
    securityContext(appArmorProfile* fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxChangePolicy
    seLinuxOptions* seccompProfile* supplementalGroups supplementalGroupsPolicy sysctls* windowsOptions*)
    templatedVolumes(configMap* name persistentVolumeClaim* secret*) terminationGracePeriodSeconds tmpDirSizeLimit
    tolerations(effect key operator tolerationSeconds value) topologySpreadConstraints(labelSelector* matchLabelKeys
    maxSkew minDomains nodeAffinityPolicy nodeTaintsPolicy topologyKey whenUnsatisfiable) volumes(configMap* csi*
    emptyDir* image* name persistentVolumeClaim* secret*)) podDisruptionBudget(maxUnavailable metadata(annotations*
    labels*)) podSet(metadata(annotations* labels*)) serviceAccount(metadata(annotations* labels*))) tracing(type)
    version`),
  "KafkaUser v1beta2": fieldsOf(`
    authentication(password(valueFrom(secretKeyRef(key name optional))) type) authorization(acls(host operation
    operations resource(name patternType type) type) type) quotas(consumerByteRate controllerMutationRate
    producerByteRate requestPercentage) template(secret(metadata(annotations* labels*)))`),
  "KafkaUser v1beta1": fieldsOf(`
    authentication(password(valueFrom(secretKeyRef(key name optional))) type) authorization(acls(host operation
    operations resource(name patternType type) type) type) quotas(consumerByteRate controllerMutationRate
    producerByteRate requestPercentage) template(secret(metadata(annotations* labels*)))`),
  "KafkaUser v1alpha1": fieldsOf(`
    authentication(password(valueFrom(secretKeyRef(key name optional))) type) authorization(acls(host operation
    operations resource(name patternType type) type) type) quotas(consumerByteRate controllerMutationRate
    producerByteRate requestPercentage) template(secret(metadata(annotations* labels*)))`),
  "KafkaUser v1": fieldsOf(`
    authentication(password(valueFrom(secretKeyRef(key name optional))) renewalDays type validityDays)
    authorization(acls(host operations resource(name patternType type) type) type) quotas(consumerByteRate
    controllerMutationRate producerByteRate requestPercentage) template(secret(metadata(annotations* labels*)))`),
};

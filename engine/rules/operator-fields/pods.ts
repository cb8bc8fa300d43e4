/**
 * Fields of pods as Strimzi's CRDs declare them (0.22.1 for Event Streams v1alpha1, otherwise 0.31 to 1.2), in the
 * notation of `notation.ts`. Settings for building images are left out, because MirrorMaker 2 builds no images.
 */

const meta = "metadata(labels* annotations*)";
const expressions = "(key operator values)";
const selector = `labelSelector(matchExpressions${expressions} matchLabels*)`;
const nodeTerm = `(matchExpressions${expressions} matchFields${expressions})`;
const keyRefs = "secretKeyRef(key name optional) configMapKeyRef(key name optional)";
const secretVolume = "secret(defaultMode items(key mode path) optional secretName)";
const configMapVolume = "configMap(defaultMode items(key mode path) name optional)";
const probe = "(failureThreshold initialDelaySeconds periodSeconds successThreshold timeoutSeconds)";

function affinity(podTerm: string): string {
  const pods =
    `(preferredDuringSchedulingIgnoredDuringExecution(podAffinityTerm(${podTerm}) weight) ` +
    `requiredDuringSchedulingIgnoredDuringExecution(${podTerm}))`;
  const nodes = `(preferredDuringSchedulingIgnoredDuringExecution(preference${nodeTerm} weight)
    requiredDuringSchedulingIgnoredDuringExecution(nodeSelectorTerms${nodeTerm}))`;
  return `affinity(nodeAffinity${nodes} podAffinity${pods} podAntiAffinity${pods})`;
}

const tolerations = "tolerations(effect key operator tolerationSeconds value)";

/** Strimzi 0.22, the base of Event Streams 10.x. */
export const oldPods = (() => {
  const windows = "windowsOptions(gmsaCredentialSpec gmsaCredentialSpecName runAsUserName)";
  const common =
    "runAsGroup runAsNonRoot runAsUser seLinuxOptions(level role type user) seccompProfile(localhostProfile " +
    `type) ${windows}`;
  const podSecurity = `securityContext(fsGroup fsGroupChangePolicy supplementalGroups sysctls(name value) ${common})`;
  const containerSecurity =
    "securityContext(allowPrivilegeEscalation capabilities(add drop) privileged procMount " +
    `readOnlyRootFilesystem ${common})`;
  const container = `(env(name value) ${containerSecurity})`;
  const placement = `${affinity(`${selector} namespaces topologyKey`)} ${tolerations}`;
  return `
    resources(limits* requests*) livenessProbe${probe} readinessProbe${probe}
    jvmOptions(-XX* -Xms -Xmx gcLoggingEnabled javaSystemProperties(name value)) jmxOptions(authentication(type))
    logging(loggers* name type valueFrom(configMapKeyRef(key name optional)))
    metricsConfig(type valueFrom(configMapKeyRef(key name optional))) tracing(type) ${placement}
    template(
      deployment(${meta} deploymentStrategy)
      pod(${meta} imagePullSecrets(name) ${podSecurity} terminationGracePeriodSeconds ${placement} priorityClassName
        schedulerName hostAliases(hostnames ip) topologySpreadConstraints(${selector} maxSkew topologyKey whenUnsatisfiable))
      apiService(${meta}) clusterRoleBinding(${meta}) connectContainer${container} initContainer${container}
      podDisruptionBudget(${meta} maxUnavailable))`;
})();

/** Strimzi 0.23 to 1.2, v1beta2 and v1. */
export const pods = (() => {
  const windows = "windowsOptions(gmsaCredentialSpec gmsaCredentialSpecName hostProcess runAsUserName)";
  const profiles = "appArmorProfile@0.41(localhostProfile type) seccompProfile(localhostProfile type)";
  const common = `runAsGroup runAsNonRoot runAsUser seLinuxOptions(level role type user) ${profiles} ${windows}`;
  const podSecurity =
    "securityContext(fsGroup fsGroupChangePolicy seLinuxChangePolicy@0.51 supplementalGroups " +
    `supplementalGroupsPolicy@0.51 sysctls(name value) ${common})`;
  const containerSecurity =
    "securityContext(allowPrivilegeEscalation capabilities(add drop) privileged procMount " +
    `readOnlyRootFilesystem ${common})`;
  const mounts = "volumeMounts@0.43(mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr)";
  const container = `(env(name value valueFrom@0.44(${keyRefs})) ${containerSecurity} ${mounts})`;
  const podTerm =
    `${selector} matchLabelKeys@0.40 mismatchLabelKeys@0.40 namespaceSelector(matchExpressions${expressions} ` +
    "matchLabels*) namespaces topologyKey";
  const volumes = `volumes@0.43(name ${secretVolume} ${configMapVolume} emptyDir(medium sizeLimit)
    persistentVolumeClaim(claimName readOnly) csi@0.45(driver fsType nodePublishSecretRef(name) readOnly volumeAttributes*) image@0.47(pullPolicy reference))`;
  const templated = `templatedVolumes@1.2(name ${secretVolume} ${configMapVolume} persistentVolumeClaim(claimName readOnly))`;
  const service = `(${meta} ipFamilyPolicy ipFamilies)`;
  return `
    resources(claims@0.32(name request@0.51) limits* requests*) livenessProbe${probe} readinessProbe${probe}
    jvmOptions(-XX* -Xmx -Xms gcLoggingEnabled javaSystemProperties(name value)) jmxOptions(authentication(type))
    logging(loggers* type valueFrom(configMapKeyRef(key name optional))) clientRackInitImage rack(topologyKey type@1.0 envVarName@1.0)
    metricsConfig(type valueFrom(configMapKeyRef(key name optional)) values@0.47(allowList)) tracing(type)
    template(
      podSet@0.35(${meta})
      pod(${meta} imagePullSecrets(name) ${podSecurity} terminationGracePeriodSeconds ${affinity(podTerm)} ${tolerations}
        topologySpreadConstraints(${selector} matchLabelKeys@0.35 maxSkew minDomains nodeAffinityPolicy@0.35 nodeTaintsPolicy@0.35 topologyKey whenUnsatisfiable)
        priorityClassName schedulerName hostAliases(hostnames ip) dnsPolicy@0.46 dnsConfig@0.46(nameservers options(name value) searches)
        enableServiceLinks tmpDirSizeLimit ${volumes} ${templated} hostUsers@0.50)
      apiService${service} headlessService@0.35${service} connectContainer${container} initContainer${container}
      podDisruptionBudget(${meta} maxUnavailable) serviceAccount(${meta}) clusterRoleBinding(${meta}) jmxSecret(${meta}))`;
})();

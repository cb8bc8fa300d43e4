/**
 * Fields of pods as Strimzi's CRDs declare them (0.22.1 for Event Streams v1alpha1, 0.51.0 otherwise), in the notation of
 * `notation.ts`. Settings for building images are left out: MirrorMaker 2 builds none.
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
  const pods = `(preferredDuringSchedulingIgnoredDuringExecution(podAffinityTerm(${podTerm}) weight) requiredDuringSchedulingIgnoredDuringExecution(${podTerm}))`;
  const nodes = `(preferredDuringSchedulingIgnoredDuringExecution(preference${nodeTerm} weight)
    requiredDuringSchedulingIgnoredDuringExecution(nodeSelectorTerms${nodeTerm}))`;
  return `affinity(nodeAffinity${nodes} podAffinity${pods} podAntiAffinity${pods})`;
}

const tolerations = "tolerations(effect key operator tolerationSeconds value)";

/** Strimzi 0.22, which Event Streams 10.x is built on. */
export const oldPods = (() => {
  const windows = "windowsOptions(gmsaCredentialSpec gmsaCredentialSpecName runAsUserName)";
  const common = `runAsGroup runAsNonRoot runAsUser seLinuxOptions(level role type user) seccompProfile(localhostProfile type) ${windows}`;
  const podSecurity = `securityContext(fsGroup fsGroupChangePolicy supplementalGroups sysctls(name value) ${common})`;
  const containerSecurity = `securityContext(allowPrivilegeEscalation capabilities(add drop) privileged procMount readOnlyRootFilesystem ${common})`;
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

/** Strimzi 0.51 and 1.0, v1beta2 and v1. */
export const pods = (() => {
  const windows = "windowsOptions(gmsaCredentialSpec gmsaCredentialSpecName hostProcess runAsUserName)";
  const profiles = "appArmorProfile(localhostProfile type) seccompProfile(localhostProfile type)";
  const common = `runAsGroup runAsNonRoot runAsUser seLinuxOptions(level role type user) ${profiles} ${windows}`;
  const podSecurity = `securityContext(fsGroup fsGroupChangePolicy seLinuxChangePolicy supplementalGroups supplementalGroupsPolicy sysctls(name value) ${common})`;
  const containerSecurity = `securityContext(allowPrivilegeEscalation capabilities(add drop) privileged procMount readOnlyRootFilesystem ${common})`;
  const mounts = "volumeMounts(mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr)";
  const container = `(env(name value valueFrom(${keyRefs})) ${containerSecurity} ${mounts})`;
  const podTerm = `${selector} matchLabelKeys mismatchLabelKeys namespaceSelector(matchExpressions${expressions} matchLabels*) namespaces topologyKey`;
  const volumes = `volumes(name ${secretVolume} ${configMapVolume} emptyDir(medium sizeLimit)
    persistentVolumeClaim(claimName readOnly) csi(driver fsType nodePublishSecretRef(name) readOnly volumeAttributes*) image(pullPolicy reference))`;
  const service = `(${meta} ipFamilyPolicy ipFamilies)`;
  return `
    resources(claims(name request) limits* requests*) livenessProbe${probe} readinessProbe${probe}
    jvmOptions(-XX* -Xmx -Xms gcLoggingEnabled javaSystemProperties(name value)) jmxOptions(authentication(type))
    logging(loggers* type valueFrom(configMapKeyRef(key name optional))) clientRackInitImage rack(topologyKey)
    metricsConfig(type valueFrom(configMapKeyRef(key name optional)) values(allowList)) tracing(type)
    template(
      podSet(${meta})
      pod(${meta} imagePullSecrets(name) ${podSecurity} terminationGracePeriodSeconds ${affinity(podTerm)} ${tolerations}
        topologySpreadConstraints(${selector} matchLabelKeys maxSkew minDomains nodeAffinityPolicy nodeTaintsPolicy topologyKey whenUnsatisfiable)
        priorityClassName schedulerName hostAliases(hostnames ip) dnsPolicy dnsConfig(nameservers options(name value) searches)
        enableServiceLinks tmpDirSizeLimit ${volumes} hostUsers)
      apiService${service} headlessService${service} connectContainer${container} initContainer${container}
      podDisruptionBudget(${meta} maxUnavailable) serviceAccount(${meta}) clusterRoleBinding(${meta}) jmxSecret(${meta}))`;
})();

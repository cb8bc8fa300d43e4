/** The requirement of the API server for one field of `spec`. */
export interface ValueFact {
  /** Parts of the path, such as `mirrors`, `[]`, `state`. */
  path: readonly string[];
  /**
   * The API server refuses the resource if this field is missing while its parent exists. `unless`: the field may be
   * missing if this other field exists beside it.
   */
  required?: { unless?: string };
  takes: Type;
}

export type Type =
  | { is: "text" | "boolean" | "list" | "any" }
  /** `of`: some of its fields, for messages. */
  | { is: "mapping"; of: readonly string[] }
  | { is: "integer" | "number"; least: number; most: number }
  | { is: "words"; words: readonly string[] }
  | { is: "form"; form: RegExp; example: string };

/**
 * Reads one field per line: its path, its type (`a|b`, `int`, `int:1..9`, `num:0..`, `text`, `bool`, `list`, `map`,
 * `any`, `/form/example`), and `!` if it is required. `!other` means: required unless the field `other` exists beside
 * it. If Strimzi versions from 0.18 to 1.2 differ, the table has the widest range. A field above one of these fields is
 * a mapping or a list, and needs no line.
 */
function factsOf(...tables: readonly string[]): ValueFact[] {
  const lines = tables.flatMap((table) => table.split("\n")).map((line) => line.trim());
  const facts = lines
    .filter((line) => line !== "")
    .map((line) => {
      const [path = "", type = "", needed] = line.split(/\s+/);
      const required = needed === undefined ? undefined : needed === "!" ? {} : { unless: needed.slice(1) };
      return {
        path: path.replaceAll("[]", ".[]").split("."),
        ...(required === undefined ? {} : { required }),
        takes: typeOf(type),
      };
    });
  return [...facts, ...above(facts)];
}

/** The mappings and lists that contain the fields of a table. */
function above(facts: readonly ValueFact[]): ValueFact[] {
  const own = new Set(facts.map(({ path }) => path.join(".")));
  const found = new Map<string, { path: readonly string[]; of: Set<string> }>();
  for (const { path } of facts) {
    for (let length = 1; length < path.length; length++) {
      const outer = path.slice(0, length);
      const name = outer.join(".");
      if (own.has(name)) continue;
      const known = found.get(name) ?? found.set(name, { path: outer, of: new Set() }).get(name)!;
      known.of.add(path[length]!);
    }
  }
  return [...found.values()].map(({ path, of }) => ({
    path,
    takes: of.has("[]") ? { is: "list" } : { is: "mapping", of: [...of] },
  }));
}

function typeOf(text: string): Type {
  const form = /^\/(.+)\/(\w+)$/.exec(text);
  if (form !== null) return { is: "form", form: new RegExp(form[1]!), example: form[2]! };
  const range = /^(int|num)(?::(\d+)\.\.(\d*))?$/.exec(text);
  if (range !== null) {
    const [, kind, least, most] = range;
    return {
      is: kind === "int" ? "integer" : "number",
      least: least === undefined ? -Infinity : Number(least),
      most: most ? Number(most) : Infinity,
    };
  }
  if (text === "map") return { is: "mapping", of: [] };
  if (text === "bool") return { is: "boolean" };
  if (text === "text" || text === "list" || text === "any") return { is: text };
  return { is: "words", words: text.split("|") };
}

const MEMORY = "/^[0-9]+[mMgG]?$/512m";
const under = (parent: string, table: string) =>
  table
    .trim()
    .split("\n")
    .map((line) => `${parent}.${line.trim()}`)
    .join("\n");
const each = (parents: readonly string[], table: string) => parents.map((parent) => under(parent, table)).join("\n");

const CLUSTER = `
  alias text !
  bootstrapServers text !
  authentication.type tls|scram-sha-256|scram-sha-512|plain|oauth|custom !
  authentication.username text
  authentication.passwordSecret.secretName text !
  authentication.passwordSecret.password text !
  authentication.certificateAndKey.secretName text !
  authentication.certificateAndKey.certificate text !
  authentication.certificateAndKey.key text !
  authentication.sasl bool
  authentication.config map
  authentication.tokenEndpointUri text
  authentication.clientId text
  authentication.scope text
  authentication.audience text
  ${["accessToken", "clientSecret", "refreshToken"]
    .flatMap((name) => [`authentication.${name}.secretName text !`, `authentication.${name}.key text !`])
    .join("\n")}
  authentication.disableTlsHostnameVerification bool
  authentication.accessTokenIsJwt bool
  authentication.maxTokenExpirySeconds int
  authentication.connectTimeoutSeconds int
  authentication.readTimeoutSeconds int
  authentication.httpRetries int
  authentication.tlsTrustedCertificates[].secretName text !
  tls.trustedCertificates[].secretName text !
  tls.trustedCertificates[].certificate text !pattern
  tls.trustedCertificates[].pattern text
  config map`;
const CONNECTOR = `
  config map
  version text
  listOffsets.toConfigMap map !
  listOffsets.toConfigMap.name text
  alterOffsets.fromConfigMap map !
  alterOffsets.fromConfigMap.name text
  state paused|stopped|running
  pause bool
  tasksMax int:1..
  autoRestart.enabled bool
  autoRestart.maxRestarts int`;
const PROBE = `
  initialDelaySeconds int:0..
  timeoutSeconds int:1..
  periodSeconds int:1..
  successThreshold int:1..
  failureThreshold int:1..`;
const LOGGING = "logging.type inline|external !";
const METRICS = "metricsConfig.type jmxPrometheusExporter|strimziMetricsReporter !";
const JMX = "jmxOptions.authentication.type password !";
const PODS = `
  replicas int
  version text
  image text
  jvmOptions.-Xmx ${MEMORY}
  jvmOptions.-Xms ${MEMORY}
  jvmOptions.-XX map
  jvmOptions.gcLoggingEnabled bool
  jvmOptions.javaSystemProperties[].name text
  jvmOptions.javaSystemProperties[].value text
  resources.limits map
  resources.requests map
  template.pod map
  template.pod.metadata.labels map
  template.pod.metadata.annotations map
  logging.loggers map
  logging.valueFrom.configMapKeyRef map
  metricsConfig.valueFrom.configMapKeyRef map
  metricsConfig.values.allowList list
  ${LOGGING}
  ${METRICS}
  ${JMX}
  ${each(["livenessProbe", "readinessProbe"], PROBE)}`;
// Before Strimzi 0.22, listeners are a mapping.
const LISTENERS =
  "kafka.listeners any\nkafka.listeners[].type internal|route|tlsroute|loadbalancer|nodeport|ingress|cluster-ip !";
const STORAGE = `
  storage.type ephemeral|persistent-claim|jbod !
  storage.volumes[].type ephemeral|persistent-claim !`;
const EXPIRY = "certificateExpirationPolicy renew-certificate|replace-key";
const CLUSTERS_OF_V1 = ["target", "mirrors[].source"];

export const valueFacts: Readonly<Record<string, readonly ValueFact[]>> = {
  KafkaMirrorMaker2: factsOf(
    PODS,
    `connectCluster text
    clusters list
    mirrors list
    mirrors[].sourceCluster text
    mirrors[].targetCluster text
    mirrors[].topicsPattern text
    mirrors[].topicsExcludePattern text
    mirrors[].topicsBlacklistPattern text
    mirrors[].groupsPattern text
    mirrors[].groupsExcludePattern text
    mirrors[].groupsBlacklistPattern text
    target.groupId text
    target.configStorageTopic text
    target.offsetStorageTopic text
    target.statusStorageTopic text
    clientRackInitImage text
    externalConfiguration.env[].name text !
    externalConfiguration.env[].valueFrom map !
    externalConfiguration.volumes[].name text !
    template.connectContainer.env[].name text
    template.connectContainer.env[].value text
    rack.topologyKey text
    rack.type topology-label|environment-variable
    tracing.type jaeger|opentelemetry !`,
    each(["clusters[]", ...CLUSTERS_OF_V1], CLUSTER),
    each(
      ["source", "checkpoint", "heartbeat"].map((name) => `mirrors[].${name}Connector`),
      CONNECTOR,
    ),
  ),
  KafkaUser: factsOf(`
    authentication.type tls|tls-external|scram-sha-512 !
    authentication.validityDays int:1..
    authentication.renewalDays int:1..
    authentication.password.valueFrom map !
    authorization.type simple !
    authorization.acls list !
    quotas.producerByteRate int:0..
    quotas.consumerByteRate int:0..
    quotas.requestPercentage int:0..
    quotas.controllerMutationRate num:0..
    template.secret.metadata map`),
  KafkaConnector: factsOf(CONNECTOR, "class text"),
  KafkaTopic: factsOf(`
    partitions int:1..
    replicas int:1..32767
    topicName text`),
  Kafka: factsOf(
    LISTENERS,
    `kafka.listeners[].name /^[a-z0-9]{1,11}$/external !
    kafka.listeners[].port int:9092.. !
    kafka.listeners[].tls bool
    kafka.listeners[].authentication.type tls|scram-sha-512|oauth|custom !
    kafka.authorization.type simple|opa|keycloak|custom !
    zookeeper.storage.type ephemeral|persistent-claim !
    clusterCa.${EXPIRY}
    clientsCa.${EXPIRY}`,
    under("kafka", `${PODS}${STORAGE}`),
    each(["zookeeper", "entityOperator.topicOperator", "entityOperator.userOperator", "cruiseControl"], LOGGING),
    each(["zookeeper", "cruiseControl"], METRICS),
  ),
  // The operator of Event Streams may accept other authorizers and other kinds of authentication for listeners.
  EventStreams: factsOf(LISTENERS, under("kafka", `replicas int${STORAGE}`)),
  KafkaNodePool: factsOf(`replicas int:0..\nroles list\nroles[] controller|broker${STORAGE}`),
};

/**
 * Fields that older operators of `v1beta2` and `v1alpha1` require. Newer operators report them in the resource's status
 * instead.
 */
export const mirrorWithAliases: readonly ValueFact[] = factsOf(`
  connectCluster text !target
  mirrors[].sourceCluster text !source
  mirrors[].targetCluster text !source`);

/** Fields that Strimzi 1.0 and later require in `v1`. Strimzi 0.49 to 0.51 serve `v1` without this requirement. */
export const from10: Readonly<Record<string, readonly ValueFact[]>> = {
  KafkaMirrorMaker2: factsOf(
    `replicas any !
    mirrors any !
    target any !clusters
    target.groupId any !
    target.configStorageTopic any !
    target.offsetStorageTopic any !
    target.statusStorageTopic any !
    mirrors[].source any !sourceCluster
    tracing.type opentelemetry`,
    each(CLUSTERS_OF_V1, "authentication.type tls|scram-sha-256|scram-sha-512|plain|custom"),
  ),
  Kafka: factsOf(`
    kafka.listeners[].authentication.type tls|scram-sha-512|custom
    kafka.authorization.type simple|custom`),
};

import { didYouMean } from "../../near-miss";

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

type Type =
  | { is: "text" | "boolean" | "list" | "any" }
  | { is: "integer"; least: number; most: number }
  | { is: "words"; words: readonly string[] }
  | { is: "form"; form: RegExp; example: string };

/**
 * Reads one field per line: its path, its type (`a|b`, `int`, `int:1..9`, `text`, `bool`, `list`, `any`,
 * `/form/example`), and `!` if it is required. `!other` means: required unless the field `other` exists beside it. If
 * Strimzi versions from 0.18 to 1.2 differ, the table has the widest range.
 */
function factsOf(...tables: readonly string[]): ValueFact[] {
  const lines = tables.flatMap((table) => table.split("\n")).map((line) => line.trim());
  return lines
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
}

function typeOf(text: string): Type {
  const form = /^\/(.+)\/(\w+)$/.exec(text);
  if (form !== null) return { is: "form", form: new RegExp(form[1]!), example: form[2]! };
  const range = /^int(?::(\d+)\.\.(\d*))?$/.exec(text);
  if (range !== null) {
    const [, least, most] = range;
    return {
      is: "integer",
      least: least === undefined ? -Infinity : Number(least),
      most: most ? Number(most) : Infinity,
    };
  }
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
  tls.trustedCertificates list
  tls.trustedCertificates[].secretName text !`;
const CONNECTOR = `
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
  jvmOptions.gcLoggingEnabled bool
  ${LOGGING}
  ${METRICS}
  ${JMX}
  ${each(["livenessProbe", "readinessProbe"], PROBE)}`;
const LISTENERS = "kafka.listeners[].type internal|route|tlsroute|loadbalancer|nodeport|ingress|cluster-ip !";
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
    authentication.password.valueFrom any !
    authorization.type simple !
    authorization.acls list !
    quotas.producerByteRate int:0..
    quotas.consumerByteRate int:0..
    quotas.requestPercentage int:0..`),
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

export interface Refusal {
  /** The end of the sentence that starts with the path: `is "stoped"; did you mean "stopped"?` */
  seen: string;
  instead: string;
}

/**
 * Why the API server refuses a value. Undefined if it takes the value, or if the value is a placeholder that is filled
 * in elsewhere.
 */
export function refusedValue({ takes }: ValueFact, value: unknown): Refusal | undefined {
  if (typeof value === "string" && /\$\{|\{\{|\$\(|^<.*>$|^\.\.\.$/.test(value)) return undefined;
  // A placeholder without quotes: `{{ name }}` is a mapping in YAML, and its only value is null.
  if (isMapping(value) && (takes.is === "any" || Object.values(value).every((one) => one === null))) return undefined;
  const said = sayValue(value);
  switch (takes.is) {
    case "any":
      return undefined;
    case "list":
      return Array.isArray(value) ? undefined : { seen: `${said}, not a list`, instead: "write a list" };
    case "boolean":
      return typeof value === "boolean"
        ? undefined
        : { seen: `${said}, not true or false`, instead: "write true or false, without quotes" };
    case "text":
      if (typeof value === "string") return undefined;
      return Array.isArray(value)
        ? { seen: "is a list, not a text", instead: "write one text with commas between the entries" }
        : { seen: `${said}, not a text`, instead: isMapping(value) ? "write one text" : "put the value in quotes" };
    case "integer":
      return refusedNumber(takes, value, said);
    case "words": {
      if (typeof value === "string" && takes.words.includes(value)) return undefined;
      const meant = typeof value === "string" ? didYouMean(value, takes.words) : "";
      return { seen: `${said}${meant}`, instead: `write ${oneOf(takes.words)}` };
    }
    case "form": {
      if (typeof value === "string" && takes.form.test(value)) return undefined;
      return { seen: `${said}, which does not fit ${takes.form.source}`, instead: `write it like "${takes.example}"` };
    }
  }
}

const isMapping = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function sayValue(value: unknown): string {
  // YAML writes an absent item as `null`.
  if (value === null || value === "") return "is empty";
  if (Array.isArray(value)) return "is a list";
  if (isMapping(value)) return "is a mapping";
  return typeof value === "string" ? `is "${value}"` : `is ${String(value)}`;
}

const oneOf = (words: readonly string[]) => (words.length === 1 ? words[0]! : `one of ${words.join(", ")}`);

function refusedNumber(
  { least, most }: { least: number; most: number },
  value: unknown,
  said: string,
): Refusal | undefined {
  const bounds = [
    ...(least === -Infinity ? [] : [`at least ${least}`]),
    ...(most === Infinity ? [] : [`at most ${most}`]),
  ];
  const instead = `write a whole number${bounds.length === 0 ? "" : ` of ${bounds.join(" and ")}`}, without quotes`;
  if (typeof value !== "number" || !Number.isInteger(value)) return { seen: `${said}, not a whole number`, instead };
  if (value < least) return { seen: `${said}, less than ${least}`, instead };
  return value > most ? { seen: `${said}, more than ${most}`, instead } : undefined;
}

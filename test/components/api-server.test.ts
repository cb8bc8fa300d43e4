import { afterAll, describe, expect, test } from "vitest";
import { KubernetesRest } from "../../sandbox/kubernetes/rest";
import { dialects, type DialectName, type ResourceText } from "../../components/dialects";
import { type Fields, mirrorFields, userFields } from "../../components/dialects/fields";
import type { MirrorSettings } from "../../components/mirror/settings";
import { describeMirror } from "../../components/mirror/text";
import { describeUser } from "../../components/user/settings";
import { withKubernetes } from "../support/kubernetes";

const kubernetes = withKubernetes();
const names = Object.keys(dialects) as DialectName[];

let client: KubernetesRest | undefined;
const rest = () => (client ??= new KubernetesRest(kubernetes.api.server, kubernetes.api.token, kubernetes.api.ca));
afterAll(() => client?.close());

/** What the API server says to this text when it may drop nothing; it is not kept. */
async function verdict(text: ResourceText): Promise<string> {
  await kubernetes.api.createNamespace(text.metadata.namespace);
  const plural = text.kind === "KafkaUser" ? "kafkausers" : "kafkamirrormaker2s";
  const answer = await rest().call("POST", `/apis/${text.apiVersion}/namespaces/${text.metadata.namespace}/${plural}?fieldValidation=Strict&dryRun=All`, text);
  return `${answer.status} ${(answer.body as { message?: string }).message ?? ""}`.trim();
}

const mirror = (settings: MirrorSettings) =>
  describeMirror({ ...settings, origin: { ...settings.origin, bootstrapServers: "origin:9093" }, target: { ...settings.target, bootstrapServers: "target:9093" } }).text;

/** Every setting that all dialects have. */
const everywhere: MirrorSettings = {
  kafkaVersion: "3.9.0",
  image: "example/mirror:1",
  replicas: 2,
  tasksMax: 4,
  topicsPattern: "orders,payments-.*",
  topicsExcludePattern: "x",
  groupsExcludePattern: "y",
  exactlyOnce: true,
  origin: { brokers: 1, config: { "consumer.fetch.max.bytes": 1048576 } },
  sourceConnector: { state: "paused" },
  checkpointConnector: { tasksMax: 2 },
  resources: { requests: { cpu: "1" }, limits: { memory: "2Gi" } },
  jvmOptions: { "-Xmx": "1g", "-XX": { UseG1GC: "true" }, gcLoggingEnabled: false, javaSystemProperties: [{ name: "a", value: "b" }] },
  logging: { type: "inline", loggers: { "rootLogger.level": "INFO" } },
  metricsConfig: { type: "jmxPrometheusExporter", valueFrom: { configMapKeyRef: { name: "metrics", key: "mm2.yaml" } } },
  jmxOptions: { authentication: { type: "password" } },
  tracing: { type: "opentelemetry" },
  livenessProbe: { initialDelaySeconds: 60, timeoutSeconds: 5 },
  readinessProbe: { failureThreshold: 3 },
  template: {
    pod: { metadata: { labels: { a: "b" } }, priorityClassName: "high", securityContext: { runAsUser: 1 } },
    connectContainer: { env: [{ name: "A", value: "b" }], securityContext: { readOnlyRootFilesystem: true } },
    podDisruptionBudget: { maxUnavailable: 1 },
  },
};

const modern: MirrorSettings = {
  ...everywhere,
  sourceConnector: { state: "paused", version: "4.2.0", listOffsets: { toConfigMap: { name: "l" } }, alterOffsets: { fromConfigMap: { name: "a" } } },
  checkpointConnector: { autoRestart: { enabled: true, maxRestarts: 7 }, state: "stopped" },
  rack: { topologyKey: "zone" },
  clientRackInitImage: "example/init:1",
  tolerations: [{ key: "k", operator: "Exists", effect: "NoSchedule" }],
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: "k", operator: "In", values: ["v"] }] }] } } },
};

describe.each(names)("%s passes strict validation", (dialect) => {
  test.each(["guide", "least", "tuned"] as const)("with the users and the mirror of profile %s", async (profile) => {
    for (const role of ["origin", "target"] as const) {
      expect(await verdict(describeUser({ dialect, profile, role, cluster: role, namespace: `${role}-ns` }).text)).toBe("201");
    }
    expect(await verdict(mirror({ dialect, profile }))).toBe("201");
  });

  test("with every setting", async () => {
    const settings = dialect === "event-streams-v1beta1" ? everywhere : modern;
    const heartbeatConnector = dialect === "strimzi-v1" ? undefined : { config: { "heartbeats.topic.replication.factor": 1 } };
    expect(await verdict(mirror({ ...settings, dialect, heartbeatConnector }))).toBe("201");
  });

  test("with each authentication and certificate that it has", async () => {
    const passwordSecret = { secretName: "s", password: "password" };
    const all = {
      tls: { type: "tls", certificateAndKey: { secretName: "s", certificate: "user.crt", key: "user.key" } },
      "scram-sha-512": { type: "scram-sha-512", username: "u", passwordSecret },
      "scram-sha-256": { type: "scram-sha-256", username: "u", passwordSecret },
      plain: { type: "plain", username: "u", passwordSecret },
      oauth: { type: "oauth", tokenEndpointUri: "https://x", clientId: "c", clientSecret: { secretName: "s", key: "k" }, scope: "any" },
      custom: { type: "custom", sasl: true, config: { "sasl.mechanism": "AWS_MSK_IAM" } },
    } as const;
    const missing = { "event-streams-v1beta1": ["scram-sha-256", "custom"], "strimzi-v1": ["oauth"], "event-streams-v1beta2": [], "strimzi-v1beta2": [] }[dialect] as string[];
    for (const [type, authentication] of Object.entries(all)) {
      const write = () => describeMirror({ dialect, origin: { bootstrapServers: "o:1", authentication, tls: { trustedCertificates: [] } }, target: { bootstrapServers: "t:1" } }).text;
      if (missing.includes(type)) expect(write).toThrow(`has no authentication "${type}"`);
      else expect(await verdict(write()), type).toBe("201");
    }
    expect(await verdict(describeUser({ dialect, role: "origin", cluster: "o", namespace: "origin-ns", authentication: { type: "tls" } }).text)).toBe("201");
    if (dialect !== "event-streams-v1beta1") {
      const user = describeUser({ dialect, role: "origin", cluster: "o", namespace: "origin-ns", authentication: { type: "scram-sha-512", passwordFrom: { secretName: "s", key: "k" } } });
      expect(await verdict(user.text)).toBe("201");
      const pattern = describeMirror({ dialect, origin: { bootstrapServers: "o:1", tls: { trustedCertificates: [{ secretName: "s", pattern: "*.crt" }] } }, target: { bootstrapServers: "t:1" } });
      expect(await verdict(pattern.text)).toBe("201");
    }
  });
});

test("a field that the API version has not, or an operation in the singular, would be seen", async () => {
  const good = mirror({});
  expect(await verdict({ ...good, spec: { ...good.spec, conectCluster: "x" } })).toMatch(/^400.*unknown field "spec.conectCluster"/);
  const user = describeUser({ role: "origin", cluster: "o", namespace: "origin-ns" }).text;
  const guide = describeUser({ dialect: "event-streams-v1beta1", role: "origin", cluster: "o", namespace: "origin-ns" }).text;
  expect(await verdict({ ...user, spec: guide.spec })).toMatch(/^(400|422).*operation/);
});

describe("the fields that the dialects let through", () => {
  /** A CRD's schema, walked by field names; undefined: no such field. */
  const step = (schema: any, name: string): any => {
    const inner = schema.type === "array" ? schema.items : schema;
    return inner?.properties?.[name];
  };
  function missing(fields: Fields, schema: any, path: string): string[] {
    if (schema === undefined) return [path];
    if (fields === true || fields === "any") return [];
    return Object.entries(fields).flatMap(([name, inner]) => missing(inner, step(schema, name), `${path}.${name}`));
  }

  test.each([
    ["kafkausers", "v1beta1", userFields.v1beta1],
    ["kafkausers", "v1beta2", userFields.current],
    ["kafkausers", "v1", userFields.current],
    ["kafkamirrormaker2s", "v1beta2", mirrorFields.v1beta2],
    ["kafkamirrormaker2s", "v1", mirrorFields.v1],
  ])("are all in Strimzi's %s %s", async (plural, version, fields) => {
    const answer = await rest().call("GET", `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.kafka.strimzi.io`);
    const schema = (answer.body as any).spec.versions.find((v: any) => v.name === version).schema.openAPIV3Schema.properties.spec;
    expect(missing(fields, schema, "spec")).toEqual([]);
    expect(missing({ nonsense: true }, schema, "spec")).toEqual(["spec.nonsense"]);
  });
});

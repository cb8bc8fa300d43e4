import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { rootCertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ensureParts, otherStrimzi, type StrimziCrds } from "@kafka-migration/sandbox";
import { definitionsInGroup, KubernetesRest } from "@kafka-migration/sandbox/kubernetes";
import { withKubernetes } from "@kafka-migration/sandbox/testing";
import { parse, stringify } from "yaml";
import { Mistakes } from "../../engine/errors";
import { versionAtLeast } from "../../engine/version";
import { describeClients } from "../../components/clients/describe";
import { dialects, type DialectName, type ResourceText } from "../../components/dialects";
import { type Fields, mirrorFields, userFields } from "../../engine/rules/operator-fields";
import type { MirrorSettings } from "../../components/settings/mirror";
import { describeMirror } from "../../components/mirror/text";
import { describeUser } from "../../components/user/settings";
import { unclaimedStep } from "../../lifecycle/handlers/unclaimed";
import { openKubernetes } from "../../lifecycle/kubernetes/reader";
import { notServed } from "../../lifecycle/kubernetes/served";

const kubernetes = withKubernetes();
const names = Object.keys(dialects) as DialectName[];

let client: KubernetesRest | undefined;
const rest = () => (client ??= new KubernetesRest(kubernetes.api.server, kubernetes.api.token, kubernetes.api.ca));
afterAll(() => client?.close());

/** What the API server says to this text when it may drop nothing; it is not kept. */
async function verdict(text: ResourceText): Promise<string> {
  await kubernetes.api.createNamespace(text.metadata.namespace);
  const plural = text.kind === "KafkaUser" ? "kafkausers" : "kafkamirrormaker2s";
  const answer = await rest().call(
    "POST",
    `/apis/${text.apiVersion}/namespaces/${text.metadata.namespace}/${plural}?fieldValidation=Strict&dryRun=All`,
    text,
  );
  return `${answer.status} ${(answer.body as { message?: string }).message ?? ""}`.trim();
}

const mirror = (settings: MirrorSettings) =>
  describeMirror({
    ...settings,
    origin: { ...settings.origin, bootstrapServers: "origin:9093" },
    target: { ...settings.target, bootstrapServers: "target:9093" },
  }).text;

/** Every setting that all dialects have. */
const everywhere: MirrorSettings = {
  kafkaVersion: "4.2.0",
  image: "example/mirror:1",
  replicas: 2,
  tasksMax: 4,
  topicsPattern: "orders,payments-.*",
  topicsExcludePattern: "x",
  groupsExcludePattern: "y",
  exactlyOnce: true,
  origin: { brokers: 1, config: { "ssl.protocol": "TLSv1.3" } },
  sourceConnector: { state: "paused" },
  checkpointConnector: { tasksMax: 2 },
  resources: { requests: { cpu: "1" }, limits: { memory: "2Gi" } },
  jvmOptions: {
    "-Xmx": "1g",
    "-XX": { UseG1GC: "true" },
    gcLoggingEnabled: false,
    javaSystemProperties: [{ name: "a", value: "b" }],
  },
  logging: { type: "inline", loggers: { "rootLogger.level": "INFO" } },
  metricsConfig: {
    type: "jmxPrometheusExporter",
    valueFrom: { configMapKeyRef: { name: "metrics", key: "mm2.yaml" } },
  },
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
  sourceConnector: {
    state: "paused",
    version: "4.2.0",
    listOffsets: { toConfigMap: { name: "l" } },
    alterOffsets: { fromConfigMap: { name: "a" } },
  },
  checkpointConnector: { autoRestart: { enabled: true, maxRestarts: 7 }, state: "stopped" },
  rack: { topologyKey: "zone" },
  clientRackInitImage: "example/init:1",
  tolerations: [{ key: "k", operator: "Exists", effect: "NoSchedule" }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "k", operator: "In", values: ["v"] }] }],
      },
    },
  },
};

/** Users of applications of every kind, as the component declares them. */
function clients(dialect: DialectName, version?: string): ResourceText[] {
  const old = dialect === "event-streams-v1beta1";
  const acls = [
    { resource: "topic", name: "*", operations: ["All"] },
    {
      resource: "topic",
      name: "secret-",
      pattern: "prefixed",
      permission: "deny",
      host: "10.0.0.1",
      operations: ["Write"],
    },
    { resource: "group", name: "billing", operations: ["Read", "Describe"] },
    { resource: "transactionalId", name: "tx-", pattern: "prefixed", operations: ["Write", "Describe"] },
    { resource: "cluster", name: "kafka-cluster", operations: ["IdempotentWrite", "DescribeConfigs", "AlterConfigs"] },
  ] as const;
  const quotas = { producerByteRate: 1048576, consumerByteRate: 2, requestPercentage: 12.5 };
  const mistakes = new Mistakes();
  const { texts } = describeClients(
    {
      users: [
        { name: "web", authentication: "tls", acls, quotas, labels: { team: "a" } },
        { name: "oauth", authentication: "none", acls: [] },
        ...(old
          ? []
          : ([
              { name: "billing.v1", acls, quotas: { ...quotas, controllerMutationRate: 0.5 } },
              { name: "own", authentication: "tls-external", acls: acls.slice(0, 1) },
            ] as const)),
      ],
      origin: { operator: { cluster: "origin", namespace: "origin-ns" } },
      target: { operator: { cluster: "target", namespace: "target-ns", dialect, ...(version && { version }) } },
    },
    mistakes,
  );
  expect(mistakes.list).toEqual([]);
  return texts.map(({ text }) => text);
}

describe.each(names)("%s passes strict validation", (dialect) => {
  test("with users of applications: denials, hosts, quotas, given passwords, certificates and neither", async () => {
    const texts = clients(dialect);
    expect(texts).toHaveLength(dialect === "event-streams-v1beta1" ? 2 : 4);
    for (const text of texts) expect(await verdict(text), text.metadata.name).toBe("201");
  });

  test.each(["guide", "least", "tuned"] as const)("with the users and the mirror of profile %s", async (profile) => {
    for (const role of ["origin", "target"] as const) {
      expect(await verdict(describeUser({ dialect, profile, role, cluster: role, namespace: `${role}-ns` }).text)).toBe(
        "201",
      );
    }
    expect(await verdict(mirror({ dialect, profile }))).toBe("201");
  });

  test("with every setting", async () => {
    const settings = dialect === "event-streams-v1beta1" ? { ...everywhere, tracing: { type: "jaeger" } } : modern;
    const heartbeatConnector = dialect.endsWith("-v1")
      ? undefined
      : { config: { "heartbeats.topic.replication.factor": 1 } };
    expect(await verdict(mirror({ ...settings, dialect, heartbeatConnector }))).toBe("201");
  });

  test("with each authentication and certificate of the dialect", async () => {
    const passwordSecret = { secretName: "s", password: "password" };
    const all = {
      tls: { type: "tls", certificateAndKey: { secretName: "s", certificate: "user.crt", key: "user.key" } },
      "scram-sha-512": { type: "scram-sha-512", username: "u", passwordSecret },
      "scram-sha-256": { type: "scram-sha-256", username: "u", passwordSecret },
      plain: { type: "plain", username: "u", passwordSecret },
      oauth: {
        type: "oauth",
        tokenEndpointUri: "https://x",
        clientId: "c",
        clientSecret: { secretName: "s", key: "k" },
        scope: "any",
      },
      custom: { type: "custom", sasl: true, config: { "sasl.mechanism": "AWS_MSK_IAM" } },
    } as const;
    const missing = {
      "event-streams-v1beta1": ["scram-sha-256", "custom"],
      "strimzi-v1": ["oauth"],
      "event-streams-v1": ["oauth"],
      "event-streams-v1beta2": [],
      "strimzi-v1beta2": [],
    }[dialect] as string[];
    for (const [type, authentication] of Object.entries(all)) {
      const write = () =>
        describeMirror({
          dialect,
          origin: { bootstrapServers: "o:1", authentication, tls: { trustedCertificates: [] } },
          target: { bootstrapServers: "t:1" },
        }).text;
      if (missing.includes(type)) expect(write).toThrow(`has no authentication "${type}"`);
      else expect(await verdict(write()), type).toBe("201");
    }
    expect(
      await verdict(
        describeUser({ dialect, role: "origin", cluster: "o", namespace: "origin-ns", authentication: { type: "tls" } })
          .text,
      ),
    ).toBe("201");
    if (dialect !== "event-streams-v1beta1") {
      const user = describeUser({
        dialect,
        role: "origin",
        cluster: "o",
        namespace: "origin-ns",
        authentication: { type: "scram-sha-512", passwordFrom: { secretName: "s", key: "k" } },
      });
      expect(await verdict(user.text)).toBe("201");
      const pattern = describeMirror({
        dialect,
        origin: { bootstrapServers: "o:1", tls: { trustedCertificates: [{ secretName: "s", pattern: "*.crt" }] } },
        target: { bootstrapServers: "t:1" },
      });
      expect(await verdict(pattern.text)).toBe("201");
    }
  });
});

test("a field that the API version does not have, or a singular `operation`, is detected", async () => {
  const good = mirror({});
  expect(await verdict({ ...good, spec: { ...good.spec, conectCluster: "x" } })).toMatch(
    /^400.*unknown field "spec.conectCluster"/,
  );
  const user = describeUser({ role: "origin", cluster: "o", namespace: "origin-ns" }).text;
  const guide = describeUser({
    dialect: "event-streams-v1beta1",
    role: "origin",
    cluster: "o",
    namespace: "origin-ns",
  }).text;
  expect(await verdict({ ...user, spec: guide.spec })).toMatch(/^(400|422).*operation/);
});

/** One operator release per line, and what it is called in its dialect. */
const releases: [crds: StrimziCrds, dialect: DialectName, operatorVersion: string][] = [
  ["strimzi-crds-0.31", "strimzi-v1beta2", "0.31.0"],
  ["strimzi-crds-0.31", "event-streams-v1beta2", "11.0.0"],
  ["strimzi-crds-0.32", "strimzi-v1beta2", "0.32.0"],
  ["strimzi-crds-0.45", "strimzi-v1beta2", "0.45.0"],
  ["strimzi-crds-1.2", "strimzi-v1", "1.2.0"],
  ["strimzi-crds-1.2", "event-streams-v1", "13.0.0"],
];
const groupOf = (crds: StrimziCrds): string => `${crds.replaceAll(".", "-")}.test`;

describe("the CRDs of other releases", () => {
  beforeAll(async () => {
    const names = Object.keys(otherStrimzi) as StrimziCrds[];
    const found = await ensureParts(names, () => {});
    const paths: string[] = [];
    for (const name of names) {
      for (const definition of await definitionsInGroup(found[name].path, groupOf(name))) {
        await rest().create(
          "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
          definition.metadata.name,
          definition,
        );
        const {
          group,
          names: { plural },
          versions,
        } = definition.spec;
        paths.push(
          ...versions
            .filter((version) => version.served)
            .map((version) => `/apis/${group}/${version.name}/${plural}?limit=1`),
        );
      }
    }
    await vi.waitUntil(
      async () =>
        (await Promise.all(paths.map((path) => rest().call("GET", path)))).every(({ status }) => status === 200),
      { timeout: 60_000, interval: 200 },
    );
  }, 600_000);

  describe.each(releases)("%s accept what %s writes for %s", (crds, dialect, operatorVersion) => {
    const there = (text: ResourceText): ResourceText => ({
      ...text,
      apiVersion: text.apiVersion.replace(/^[^/]+/, groupOf(crds)),
    });
    const strimzi = otherStrimzi[crds].api;
    const atLeast = (version: string): boolean => versionAtLeast(strimzi, version);

    test("the users and the mirror of every profile", async () => {
      for (const profile of ["guide", "least", "tuned"] as const) {
        for (const role of ["origin", "target"] as const) {
          const { text } = describeUser({
            dialect,
            operatorVersion,
            profile,
            role,
            cluster: role,
            namespace: `${role}-ns`,
          });
          expect(await verdict(there(text)), `${profile} ${role}`).toBe("201");
        }
        expect(await verdict(there(mirror({ dialect, operatorVersion, profile }))), profile).toBe("201");
      }
    });

    test("users of applications", async () => {
      for (const text of clients(dialect, operatorVersion))
        expect(await verdict(there(text)), text.metadata.name).toBe("201");
    });

    test("every setting of the release", async () => {
      const settings: MirrorSettings = {
        ...modern,
        tracing: { type: atLeast("0.32") ? "opentelemetry" : "jaeger" },
        sourceConnector: {
          state: "paused",
          ...(atLeast("0.49") ? { version: "4.2.0" } : {}),
          ...(atLeast("0.44")
            ? { listOffsets: { toConfigMap: { name: "l" } }, alterOffsets: { fromConfigMap: { name: "a" } } }
            : {}),
        },
        checkpointConnector: {
          ...(atLeast("0.33")
            ? { autoRestart: { enabled: true, ...(atLeast("0.38") ? { maxRestarts: 7 } : {}) } }
            : {}),
          state: atLeast("0.38") ? "stopped" : "paused",
        },
        ...(atLeast("1.0") && dialect === "strimzi-v1"
          ? { rack: { type: "environment-variable", envVarName: "RACK" } }
          : {}),
        ...(operatorVersion === "1.2.0"
          ? {
              template: {
                ...modern.template,
                pod: { templatedVolumes: [{ name: "v", secret: { secretName: "s-{nodeId}" } }] },
              },
            }
          : {}),
      };
      expect(await verdict(there(mirror({ ...settings, dialect, operatorVersion })))).toBe("201");
    });

    test("a paused connector, in the field that the release has for it", async () => {
      const text = mirror({ dialect, operatorVersion, sourceConnector: { state: "paused" } });
      const [{ sourceConnector }] = text.spec.mirrors as [{ sourceConnector: object }];
      expect(sourceConnector).toMatchObject(atLeast("0.38") ? { state: "paused" } : { pause: true });
      expect(await verdict(there(text))).toBe("201");
    });

    test("but not an unknown field, or ACLs in a form that the CRDs do not have", async () => {
      const { text } = describeUser({ dialect, operatorVersion, role: "origin", cluster: "o", namespace: "origin-ns" });
      const other = describeUser({
        ...(atLeast("0.32") ? { dialect: "event-streams-v1beta1" } : { dialect: "strimzi-v1" }),
        role: "origin",
        cluster: "o",
        namespace: "origin-ns",
      });
      // From 0.32 to 0.51 both forms pass the API server, and only one is read.
      if (!atLeast("0.32") || atLeast("1.0"))
        expect(await verdict(there({ ...text, spec: other.text.spec }))).toMatch(/^(400|422).*operation/);
      expect(
        await verdict(
          there({
            ...mirror({ dialect, operatorVersion }),
            spec: { ...mirror({ dialect, operatorVersion }).spec, unheard: 1 },
          }),
        ),
      ).toMatch(/^400.*unheard/);
    });
  });

  test("accept the validity of user certificates since Strimzi 1.1", async () => {
    const user = {
      role: "origin",
      cluster: "o",
      namespace: "origin-ns",
      authentication: { type: "tls", validityDays: 30, renewalDays: 7 },
    } as const;
    const { text } = describeUser({ ...user, operatorVersion: "1.2.0" });
    expect(await verdict({ ...text, apiVersion: `${groupOf("strimzi-crds-1.2")}/v1` })).toBe("201");
    expect(() => describeUser({ ...user, operatorVersion: "1.0.0" })).toThrow(
      "spec.authentication.validityDays exists since Strimzi 1.1, but the operator is 1.0.0",
    );
    expect(() =>
      describeUser({ ...user, authentication: { ...user.authentication, type: "tls-external" } as never }),
    ).toThrow("validityDays and renewalDays are for tls");
  });
});

test("an API version that the API server does not serve is reported with the served ones", async () => {
  const place = { apiVersion: "kafka.strimzi.io/v9", kind: "KafkaUser", namespace: "origin-ns", name: "mm2" } as const;
  const reader = openKubernetes({ kubeconfig: kubernetes.api.kubeconfig });
  const missing = await notServed(reader, place);
  expect(missing?.served).toEqual(
    expect.arrayContaining(["kafka.strimzi.io/v1", "kafka.strimzi.io/v1beta2", "eventstreams.ibm.com/v1"]),
  );
  expect(missing?.error.fix).toMatch(/set dialect to .*strimzi-v1.*event-streams-v1/);
  expect(await notServed(reader, { ...place, apiVersion: "kafka.strimzi.io/v1" })).toBeUndefined();
  await expect(unclaimedStep.create({ place, owner: "o/p/s", kubeconfig: kubernetes.api.kubeconfig })).rejects.toThrow(
    "does not serve KafkaUser as kafka.strimzi.io/v9",
  );
});

describe("a kubeconfig for the real API server", () => {
  const secret = { apiVersion: "v1", kind: "Secret", namespace: "default", name: "none" } as const;
  const reader = (user: object, cluster: object = {}) => {
    const text = readFileSync(kubernetes.api.kubeconfig, "utf8");
    const config = parse(text) as { users: { user: object }[]; clusters: { cluster: object }[] };
    for (const entry of config.users) Object.assign(entry.user, user);
    for (const entry of config.clusters) Object.assign(entry.cluster, cluster);
    return openKubernetes({ kubeconfig: stringify(config) });
  };

  test("impersonates: the rights are those of the user alone, or of the groups", async () => {
    const refused = /KUBERNETES_FORBIDDEN: .*403 .*User "jane" cannot get/;
    await expect(reader({ as: "jane" }).get(secret)).rejects.toThrow(refused);
    expect(await reader({ as: "jane", "as-groups": ["nobody", "system:masters"] }).get(secret)).toBeUndefined();
  });

  test("uses a proxy, and verifies the server's certificate through it", async () => {
    const asked: string[] = [];
    const proxy = createServer().on("connect", (request, socket) => {
      asked.push(request.url!);
      const { hostname, port } = new URL(`http://${request.url}`);
      const there = connect(Number(port), hostname, () => socket.write("HTTP/1.1 200 connected\r\n\r\n"));
      there.on("error", () => socket.destroy()).pipe(socket);
      socket.on("error", () => there.destroy()).pipe(there);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    try {
      const through = { "proxy-url": `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
      expect(await reader({}, through).get(secret)).toBeUndefined();
      expect(asked).toEqual([new URL(kubernetes.api.server).host]);
      const other = { "certificate-authority-data": Buffer.from(rootCertificates[0]!).toString("base64") };
      await expect(reader({}, { ...through, ...other }).get(secret)).rejects.toThrow(
        /KUBERNETES_UNREACHABLE: .*certificate.*through the proxy/,
      );
    } finally {
      proxy.close();
    }
  });
});

describe("the fields that the dialects accept", () => {
  /** A CRD's schema, walked by field names; undefined: no such field. */
  const step = (schema: any, name: string): any => {
    const inner = schema.type === "array" ? schema.items : schema;
    return inner?.properties?.[name];
  };
  function missing(fields: Fields, schema: any, path: string, strimzi: string): string[] {
    if (schema === undefined) return [path];
    if (fields === true || fields === "any") return [];
    return Object.entries(fields)
      .filter(([, { addedIn }]) => addedIn === undefined || versionAtLeast(strimzi, addedIn))
      .flatMap(([name, inner]) => missing(inner.fields, step(schema, name), `${path}.${name}`, strimzi));
  }

  const all = { kafkausers: userFields, kafkamirrormaker2s: mirrorFields } as Record<string, Record<string, Fields>>;

  test.each([
    ["kafka.strimzi.io", "0.51", ["v1beta2", "v1"]],
    ...(Object.entries(otherStrimzi) as [StrimziCrds, { api: string }][]).map(
      ([crds, { api }]) => [groupOf(crds), api, ["v1beta2", "v1"]] as const,
    ),
  ] as const)("are all in the CRDs of group %s, Strimzi %s", async (group, strimzi, versions) => {
    const seen: string[] = [];
    for (const [plural, tables] of Object.entries(all)) {
      const answer = await rest().call(
        "GET",
        `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`,
      );
      for (const version of (answer.body as any).spec.versions.filter((v: any) => versions.includes(v.name))) {
        const schema = version.schema.openAPIV3Schema.properties.spec;
        expect(missing(tables[version.name]!, schema, "spec", strimzi), `${plural} ${version.name}`).toEqual([]);
        expect(missing({ nonsense: { fields: true } }, schema, "spec", strimzi)).toEqual(["spec.nonsense"]);
        seen.push(`${plural} ${version.name}`);
      }
    }
    expect(seen.length).toBeGreaterThan(1);
  });
});

test("asking whether an object may be deleted deletes nothing", async () => {
  await kubernetes.api.createNamespace("asked");
  const secret = { apiVersion: "v1", kind: "Secret", namespace: "asked", name: "kept" } as const;
  await rest().call("POST", "/api/v1/namespaces/asked/secrets", { ...secret, metadata: { name: secret.name } });
  const reader = openKubernetes({ kubeconfig: readFileSync(kubernetes.api.kubeconfig, "utf8") });
  const found = (await reader.get(secret))!;
  await reader.remove(secret, found, "ask");
  expect((await reader.get(secret))?.metadata.uid).toBe(found.metadata.uid);
  await reader.remove(secret, found);
  expect(await reader.get(secret)).toBeUndefined();
});

import { stat } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { KubernetesRest, type Answer } from "../kubernetes/rest";
import { createAuthority } from "../tls";
import { withKubernetes } from "../testing/kubernetes";

const kubernetes = withKubernetes();

const rest = (token = kubernetes.api.token, ca = kubernetes.api.ca): KubernetesRest =>
  new KubernetesRest(kubernetes.api.server, token, ca);
const reason = (answer: Answer): string => `${answer.status} ${(answer.body as { message?: string }).message ?? ""}`;

const user = (apiVersion: string, acl: object): object => ({
  apiVersion,
  kind: "KafkaUser",
  metadata: {
    name: `user-${Math.random().toString(36).slice(2)}`,
    namespace: "sandbox-test",
    labels: { "strimzi.io/cluster": "origin" },
  },
  spec: {
    authentication: { type: "scram-sha-512" },
    authorization: {
      type: "simple",
      acls: [{ resource: { type: "topic", name: "*", patternType: "literal" }, ...acl }],
    },
  },
});

describe("the API server", () => {
  it("accepts its administrator through a kubeconfig that only the owner can read", async () => {
    const k8s = await import("@kubernetes/client-node");
    const config = new k8s.KubeConfig();
    config.loadFromFile(kubernetes.api.kubeconfig);
    expect(config.getCurrentCluster()?.skipTLSVerify).toBeFalsy();
    expect((await stat(kubernetes.api.kubeconfig)).mode & 0o777).toBe(0o600);
    const core = config.makeApiClient(k8s.CoreV1Api);
    await kubernetes.api.createNamespace("sandbox-test");
    await kubernetes.api.createNamespace("sandbox-test");
    expect((await core.listNamespace()).items.map((one) => one.metadata?.name)).toContain("sandbox-test");
  });

  it("refuses another token, and clients with another CA refuse it", async () => {
    expect((await rest("wrong").call("GET", "/api/v1/namespaces")).status).toBe(401);
    await expect(
      rest(undefined, (await createAuthority("sandbox kubernetes CA")).cert).call("GET", "/api/v1/namespaces"),
    ).rejects.toThrow(/certificate|signature|verif/i);
  });

  it("validates with Strimzi's schemas: the singular `operation` is in v1beta2, not in v1", async () => {
    await kubernetes.api.createNamespace("sandbox-test");
    const post = (version: string, acl: object) =>
      rest().call(
        "POST",
        `/apis/kafka.strimzi.io/${version}/namespaces/sandbox-test/kafkausers?fieldValidation=Strict&dryRun=All`,
        user(`kafka.strimzi.io/${version}`, acl),
      );
    expect(reason(await post("v1", { operations: ["Read"] }))).toMatch(/^201/);
    expect(reason(await post("v1beta2", { operation: "Read" }))).toMatch(/^201/);
    expect(reason(await post("v1", { operation: "Read" }))).toMatch(/operation/);
    expect(reason(await post("v1", { operation: "Read" }))).not.toMatch(/^201/);
    expect(reason(await post("v1", { operations: ["Fly"] }))).toMatch(/^422[\s\S]*Unsupported value: "Fly"/);
  });

  it("serves the same kinds in Event Streams' group, with the guide's versions", async () => {
    for (const path of [
      "v1beta1/kafkausers",
      "v1alpha1/kafkamirrormaker2s",
      "v1beta2/kafkausers",
      "v1beta2/kafkamirrormaker2s",
      "v1/kafkamirrormaker2s",
    ]) {
      expect(reason(await rest().call("GET", `/apis/eventstreams.ibm.com/${path}`)), path).toMatch(/^200/);
    }
  });

  it("finishes a foreground deletion although no controller runs", async () => {
    await kubernetes.api.createNamespace("sandbox-test");
    const k8s = await import("@kubernetes/client-node");
    const config = new k8s.KubeConfig();
    config.loadFromFile(kubernetes.api.kubeconfig);
    const core = config.makeApiClient(k8s.CoreV1Api);
    await core.createNamespacedSecret({
      namespace: "sandbox-test",
      body: { metadata: { name: "gone" }, stringData: { a: "b" } },
    });
    await core.deleteNamespacedSecret({ namespace: "sandbox-test", name: "gone", propagationPolicy: "Foreground" });
    await expect(core.readNamespacedSecret({ namespace: "sandbox-test", name: "gone" })).rejects.toMatchObject({
      code: 404,
    });
  });
});

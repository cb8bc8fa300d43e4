import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import type { DialectName } from "./dialects";
import { describeMirror } from "./mirror/text";

const side = (name: string) => ({ bootstrapServers: `${name}-kafka-bootstrap.${name}:9093` });
const described = (settings: object, dialect: DialectName = "strimzi-v1") =>
  describeMirror({
    dialect,
    origin: side("origin"),
    target: side("target"),
    topicsPattern: "orders",
    ...settings,
  } as never);

describe("a component refuses the values that the API server or the operator refuses, by the policy pack's rule", () => {
  test.each<[string, object, string]>([
    ["memory", { resources: { limits: { memory: "2Gb" } } }, 'limits.memory is "2Gb"'],
    ["CPU", { resources: { requests: { cpu: "500mm" } } }, 'requests.cpu is "500mm"'],
    ["a heap", { jvmOptions: { "-Xmx": "512mb" } }, 'jvmOptions.-Xmx is "512mb"'],
    ["metrics", { metricsConfig: { type: "jmxPrometheusExporter" } }, "metricsConfig.valueFrom is missing"],
    ["a rack", { rack: { type: "environment-variable" } }, "rack.envVarName is missing"],
  ])("%s", (_what, settings, says) => {
    expect(() => described(settings)).toThrow(says);
    expect(() => described(settings)).toThrow("[field-refused]");
  });

  test("together with the mistakes of the settings, and each once", () => {
    try {
      described({ resources: { limits: { memory: "2Gb" } }, sourceConnector: { state: "pausd" } });
      expect.unreachable();
    } catch (error) {
      const said = String((error as { details?: readonly string[] }).details?.join("\n") ?? error);
      expect(said).toContain("2Gb");
      expect(said.match(/pausd/g)).toHaveLength(1);
    }
  });

  test("but not values that Pulumi knows only later, nor right ones", () => {
    expect(() =>
      described({ resources: { limits: { memory: "2Gi", cpu: 1 } }, jvmOptions: { "-Xmx": "1g" } }),
    ).not.toThrow();
    const later = pulumi.output("mm2");
    const login = {
      type: "scram-sha-512",
      username: later,
      passwordSecret: { secretName: later, password: "password" },
    };
    for (const dialect of ["strimzi-v1", "strimzi-v1beta2", "event-streams-v1", "event-streams-v1beta2"] as const)
      expect(() =>
        described({ origin: { bootstrapServers: pulumi.output("a:9093"), authentication: login } }, dialect),
      ).not.toThrow();
  });
});

import { describe, expect, test } from "vitest";
import { jvmBytes, quantityOf } from "../engine/rules/operator-fields/quantity";
import { aToB } from "../test/policies/manifests";
import { found } from "../test/policies/resources";
import { describeMirror } from "../components/mirror/text";

const seen = (spec: object) => found("field-refused", [aToB({}, { spec })]).map(({ message }) => message);

describe("memory and CPU that Kubernetes refuses are reported", () => {
  test.each([
    [{ requests: { cpu: 0.5 } }, 'requests.cpu is 0.5, a number with a fraction: the API server .*in quotes: "0.5"'],
    [{ limits: { memory: 1.5e9 + 0.5 } }, "limits.memory is 1500000000.5, a number with a fraction"],
    [{ requests: { memory: "4Gi" }, limits: { memory: "2Gi" } }, 'requests.memory is "4Gi", more than .* at most 2Gi'],
    [{ requests: { cpu: 2 }, limits: { cpu: "1500m" } }, 'requests.cpu is "2", more than resources.limits.cpu'],
    [{ requests: { memory: "2Gi" }, limits: { memory: "2G" } }, "requests.memory"],
  ])("%j", (resources, message) => {
    expect(seen({ resources })).toEqual([expect.stringMatching(message)]);
  });

  test.each([
    { requests: { cpu: 1, memory: "1024Mi" }, limits: { cpu: 1, memory: "1Gi" } },
    { requests: { cpu: "0.5", memory: 1000 }, limits: { cpu: "500m", memory: "1k" } },
    { requests: { cpu: "{{ cpu }}" }, limits: { cpu: "1" } },
    { requests: { cpu: "2" } },
    { limits: null, requests: { memory: "1Gi" } },
  ])("but not %j", (resources) => expect(seen({ resources })).toEqual([]));

  test("a heap that starts above its maximum, too", () => {
    expect(seen({ jvmOptions: { "-Xms": "4g", "-Xmx": "2048m" } })).toEqual([
      expect.stringMatching(/jvmOptions\.-Xms is "4g", more than -Xmx, which is "2048m": .*write at most 2048m/),
    ]);
    expect(seen({ jvmOptions: { "-Xms": "2g", "-Xmx": "2048m" } })).toEqual([]);
    expect(seen({ jvmOptions: { "-Xms": "2g" } })).toEqual([]);
  });

  test("components refuse them, too", () => {
    const servers = { origin: { bootstrapServers: "a:9093" }, target: { bootstrapServers: "b:9093" } };
    const more = { requests: { memory: "4Gi" }, limits: { memory: "2Gi" } };
    expect(() => describeMirror({ ...servers, resources: more })).toThrow(/requests\.memory is "4Gi", more than/);
    const heap = { "-Xms": "4g", "-Xmx": "2g" };
    expect(() => describeMirror({ ...servers, jvmOptions: heap })).toThrow(/-Xms is "4g", more than -Xmx/);
  });

  test("amounts are read in every notation", () => {
    const amounts = ["1.5Gi", "2G", "500m", "1e3", ".5", "1k", "1Ki", "2E", "1E3"].map(quantityOf);
    expect(amounts).toEqual([1.5 * 2 ** 30, 2e9, 0.5, 1000, 0.5, 1000, 1024, 2e18, 1000]);
    expect(["1g", "2GB", "", "x"].map(quantityOf)).toEqual([undefined, undefined, undefined, undefined]);
    expect(["512m", "2G", "1k", "7", "1t"].map(jvmBytes)).toEqual([2 ** 29, 2 ** 31, 1024, 7, undefined]);
  });
});

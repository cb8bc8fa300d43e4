import { expect, test, vi } from "vitest";
import { step } from "../handlers";
import { openKubernetes } from "./reader";

const loaded = vi.hoisted(() => ({ times: 0 }));
vi.mock("@kubernetes/client-node", async (original) => {
  loaded.times += 1;
  return original();
});

const kubeconfig = JSON.stringify({
  "current-context": "c",
  contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "c", user: { token: "t" } }],
});

test("the steps load the Kubernetes library only with the first request, to save half a second", async () => {
  expect(step("ready").create).toBeDefined();
  const reader = openKubernetes({ kubeconfig });
  expect(loaded.times).toBe(0);
  const place = { apiVersion: "v1", kind: "Secret", namespace: "n", name: "s" } as const;
  await expect(reader.get(place)).rejects.toThrow("KUBERNETES_UNREACHABLE");
  expect(loaded.times).toBe(1);
});

import { expect, test, vi } from "vitest";
import { step } from "./handlers";
import { openKubernetes } from "./kubernetes/reader";

const loaded = vi.hoisted(() => ({ kubernetes: 0, zod: 0 }));
vi.mock("@kubernetes/client-node", async (original) => {
  loaded.kubernetes += 1;
  return original();
});
vi.mock("zod", async (original) => {
  loaded.zod += 1;
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
  expect(loaded.kubernetes).toBe(0);
  const place = { apiVersion: "v1", kind: "Secret", namespace: "n", name: "s" } as const;
  await expect(reader.get(place)).rejects.toThrow("KUBERNETES_UNREACHABLE");
  expect(loaded.kubernetes).toBe(1);
});

test("the steps load no shapes of settings, to save 10 MB of memory", async () => {
  expect(step("replication").create).toBeDefined();
  expect(loaded.zod).toBe(0);
  await import("../engine/replication/types.js");
  expect(loaded.zod).toBe(1);
});

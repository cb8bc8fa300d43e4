import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startSandbox } from "./start";
import { tempFolder } from "./test/parts-support";

const start = (kubeconfig: string) =>
  startSandbox({ kubernetes: { kubeconfig }, folder: tempFolder(), progress: () => {} });

function kubeconfigFor(server: string): string {
  const path = join(tempFolder(), "config");
  const users = [{ name: "u", user: { token: "secret-token" } }];
  const contexts = [{ name: "c", context: { cluster: "k", user: "u" } }];
  const clusters = [{ name: "k", cluster: { server, "insecure-skip-tls-verify": true } }];
  writeFileSync(path, JSON.stringify({ "current-context": "c", contexts, clusters, users }));
  return path;
}

it("a kubeconfig that leads nowhere is found before anything is booted", async () => {
  await expect(start("/nowhere/config")).rejects.toThrow(
    /^KUBERNETES_UNREACHABLE: kubeconfig \/nowhere\/config: ENOENT/,
  );
  const refused = await start(kubeconfigFor("http://127.0.0.1:1")).catch((error: Error) => error.message);
  expect(refused).toMatch(/^KUBERNETES_UNREACHABLE: .*127\.0\.0\.1:1/);
  expect(refused).not.toContain("secret-token");
});

it("a Kubernetes cluster without Strimzi's CRDs is found before anything is booted", async () => {
  const server = createServer((_request, response) => {
    response.statusCode = 404;
    response.end(JSON.stringify({ message: "not found" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await expect(start(kubeconfigFor(`http://127.0.0.1:${port}`))).rejects.toThrow(/^NO_CRDS: /);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

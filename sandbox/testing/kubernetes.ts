import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { startKubernetes, type Kubernetes } from "../kubernetes";
import { supervise } from "../processes";

/**
 * A real API server with Strimzi's CRDs for the tests of one file; call it at the top of the file, read it inside
 * tests.
 */
export function withKubernetes(): { readonly api: Kubernetes } {
  let api: Kubernetes | undefined;
  let stop: () => Promise<void> = async () => {};
  beforeAll(async () => {
    const supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-kubernetes-")));
    stop = () => supervisor.stop();
    api = await startKubernetes({ folder: join(supervisor.folder, "kubernetes"), progress: () => {} });
  }, 180_000);
  afterAll(() => stop(), 60_000);
  return {
    get api() {
      if (!api) throw new Error("the API server is there inside tests and hooks only");
      return api;
    },
  };
}

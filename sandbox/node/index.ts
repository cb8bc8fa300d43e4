import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureParts } from "../parts";
import { supervise } from "../processes";
import { startKubelet } from "./kubelet";
import type { NodeOptions, SandboxNode } from "./types";

export type { NodeOptions, SandboxNode } from "./types";

const READY_MS = 60_000;
/** Its log line. */
const STARTED = "Starting job controller";

/**
 * Adds to an API server what Jobs need: the real Job controller (kube-controller-manager with this one controller), and
 * a stand-in for the scheduler and the kubelet of one node.
 */
export async function startNode(options: NodeOptions): Promise<SandboxNode> {
  const { kubernetes, folder, progress } = options;
  const command =
    options.controllerManager ??
    (await ensureParts(["kube-controller-manager"], progress))["kube-controller-manager"].path;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const manager = supervise(folder).start({
    name: "kube-controller-manager",
    command,
    args: [
      `--kubeconfig=${kubernetes.kubeconfig}`,
      "--controllers=job-controller",
      "--leader-elect=false",
      "--use-service-account-credentials=false",
      "--bind-address=127.0.0.1",
      "--secure-port=0",
      "--profiling=false",
    ],
    cwd: folder,
    log: join(folder, "kube-controller-manager.log"),
  });
  const kubelet = await startKubelet({ ...options, folder: join(folder, "pods") });
  const stop = async (): Promise<void> => {
    await Promise.all([kubelet.stop(), manager.kill()]);
  };
  const started = async () => ((await readFile(manager.log, "utf8")).includes(STARTED) ? true : undefined);
  try {
    await manager.until("it started the Job controller", started, READY_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    running: () => kubelet.running(),
    kill: (namespace, name) => kubelet.kill(namespace, name),
    evict: (namespace, name) => kubelet.evict(namespace, name),
    log: (namespace, name) => kubelet.log(namespace, name),
    stop,
  };
}

import { mkdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeHttp, kubernetesClient } from "../kube/http";
import { every } from "../operator/timer";
import { type ManagedProcess, supervise, type Supervisor } from "../processes";
import { MESSAGE_BYTES, prepare } from "./container";
import type { Container, NodeOptions, Pod, SandboxNode } from "./types";

const NODE = "sandbox-node";
const EVERY_MS = 200;
/** Time from SIGTERM to SIGKILL for a deleted pod. */
const GRACE_MS = 2_000;
/** Of a container without a message, this much of the end of its log is reported, in bytes. */
const LOG_BYTES = 2048;

interface Started {
  process: ManagedProcess;
  message: string;
  startedAt: string;
}

/**
 * The smallest stand-in for a scheduler and a kubelet. It binds every pod without a node selector to one node, runs the
 * command of its first container as a process of this machine, and reports phase, exit code and termination message. A
 * deleted pod ends first. It has no images, no network of its own, no probes, limits, init containers or restarts.
 */
export async function startKubelet(options: Omit<NodeOptions, "controllerManager">): Promise<SandboxNode> {
  const { KubeConfig } = await kubernetesClient();
  const config = new KubeConfig();
  config.loadFromFile(options.kubernetes.kubeconfig);
  const kubelet = new Kubelet(options, new KubeHttp(config), supervise(options.folder));
  kubelet.start();
  return kubelet;
}

class Kubelet implements SandboxNode {
  private readonly pods = new Map<string, Started>();
  /** Pods whose end was reported. */
  private readonly ended = new Set<string>();
  private end: () => Promise<void> = async () => {};

  constructor(
    private readonly options: Omit<NodeOptions, "controllerManager">,
    private readonly http: KubeHttp,
    private readonly supervisor: Supervisor,
  ) {}

  start(): void {
    this.end = every(
      EVERY_MS,
      () => this.pass(),
      (error) => this.options.progress(`node: ${error.message}`),
    );
  }

  running() {
    return [...this.pods].flatMap(([key, { process }]) => {
      const [namespace = "", name = ""] = key.split("/");
      return process.exit ? [] : [{ namespace, name, pid: process.pid }];
    });
  }

  async kill(namespace: string, name: string): Promise<void> {
    await this.pods.get(`${namespace}/${name}`)?.process.kill();
  }

  async evict(namespace: string, name: string): Promise<void> {
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
    await this.call("POST", `${pathOf({ namespace, name })}/eviction`, body);
  }

  log(namespace: string, name: string): string {
    return readFileSync(join(this.folderOf(namespace, name), "log"), "utf8");
  }

  async stop(): Promise<void> {
    await this.end();
    await Promise.all([...this.pods.values()].map(({ process }) => process.kill()));
    this.http.close();
  }

  private async pass(): Promise<void> {
    const { items } = (await this.call("GET", "/api/v1/pods")) as { items: Pod[] };
    await Promise.all(items.map((pod) => this.settle(pod)));
  }

  /** Takes the next step for one pod. */
  private async settle(pod: Pod): Promise<void> {
    const { metadata, spec, status } = pod;
    const key = `${metadata.namespace}/${metadata.name}`;
    const started = this.pods.get(key);
    if (metadata.deletionTimestamp !== undefined) return this.remove(pod, started);
    if (spec.nodeName === undefined) return this.bind(pod);
    if (spec.nodeName !== NODE || this.ended.has(key)) return;
    if (started === undefined) {
      if (status?.phase === "Pending") await this.run(pod, key);
    } else if (started.process.exit) await this.report(pod, key, started);
  }

  private async bind(pod: Pod): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    if (Object.keys(pod.spec.nodeSelector ?? {}).length > 0) {
      const message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
      const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message };
      return this.patch(pod, { conditions: [condition] });
    }
    const target = { apiVersion: "v1", kind: "Node", name: NODE };
    const body = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace, uid }, target };
    await this.call("POST", `${pathOf(pod.metadata)}/binding`, body);
  }

  private async run(pod: Pod, key: string): Promise<void> {
    const container = pod.spec.containers[0]!;
    const entry = this.options.images[container.image];
    if (entry === undefined) {
      const message = `Back-off pulling image "${container.image}"`;
      return this.waits(pod, container, { reason: "ImagePullBackOff", message });
    }
    const folder = this.folderOf(pod.metadata.namespace, pod.metadata.name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const readSecret = async (namespace: string, name: string) => {
      const found = await this.call("GET", `/api/v1/namespaces/${namespace}/secrets/${name}`, undefined, [404]);
      return (found as { data?: Record<string, string> } | undefined)?.data;
    };
    const prepared = await prepare(pod, container, { folder, entry, readSecret });
    if (typeof prepared === "string")
      return this.waits(pod, container, { reason: "ContainerCreating", message: prepared });
    const startedAt = new Date().toISOString();
    const process = this.supervisor.start(prepared.spec);
    this.pods.set(key, { process, message: prepared.message, startedAt });
    await this.patch(pod, { phase: "Running", startTime: startedAt, ...of(container, { running: { startedAt } }) });
  }

  private waits(pod: Pod, container: Container, waiting: object): Promise<void> {
    return this.patch(pod, { phase: "Pending", ...of(container, { waiting }) });
  }

  private async report(pod: Pod, key: string, { process, message, startedAt }: Started): Promise<void> {
    const { code, signal } = process.exit!;
    const exitCode = code ?? (signal === "SIGTERM" ? 143 : 137);
    const container = pod.spec.containers[0]!;
    const written = (await readFile(message)).subarray(0, MESSAGE_BYTES).toString("utf8");
    const fromLog = written === "" && exitCode !== 0 && container.terminationMessagePolicy === "FallbackToLogsOnError";
    const text = fromLog ? (await readFile(process.log)).subarray(-LOG_BYTES).toString("utf8") : written;
    const terminated = {
      exitCode,
      reason: exitCode === 0 ? "Completed" : "Error",
      startedAt,
      finishedAt: new Date().toISOString(),
      ...(text === "" ? {} : { message: text }),
    };
    this.ended.add(key);
    const phase = exitCode === 0 ? "Succeeded" : "Failed";
    await this.patch(pod, { phase, ...of(container, { terminated }) }).catch((error: unknown) => {
      this.ended.delete(key);
      throw error;
    });
  }

  /** Ends the process, reports that, and then removes the object. */
  private async remove(pod: Pod, started: Started | undefined): Promise<void> {
    const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
    if (started !== undefined && !this.ended.has(key)) {
      await started.process.stop(GRACE_MS);
      await this.report(pod, key, started);
    }
    const body = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 };
    await this.call("DELETE", pathOf(pod.metadata), { ...body, preconditions: { uid: pod.metadata.uid } }, [404, 409]);
  }

  private folderOf(namespace: string, name: string): string {
    return join(this.options.folder, namespace, name);
  }

  private async patch(pod: Pod, status: object): Promise<void> {
    await this.call("PATCH", `${pathOf(pod.metadata)}/status`, { status }, [404]);
  }

  /** @param accepted statuses that are not errors; the answer is then undefined */
  private async call(method: string, path: string, body?: unknown, accepted: readonly number[] = []): Promise<unknown> {
    const contentType = method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json";
    const { status, text } = await this.http.ask(method, path, { body, contentType });
    if (status >= 200 && status < 300) return JSON.parse(text);
    if (accepted.includes(status)) return undefined;
    throw new Error(`${method} ${path}: ${status} ${path.includes("/secrets/") ? "" : text.slice(0, 300)}`);
  }
}

const pathOf = ({ namespace, name }: { namespace: string; name: string }): string =>
  `/api/v1/namespaces/${namespace}/pods/${name}`;

const of = ({ name, image }: Container, state: object): object => ({
  containerStatuses: [{ name, image, imageID: "", ready: false, restartCount: 0, state }],
});

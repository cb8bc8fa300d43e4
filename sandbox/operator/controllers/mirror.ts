import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Generation } from "../generation";
import { settleConnectors, type AutoRestartStatus } from "../mirror/connectors";
import { manageOffsets } from "../mirror/connector-offsets";
import { collectFiles, writeFiles } from "../mirror/files";
import { connectorDefinitions, workerProperties } from "../mirror/properties";
import { ConnectRest } from "../mirror/rest";
import { readMirrorMaker } from "../mirror/spec";
import { Workers, type StartWorker } from "../mirror/workers";
import { SECRETS, type Kube, type KubeObject, type Resource } from "../kube/client";
import { watchObjects, type ObjectWatch } from "../kube/watch";
import { WorkQueue } from "../queue";
import { Refusal } from "../refusal";
import { condition, isPaused, writeStatus } from "../status";
import { every } from "../timer";
import type { Controller } from "./user";

export interface MirrorControllerOptions {
  kube: Kube;
  /** One kind of KafkaMirrorMaker2, in all namespaces. */
  resource: Resource;
  /** `strimzi.io` or `eventstreams.ibm.com`. */
  domain: string;
  generation: Generation;
  /** Folder for the workers' files. */
  folder: string;
  startWorker: StartWorker;
  fullPassMs: number;
  progress: (line: string) => void;
}

interface Mirror {
  workers: Workers;
  /** Number of lost workers since the last success. Each restart waits longer. */
  losses: number;
  /** Lines that were already reported, so that each is reported once. */
  told: Set<string>;
}

export interface MirrorController extends Controller {
  /** Kills the workers of every mirror, as a failing node would. They start again after a while. @returns how many */
  crashWorkers(): number;
  /** Connect's REST interface of each mirror that has a worker. */
  workerUrls(): string[];
}

/** Milliseconds to wait before a worker is started again. */
const RESTART_MS = [1_000, 5_000, 10_000, 30_000];

/**
 * The part of the cluster operator for KafkaMirrorMaker2: worker processes, their secrets, their connectors, the
 * status.
 */
export function startMirrorController(options: MirrorControllerOptions): MirrorController {
  const { kube, resource, domain, progress } = options;
  const mirrors = new Map<string, Mirror>();
  /**
   * Running reconciliations. Each is aborted when the resource is deleted or its spec changes, because Connect may not
   * answer for 90 s.
   */
  const current = new Map<string, { generation?: number; abort: AbortController }>();

  const queue = new WorkQueue(reconcile, (key, error) =>
    progress(`operator: KafkaMirrorMaker2 ${key} failed, trying again: ${(error as Error).message}`),
  );
  const watch: ObjectWatch = watchObjects({
    kube,
    resource,
    onChange: (namespace, name) => {
      const key = `${namespace}/${name}`;
      const now = current.get(key);
      if (now && watch.get(namespace, name)?.metadata.generation !== now.generation) now.abort.abort();
      queue.add(key);
    },
    progress,
  });

  function folderOf(key: string): string {
    return join(options.folder, `${resource.group}-${key.replace("/", "-")}`);
  }

  function mirrorOf(key: string): Mirror {
    const known = mirrors.get(key);
    if (known) return known;
    const name = key.slice(key.indexOf("/") + 1);
    const workers = new Workers({
      startWorker: options.startWorker,
      folder: join(folderOf(key), "workers"),
      nameOf: (index) => `${name}-mirrormaker2-${index}`,
      onLost: (worker) => {
        mirror.losses++;
        progress(`operator: ${worker} went away; it will be started again`);
        queue.add(key, RESTART_MS[Math.min(mirror.losses, RESTART_MS.length) - 1]);
      },
    });
    const mirror: Mirror = { workers, losses: 0, told: new Set() };
    mirrors.set(key, mirror);
    return mirror;
  }

  async function reconcile(key: string): Promise<void> {
    const [namespace, name] = key.split("/") as [string, string];
    const object = watch.get(namespace, name);
    if (!object) return remove(key);
    if (isPaused(object, domain)) {
      await writeStatus(kube, resource, object, { ...object.status, conditions: [condition("ReconciliationPaused")] });
      return;
    }
    const abort = new AbortController();
    current.set(key, { generation: object.metadata.generation, abort });
    const status: Record<string, unknown> = { observedGeneration: object.metadata.generation };
    try {
      await settle(key, object, status, abort.signal);
      status.conditions = [condition("Ready"), ...((status.conditions as unknown[] | undefined) ?? [])];
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      status.conditions = [
        condition("NotReady", error.reason, error.message),
        ...((status.conditions as unknown[] | undefined) ?? []),
      ];
      if (error instanceof WorkerRefusal)
        queue.add(key, RESTART_MS[Math.min(mirrorOf(key).losses++, RESTART_MS.length - 1)]);
    } finally {
      current.delete(key);
    }
    if (await writeStatus(kube, resource, object, status)) {
      const { type, message } = (status.conditions as { type: string; message?: string }[])[0]!;
      progress(`operator: KafkaMirrorMaker2 ${key} is ${type === "Ready" ? "ready" : `not ready: ${message}`}`);
    }
  }

  /** Fills the status step by step, so that a failure also shows what is known so far. */
  async function settle(
    key: string,
    object: KubeObject,
    status: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace = "", name } = object.metadata;
    const mirror = mirrorOf(key);
    const tell = (line: string): void => {
      if (!mirror.told.has(line)) progress(`operator: KafkaMirrorMaker2 ${key}: ${line}`);
      mirror.told.add(line);
    };
    const wanted = readMirrorMaker(object, domain, options.generation);
    status.conditions = wanted.warnings;
    for (const field of wanted.withoutEffect) tell(`${field} has no effect here, there are no pods`);
    const dropped = (option: string): void => tell(`Configuration option "${option}" is forbidden and will be ignored`);
    const folder = folderOf(key);
    const settings = {
      properties: workerProperties(wanted.target, folder, dropped),
      ...(wanted.heap === undefined ? {} : { heap: wanted.heap }),
    };
    const definitions = connectorDefinitions(wanted, folder, dropped);

    if (wanted.replicas > 0) status.url = `http://${name}-mirrormaker2-api.${namespace}.svc:8083`;
    status.replicas = wanted.replicas;
    status.labelSelector = `${domain}/cluster=${name},${domain}/kind=KafkaMirrorMaker2,${domain}/name=${name}-mirrormaker2`;

    const files = await collectFiles(wanted, namespace, (secret) => kube.get(SECRETS, namespace, secret));
    await writeFiles(folder, files);
    const fingerprint = createHash("sha256")
      .update(JSON.stringify([settings, [...files]]))
      .digest("hex");
    await mirror.workers.settle(wanted.replicas, settings, fingerprint, signal).then(
      ({ started, stopped }) => {
        if (started + stopped > 0)
          progress(`operator: KafkaMirrorMaker2 ${key}: ${started} workers started, ${stopped} stopped`);
      },
      (error: Error) => {
        throw new WorkerRefusal(`${name}-mirrormaker2`, error);
      },
    );
    const url = mirror.workers.restUrl;
    if (url === undefined) return;
    const earlier = (object.status?.autoRestartStatuses ?? []) as AutoRestartStatus[];
    const rest = new ConnectRest(url, signal);
    const result = await settleConnectors(rest, definitions, earlier, progress, options.generation);
    status.connectors = result.connectors;
    if (result.autoRestartStatuses.length > 0) status.autoRestartStatuses = result.autoRestartStatuses;
    const offsets = await manageOffsets({ kube, resource, object, domain, rest, definitions, progress });
    status.conditions = [...wanted.warnings, ...result.warnings, ...offsets];
    // The interface answers before the worker has found its topics. A worker that fails because of its topics fails
    // here.
    if (result.failure?.reason === "ConnectException") throw new WorkerRefusal(`${name}-mirrormaker2`, result.failure);
    if (result.failure) throw result.failure;
    mirror.losses = 0;
  }

  /** Stops the processes. Deletes no connector over REST, no topic and no group. */
  async function remove(key: string): Promise<void> {
    const mirror = mirrors.get(key);
    if (!mirror) return;
    await mirror.workers.remove();
    await rm(folderOf(key), { recursive: true, force: true });
    mirrors.delete(key);
    progress(`operator: KafkaMirrorMaker2 ${key} is gone, its workers are stopped`);
  }

  const stopPass = every(
    options.fullPassMs,
    async () => {
      for (const { metadata } of watch.all()) queue.add(`${metadata.namespace}/${metadata.name}`);
    },
    () => undefined,
  );
  return {
    synced: watch.synced,
    crashWorkers: () => [...mirrors.values()].reduce((sum, mirror) => sum + mirror.workers.crash(), 0),
    workerUrls: () => [...mirrors.values()].flatMap(({ workers }) => workers.restUrl ?? []),
    async stop() {
      await Promise.all([stopPass(), watch.stop()]);
      for (const { abort } of current.values()) abort.abort();
      await queue.stop();
      await Promise.all([...mirrors.keys()].map(remove));
    },
  };
}

/** The workers did not start. Strimzi reports this when its pods do not become ready in time. */
class WorkerRefusal extends Refusal {
  constructor(podSet: string, cause: Error) {
    const reason = cause.message.split("\n")[0];
    super(
      "io.strimzi.operator.common.TimeoutException",
      `Exceeded timeout of 300000ms while waiting for StrimziPodSet resource ${podSet} to be ready (${reason})`,
    );
  }
}

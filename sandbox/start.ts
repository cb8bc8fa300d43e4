import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startConnectWorker } from "./connect";
import { SandboxError } from "./error";
import { existingCluster } from "./existing";
import { startKafkaCluster, type KafkaParts } from "./kafka";
import { startKubernetes, type Kubernetes, type KubernetesParts } from "./kubernetes";
import { neededParts } from "./needs";
import { readyForOthers, requireKubernetes } from "./others";
import { startOperator, type ManagedCluster, type Operator } from "./operator";
import { supervise } from "./processes";
import { pulumiEnvironment } from "./pulumi";
import type { ClusterChoice, Sandbox, SandboxCluster, SandboxOptions } from "./types";

export { SandboxError } from "./error";
export type { ClusterChoice, ExistingCluster, NewCluster, Sandbox, SandboxCluster, SandboxOptions } from "./types";

type Side = "origin" | "target";
type Progress = (line: string) => void;

/** The same limit as the real operator has for its pods, in milliseconds. A loaded machine is slow, not broken. */
const workerLimitMs = 300_000;

/** The namespaces of the guide. */
const mirrorNamespace = "migration";
const namespaces: Record<Side, string> = { origin: "origin-ns", target: "target-ns" };

/**
 * Starts everything that a migration needs on this machine: origin, target, API server and Pulumi at the same time,
 * then the operator. Each part can be replaced by an existing one. Every process ends when this process ends, for
 * whatever reason.
 * @throws SandboxError; no process runs after that
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const started = Date.now();
  const supervisor = supervise(options.folder ?? (await mkdtemp(join(tmpdir(), "kafka-migration-sandbox-"))));
  const { folder } = supervisor;
  const interrupted = (): void => void supervisor.stop();
  options.signal?.addEventListener("abort", interrupted);
  let operator: Operator | undefined;
  try {
    if (typeof options.kubernetes === "object") await requireKubernetes(options.kubernetes.kubeconfig);
    const parts = await neededParts(options);
    options.signal?.throwIfAborted();
    const [origin, target, own, pulumi] = await allOrFirstFailure([
      cluster("origin", options.origin ?? {}, folder, parts.kafka, options.progress),
      cluster("target", options.target ?? {}, folder, parts.kafka, options.progress),
      parts.kubernetes &&
        apiServer(
          folder,
          parts.kubernetes,
          [namespaceOf("origin", options.origin), namespaceOf("target", options.target)],
          options.progress,
        ),
      parts.pulumi && pulumiEnvironment({ folder: join(folder, "pulumi"), parts: parts.pulumi }),
    ] as const);
    const kubeconfig =
      own?.kubeconfig ?? (typeof options.kubernetes === "object" ? options.kubernetes.kubeconfig : undefined);
    const operated = kubeconfig !== undefined && (options.operator ?? own !== undefined);
    operator = operated
      ? await operate(kubeconfig, [origin, target], folder, parts.kafka, options.progress)
      : undefined;
    const undo =
      options.otherOperators === true && kubeconfig !== undefined
        ? await readyForOthers({
            kubeconfig,
            clusters: [origin, target].filter((side) => !side.managed),
            folder,
            ownOperator:
              own === undefined
                ? "let the sandbox's operator make the users (--own-operator; it removes every user and ACL " +
                  "without a KafkaUser)"
                : "leave --other-user-operators out: then the sandbox's operator makes the users",
            ...(options.signal === undefined ? {} : { signal: options.signal }),
            progress: options.progress,
          })
        : async () => {};
    options.progress(`sandbox: ready in ${seconds(started)} s`);
    let stopping: Promise<void> | undefined;
    const running = operator;
    return {
      folder,
      supervisor,
      parts: parts.kafka,
      origin,
      target,
      mirrorNamespace,
      kubernetes: own,
      get kubeconfig() {
        if (kubeconfig === undefined) throw leftOut("kubernetes");
        return kubeconfig;
      },
      get pulumi() {
        if (!pulumi) throw leftOut("pulumi");
        return pulumi;
      },
      crashMirrors: () => running?.crashWorkers() ?? 0,
      mirrorUrls: () => running?.workerUrls() ?? [],
      stop: () => {
        options.signal?.removeEventListener("abort", interrupted);
        stopping ??= (async () => {
          try {
            if (own === undefined)
              await undo().catch((error: Error) => options.progress(`operators: CA Secrets stay: ${error.message}`));
            await running?.stop();
            await Promise.all([origin.stop(), target.stop(), own?.stop()]);
          } finally {
            await supervisor.stop();
          }
        })();
        return stopping;
      },
    };
  } catch (error) {
    options.signal?.removeEventListener("abort", interrupted);
    // The operator's watches retry forever and would keep this process alive.
    await Promise.all([supervisor.stop(), operator?.stop().catch(() => {})]);
    if (!options.signal?.aborted) throw error;
    throw new SandboxError(
      "SANDBOX_INTERRUPTED",
      `the start was interrupted after ${seconds(started)} s; nothing runs any more`,
      { fix: "start it again", cause: error },
    );
  }
}

async function cluster(
  side: Side,
  choice: ClusterChoice,
  folder: string,
  parts: KafkaParts,
  progress: Progress,
): Promise<SandboxCluster> {
  const place = { label: side, namespace: namespaces[side] };
  if ("existing" in choice) {
    const { connection, managed = false, label = place.label, namespace = place.namespace } = choice.existing;
    return { ...(await existingCluster(side, connection)), label, namespace, managed, existed: true };
  }
  const { managed = true, ...settings } = choice;
  const booted = await startKafkaCluster({
    name: side,
    brokers: side === "origin" ? 1 : 3,
    folder: join(folder, side),
    parts,
    progress,
    ...settings,
  });
  return Object.assign(booted, { ...place, managed, existed: false });
}

const namespaceOf = (side: Side, choice?: ClusterChoice): string =>
  (choice !== undefined && "existing" in choice ? choice.existing.namespace : undefined) ?? namespaces[side];

async function apiServer(
  folder: string,
  parts: KubernetesParts,
  clusters: readonly string[],
  progress: Progress,
): Promise<Kubernetes> {
  const kubernetes = await startKubernetes({ folder: join(folder, "kubernetes"), parts, progress });
  for (const namespace of new Set([...clusters, mirrorNamespace])) await kubernetes.createNamespace(namespace);
  return kubernetes;
}

/** Starts the sandbox's own operator for the clusters that it manages. */
async function operate(
  kubeconfig: string,
  sides: readonly SandboxCluster[],
  folder: string,
  parts: KafkaParts,
  progress: Progress,
): Promise<Operator> {
  const started = Date.now();
  const managed = sides.filter((side) => side.managed);
  const clusters = Object.fromEntries(
    managed.map(({ label, namespace, bootstrapServers, ca, admin }): [string, ManagedCluster] => [
      label,
      { namespace, bootstrapServers, ca, admin },
    ]),
  );
  const running = await startOperator({
    kubeconfig,
    clusters,
    folder: join(folder, "operator"),
    startWorker: (worker) => startConnectWorker({ ...worker, limitMs: workerLimitMs, parts, progress }),
    progress,
  });
  progress(
    `operator: ready in ${seconds(started)} s, looks after ` +
      `${managed.map((side) => side.label).join(" and ") || "no cluster"}`,
  );
  return running;
}

function leftOut(what: string): SandboxError {
  return new SandboxError("LEFT_OUT", `this sandbox was started without ${what}`, {
    fix: `start it with \`${what}: true\``,
  });
}

type Settled<T extends readonly unknown[]> = { -readonly [K in keyof T]: Awaited<T[K]> };

/**
 * Like Promise.all, but returns only when every promise has settled. The caller can then clean up while nothing is
 * still starting.
 */
async function allOrFirstFailure<const T extends readonly unknown[]>(work: T): Promise<Settled<T>> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as Settled<T>;
}

const seconds = (startedAt: number): string => ((Date.now() - startedAt) / 1000).toFixed(1);

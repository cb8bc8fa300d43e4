import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { repositoryRoot, supervise, type Supervisor } from "@kafka-migration/sandbox";
import {
  type Kubernetes,
  KubernetesRest,
  type SandboxNode,
  startKubernetes,
  startNode,
} from "@kafka-migration/sandbox/kubernetes";
import { uniqueName, until, withClusters } from "@kafka-migration/sandbox/testing";
import { openKafka } from "../../../engine/kafka/client";
import type { KafkaPort } from "../../../engine/kafka/port";
import type { VerifyResult } from "../../../engine/verify";
import { verificationStep } from "../../../lifecycle/handlers/verification";
import type { VerifyJob } from "../../../lifecycle/verify-job/types";
import { modelFor, produce } from "../../engine/support/mirror";
import { inputsOf } from "./inputs";

export const IMAGE = "kafka-migration:test";
export const PARTITIONS = 4;
export const namespace = "migration";
export const gatePassedAt = "2026-01-01T00:00:00.000Z";

/**
 * Real brokers with two equal topics of 4 partitions, a real API server and Job controller; the pods are processes of
 * the built command.
 */
export function withJobs() {
  const clusters = withClusters();
  const prefix = uniqueName("job");
  const topics = [`${prefix}-data-a`, `${prefix}-data-b`];
  let supervisor: Supervisor;
  let api: Kubernetes;
  let rest: KubernetesRest;
  let node: SandboxNode;
  let ports: KafkaPort[];
  let job: VerifyJob;

  beforeAll(async () => {
    supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-verify-job-")));
    const progress = () => {};
    api = await startKubernetes({ folder: join(supervisor.folder, "kubernetes"), progress });
    rest = new KubernetesRest(api.server, api.token, api.ca);
    await api.createNamespace(namespace);
    node = await startNode({
      kubernetes: api,
      folder: join(supervisor.folder, "node"),
      images: {
        [IMAGE]: [process.execPath, join(repositoryRoot, "dist", "cli", "main.js")],
        other: ["true"],
        // The second share would take an hour.
        broken: ["sh", "-c", '[ "$JOB_COMPLETION_INDEX" = 1 ] && exec sleep 3600; echo no route to host >&2; exit 3'],
      },
      progress,
    });
    ports = await Promise.all([
      openKafka(clusters.origin.connection, "origin"),
      openKafka(clusters.target.connection, "target"),
    ]);
    const timestamp = Date.now();
    for (const [i, cluster] of [clusters.origin, clusters.target].entries())
      for (const topic of topics) {
        await ports[i]!.createTopic(topic, { partitions: PARTITIONS, replicationFactor: 1 });
        const records = Array.from({ length: 400 }, (_, n) => ({
          value: `${topic} ${n} ${"x".repeat(500)}`,
          partition: n % PARTITIONS,
          timestamp,
        }));
        await produce(cluster, topic, records);
      }
  }, 600_000);

  afterAll(async () => {
    for (const port of ports ?? []) {
      await port.deleteTopics(topics);
      await port.close();
    }
    await node?.stop();
    rest?.close();
    await supervisor?.stop();
  }, 60_000);

  beforeEach(() => {
    job = {
      namespace,
      name: uniqueName("verify"),
      owner: "org/project/stack",
      bootstrapServers: { origin: clusters.origin.bootstrapServers, target: clusters.target.bootstrapServers },
      completions: 3,
      parallelism: 3,
      image: IMAGE,
      limitSeconds: 600,
    };
  });

  /** `slowly`: long enough to do something to the pods. */
  const inputs = (slowly = false) => {
    const model = modelFor(clusters, prefix);
    return {
      ...inputsOf(model),
      phase: "cutover",
      abandon: false,
      fence: false,
      options: { mode: "full", ...(slowly ? { throttleBytesPerSecond: 40_000 } : {}) },
      gatePassedAt,
    };
  };
  const inJob = (slowly = false) => ({ ...inputs(slowly), job, kubernetes: { kubeconfig: api.kubeconfig } });
  const podOf = (share: number) =>
    until(
      `the pod of share ${share}`,
      async () => node.running().find(({ name }) => name.startsWith(`${job.name}-${share}-`)),
      120_000,
    );

  return {
    clusters,
    prefix,
    topics,
    get api() {
      return api;
    },
    get rest() {
      return rest;
    },
    get node() {
      return node;
    },
    /** A new one for each test. */
    get job() {
      return job;
    },
    inputs,
    inJob,
    podOf,
    verified: async (given: object) => (await verificationStep.create({ ...given })).outs.result as VerifyResult,

    /** An `up` that is killed as soon as `when` holds. */
    async killedUp(given: object, when: () => Promise<unknown>): Promise<void> {
      const code = `process.once("message", (inputs) =>
        require(${JSON.stringify(join(repositoryRoot, "dist", "lifecycle", "handlers"))}).step("verification").create(inputs));`;
      const starter = join(supervisor.folder, "child.js");
      await writeFile(starter, code);
      const child = fork(starter, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      child.send(given);
      await when();
      child.kill("SIGKILL");
      await once(child, "exit");
    },

    /** Jobs, Secrets and pods. */
    async left(): Promise<string[]> {
      const of = async (path: string) =>
        ((await rest.call("GET", path)).body as { items: { metadata: { name: string } }[] }).items.map(
          (o) => o.metadata.name,
        );
      const core = `/api/v1/namespaces/${namespace}`;
      return [
        ...(await of(`/apis/batch/v1/namespaces/${namespace}/jobs`)),
        ...(await of(`${core}/secrets`)),
        ...(await of(`${core}/pods`)),
      ];
    },
  };
}

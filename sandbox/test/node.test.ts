import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startKubernetes, type Kubernetes } from "../kubernetes";
import { KubernetesRest } from "../kubernetes/rest";
import { startNode, type SandboxNode } from "../node";
import { supervise, type Supervisor } from "../processes";
import { until } from "../testing/operator";

let supervisor: Supervisor;
let api: Kubernetes;
let node: SandboxNode;
let rest: KubernetesRest;
const namespace = "jobs";

beforeAll(async () => {
  supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-node-")));
  const progress = () => {};
  api = await startKubernetes({ folder: join(supervisor.folder, "kubernetes"), progress });
  await api.createNamespace(namespace);
  rest = new KubernetesRest(api.server, api.token, api.ca);
  node = await startNode({
    kubernetes: api,
    folder: join(supervisor.folder, "node"),
    images: { shell: ["sh", "-c"] },
    progress,
  });
}, 600_000);

afterAll(async () => {
  await node?.stop();
  rest?.close();
  await supervisor?.stop();
}, 60_000);

interface PodSeen {
  metadata: { name: string; annotations: Record<string, string> };
  status: {
    phase: string;
    conditions?: { type: string; reason?: string }[];
    containerStatuses?: {
      state: { terminated?: { exitCode: number; message?: string }; waiting?: { reason: string; message?: string } };
    }[];
  };
}

async function start(name: string, args: string[], { image = "shell", completions = 1, podSpec = {} } = {}) {
  await rest.create(`/apis/batch/v1/namespaces/${namespace}/jobs`, `job ${name}`, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: {
      completionMode: "Indexed",
      completions,
      parallelism: completions,
      backoffLimitPerIndex: 1,
      podFailurePolicy: {
        rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
      },
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [
            {
              name: "main",
              image,
              args,
              terminationMessagePolicy: "FallbackToLogsOnError",
              volumeMounts: [{ name: "model", mountPath: "/etc/model" }],
            },
          ],
          volumes: [{ name: "model", secret: { secretName: "model" } }],
          ...podSpec,
        },
      },
    },
  });
}

const pods = async (job: string): Promise<PodSeen[]> =>
  (
    (await rest.call("GET", `/api/v1/namespaces/${namespace}/pods?labelSelector=job-name%3D${job}`)).body as {
      items: PodSeen[];
    }
  ).items;
const status = async (job: string) =>
  (
    (await rest.call("GET", `/apis/batch/v1/namespaces/${namespace}/jobs/${job}`)).body as {
      status: {
        completedIndexes?: string;
        failedIndexes?: string;
        failed?: number;
        conditions?: { type: string; status: string }[];
      };
    }
  ).status;
const ended = (job: string, how: string) =>
  until(
    `job ${job} ${how}`,
    async () => {
      const now = await status(job);
      return now.conditions?.some(({ type, status: is }) => type === how && is === "True") ? now : undefined;
    },
    90_000,
  );
/** A process that has got as far as `echo up`. */
const running = (job: string) =>
  until(
    `a process of ${job}`,
    async () =>
      node.running().find((pod) => pod.name.startsWith(`${job}-`) && node.log(pod.namespace, pod.name).includes("up")),
    60_000,
  );

/** The pods wait for this Secret. */
const giveSecret = () =>
  rest.create(`/api/v1/namespaces/${namespace}/secrets`, "secret", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "model" },
    data: { "model.json": Buffer.from("hello").toString("base64") },
  });

describe("Jobs in the sandbox", () => {
  it("run as processes with their number and their Secrets, and report a message", async () => {
    const script = 'printf "%s of %s" "$JOB_COMPLETION_INDEX" "$(cat "$0")" > "$1"';
    await start("good", [script, "/etc/model/model.json", "/dev/termination-log"], { completions: 2 });
    const waiting = await until("a pod waits", async () => (await pods("good"))[0]?.status.containerStatuses?.[0]);
    expect(waiting.state.waiting).toMatchObject({ message: 'secret "model" not found' });
    await giveSecret();
    expect(await ended("good", "Complete")).toMatchObject({ completedIndexes: "0,1" });
    const messages = (await pods("good")).map((pod) => pod.status.containerStatuses![0]!.state.terminated!.message);
    expect(messages.sort()).toEqual(["0 of hello", "1 of hello"]);
  });

  it("fail with exit code and log after one retry, which a killed process costs", async () => {
    const flag = join(supervisor.folder, "killed-once");
    await start("bad", ['test -e "$0" && { echo no luck; exit 3; }; echo up; exec sleep 600', flag]);
    const first = await running("bad");
    await writeFile(flag, "");
    await node.kill(first.namespace, first.name);
    expect(await ended("bad", "Failed")).toMatchObject({ failedIndexes: "0", failed: 2 });
    const ends = (await pods("bad")).map((pod) => pod.status.containerStatuses![0]!.state.terminated!);
    expect(ends.map(({ exitCode, message }) => `${exitCode} ${message ?? ""}`.trim()).sort()).toEqual([
      "137 up",
      "3 no luck",
    ]);
  });

  it("an evicted pod is no failure: another one does its work", async () => {
    const flag = join(supervisor.folder, "evicted");
    await start("moved", ['test -e "$0" && exit; echo up; exec sleep 600', flag]);
    const first = await running("moved");
    await writeFile(flag, "");
    await node.evict(first.namespace, first.name);
    const end = await ended("moved", "Complete");
    expect(end).toMatchObject({ completedIndexes: "0" });
    expect(end.failed ?? 0).toBe(0);
    expect(existsSync(`/proc/${first.pid}`)).toBe(false);
  });

  it("wait without a node, and without an image", async () => {
    await start("nowhere", ["true"], { podSpec: { nodeSelector: { zone: "moon" } } });
    await start("noimage", ["true"], { image: "none" });
    const condition = await until("a condition", async () =>
      (await pods("nowhere"))[0]?.status.conditions?.find(({ reason }) => reason === "Unschedulable"),
    );
    expect(condition.type).toBe("PodScheduled");
    const state = await until("a state", async () => (await pods("noimage"))[0]?.status.containerStatuses?.[0]?.state);
    expect(state.waiting!.reason).toBe("ImagePullBackOff");
  });
});

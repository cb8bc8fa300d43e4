import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { startSandbox } from "../start";
import { KubernetesRest } from "../kubernetes/rest";
import { withClusters } from "../testing/clusters";

const clusters = withClusters();
const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "kafka-migration-whole-"));

/**
 * Resident memory of the processes of the sandbox in this folder (its watchdog apart), by their environment; empty
 * without /proc.
 */
async function processesOf(mark: { name: string; value: string }): Promise<{ pid: number; megabytes: number }[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
      if (!environment.split("\0").includes(`${mark.name}=${mark.value}`)) return [];
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
      const kilobytes = /VmRSS:\s+(\d+)/.exec(status)?.[1];
      return kilobytes === undefined ? [] : [{ pid, megabytes: Number(kilobytes) / 1024 }];
    }),
  );
  return found.flat();
}

describe("the sandbox", () => {
  it("runs twice at the same time: one in under 4 GB, one interrupted at its start; both leave nothing", async () => {
    const [folder, other] = [await newFolder(), await newFolder()];
    const abort = new AbortController();
    const lines: string[] = [];
    // Interrupted when its first part is up: others are then still booting.
    const interrupted = startSandbox({
      folder: other,
      signal: abort.signal,
      progress: (line) => void (/ready in/.test(line) && abort.abort()),
    });
    interrupted.catch(() => {});
    const sandbox = await startSandbox({ folder, progress: (line) => lines.push(line) });
    try {
      await expect(interrupted).rejects.toThrow(/SANDBOX_INTERRUPTED/);
      expect(existsSync(other)).toBe(false);
      for (const part of ["origin", "target", "kubernetes", "operator", "sandbox"])
        expect(lines.join("\n")).toMatch(new RegExp(`^${part}: .*\\d+\\.\\d s`, "m"));

      const { kubernetes } = sandbox;
      if (!kubernetes) throw new Error("the sandbox has an API server of its own");
      const rest = new KubernetesRest(kubernetes.server, kubernetes.token, kubernetes.ca);
      for (const side of [sandbox.origin, sandbox.target]) {
        const secret = await rest.call(
          "GET",
          `/api/v1/namespaces/${side.namespace}/secrets/${side.label}-cluster-ca-cert`,
        );
        const { data } = secret.body as { data: Record<string, string> };
        expect(Buffer.from(data["ca.crt"] ?? "", "base64").toString()).toBe(side.ca);
      }
      expect((await rest.call("GET", `/api/v1/namespaces/${sandbox.mirrorNamespace}`)).status).toBe(200);
      rest.close();
      const version = await sandbox.pulumi.run(["version"], { cwd: folder });
      expect(version.exitCode).toBe(0);

      const running = await processesOf(sandbox.supervisor.mark);
      if (process.platform === "linux") expect(running.length).toBeGreaterThanOrEqual(6);
      expect(running.reduce((sum, one) => sum + one.megabytes, 0)).toBeLessThan(3_000);
    } finally {
      await sandbox.stop();
    }
    expect(await processesOf(sandbox.supervisor.mark)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    await sandbox.stop();
  }, 300_000);

  it("uses existing clusters, and leaves them running", async () => {
    const { origin, target } = clusters;
    const sandbox = await startSandbox({
      folder: await newFolder(),
      origin: { existing: { connection: origin.connection } },
      target: { existing: { connection: target.connection } },
      kubernetes: false,
      pulumi: false,
      progress: () => {},
    });
    expect([sandbox.origin.clusterId, sandbox.target.clusterId]).toEqual([origin.clusterId, target.clusterId]);
    expect(sandbox.target.brokerIds).toEqual([1, 2, 3]);
    expect([sandbox.origin.managed, sandbox.target.managed]).toEqual([false, false]);
    await expect(sandbox.target.stopBroker(1)).rejects.toThrow(/NOT_OURS/);
    expect(() => sandbox.pulumi).toThrow(/LEFT_OUT: this sandbox was started without pulumi/);
    expect(() => sandbox.kubeconfig).toThrow(/LEFT_OUT: this sandbox was started without kubernetes/);
    await sandbox.stop();
    const again = await startSandbox({
      folder: await newFolder(),
      origin: { existing: { connection: origin.connection } },
      target: { existing: { connection: target.connection } },
      kubernetes: false,
      pulumi: false,
      progress: () => {},
    });
    await again.stop();
  });

  it("ends if it is interrupted while it waits for user operators", async () => {
    const program = `
      const { startSandbox } = require("@kafka-migration/sandbox");
      const { origin, target } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
      const stop = new AbortController();
      const progress = (line) => (console.log(line), /^operators: waiting/.test(line) && stop.abort());
      const existing = (connection) => ({ existing: { connection } });
      startSandbox({ origin: existing(origin), target: existing(target), otherOperators: true, pulumi: false, signal: stop.signal, progress })
        .catch((error) => console.log(error.message));
    `;
    const { origin, target } = clusters;
    const input = JSON.stringify({ origin: origin.connection, target: target.connection });
    const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "inherit"], timeout: 100_000 });
    child.stdin.end(input);
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    expect(said).toMatch(/SANDBOX_INTERRUPTED/);
    expect(code).toBe(0);
  }, 120_000);

  it("names the given cluster that it cannot reach, without the password", async () => {
    const { connection } = clusters.target;
    const folder = await newFolder();
    const failure = startSandbox({
      folder,
      origin: { existing: { connection: clusters.origin.connection } },
      target: {
        existing: { connection: { ...connection, sasl: { ...connection.sasl, password: "not-the-password" } } },
      },
      kubernetes: false,
      pulumi: false,
      progress: () => {},
    });
    await expect(failure).rejects.toThrow(/CLUSTER_UNREACHABLE: target: no answer of 127\.0\.0\.1:\d+ to admin/);
    await expect(failure).rejects.not.toThrow(/not-the-password/);
    expect(existsSync(folder)).toBe(false);
  });
});

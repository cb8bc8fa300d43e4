import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { residueStep } from "../../lifecycle/handlers/residue";
import { verificationStep } from "../../lifecycle/handlers/verification";
import { compareInJob } from "../../lifecycle/verify-job/run";
import { modelFor } from "../engine/support/mirror";
import { gatePassedAt, namespace, PARTITIONS, withJobs } from "./support/jobs";
import { said } from "./support/said";

const at = withJobs();
const { inJob, podOf, left } = at;
const all = { equal: true, partitions: 2 * PARTITIONS };
const killedCutover = () => at.killedUp(inJob(true), () => podOf(2));

describe("a cutover that was killed while its Job runs", () => {
  it("is rolled back in phase mirror, although its state has never been in phase cutover", async () => {
    const mirror = { ...inJob(), phase: "mirror" };
    const { outs } = await verificationStep.create(mirror);
    expect(await verificationStep.diff("id", outs, mirror)).toEqual({ changes: false });
    await killedCutover();
    const lines = await said(async () => {
      expect(await verificationStep.diff("id", outs, mirror)).toEqual({ changes: true });
      await verificationStep.update("id", outs, mirror);
    });
    for (const what of ["is still there", "is deleted"])
      expect(lines).toContain(`Job ${namespace}/${at.job.name} of an interrupted cutover ${what}`);
    expect(await left()).toEqual([]);
    expect(await verificationStep.diff("id", outs, mirror)).toEqual({ changes: false });
  }, 120_000);

  const residue = () => {
    const { originConnection, targetConnection, mirror } = at.inputs();
    const { name, owner } = at.job;
    return {
      ...{ originConnection, targetConnection, mirror, phase: "cutover", when: "destroy", abandon: false },
      ...{ look: { principals: {}, fence: false }, kubernetes: [], patienceSeconds: 1 },
      jobs: [{ namespace, name, owner }],
      jobsOn: { kubeconfig: at.api.kubeconfig },
    };
  };

  it("leaves nothing after a destroy, although no state has a verification with this Job", async () => {
    await killedCutover();
    const lines = await said(() => residueStep.delete("id", residue()));
    expect(lines).toContain("none of 2 objects in Kubernetes");
    expect(await left()).toEqual([]);
  }, 120_000);

  it("leaves nothing after an up that compares here again", async () => {
    await killedCutover();
    const { jobs: _jobs, jobsOn: _on, ...here } = residue();
    await residueStep.update("id", residue(), here);
    expect(await left()).toEqual([]);
  }, 120_000);

  it("is not continued with its old pods after their template was corrected", async () => {
    const template = { spec: { nodeSelector: { zone: "moon" } } };
    const pending = { ...inJob(), job: { ...at.job, template } };
    await at.killedUp(pending, () => expect.poll(async () => (await left()).length, { timeout: 60_000 }).toBe(5));
    let result: unknown;
    const lines = await said(async () => (result = await at.verified(inJob())));
    expect(lines).toContain("compares something else, or with other pods: it is deleted");
    expect(result).toMatchObject(all);
    expect(await left()).toEqual([]);
  }, 120_000);

  it("is continued with the number of pods and the time that the next up allows", async () => {
    const many = { ...inJob(), job: { ...at.job, template: { spec: { nodeSelector: { zone: "moon" } } } } };
    await at.killedUp(many, () => expect.poll(async () => (await left()).length, { timeout: 60_000 }).toBe(5));
    const running = at.verified({ ...many, job: { ...many.job, parallelism: 2, limitSeconds: 15 } });
    await expect(running).rejects.toThrow(/VERIFY_JOB_LIMIT: [^]*within 15 s/);
    expect(await left()).toEqual([]);
  }, 120_000);
});

describe("an API server that does not answer for a while", () => {
  /** A way to the API server that can be closed. */
  async function way(): Promise<{ kubeconfig: string; open(): Promise<void>; close(): void }> {
    const { port } = new URL(at.api.server);
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      const there = connect(Number(port), "127.0.0.1");
      for (const one of [socket, there]) sockets.add(one.on("error", () => {}).on("close", () => there.destroy()));
      socket.pipe(there).pipe(socket);
    });
    let own = 0;
    const open = async () => {
      await once(server.listen(own, "127.0.0.1"), "listening");
      own = (server.address() as { port: number }).port;
    };
    await open();
    const text = await readFile(at.api.kubeconfig, "utf8");
    const kubeconfig = join(dirname(at.api.kubeconfig), "through-the-way");
    await writeFile(kubeconfig, text.replaceAll(at.api.server, `https://127.0.0.1:${own}`), { mode: 0o600 });
    const close = () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    };
    return { kubeconfig, open, close };
  }

  const compare = (kubeconfig: string, startMs: number, lines: string[]) => {
    const comparison = { model: modelFor(at.clusters, at.prefix), options: inJob(true).options, gatePassedAt };
    const note = (line: string) => void lines.push(line);
    const times = { everyMs: 200, startMs };
    const options = { ...comparison.options, mode: "full" as const };
    return compareInJob(
      { ...comparison, options },
      at.job,
      { kubeconfig },
      { info: note, warn: note },
      undefined,
      times,
    );
  };

  it("costs the comparison nothing", async () => {
    const to = await way();
    const lines: string[] = [];
    const running = compare(to.kubeconfig, 60_000, lines);
    const { pid } = await podOf(0);
    to.close();
    await expect.poll(() => lines.join("\n"), { timeout: 30_000 }).toContain("does not answer");
    await to.open();
    expect(at.node.running().map((one) => one.pid)).toContain(pid);
    expect(await running).toMatchObject(all);
    expect(lines.filter((line) => line.includes("does not answer"))).toHaveLength(1);
    to.close();
    expect(await left()).toEqual([]);
  }, 180_000);

  it("ends the comparison if it stays away", async () => {
    const to = await way();
    const lines: string[] = [];
    const running = compare(to.kubeconfig, 1_000, lines).catch((error: Error) => error.message);
    await podOf(0);
    to.close();
    expect(await running).toContain("KUBERNETES_UNREACHABLE");
    expect(lines.at(-1)).toMatch(/could not be deleted: [^]*; destroy tries it again/);
    await verificationStep.delete("id", { ...inJob(), verifiedAt: null, result: null });
    expect(await left()).toEqual([]);
  }, 120_000);
});

describe("phase mirror", () => {
  it.each(["Job", "Secret"])("finds that a %s of this name belongs to somebody else", async (kind) => {
    const [path, text] =
      kind === "Job"
        ? [
            `/apis/batch/v1/namespaces/${namespace}/jobs`,
            {
              apiVersion: "batch/v1",
              spec: {
                suspend: true,
                template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "a" }] } },
              },
            },
          ]
        : [`/api/v1/namespaces/${namespace}/secrets`, { apiVersion: "v1" }];
    await at.rest.create(path, "object", { ...text, kind, metadata: { name: at.job.name } });
    await expect(verificationStep.create({ ...inJob(), phase: "mirror" })).rejects.toThrow(
      new RegExp(`VERIFY_JOB_TAKEN: ${kind} [^ ]+ is needed for the verification, but`),
    );
    expect(await left()).toEqual([at.job.name]);
    await at.rest.call("DELETE", `${path}/${at.job.name}`);
  });
});

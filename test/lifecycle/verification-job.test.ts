import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { until } from "@kafka-migration/sandbox/testing";
import { silent } from "../../engine/progress";
import type { VerifyResult } from "../../engine/verify";
import { verificationStep } from "../../lifecycle/handlers/verification";
import { compareInJob } from "../../lifecycle/verify-job/run";
import type { VerifyJob } from "../../lifecycle/verify-job/types";
import { modelFor, produce } from "../engine/support/mirror";
import { gatePassedAt, IMAGE, namespace, PARTITIONS, withJobs } from "./support/jobs";
import { said } from "./support/said";

const at = withJobs();
const { clusters, prefix, topics, inputs, inJob, verified, podOf, left } = at;

/** What a result says about the copy, without what it cost. */
function findings({ bytes: _bytes, durationMs: _time, requests: _requests, resumed: _resumed, ...rest }: VerifyResult) {
  const { throttleBytesPerSecond: _limit, ...found } = rest;
  return found;
}

describe("a verification on Kubernetes", () => {
  it("finds what one machine finds, says which machine is done, and leaves nothing", async () => {
    const alone = await verified(inputs());
    expect(alone).toMatchObject({ equal: true, partitions: 2 * PARTITIONS });
    let together: VerifyResult | undefined;
    const threads = { ...inJob(), options: { mode: "full", threads: 2 } };
    const lines = await said(async () => (together = await verified(threads)));
    expect(findings(together!)).toEqual(findings(alone));
    expect(lines).toContain(`Job ${namespace}/${at.job.name} started: 3 machines, 3 at a time`);
    for (const share of [1, 2, 3])
      expect(lines).toMatch(new RegExp(`machine ${share}/3: \\d of 8 partitions compared`));
    expect(await left()).toEqual([]);
  }, 120_000);

  it("says how long all shares took, also if they ran one after the other", async () => {
    const began = Date.now();
    const { durationMs } = await verified({ ...inJob(), job: { ...at.job, parallelism: 1 } });
    const whole = Date.now() - began;
    expect(durationMs).toBeGreaterThan(whole / 2);
    expect(durationMs).toBeLessThanOrEqual(whole);
  }, 120_000);

  it("finds the same if a pod is killed and another one is evicted, and shows no password", async () => {
    const alone = await verified(inputs());
    const running = verified(inJob(true));
    const [first, second] = await Promise.all([podOf(0), podOf(1)]);
    const object = await at.rest.call("GET", `/apis/batch/v1/namespaces/${namespace}/jobs/${at.job.name}`);
    const secrets = [clusters.origin.admin.password, clusters.target.admin.password];
    for (const secret of secrets) {
      expect(JSON.stringify(object.body)).not.toContain(secret);
      expect(readFileSync(`/proc/${first.pid}/cmdline`, "utf8")).not.toContain(secret);
    }
    await at.node.kill(first.namespace, first.name);
    await at.node.evict(second.namespace, second.name);
    expect(findings(await running)).toEqual(findings(alone));
    expect(await left()).toEqual([]);
  }, 180_000);

  it("continues with the Job of an `up` that was killed", async () => {
    let pid: number | undefined;
    await at.killedUp(inJob(true), async () => (pid = (await podOf(2)).pid));
    expect(at.node.running().map((one) => one.pid)).toContain(pid);
    let result: VerifyResult | undefined;
    const lines = await said(async () => (result = await verified(inJob(true))));
    expect(lines).toContain(`continuing with Job ${namespace}/${at.job.name} of an interrupted run`);
    expect(result).toMatchObject({ equal: true, partitions: 2 * PARTITIONS });
    expect(await left()).toEqual([]);
  }, 300_000);

  it("compares the share of a pod whose result is gone by itself", async () => {
    const alone = await verified(inputs());
    const model = modelFor(clusters, prefix);
    const core = `/api/v1/namespaces/${namespace}/pods`;
    const lines: string[] = [];
    // The first look comes after the pods are gone.
    const slow = { everyMs: 20_000 };
    const comparison = { model, options: { mode: "full" as const }, gatePassedAt };
    const progress = { info: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) };
    const running = compareInJob(comparison, at.job, { kubeconfig: at.api.kubeconfig }, progress, undefined, slow);
    const done = await until(
      "three finished pods",
      async () => {
        const { items } = (await at.rest.call("GET", core)).body as {
          items: { metadata: { name: string }; status: { phase: string } }[];
        };
        const ended = items.filter(({ status }) => status.phase === "Succeeded");
        return ended.length === 3 ? ended : undefined;
      },
      120_000,
    );
    const gone = done.find(({ metadata }) => metadata.name.startsWith(`${at.job.name}-1-`))!.metadata.name;
    await at.node.evict(namespace, gone);
    expect(findings(await running)).toEqual(findings(alone));
    expect(lines.join("\n")).toContain("the result of machine 2/3 was deleted with its pod: comparing its share here");
  }, 120_000);

  it("names differences as one machine does, and leaves nothing", async () => {
    await produce(clusters.origin, topics[0]!, [{ value: "late", partition: 1, timestamp: 1 }]);
    const alone = await verified(inputs()).catch((error: Error) => error.message);
    const together = await verified(inJob()).catch((error: Error) => error.message);
    expect(together).toMatch(/^VERIFY_DIFFERENT: the copy differs from the origin in 1 partition of 8/);
    expect(together).toBe(alone);
    expect(await left()).toEqual([]);
    await produce(clusters.target, topics[0]!, [{ value: "late", partition: 1, timestamp: 1 }]);
  }, 120_000);
});

describe("a Job that cannot compare", () => {
  const times = { everyMs: 200, startMs: 1_500 };
  const run = (more: Partial<VerifyJob> = {}) => {
    const comparison = { model: modelFor(clusters, prefix), options: { mode: "tail" as const }, gatePassedAt };
    return compareInJob(
      comparison,
      { ...at.job, ...more },
      { kubeconfig: at.api.kubeconfig },
      silent,
      undefined,
      times,
    ).then(
      () => "no error",
      (error: Error) => error.message,
    );
  };

  it.each([
    ["its image does not exist", { image: "absent" }, /VERIFY_JOB_IMAGE: [^]*ImagePullBackOff: [^]*fix: make absent/],
    [
      "no node takes its pods",
      { template: { spec: { nodeSelector: { zone: "moon" } } } },
      /VERIFY_JOB_UNSCHEDULABLE: [^]*Unschedulable: 0\/1 nodes[^]*fix: ask for less/,
    ],
    [
      "a share fails, without waiting for the others",
      { image: "broken", completions: 2, parallelism: 2, template: {} },
      /VERIFY_JOB_FAILED: [^]*share 1: exit code 3 \(Error: no route to host\)/,
    ],
    [
      "its image is another one that succeeds",
      { image: "other", completions: 1, parallelism: 1, template: {} },
      /VERIFY_JOB_RESULT: the pod of share 1 of Job [^]* it is empty[^]*fix: build other of version/,
    ],
    [
      "its template is wrong",
      { template: { spec: { nodeSelectors: {} } } },
      /VERIFY_JOB_REFUSED: [^]*nodeSelectors[^]*fix: correct verify.template/,
    ],
    ["it takes too long", { limitSeconds: 1, image: IMAGE }, /VERIFY_JOB_LIMIT: [^]*within 1 s[^]*verify.limitSeconds/],
  ])(
    "says so if %s, and leaves nothing",
    async (_what, more, message) => {
      expect(await run(more)).toMatch(message);
      expect(await left()).toEqual([]);
    },
    120_000,
  );

  it("is refused in phase mirror if its template is wrong, before anybody waits for it, and is not created", async () => {
    const early = (template?: Record<string, unknown>) => ({
      ...inJob(),
      phase: "mirror",
      job: { ...at.job, ...(template === undefined ? {} : { template }) },
    });
    const wrong = { spec: { nodeSelectors: {} } };
    await expect(verificationStep.create(early(wrong))).rejects.toThrow(/VERIFY_JOB_REFUSED: [^]*nodeSelectors/);
    const { outs } = await verificationStep.create(early());
    await expect(verificationStep.update("id", outs, early(wrong))).rejects.toThrow(/VERIFY_JOB_REFUSED/);
    // A roll-back to phase mirror must succeed.
    await verificationStep.update("id", { ...outs, phase: "cutover" }, early(wrong));
    expect(await left()).toEqual([]);
  });

  it("names the quota that keeps its pods away", async () => {
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await at.rest.create(quotas, "quota", {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "no-pods" },
      spec: { hard: { pods: "0" } },
    });
    // The quota controller does not run here. It would write the same.
    const quota = (await at.rest.call("GET", `${quotas}/no-pods`)).body as object;
    const status = { hard: { pods: "0" }, used: { pods: "0" } };
    await at.rest.call("PUT", `${quotas}/no-pods/status`, { ...quota, status });
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "any" },
      spec: { containers: [{ name: "a", image: "a" }] },
    };
    const pods = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
    await until("the quota", async () => ((await at.rest.call("POST", pods, pod)).status === 403 ? true : undefined));
    try {
      expect(await run()).toMatch(/VERIFY_JOB_NO_PODS: [^]*quota[^]*fix: check the quotas/);
    } finally {
      await at.rest.call("DELETE", `${quotas}/no-pods`);
    }
    expect(await left()).toEqual([]);
  }, 120_000);

  it("leaves a Job of somebody else alone", async () => {
    await at.rest.create(`/apis/batch/v1/namespaces/${namespace}/jobs`, "job", {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: at.job.name },
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "a" }] } },
      },
    });
    expect(await run()).toMatch(/VERIFY_JOB_TAKEN: Job .* was not created by a stack of this kind/);
    expect(await left()).toEqual([at.job.name]);
    await at.rest.call("DELETE", `/apis/batch/v1/namespaces/${namespace}/jobs/${at.job.name}`);
  }, 60_000);
});

describe("a destroy", () => {
  it("deletes what a killed verification left, and nothing if there is nothing", async () => {
    const state = { ...inJob(), verifiedAt: null, result: null };
    await verificationStep.delete("id", state);
    const running = verified(inJob(true)).catch((error: Error) => error.message);
    await podOf(0);
    await verificationStep.delete("id", state);
    expect(await left()).toEqual([]);
    expect(await running).toMatch(/VERIFY_JOB_GONE/);
  }, 120_000);
});

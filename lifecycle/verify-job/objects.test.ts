import { describe, expect, it } from "vitest";
import { testMirror } from "../../test/support/models";
import type { MigrationModel } from "../../engine/model";
import { type Comparison, digestOf, jobText, merged, optionsOfPods, secretText } from "./objects";
import type { VerifyJob } from "./types";

const connection = (side: string) => ({
  bootstrapServers: `${side}.example.com:443`,
  tls: { ca: `ca of ${side}`, serverName: `${side}.internal` },
  sasl: { mechanism: "SCRAM-SHA-512" as const, username: "admin", password: `secret-of-${side}` },
});
const model: MigrationModel = {
  origin: { ...connection("origin"), renew: async () => undefined },
  target: connection("target"),
  mirror: testMirror({ scope: { wave: "orders", topics: "orders[.].*" } }),
  recorded: { "orders.a": { origin: "1", target: "2" } },
  proved: { "orders.a": { target: "orders.a", originEnds: [5], targetEnds: [6] } },
};
const comparison: Comparison = {
  model,
  options: { mode: "full", resumeFile: "/tmp/x", throttleBytesPerSecond: 1e6 },
  gatePassedAt: "2026-01-01T00:00:00.000Z",
};
const job: VerifyJob = {
  namespace: "migration",
  name: "data-migration-verify",
  owner: "o/p/s",
  bootstrapServers: { origin: "origin:9093", target: "target.example.com:443" },
  completions: 8,
  parallelism: 2,
  image: "image:1",
  limitSeconds: 60,
};

describe("the Job of a verification", () => {
  it("has the passwords only in its Secret, with the addresses that pods reach", () => {
    expect(JSON.stringify(jobText(comparison, job, true))).not.toMatch(/secret-of|ca of/);
    const { data } = secretText(comparison, job);
    expect(JSON.parse(Buffer.from(data["model.json"]!, "base64").toString())).toEqual({
      origin: { ...connection("origin"), bootstrapServers: "origin:9093", tls: { ca: "ca of origin" } },
      target: connection("target"),
      mirror: model.mirror,
      recorded: model.recorded,
      proved: model.proved,
      gatePassedAt: comparison.gatePassedAt,
      // Two of eight pods read at the same time, and each reads with an eighth of it.
      options: { verify: { mode: "full", throttleBytesPerSecond: 4e6 } },
    });
  });

  it("keeps the limit with the pods that read at the same time, not with all of them", () => {
    const limitOfPod = (changed: Partial<VerifyJob>, together?: number) => {
      const changedJob = { ...job, ...changed };
      const { throttleBytesPerSecond: limit } = optionsOfPods(
        comparison.options,
        changedJob,
        together ?? changedJob.parallelism,
      );
      return limit! / changedJob.completions;
    };
    expect(limitOfPod({ completions: 8, parallelism: 8 })).toBe(1e6 / 8);
    expect(limitOfPod({ completions: 100, parallelism: 1 })).toBe(1e6);
    expect(limitOfPod({}, 1)).toBe(1e6);
    expect(optionsOfPods({ mode: "tail" }, job, 1)).toEqual({ mode: "tail" });
  });

  it("is the same for the same comparison only", () => {
    const digest = digestOf(comparison, job);
    const other = (more: Partial<Comparison>, changed: Partial<VerifyJob> = {}) =>
      digestOf({ ...comparison, ...more }, { ...job, ...changed });
    const password = { ...model, origin: { ...model.origin, ...connection("elsewhere") } };
    expect(other({ model: password }, { limitSeconds: 61 })).toBe(digest);
    const unlimited = { options: { mode: "full" as const } };
    expect(other(unlimited, { parallelism: 3 })).toBe(other(unlimited));
    const changes = [
      other({ gatePassedAt: "2026-01-02T00:00:00.000Z" }),
      other({ options: { mode: "tail" } }),
      other({ model: { ...model, mirror: testMirror({ topicsPattern: "a" }) } }),
      other({ model: { ...model, recorded: {} } }),
      other({ model: { ...model, proved: {} } }),
      other({}, { completions: 7 }),
      other({}, { image: "image:2" }),
      // The pods of the earlier Job cannot change any more.
      other({}, { resources: { limits: { memory: "2Gi" } } }),
      other({}, { template: { spec: { nodeSelector: { zone: "b" } } } }),
      other({}, { bootstrapServers: { ...job.bootstrapServers, origin: "origin:9094" } }),
      other(unlimited),
      other({ options: { ...comparison.options, throttleBytesPerSecond: 1e5 } }),
      other({}, { parallelism: 3 }),
      other({ options: { ...comparison.options, threads: 2 } }),
    ];
    expect(new Set([digest, ...changes]).size).toBe(15);
  });

  it("retries each share by itself, and does not count evicted pods, where Kubernetes can do that", () => {
    expect(jobText(comparison, job, true).spec).toMatchObject({
      completionMode: "Indexed",
      completions: 8,
      parallelism: 2,
      activeDeadlineSeconds: 60,
      backoffLimitPerIndex: 2,
      maxFailedIndexes: 0,
      podFailurePolicy: { rules: [{ action: "Ignore" }] },
    });
    const older = jobText(comparison, job, false).spec;
    expect(older).toMatchObject({ backoffLimit: 16 });
    expect(older).not.toHaveProperty("backoffLimitPerIndex");
  });

  it("takes the fields of the template, and keeps its own container", () => {
    const template = {
      metadata: { labels: { team: "kafka" } },
      spec: { nodeSelector: { zone: "b" }, containers: [{ name: "verify", env: [{ name: "A", value: "1" }] }] },
    };
    const text = jobText(comparison, { ...job, resources: { limits: { memory: "1Gi" } }, template }, true);
    const { metadata, spec } = text.spec.template as { metadata?: object; spec?: { containers: object[] } };
    expect(metadata).toMatchObject({ labels: { team: "kafka", "app.kubernetes.io/component": "verify" } });
    expect(spec).toMatchObject({ nodeSelector: { zone: "b" }, restartPolicy: "Never" });
    expect(spec!.containers).toHaveLength(1);
    expect(spec!.containers[0]).toMatchObject({
      image: "image:1",
      resources: { limits: { memory: "1Gi" } },
      env: [{ name: "A", value: "1" }],
    });
  });

  it("is refused if its model does not fit into a Secret", () => {
    const topics = Array.from({ length: 20_000 }, (_, i) => [`topic-${i}`, { origin: "x".repeat(22), target: "y" }]);
    const large = { ...comparison, model: { ...model, recorded: Object.fromEntries(topics) } };
    expect(() => secretText(large, job)).toThrow(/VERIFY_JOB_TOO_LARGE: .*fix: divide the migration into waves/s);
  });
});

describe("a merged template", () => {
  it("replaces plain lists and values, and adds named objects", () => {
    expect(merged({ a: [1, 2], b: 1, c: { d: 1 } }, { a: [3], b: 2, c: { e: 2 } })).toEqual({
      a: [3],
      b: 2,
      c: { d: 1, e: 2 },
    });
    expect(merged([{ name: "a", x: 1 }], [{ name: "b" }, { name: "a", y: 2 }])).toEqual([
      { name: "a", x: 1, y: 2 },
      { name: "b" },
    ]);
  });
});
